"""A small world in which the examples of operations find what they name: the ids of the examples, and those made here.

Every operation's example speaks of the same things: the product `kabcdefgh01` with its devices `lamp-0001` and
`lamp-0002`, group, firmware, jobs, task and module. They are made once, and `request_of` puts their real ids in.
"""

from __future__ import annotations

from contextlib import closing
from typing import NamedTuple

import apsw

from tests.operations.fleet import (
    make_device,
    make_firmware,
    make_job,
    make_product,
    tasks_of,
    upload_file,
)
from tests.operations.signed_door import SignedDoor
from whimbrel.operations.declaration import Operation


class SmallWorld(NamedTuple):
    """What the examples' texts are here, and what some operations must be told to succeed."""

    product_key: str
    group_id: str
    texts: dict[str, str]
    more: dict[str, dict[str, str]]

    def request_of(self, operation: Operation) -> dict[str, str]:
        """The operation's example about this world, so that a key with all rights succeeds with it."""
        return {name: self._here(text) for name, text in operation.example.request.items()} | self.more.get(
            operation.action, {}
        )

    def _here(self, text: str) -> str:
        for example, real in self.texts.items():
            text = real if text == example else text.replace(example, real) if not example.isdigit() else text
        return text


class _Kept(NamedTuple):
    """A world as it was when it was made, because to make it costs more than most tests."""

    database: bytes
    random_state: object
    world: SmallWorld


_KEPT: dict[str, _Kept] = {}


async def build_world(door: SignedDoor) -> SmallWorld:
    """One of each noun, of the account `default`; the door must not have been used before."""
    with closing(apsw.Connection(str(door.ports.database.path))) as connection:
        if not _KEPT:
            world = await _furnish(door)
            content = bytearray(connection.serialize("main"))
            content[18:20] = b"\x01\x01"  # its header says "with a write-ahead log", which one in memory cannot have
            _KEPT["world"] = _Kept(bytes(content), door.ports.randomness.state, world)
            return world
        kept = _KEPT["world"]
        with closing(apsw.Connection(":memory:")) as source:
            source.deserialize("main", kept.database)
            with connection.backup("main", source, "main") as backup:
                backup.step()
    door.ports.randomness.state = kept.random_state
    return kept.world


async def _furnish(door: SignedDoor) -> SmallWorld:
    product_key = await make_product(door, "furnished")
    for name in ("lamp-0001", "lamp-0002"):
        await make_device(door, product_key, name, "1.0.0")
    firmware_id = await make_firmware(door, product_key, "1.5.0")
    unverified = await make_firmware(door, product_key, "1.6.0", NeedToVerify=True)
    unused = await make_firmware(door, product_key, "1.7.0")
    group_id: str = (await door.ok("CreateDeviceGroup", GroupName="south_hall"))["Data"]["GroupId"]
    device = {"ProductKey": product_key, "DeviceName": "lamp-0002"}
    await door.ok("BatchAddDeviceGroupRelations", GroupId=group_id, Device=[device])
    await door.ok("SaveDeviceProp", **device, Props='{"color":"red"}')
    await door.ok("CreateOTAModule", ProductKey=product_key, ModuleName="mcu", AliasName="Motor")
    job_id = await make_job(door, product_key, firmware_id, NeedConfirm=True)
    await door.engine.settle()
    task = (await tasks_of(door, job_id))["lamp-0001"]
    for name in ("lamp-0003", "lamp-0004"):
        await make_device(door, product_key, name, "1.0.0")
    key_id = (await door.make_key()).access_key_id
    names = [{"DeviceName": f"fresh-{number}"} for number in range(2)]
    apply_id = (await door.ok("BatchCheckDeviceNames", ProductKey=product_key, DeviceNameList=names))["Data"]["ApplyId"]
    await door.ok("XInviteConsoleUser", Name="ann@example.org", Role="RELEASER")
    texts = {
        "kabcdefgh01": product_key,
        "HtMLECKbdJQL7xBz": group_id,
        "1001": firmware_id,
        "502": job_id,
        "9001": str(task["TaskId"]),
        "12": str(apply_id),
        "n3Xy7QbW0kTfLr5JcVhPs2Ga": key_id,
    }
    more = {
        "RegisterDevice": {"DeviceName": "lamp-0009"},
        "CreateOTAModule": {"ModuleName": "mcu2", "AliasName": "Motor2"},
        "CreateOTAFirmware": {"FirmwareUrl": await upload_file(door)},
        "CreateOTAVerifyJob": {"FirmwareId": unverified, "TargetDeviceName.1": "lamp-0003"},
        "DeleteOTAFirmware": {"FirmwareId": unused},
    }
    return SmallWorld(product_key, group_id, texts, more)
