"""Sets tags of a device; tags of other keys stay.

1. Props: a JSON object of texts, at most 5 KB and 100 tags; no key twice.
2. A key has 1 to 32 letters, digits or any of `. _ -`; `abc` is reserved.
   A value has 1 to 128 printable characters, one beyond ASCII counting 2.
3. A device has at most 100 tags.

Source: api-contract 13.4; what keys and values may be is the vendor's older pages, widened.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from whimbrel.domain.access import Permission
from whimbrel.domain.device_tag import (
    PROPS_SIZE_BYTES_MAX,
    TAGS_PER_CALL_MAX,
    TAGS_PER_DEVICE_MAX,
    DeviceTag,
    PropsError,
    is_valid_key,
    is_valid_value,
    parse_props,
)
from whimbrel.errors import (
    DeviceNotFoundError,
    InvalidFormattedDeviceTagKeyError,
    InvalidFormattedDeviceTagsError,
    InvalidIotIdError,
    LongDeviceTagsError,
    NoDeviceTagError,
    NullDeviceNameError,
    NullDeviceTagKeyError,
    OtaInvalidParameterError,
    ProductNotFoundError,
    TooManyDeviceTagsError,
)
from whimbrel.operations.declaration import Context, EmptyResponse, Example, Manner, operation
from whimbrel.operations.device.lookup import find_device
from whimbrel.operations.fields import Field


class Request(msgspec.Struct, frozen=True, kw_only=True):
    props: Annotated[str, Field('The tags, like `{"color":"red"}`.')]
    iot_id: Annotated[str | None, Field("The device, by its id over all products; wins.", length_max=64)] = None
    product_key: Annotated[str | None, Field("The device's product, with DeviceName.", length_max=64)] = None
    device_name: Annotated[str | None, Field("The device's name, with ProductKey.", length_max=64)] = None


EXAMPLE = Example(
    request={"ProductKey": "kabcdefgh01", "DeviceName": "lamp-0001", "Props": '{"color":"red"}'},
    response=EmptyResponse(),
)


@operation(
    action="SaveDeviceProp",
    permission=Permission.DEVICE_WRITE,
    example=EXAMPLE,
    errors=(
        DeviceNotFoundError,
        InvalidIotIdError,
        NullDeviceNameError,
        ProductNotFoundError,
        OtaInvalidParameterError,
        LongDeviceTagsError,
        InvalidFormattedDeviceTagsError,
        NoDeviceTagError,
        NullDeviceTagKeyError,
        InvalidFormattedDeviceTagKeyError,
        TooManyDeviceTagsError,
    ),
    manner=Manner(idempotent=True, qps=50),
)
async def handle(request: Request, context: Context) -> EmptyResponse:
    device = await find_device(context, request.iot_id, request.product_key, request.device_name)
    tags = _read(request.props)
    keys = {tag.key for tag in tags}.union(await context.store.tags.of_device(device.id))
    if len(keys) > TAGS_PER_DEVICE_MAX:
        raise TooManyDeviceTagsError(f"the device would have {len(keys)} tags, at most {TAGS_PER_DEVICE_MAX}")
    await context.store.tags.put(device, tags)
    return EmptyResponse()


def _read(props: str) -> tuple[DeviceTag, ...]:
    if len(props.encode()) > PROPS_SIZE_BYTES_MAX:
        raise LongDeviceTagsError
    try:
        tags = parse_props(props)
    except PropsError:
        raise InvalidFormattedDeviceTagsError from None
    if not tags:
        raise NoDeviceTagError
    if len(tags) > TAGS_PER_CALL_MAX:
        raise TooManyDeviceTagsError(f"Props has {len(tags)} tags, at most {TAGS_PER_CALL_MAX}")
    for number, tag in enumerate(tags, 1):
        if not tag.key:
            raise NullDeviceTagKeyError
        if not is_valid_key(tag.key):
            raise InvalidFormattedDeviceTagKeyError
        if not is_valid_value(tag.value):
            raise InvalidFormattedDeviceTagsError(
                f"the value of tag {number} must have 1 to 128 printable characters, one beyond ASCII counting 2"
            )
    return tags
