"""Gives a fleet its product and its devices through the management API, whatever of them is there already."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple, Protocol

from whimbrel.simulator.device import Badge

PAGE_SIZE: Final = 200
CALLERS: Final = 8
ATTEMPTS_MAX: Final = 30
RETRY_SECONDS: Final = 1.0
UNKNOWN_DEVICE: Final = "iot.device.NotExistedDevice"
TAKEN_NAME: Final = "iot.device.AlreadyExistedDeviceName"


class EnrolmentError(Exception):
    """The management API refused what a fleet needs; the text is for the person at the terminal."""


class Caller(Protocol):
    """Signs and sends one call of the management API, and waits for the answer. One thread at a time."""

    def call(self, action: str, parameters: Mapping[str, str]) -> Mapping[str, Any]:
        """The answer's JSON in lowerCamelCase, refused calls included. Raises ConnectionError: the server is away."""
        ...


class EnrolledProduct(NamedTuple):
    """The product that devices are enrolled in; `is_new` when it was made just now."""

    key: str
    name: str
    is_new: bool


class EnrolledDevice(NamedTuple):
    """A device, and the version that it reported last; None before its first report."""

    badge: Badge
    version: str | None


async def enrol_product(caller: Caller, name_or_key: str) -> EnrolledProduct:
    """The product of this key or this name; made when there is neither. Raises EnrolmentError, ConnectionError."""
    found = await asyncio.to_thread(_find_product, caller, name_or_key)
    if found is not None:
        return found
    parameters = {"ProductName": name_or_key, "NodeType": "0"}
    body = _succeeded("CreateProduct", await asyncio.to_thread(caller.call, "CreateProduct", parameters))
    return EnrolledProduct(body["data"]["productKey"], name_or_key, is_new=True)


def _find_product(caller: Caller, name_or_key: str) -> EnrolledProduct | None:
    number = page_count = 1
    while number <= page_count:
        parameters = {"CurrentPage": str(number), "PageSize": str(PAGE_SIZE)}
        page = _succeeded("QueryProductList", caller.call("QueryProductList", parameters))["data"]
        for row in page["list"]["productInfo"]:
            if name_or_key in (row["productKey"], row["productName"]):
                return EnrolledProduct(row["productKey"], row["productName"], is_new=False)
        number, page_count = number + 1, page["pageCount"]
    return None


async def enrol_device(caller: Caller, product_key: str, device_name: str) -> EnrolledDevice:
    """The device of this name, registered when it does not exist. A server that is started again meanwhile is waited
    for. Raises EnrolmentError, and ConnectionError after ATTEMPTS_MAX."""
    attempt = 1
    while True:
        try:
            return await _enrol_device(caller, {"ProductKey": product_key, "DeviceName": device_name})
        except ConnectionError:
            if attempt >= ATTEMPTS_MAX:
                raise
            await asyncio.sleep(RETRY_SECONDS)
            attempt += 1


async def _enrol_device(caller: Caller, names: Mapping[str, str]) -> EnrolledDevice:
    for action in ("QueryDeviceDetail", "RegisterDevice", "QueryDeviceDetail"):
        body = await asyncio.to_thread(caller.call, action, names)
        # Another process may register the device between our question and our call.
        if body.get("code") not in (UNKNOWN_DEVICE, TAKEN_NAME):
            break
    data = _succeeded(action, body)["data"]
    badge = Badge(data["productKey"], data["deviceName"], data["deviceSecret"])
    return EnrolledDevice(badge, data.get("firmwareVersion") or None)


async def enrol_devices(
    open_caller: Callable[[], Caller],
    product_key: str,
    device_names: list[str],
    welcome: Callable[[int, EnrolledDevice], None],
) -> None:
    """Enrol every name, CALLERS at a time; `welcome` gets each device with its place in the list, as soon as it is
    there. Raises a group of EnrolmentError and ConnectionError."""
    places = iter(enumerate(device_names))

    async def work() -> None:
        caller = open_caller()
        for place, device_name in places:
            welcome(place, await enrol_device(caller, product_key, device_name))

    async with asyncio.TaskGroup() as group:
        for _ in range(min(CALLERS, len(device_names))):
            group.create_task(work())


def _succeeded(action: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
    if body.get("success") is not True:
        raise EnrolmentError(f"{action} was refused: {body.get('code')}: {body.get('errorMessage')}")
    return body
