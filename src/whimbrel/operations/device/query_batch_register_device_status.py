"""Answers how far an apply has come: CHECK_SUCCESS or CHECK_FAILED, CREATE, CREATE_SUCCESS or CREATE_FAILED.

The lists of names are empty unless something failed: then ValidList holds the names without fault (with CREATE_FAILED
the registered ones), InvalidList the others, and InvalidDetailList says of those what is wrong. CHECK itself is never
seen, because BatchCheckDeviceNames has checked when it answers.

Source: api-contract 13.2.
"""

from __future__ import annotations

import asyncio
from typing import Annotated

import msgspec

from whimbrel.domain.access import Permission
from whimbrel.domain.device_apply import Apply, AskedName
from whimbrel.domain.product import PRODUCT_KEY
from whimbrel.errors import ApplyOfAnotherProductError, InvalidFormattedProductKeyError, ProductNotFoundError
from whimbrel.operations.declaration import Context, Example, Manner, operation
from whimbrel.operations.device.apply_lookup import APPLY_ERRORS, ApplyId, find_apply_of
from whimbrel.operations.fields import Field
from whimbrel.operations.product.lookup import find_product

NAMES_PER_PIECE = 1_000


class Request(msgspec.Struct, frozen=True, kw_only=True):
    product_key: Annotated[str, Field("The product.", pattern=PRODUCT_KEY, error=InvalidFormattedProductKeyError)]
    apply_id: ApplyId


class Names(msgspec.Struct, frozen=True, kw_only=True):
    name: Annotated[list[str], Field("The names, in the order in which they were given.")]


class InvalidDetail(msgspec.Struct, frozen=True, kw_only=True):
    device_name: Annotated[str, Field("The name at fault.")]
    nick_name: Annotated[str, Field("Its nickname.")]
    error_msg: Annotated[str, Field("What is wrong.")]


class InvalidDetails(msgspec.Struct, frozen=True, kw_only=True):
    invalid_detail_list: Annotated[
        list[InvalidDetail],
        Field("The names at fault, in the order in which they were given.", wire="invalidDetailList"),
    ]


class StatusData(msgspec.Struct, frozen=True, kw_only=True):
    status: Annotated[str, Field("How far the apply has come.")]
    valid_list: Annotated[Names, Field("When something failed, the names without fault.")]
    invalid_list: Annotated[Names, Field("When something failed, the names at fault.")]
    invalid_detail_list: Annotated[InvalidDetails, Field("When something failed, what is wrong.")]


class Response(msgspec.Struct, frozen=True, kw_only=True):
    data: Annotated[StatusData, Field("The apply.")]


EXAMPLE = Example(
    request={"ProductKey": "kabcdefgh01", "ApplyId": "12"},
    response=Response(
        data=StatusData(
            status="CREATE_FAILED",
            valid_list=Names(name=["lamp-0001"]),
            invalid_list=Names(name=["lamp-0002"]),
            invalid_detail_list=InvalidDetails(
                invalid_detail_list=[
                    InvalidDetail(
                        device_name="lamp-0002", nick_name="", error_msg="the product has a device of this name"
                    )
                ]
            ),
        )
    ),
)


@operation(
    action="QueryBatchRegisterDeviceStatus",
    permission=Permission.DEVICE_READ,
    example=EXAMPLE,
    errors=(
        ProductNotFoundError,
        InvalidFormattedProductKeyError,
        *APPLY_ERRORS,
        ApplyOfAnotherProductError,
    ),
    manner=Manner(idempotent=True, qps=30),
)
async def handle(request: Request, context: Context) -> Response:
    product = await find_product(context, request.product_key)
    apply = await find_apply_of(context, product, request.apply_id)
    names = await _names(apply, context) if apply.status.has_failed else []
    invalid = [name for name in names if name.fault]
    return Response(
        data=StatusData(
            status=apply.status,
            valid_list=Names(name=[name.device_name for name in names if not name.fault]),
            invalid_list=Names(name=[name.device_name for name in invalid]),
            invalid_detail_list=InvalidDetails(
                invalid_detail_list=[
                    InvalidDetail(device_name=name.device_name, nick_name=name.nickname, error_msg=name.fault)
                    for name in invalid
                ]
            ),
        )
    )


async def _names(apply: Apply, context: Context) -> list[AskedName]:
    names: list[AskedName] = []
    while piece := await context.store.apply_names.after(apply.id, len(names), NAMES_PER_PIECE):
        names += piece
        await asyncio.sleep(0)  # thousands of names: other calls get their turn
    return names
