"""Gives a product a new gateway token at once, or takes it away; the old one proves nothing from then on.

1. Who holds the token speaks for any device of the product, and makes new ones where plug and play is on. A product has
   none until this is called.
2. The token is in this answer and nowhere else; the server keeps only a digest.
3. Remove true: the product has no gateway token any more.

Source: ours; ddi-protocol 2; threat-model A05, A15.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from whimbrel.domain.access import Permission
from whimbrel.domain.ddi_access import RANDOM_TOKEN_LENGTH, gateway_token_digest
from whimbrel.domain.product import PRODUCT_KEY
from whimbrel.errors import InvalidFormattedProductKeyError, OtaInvalidParameterError, ProductNotFoundError
from whimbrel.operations.declaration import Context, Example, Manner, operation
from whimbrel.operations.fields import Field
from whimbrel.operations.product.lookup import find_product


class Request(msgspec.Struct, frozen=True, kw_only=True):
    product_key: Annotated[str, Field("The product.", pattern=PRODUCT_KEY, error=InvalidFormattedProductKeyError)]
    remove: Annotated[bool, Field("Take the token away instead.")] = False


class GatewayTokenData(msgspec.Struct, frozen=True, kw_only=True):
    product_key: Annotated[str, Field("As given.")]
    gateway_token: Annotated[
        str | None, Field("32 letters and digits. Keep it: it is shown this once.", is_secret=True)
    ]


class Response(msgspec.Struct, frozen=True, kw_only=True):
    data: Annotated[GatewayTokenData, Field("The new token.")]


EXAMPLE = Example(
    request={"ProductKey": "kabcdefgh01"},
    response=Response(
        data=GatewayTokenData(
            product_key="kabcdefgh01",
            gateway_token="Gq7RzW2mNxT5cVb8KpL0sYd3HfJ6aE1u",  # noqa: S106  an example
        )
    ),
)


@operation(
    action="XRotateGatewayToken",
    permission=Permission.PRODUCT_WRITE,
    example=EXAMPLE,
    errors=(InvalidFormattedProductKeyError, OtaInvalidParameterError, ProductNotFoundError),
    manner=Manner(creates=True),
)
async def handle(request: Request, context: Context) -> Response:
    product = await find_product(context, request.product_key)
    token = None if request.remove else context.services.randomness.text(RANDOM_TOKEN_LENGTH)
    digest = None if token is None else gateway_token_digest(token)
    await context.store.ddi_access.put_gateway_token(product.account_id, product.id, digest, context.now_ms)
    return Response(data=GatewayTokenData(product_key=product.product_key, gateway_token=token))
