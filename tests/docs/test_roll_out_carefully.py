"""docs/how-to/roll-out-carefully.md: every call that it shows is served as it is shown."""

from __future__ import annotations

import re
import shlex
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.operations.fleet import make_device, make_firmware, make_product
from tests.operations.signed_door import SignedDoor, open_signed_door

PAGE = Path(__file__).resolve().parents[2] / "docs/how-to/roll-out-carefully.md"
_BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
#: What a job has come to when the page calls this about it.
FIRST = {"XAdvanceOTAJob": [], "XResumeOTAJob": [("XPauseOTAJob", {"Reason": "as above"})]}


def calls() -> list[tuple[str, dict[str, str]]]:
    """Action and parameters of each call on the page."""
    text = "".join(_BLOCK.findall(PAGE.read_text(encoding="utf-8"))).replace("\\\n", " ")
    lines = [shlex.split(line.removeprefix("$ ")) for line in text.splitlines()]
    assert all(line[:2] == ["whimbrel", "call"] for line in lines)
    return [(line[2], dict(pair.split("=", 1) for pair in line[3:])) for line in lines]


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[SignedDoor]:
    """On SQLite."""
    async with open_signed_door(tmp_path) as door:
        yield door


async def test_every_call_is_served(door: SignedDoor) -> None:
    """With the ids of a small fleet in place of those on the page."""
    shown = calls()
    assert len({action for action, _ in shown}) >= 8
    product_key = await make_product(door)
    for number in range(30):
        await make_device(door, product_key, f"lamp-{number:03d}", "1.0.0")
    firmware_id = await make_firmware(door, product_key)
    target = {"FirmwareId": firmware_id, "ProductKey": product_key, "TargetSelection": "ALL"}
    for action, parameters in shown:
        given = dict(parameters)
        if "JobId" in given:
            made = await door.ok("CreateOTAStaticUpgradeJob", **target, **{"XStages.1.Count": 3})
            given["JobId"] = made["Data"]["JobId"]
            await door.engine.settle()
            for before, more in FIRST.get(action, []):
                await door.ok(before, JobId=given["JobId"], **more)
        given |= {name: value for name, value in target.items() if name in given}
        answer = await door.ok(action, **given)
        job_id = given.get("JobId") or answer.get("Data", {}).get("JobId")
        if job_id:  # or its devices would be busy for the next job
            await door.ok("CancelOTATaskByJob", JobId=job_id, CancelQueuedTask=True)
            await door.engine.settle()
