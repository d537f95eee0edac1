"""Adds up to 1,000 devices that bring name, secret and IotId from another server, so that they go on as they are.

1. The caller's key has all rights of the action in the whole account.
2. DeviceSecret: 22 to 64 letters and digits; IotId: 16 to 64 letters and digits, unique on this server. Absent ones are
   made, as for a device that is registered. Names and nicknames are as RegisterDevice says.
3. A device that is there and equal in all that was given stays as it is, so that the call may be repeated. One that
   differs is answered as a conflict and never changed; all others are added.
4. An IotId in use is a conflict, whoever has it; a deleted device of the account gives its IotId up.
5. What is malformed, or too much for the product, refuses the whole call.

Source: ours; ADR 0063, threat-model I15, A04, A05, A15, A16.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from whimbrel.domain.access import Permission
from whimbrel.domain.device import (
    DEVICE_NAME,
    DEVICE_SECRET_LENGTH,
    IOT_ID_LENGTH,
    NICKNAME_LENGTH_MAX,
    DeviceDraft,
    is_valid_nickname,
)
from whimbrel.domain.device_import import (
    IMPORTED_DEVICE_SECRET,
    IMPORTED_DEVICES_MAX,
    IMPORTED_IOT_ID,
    DeviceImport,
    judge_import,
)
from whimbrel.domain.product import PRODUCT_KEY, Product
from whimbrel.errors import (
    DeviceCountExceededError,
    InvalidFormattedDeviceNameError,
    InvalidFormattedProductKeyError,
    NoDeviceNameError,
    OtaInvalidParameterError,
    ProductNotFoundError,
)
from whimbrel.operations.declaration import Context, Example, Manner, operation
from whimbrel.operations.device.room import require_room
from whimbrel.operations.fields import Field
from whimbrel.operations.product.lookup import find_product
from whimbrel.operations.rights import require_whole_account


class ImportedDevice(msgspec.Struct, frozen=True, kw_only=True):
    device_name: Annotated[
        str, Field("Its name in the product.", pattern=DEVICE_NAME, error=InvalidFormattedDeviceNameError)
    ]
    device_secret: Annotated[str, Field("Its own secret.", pattern=IMPORTED_DEVICE_SECRET, is_secret=True)] = ""
    iot_id: Annotated[str, Field("Its id over all products.", pattern=IMPORTED_IOT_ID)] = ""
    nickname: Annotated[str, Field("A name for people.", length_max=NICKNAME_LENGTH_MAX)] = ""


class Request(msgspec.Struct, frozen=True, kw_only=True):
    product_key: Annotated[str, Field("The product.", pattern=PRODUCT_KEY, error=InvalidFormattedProductKeyError)]
    device: Annotated[tuple[ImportedDevice, ...], Field("The devices.", items_max=IMPORTED_DEVICES_MAX)]


class Conflict(msgspec.Struct, frozen=True, kw_only=True):
    device_name: Annotated[str, Field("The device that was left out.")]
    reason: Annotated[
        str,
        Field(
            "DIFFERENT_SECRET, DIFFERENT_IOT_ID, DIFFERENT_NICKNAME: the device of this name in the product differs; "
            "IOT_ID_TAKEN: another device of this server has its IotId; REPEATED_NAME: it was named before in the call."
        ),
    ]


class Conflicts(msgspec.Struct, frozen=True, kw_only=True):
    conflict: Annotated[list[Conflict], Field("The devices that were left out, in the order of the call.")]


class ImportData(msgspec.Struct, frozen=True, kw_only=True):
    added_device_count: Annotated[int, Field("How many devices are new by this call.")]
    equal_device_count: Annotated[int, Field("How many were there already, and equal.")]
    conflicts: Annotated[Conflicts, Field("Wrapper.")]


class Response(msgspec.Struct, frozen=True, kw_only=True):
    data: Annotated[ImportData, Field("What became of the devices.")]


EXAMPLE = Example(
    request={
        "ProductKey": "kabcdefgh01",
        "Device.1.DeviceName": "lamp-0101",
        "Device.1.DeviceSecret": "0123456789abcdefghijklmnopqrstuv",
        "Device.1.IotId": "7gC2d1EfPbXm0AcX5ZnK000100",
        "Device.1.Nickname": "kitchen",
    },
    response=Response(
        data=ImportData(added_device_count=1, equal_device_count=0, conflicts=Conflicts(conflict=[])),
    ),
)


@operation(
    action="XImportDevices",
    permission=Permission.DEVICE_WRITE,
    example=EXAMPLE,
    errors=(
        ProductNotFoundError,
        InvalidFormattedProductKeyError,
        InvalidFormattedDeviceNameError,
        NoDeviceNameError,
        DeviceCountExceededError,
        OtaInvalidParameterError,
    ),
    manner=Manner(idempotent=True),
)
async def handle(request: Request, context: Context) -> Response:
    require_whole_account(context)
    _check(request)
    product = await find_product(context, request.product_key)
    wanted = [DeviceImport(*msgspec.structs.astuple(device)) for device in request.device]
    imports = context.store.device_imports
    existing = await imports.of_names(product.id, sorted({device.device_name for device in wanted}))
    new_iot_ids = {device.iot_id for device in wanted if device.device_name not in existing and device.iot_id}
    taken = await imports.taken(product.account_id, sorted(new_iot_ids))
    judged = judge_import(wanted, existing, taken)
    await require_room(context, product, len(judged.new))
    await imports.add([_draft(device, product, context) for device in judged.new])
    conflicts = [Conflict(device_name=name, reason=reason) for name, reason in judged.conflicts]
    return Response(
        data=ImportData(
            added_device_count=len(judged.new),
            equal_device_count=len(judged.equal),
            conflicts=Conflicts(conflict=conflicts),
        )
    )


def _check(request: Request) -> None:
    if not request.device:
        raise NoDeviceNameError
    for number, device in enumerate(request.device, 1):
        if device.nickname and not is_valid_nickname(device.nickname):
            raise OtaInvalidParameterError(
                f"the Nickname of device {number} must have 4 to 64 letters, digits, underscores or CJK characters"
            )


def _draft(device: DeviceImport, product: Product, context: Context) -> DeviceDraft:
    random = context.services.randomness
    return DeviceDraft(
        account_id=product.account_id,
        product_id=product.id,
        device_name=device.device_name,
        iot_id=device.iot_id or random.hex(IOT_ID_LENGTH),
        device_secret=device.device_secret or random.text(DEVICE_SECRET_LENGTH),
        nickname=device.nickname,
        created_ms=context.now_ms,
    )
