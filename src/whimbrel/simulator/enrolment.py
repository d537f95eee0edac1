"""Gives a fleet its product and its devices through the management API, whatever of them is there already."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from typing import Any, Final, NamedTuple, Protocol

from whimbrel.simulator.unit import Badge

PAGE_SIZE: Final = 200
NAMES_PER_CALL_MAX: Final = 100
"""What BatchQueryDeviceDetail takes."""

CALLERS: Final = 8
ATTEMPTS_MAX: Final = 30
RETRY_SECONDS: Final = 1.0
TAKEN_NAME: Final = "iot.device.AlreadyExistedDeviceName"


class EnrolmentError(Exception):
    """The management API refused what a fleet needs; the text is for the person at the terminal."""


class Caller(Protocol):
    """Signs and sends one call of the management API, and waits for the answer. One thread at a time."""

    def call(self, action: str, parameters: Mapping[str, str]) -> Mapping[str, Any]:
        """The answer's JSON in lowerCamelCase, refused calls included. Raises ConnectionError: the server is away."""
        ...

    def close(self) -> None:
        """No more calls will be made."""
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


class Applicant(NamedTuple):
    """A device to be: its place in the fleet, its name, and whether it needs a token for DDI."""

    place: int
    device_name: str
    needs_token: bool = False


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


class Enrolment:
    """Enrols applicants, CALLERS groups of NAMES_PER_CALL_MAX at a time; `welcome` gets each device as soon as it is
    there.
    """

    def __init__(
        self,
        open_caller: Callable[[], Caller],
        product_key: str,
        welcome: Callable[[Applicant, EnrolledDevice], None],
    ) -> None:
        self._open_caller = open_caller
        self._product_key = product_key
        self._welcome = welcome

    async def run(self, applicants: Sequence[Applicant]) -> None:
        """Enrol every one. Raises a group of EnrolmentError and ConnectionError."""
        groups = iter(
            [applicants[first : first + NAMES_PER_CALL_MAX] for first in range(0, len(applicants), NAMES_PER_CALL_MAX)]
        )

        async def work() -> None:
            with closing(self._open_caller()) as caller:
                for group in groups:
                    await self._enrol_group(caller, group)

        async with asyncio.TaskGroup() as tasks:
            for _ in range(min(CALLERS, -(-len(applicants) // NAMES_PER_CALL_MAX))):
                tasks.create_task(work())

    async def _enrol_group(self, caller: Caller, group: Sequence[Applicant]) -> None:
        names = {f"DeviceName.{place}": applicant.device_name for place, applicant in enumerate(group, 1)}
        body = _succeeded("BatchQueryDeviceDetail", await self._call(caller, "BatchQueryDeviceDetail", names))
        known = {row["deviceName"]: row for row in body["data"]["data"]}
        for applicant in group:
            row = known.get(applicant.device_name) or await self._register(caller, applicant.device_name)
            badge = Badge(row["productKey"], row["deviceName"], row["deviceSecret"])
            if applicant.needs_token:
                badge = badge._replace(token=await self._give_token(caller, badge))
            self._welcome(applicant, EnrolledDevice(badge, row.get("firmwareVersion") or None))

    async def _register(self, caller: Caller, device_name: str) -> Mapping[str, Any]:
        names = {"DeviceName": device_name}
        body = await self._call(caller, "RegisterDevice", names)
        # Another process may register the device between our question and our call.
        if body.get("code") == TAKEN_NAME:
            body = await self._call(caller, "QueryDeviceDetail", names)
        data: Mapping[str, Any] = _succeeded("RegisterDevice", body)["data"]
        return data

    async def _give_token(self, caller: Caller, badge: Badge) -> str:
        """The content of the device's Authorization. Its token derives from its secret, so that every run gives the
        same.
        """
        token = hashlib.sha256(f"ddi/{badge.device_secret}".encode()).hexdigest()
        parameters = {"DeviceName": badge.device_name, "DeviceToken": token}
        _succeeded("XRotateDeviceToken", await self._call(caller, "XRotateDeviceToken", parameters))
        return f"TargetToken {token}"

    async def _call(self, caller: Caller, action: str, parameters: Mapping[str, str]) -> Mapping[str, Any]:
        """A server that is started again meanwhile is waited for. Raises ConnectionError after ATTEMPTS_MAX."""
        attempt = 1
        while True:
            try:
                return await asyncio.to_thread(caller.call, action, {"ProductKey": self._product_key, **parameters})
            except ConnectionError:
                if attempt >= ATTEMPTS_MAX:
                    raise
                await asyncio.sleep(RETRY_SECONDS)
                attempt += 1


def _succeeded(action: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
    if body.get("success") is not True:
        raise EnrolmentError(f"{action} was refused: {body.get('code')}: {body.get('errorMessage')}")
    return body
