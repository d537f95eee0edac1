"""Answers all modules of a product: `default` first, then in the order in which they were created. There are no pages.

1. `default` has neither alias nor description; its times are the product's creation.
2. GmtCreate and GmtModified are UTC to the minute, as both vendors write them here.

Source: api-contract 9.4.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from whimbrel.domain.access import Permission
from whimbrel.domain.ota_module import DEFAULT_MODULE
from whimbrel.domain.wire_time import minute_text
from whimbrel.errors import OtaInvalidParameterError, ProductNotFoundError
from whimbrel.operations.declaration import Context, Example, Manner, operation
from whimbrel.operations.fields import Field
from whimbrel.operations.product.lookup import find_product


class Request(msgspec.Struct, frozen=True, kw_only=True):
    product_key: Annotated[str, Field("The product.", length_max=64)]


class OtaModuleInfo(msgspec.Struct, frozen=True, kw_only=True):
    module_name: Annotated[str, Field("The module's name.")]
    alias_name: Annotated[str, Field("Its name for people; empty when it has none.")]
    desc: Annotated[str, Field("What it is; may be empty.")]
    product_key: Annotated[str, Field("Its product.")]
    gmt_create: Annotated[str, Field("Creation, UTC.")]
    gmt_modified: Annotated[str, Field("Last change, UTC.")]


class Response(msgspec.Struct, frozen=True, kw_only=True):
    data: Annotated[list[OtaModuleInfo], Field("The modules; a plain array.")]


EXAMPLE = Example(
    request={"ProductKey": "kabcdefgh01"},
    response=Response(
        data=[
            OtaModuleInfo(
                module_name="default",
                alias_name="",
                desc="",
                product_key="kabcdefgh01",
                gmt_create="2025-01-02T03:04Z",
                gmt_modified="2025-01-02T03:04Z",
            ),
            OtaModuleInfo(
                module_name="mcu",
                alias_name="Motor-control",
                desc="Controls the motor",
                product_key="kabcdefgh01",
                gmt_create="2025-01-03T10:00Z",
                gmt_modified="2025-01-04T11:30Z",
            ),
        ]
    ),
)


@operation(
    action="ListOTAModuleByProduct",
    permission=Permission.PRODUCT_READ,
    example=EXAMPLE,
    errors=(ProductNotFoundError, OtaInvalidParameterError),
    manner=Manner(idempotent=True),
)
async def handle(request: Request, context: Context) -> Response:
    product = await find_product(context, request.product_key)
    rows = [(DEFAULT_MODULE, "", "", product.created_ms, product.created_ms)]
    for module in await context.store.ota_modules.of_product(product.id):
        rows.append((module.name, module.alias, module.description, module.created_ms, module.modified_ms))
    return Response(
        data=[
            OtaModuleInfo(
                module_name=name,
                alias_name=alias,
                desc=description,
                product_key=product.product_key,
                gmt_create=minute_text(created_ms),
                gmt_modified=minute_text(modified_ms),
            )
            for name, alias, description, created_ms, modified_ms in rows
        ]
    )
