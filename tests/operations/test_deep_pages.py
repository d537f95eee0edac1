"""Lists of more than a counter block's 4,096 ids: every page is what slicing a plain list would give, totals are exact.

The lists are thinned by deletions and status changes, so that blocks are unevenly filled and pages cross their borders.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

from tests.operations.fleet import find_device, make_device, make_devices, make_firmware, make_job, make_product
from tests.operations.signed_door import SignedDoor
from whimbrel.domain.firmware import FirmwareDraft
from whimbrel.domain.product import ProductDraft
from whimbrel.domain.task import TaskStatus, moved

BLOCK = 4_096
ROWS = 9_000  # three blocks
PAGES_SAMPLED = 25


class PlainList:
    """What a list must show: names, newest first, of one listing call."""

    def __init__(self, door: SignedDoor, action: str, filters: dict[str, Any], size_max: int) -> None:
        self._door, self._action, self._filters, self._size_max = door, action, filters, size_max

    async def check(self, expected: Sequence[str], seed: int) -> None:
        """Compare first, last, beyond-last, border and random pages of odd and even sizes with slices."""
        random_ = random.Random(seed)
        for size in (self._size_max, 7, 1):
            last = -(-len(expected) // size)
            borders = {BLOCK // size + shift for shift in (-1, 0, 1, 2)}
            sampled = {random_.randint(1, max(last, 1)) for _ in range(PAGES_SAMPLED)}
            for number in sorted({1, last, last + 1, *borders, *sampled} & set(range(1, last + 2))):
                body = await self._door.ok(self._action, CurrentPage=number, PageSize=size, **self._filters)
                where = f"{self._action} {self._filters} page {number} of {size}"
                assert self._total(body) == (len(expected), last), where
                assert self._names(body) == list(expected[(number - 1) * size : number * size]), where

    def _total(self, body: dict[str, Any]) -> tuple[int, int]:
        paging = body["Data"] if self._action == "QueryProductList" else body
        return paging["Total"], paging["PageCount"]

    def _names(self, body: dict[str, Any]) -> list[str]:
        match self._action:
            case "QueryProductList":
                return [row["ProductName"] for row in body["Data"]["List"]["ProductInfo"]]
            case "QueryDevice":
                return [row["DeviceName"] for row in body["Data"]["DeviceInfo"]]
            case "ListOTAFirmware":
                return [row["FirmwareName"] for row in body["FirmwareInfo"]["SimpleFirmwareInfo"]]
            case _:
                return [row["DeviceName"] for row in body["Data"]["SimpleOTATaskInfo"]]


def firmware_draft(account_id: int, product_id: int, number: int, now_ms: int) -> FirmwareDraft:
    """Firmware `fw-<number>`; every third is a difference to the one version 9.9."""
    is_shared = number % 3 == 0
    return FirmwareDraft(
        account_id=account_id,
        product_id=product_id,
        module_name="default",
        name=f"fw-{number}",
        dest_version="9.9" if is_shared else f"1.{number}",
        src_version=f"1.{number}" if is_shared else "",
        type=int(is_shared),
        status=-1,
        sign_method="MD5",
        sha256="0" * 64,
        md5="0" * 32,
        size_bytes=1,
        description="",
        udi="",
        object_key=f"key-{number}",
        created_ms=now_ms,
    )


async def test_firmware(door: SignedDoor) -> None:
    """By account, product, version, and product with version, after thousands of deletions."""
    keys = [await make_product(door, "lamp"), await make_product(door, "plug")]
    account_id = await door.account_id()
    random_ = random.Random(1)
    kept: list[tuple[FirmwareDraft, str]] = []
    async with door.store.transaction() as store:
        products = [await store.products.by_key(account_id, key) for key in keys]
        for number in range(ROWS):
            product = products[number % 5 == 0]
            assert product is not None
            draft = firmware_draft(account_id, product.id, number, door.clock.at_ms)
            firmware_id = await store.firmware.add(draft)
            # The middle block loses nearly everything, the others some.
            if random_.random() < (0.95 if firmware_id // BLOCK == 1 else 0.1):
                row = await store.firmware.by_id(account_id, firmware_id)
                assert row is not None
                await store.firmware.delete(row)
            else:
                kept.insert(0, (draft, product.product_key))
    await door.check_consistency()
    filters: list[dict[str, Any]] = [{}, {"ProductKey": keys[0]}, {"ProductKey": keys[1]}, {"DestVersion": "9.9"}]
    for seed, given in enumerate([*filters, {"ProductKey": keys[0], "DestVersion": "9.9"}]):
        expected = [
            draft.name
            for draft, key in kept
            if given.get("ProductKey", key) == key
            and given.get("DestVersion", draft.dest_version) == draft.dest_version
        ]
        await PlainList(door, "ListOTAFirmware", given, 100).check(expected, seed)


async def test_products(door: SignedDoor) -> None:
    """By account, and by commodity code, which one in four has."""
    account_id = await door.account_id()
    made: list[tuple[str, str]] = []
    async with door.store.transaction() as store:
        for number in range(ROWS // 2):
            code = "iothub_senior" if number % 4 == 0 else ""
            key, name = f"k{number:010d}", f"product_{number}"
            draft = ProductDraft(
                account_id, key, "s", name, 0, 1, "WIFI", "secret", "", code, "", "", 1, door.clock.at_ms
            )
            await store.products.add(draft)
            made.insert(0, (name, code))
    await door.check_consistency()
    everything = [name for name, _ in made]
    senior = [name for name, code in made if code]
    await PlainList(door, "QueryProductList", {}, 200).check(everything, 1)
    await PlainList(door, "QueryProductList", {"AliyunCommodityCode": "iothub_senior"}, 200).check(senior, 2)


async def test_devices_and_tasks(door: SignedDoor) -> None:
    """A fleet's devices, its job's tasks, and the tasks of each status after thousands of changes."""
    lamp, plug = await make_product(door, "lamp"), await make_product(door, "plug")
    await make_device(door, plug, "plug-0001")
    names = await make_devices(door, lamp, ROWS)
    await make_device(door, plug, "plug-0002")
    await PlainList(door, "QueryDevice", {"ProductKey": lamp}, 50).check(names[::-1], 1)
    await PlainList(door, "QueryDevice", {"ProductKey": plug}, 50).check(["plug-0002", "plug-0001"], 2)
    job_id = await make_job(door, lamp, await make_firmware(door, lamp), NeedConfirm=True)
    await door.engine.settle()
    statuses = await move_at_random(door, job_id, names)
    await door.check_consistency()
    await PlainList(door, "ListOTATaskByJob", {"JobId": job_id}, 100).check(names[::-1], 3)
    for status in TaskStatus:
        expected = [name for name in names[::-1] if statuses[name] is status]
        filters = {"JobId": job_id, "TaskStatus": status.name}
        await PlainList(door, "ListOTATaskByJob", filters, 100).check(expected, status.value)


async def move_at_random(door: SignedDoor, job_id: str, names: list[str]) -> dict[str, TaskStatus]:
    """Confirm half of the tasks and cancel a quarter, by compare and set; device name to status."""
    random_ = random.Random(2)
    account_id = await door.account_id()
    first = await find_device(door, await product_of(door, job_id), names[0])
    statuses: dict[str, TaskStatus] = {}
    async with door.store.transaction() as store:
        (first_task, _), *_ = await store.tasks.open_of_device(first.id)
        for number, name in enumerate(names):
            ((task, _),) = await store.tasks.by_ids(account_id, (first_task.id + number,))
            wanted = random_.choice([TaskStatus.QUEUED, TaskStatus.QUEUED, TaskStatus.CONFIRM, TaskStatus.CANCELED])
            changed = moved(task, wanted)
            if changed is not None:
                assert await store.tasks.change(task, changed, door.clock.at_ms)
            statuses[name] = wanted
    return statuses


async def product_of(door: SignedDoor, job_id: str) -> str:
    product_key: str = (await door.ok("QueryOTAJob", JobId=job_id))["Data"]["ProductKey"]
    return product_key
