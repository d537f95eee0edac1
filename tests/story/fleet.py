"""What is asked of a fleet of virtual devices that runs in a process of its own (fixture `fleet`)."""

import time
from collections.abc import Callable

from tests.story.signed_client import SignedClient

FLEET_SEED = 20261123
FLEET_DEVICES = 30
SETTLE_WITHIN_S = 90.0


def wait_until(is_so: Callable[[], bool], what: str, within_s: float = SETTLE_WITHIN_S) -> None:
    deadline = time.monotonic() + within_s
    while not is_so():
        assert time.monotonic() < deadline, f"after {within_s} s still not so: {what}"
        time.sleep(0.1)


def first_device_name(client: SignedClient, product_key: str) -> str:
    rows = client.call("QueryDevice", ProductKey=product_key, PageSize="50").body["data"]["deviceInfo"]
    return min(row["deviceName"] for row in rows)


def online(client: SignedClient, product_key: str) -> int:
    rows = client.call("QueryDevice", ProductKey=product_key, PageSize="50").body["data"]["deviceInfo"]
    return sum(row["deviceStatus"] == "ONLINE" for row in rows)
