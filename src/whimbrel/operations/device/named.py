"""The three parameters by which operations name one device (api-contract 13)."""

from __future__ import annotations

from typing import Annotated

import msgspec

from whimbrel.operations.fields import Field

NAME_LENGTH_MAX = 64  # longer ones are refused; shorter ones that name nothing are not found


class DeviceRequest(msgspec.Struct, frozen=True, kw_only=True):
    """IotId, or ProductKey and DeviceName."""

    iot_id: Annotated[
        str | None, Field("The device, by its id over all products; wins.", length_max=NAME_LENGTH_MAX)
    ] = None
    product_key: Annotated[str | None, Field("The device's product, with DeviceName.", length_max=NAME_LENGTH_MAX)] = (
        None
    )
    device_name: Annotated[str | None, Field("The device's name, with ProductKey.", length_max=NAME_LENGTH_MAX)] = None
