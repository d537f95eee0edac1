"""Checks up to 10,000 names for devices, to be registered by BatchRegisterDeviceWithApplyId.

1. DeviceName.N, or DeviceNameList.N with DeviceName and DeviceNickname; both together are one list. SDKs send them in
   the form body.
2. A name is at fault when it is malformed, given before in the list, or taken in the product, and when its nickname is
   malformed. One name at fault fails the whole apply: CHECK_FAILED, nothing can be registered of it.
3. The check is done when the answer comes. Names may be taken between the check and the registration.
4. What is longer than 128 characters is answered cut off.
5. The form body may have 1 MiB: 10,000 of the longest names fit, or as many shorter ones with nicknames.

Source: api-contract 13.2. A taken name is answered among the repeated ones: the vendor has no list for it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from typing import Annotated

import msgspec

from whimbrel.domain.access import Permission
from whimbrel.domain.device import DEVICE_NAME
from whimbrel.domain.device_apply import (
    APPLY_NAMES_MAX,
    Apply,
    ApplyDraft,
    ApplyStatus,
    AskedName,
    NameCheck,
    NameFault,
    status_after_check,
)
from whimbrel.domain.product import PRODUCT_KEY, Product
from whimbrel.errors import (
    InvalidFormattedProductKeyError,
    NoDeviceNameError,
    OtaInvalidParameterError,
    ProductNotFoundError,
)
from whimbrel.operations.declaration import Context, Example, Manner, operation
from whimbrel.operations.fields import Field
from whimbrel.operations.product.lookup import find_product
from whimbrel.operations.rights import require_product

NAMES_PER_PIECE = 250  # some 10 us each: then other work of the loop gets its turn


class AskedDevice(msgspec.Struct, frozen=True, kw_only=True):
    device_name: Annotated[str, Field("Its name in the product.")]
    device_nickname: Annotated[str, Field("A name for people.")] = ""


class Request(msgspec.Struct, frozen=True, kw_only=True):
    product_key: Annotated[str, Field("The product.", pattern=PRODUCT_KEY, error=InvalidFormattedProductKeyError)]
    device_name: Annotated[tuple[str, ...], Field("Names without nicknames.", items_max=APPLY_NAMES_MAX)] = ()
    device_name_list: Annotated[tuple[AskedDevice, ...], Field("Names and nicknames.", items_max=APPLY_NAMES_MAX)] = ()


class InvalidNames(msgspec.Struct, frozen=True, kw_only=True):
    invalid_device_name: Annotated[list[str], Field("The names.")]


class InvalidNicknames(msgspec.Struct, frozen=True, kw_only=True):
    invalid_device_nickname: Annotated[list[str], Field("The nicknames.")]


class RepeatedNames(msgspec.Struct, frozen=True, kw_only=True):
    repeated_names: Annotated[
        list[str], Field("The names.", wire="RepeatDevieNameList", camel=("repeatDevieNameList",))
    ]


class InvalidDetail(msgspec.Struct, frozen=True, kw_only=True):
    device_name: Annotated[str, Field("The name at fault.")]
    nick_name: Annotated[str, Field("Its nickname.")]
    error_msg: Annotated[str, Field("What is wrong.")]


class InvalidDetails(msgspec.Struct, frozen=True, kw_only=True):
    invalid_detail_list: Annotated[list[InvalidDetail], Field("The names at fault, in the order of the call.")]


class CheckData(msgspec.Struct, frozen=True, kw_only=True):
    apply_id: Annotated[int, Field("The apply, for the operations that ask for it.")]
    invalid_device_name_list: Annotated[InvalidNames, Field("Malformed names.")]
    invalid_device_nickname_list: Annotated[InvalidNicknames, Field("Malformed nicknames.")]
    repeated_device_name_list: Annotated[RepeatedNames, Field("Names given more than once, and names that are taken.")]
    invalid_detail_list: Annotated[InvalidDetails, Field("What is wrong with each.")]


class Response(msgspec.Struct, frozen=True, kw_only=True):
    data: Annotated[CheckData, Field("The apply and what is wrong with it.")]


EXAMPLE = Example(
    request={
        "ProductKey": "kabcdefgh01",
        "DeviceNameList.1.DeviceName": "lamp-0001",
        "DeviceNameList.1.DeviceNickname": "kitchen",
        "DeviceNameList.2.DeviceName": "lamp 2",
    },
    response=Response(
        data=CheckData(
            apply_id=12,
            invalid_device_name_list=InvalidNames(invalid_device_name=["lamp 2"]),
            invalid_device_nickname_list=InvalidNicknames(invalid_device_nickname=[]),
            repeated_device_name_list=RepeatedNames(repeated_names=[]),
            invalid_detail_list=InvalidDetails(
                invalid_detail_list=[
                    InvalidDetail(
                        device_name="lamp 2", nick_name="", error_msg="the device name is not of the form wanted"
                    )
                ]
            ),
        )
    ),
)


@operation(
    action="BatchCheckDeviceNames",
    permission=Permission.DEVICE_WRITE,
    example=EXAMPLE,
    errors=(
        ProductNotFoundError,
        InvalidFormattedProductKeyError,
        NoDeviceNameError,
        OtaInvalidParameterError,
    ),
    manner=Manner(creates=True),
)
async def handle(request: Request, context: Context) -> Response:
    product = await find_product(context, request.product_key)
    require_product(context, product.product_key)
    names = [
        *(AskedName.of(name, "") for name in request.device_name),
        *(AskedName.of(device.device_name, device.device_nickname) for device in request.device_name_list),
    ]
    if not names:
        raise NoDeviceNameError
    if len(names) > APPLY_NAMES_MAX:
        raise OtaInvalidParameterError(f"{len(names)} names are given, at most {APPLY_NAMES_MAX} are allowed")
    apply = await _add(product, len(names), context)
    faulty = await _check(names, apply, context)
    checked = apply._replace(status=status_after_check(bool(faulty)))
    await context.store.applies.move(apply, checked, context.now_ms)
    return Response(data=_answer(apply.id, faulty))


async def _add(product: Product, names: int, context: Context) -> Apply:
    draft = ApplyDraft(product.account_id, product.id, ApplyStatus.CHECK, False, names, context.now_ms)
    apply = await context.store.applies.by_id(product.account_id, await context.store.applies.add(draft))
    assert apply is not None, "it was added in this transaction"
    return apply


async def _check(names: Sequence[AskedName], apply: Apply, context: Context) -> list[AskedName]:
    """Judge and store the names piece by piece; those at fault."""
    check, faulty = NameCheck(), []
    for start in range(0, len(names), NAMES_PER_PIECE):
        piece = names[start : start + NAMES_PER_PIECE]
        formed = [name.device_name for name in piece if DEVICE_NAME.fullmatch(name.device_name)]
        judged = check.judge(piece, await context.store.apply_names.taken(apply.product_id, formed))
        await context.store.apply_names.add(apply.id, start, judged)
        faulty += [name for name in judged if name.fault]
        await asyncio.sleep(0)
    return faulty


def _answer(apply_id: int, faulty: Iterable[AskedName]) -> CheckData:
    by_fault: dict[str, list[AskedName]] = {fault: [] for fault in NameFault}
    details = []
    for name in faulty:
        by_fault[name.fault].append(name)
        details.append(InvalidDetail(device_name=name.device_name, nick_name=name.nickname, error_msg=name.fault))
    repeated = [*by_fault[NameFault.REPEATED], *by_fault[NameFault.TAKEN]]
    return CheckData(
        apply_id=apply_id,
        invalid_device_name_list=InvalidNames(invalid_device_name=[n.device_name for n in by_fault[NameFault.NAME]]),
        invalid_device_nickname_list=InvalidNicknames(
            invalid_device_nickname=[name.nickname for name in by_fault[NameFault.NICKNAME]]
        ),
        repeated_device_name_list=RepeatedNames(repeated_names=[name.device_name for name in repeated]),
        invalid_detail_list=InvalidDetails(invalid_detail_list=details),
    )
