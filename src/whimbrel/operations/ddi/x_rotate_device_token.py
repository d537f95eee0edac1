"""Gives a device the token that it proves itself with over DDI, or takes it away; the old one proves nothing any more.

1. DeviceToken: 1 to 128 visible ASCII characters, for a device that brings its token along from hawkBit. Without one a
   random token is made, which is the better choice.
2. The token is in this answer and nowhere else; the server keeps only a digest.
3. Remove true: the device has no token any more. It goes without DeviceToken.

Source: ours; ddi-protocol 2; threat-model A05, A15.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from whimbrel.domain.access import Permission
from whimbrel.domain.ddi_access import RANDOM_TOKEN_LENGTH, TOKEN, target_token_digest
from whimbrel.errors import OtaInvalidParameterError
from whimbrel.operations.declaration import Context, Example, Manner, operation
from whimbrel.operations.device.lookup import NAMING_ERRORS, find_named_device
from whimbrel.operations.device.named import DeviceRequest
from whimbrel.operations.fields import Field


class Request(DeviceRequest, frozen=True, kw_only=True):
    device_token: Annotated[
        str | None, Field("The token that the device has already.", pattern=TOKEN, is_secret=True)
    ] = None
    remove: Annotated[bool, Field("Take the token away instead.")] = False


class DeviceTokenData(msgspec.Struct, frozen=True, kw_only=True):
    product_key: Annotated[str, Field("The device's product.")]
    device_name: Annotated[str, Field("The device's name: its controller id.")]
    iot_id: Annotated[str, Field("The device's id over all products.")]
    device_token: Annotated[str | None, Field("Keep it: it is shown this once.", is_secret=True)]


class Response(msgspec.Struct, frozen=True, kw_only=True):
    data: Annotated[DeviceTokenData, Field("The new token.")]


EXAMPLE = Example(
    request={"ProductKey": "kabcdefgh01", "DeviceName": "lamp-0001"},
    response=Response(
        data=DeviceTokenData(
            product_key="kabcdefgh01",
            device_name="lamp-0001",
            iot_id="6fb1c0de0a9b4c2d8e3f0123",
            device_token="tK4wZ9nQ1xB7vL0rMcYp3HsJf6GdTa2U",  # noqa: S106  an example
        )
    ),
)


@operation(
    action="XRotateDeviceToken",
    permission=Permission.DEVICE_WRITE,
    example=EXAMPLE,
    errors=NAMING_ERRORS,
    manner=Manner(creates=True, qps=500),
)
async def handle(request: Request, context: Context) -> Response:
    if request.remove and request.device_token is not None:
        raise OtaInvalidParameterError("Remove goes without DeviceToken; leave one of them out")
    device = await find_named_device(context, request)
    token = None if request.remove else request.device_token or context.services.randomness.text(RANDOM_TOKEN_LENGTH)
    digest = None if token is None else target_token_digest(device.device_name, token)
    await context.store.ddi_access.put_target_token(device.id, digest)
    return Response(
        data=DeviceTokenData(
            product_key=device.product_key, device_name=device.device_name, iot_id=device.iot_id, device_token=token
        )
    )
