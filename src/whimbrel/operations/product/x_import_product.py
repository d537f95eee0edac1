"""Makes a product that brings its ProductKey, and if wanted its ProductSecret, from another server.

1. The caller's key has all rights of the action in the whole account.
2. ProductKey: 1 to 30 letters and digits, unique on this server, over all accounts. One in use is refused, whoever has
   it, in the same words; a product of the account that was deleted gives its key up.
3. ProductSecret: 16 to 64 letters and digits; a random one when absent.
4. All else is as CreateProduct says. When the product was made is this server's own time (A08).

Source: ours; ADR 0063, threat-model I15, A04, A16.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from whimbrel.domain.access import Permission
from whimbrel.domain.device_import import IMPORTED_PRODUCT_SECRET
from whimbrel.domain.product import PRODUCT_KEY
from whimbrel.errors import InvalidFormattedProductKeyError, ProductKeyTakenError
from whimbrel.operations.declaration import Context, Example, Manner, operation
from whimbrel.operations.fields import Field
from whimbrel.operations.product.create_product import PRODUCT_SECRET_LENGTH
from whimbrel.operations.product.new_product import (
    NEW_PRODUCT_ERRORS,
    ProductData,
    ProductRequest,
    draft_product,
    product_data,
)
from whimbrel.operations.rights import require_whole_account


class Request(ProductRequest, msgspec.Struct, frozen=True, kw_only=True):
    product_key: Annotated[
        str, Field("The key that its devices name.", pattern=PRODUCT_KEY, error=InvalidFormattedProductKeyError)
    ]
    product_secret: Annotated[
        str, Field("The secret that its devices share.", pattern=IMPORTED_PRODUCT_SECRET, is_secret=True)
    ] = ""


class Response(msgspec.Struct, frozen=True, kw_only=True):
    data: Annotated[ProductData, Field("The new product.")]
    product_key: Annotated[str, Field("The new product's key once more.")]


EXAMPLE = Example(
    request={"ProductKey": "a1Bcdefgh01", "ProductName": "lantern", "NodeType": "0"},
    response=Response(
        data=ProductData(
            product_key="a1Bcdefgh01",
            product_name="lantern",
            product_secret="wNc1mVpKyTq7x0aB",  # noqa: S106  an example
            node_type=0,
            data_format=None,
            auth_type="secret",
            protocol_type=None,
            aliyun_commodity_code=None,
            description="",
        ),
        product_key="a1Bcdefgh01",
    ),
)


@operation(
    action="XImportProduct",
    permission=Permission.PRODUCT_WRITE,
    example=EXAMPLE,
    errors=(InvalidFormattedProductKeyError, ProductKeyTakenError, *NEW_PRODUCT_ERRORS),
    manner=Manner(creates=True, qps=50),
)
async def handle(request: Request, context: Context) -> Response:
    require_whole_account(context)
    secret = request.product_secret or context.services.randomness.text(PRODUCT_SECRET_LENGTH)
    draft = await draft_product(request, request.product_key, secret, context)
    # Two accounts may bring the same key at once: the second must read that, not that its name is taken.
    await context.store.hold(f"product_key:{request.product_key}")
    if not await context.store.products.free_key(context.caller.account_id, request.product_key):
        raise ProductKeyTakenError(f"the ProductKey {request.product_key} is in use on this server")
    await context.store.products.add(draft)
    return Response(data=product_data(draft), product_key=draft.product_key)
