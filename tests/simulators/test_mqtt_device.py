"""A virtual device over MQTT against a scripted door, where the real server would not misbehave on demand."""

import asyncio
import hashlib
import json

import pytest

from tests.simulators.mqtt_door import INFORM, UPGRADE, device_at_door, file_server, push, upgrade
from tests.simulators.sites import BADGE
from whimbrel.domain.device_credential import connect_fields
from whimbrel.gateway.packets import ConnAck, ConnackCode, Connect, Disconnect, PubAck, Publish
from whimbrel.simulator.tally import DeviceState
from whimbrel.simulator.witness import Violation


async def test_a_device_connects_as_the_c_sdk_does() -> None:
    """CONNECT carries the credentials of device-protocol 1, and the version is reported without being asked for."""
    async with device_at_door() as door:
        visit = await door.visits.get()
        connect = await visit.next()
        assert isinstance(connect, Connect)
        fields = connect_fields(*BADGE[:3])
        assert (connect.client_id, connect.username, connect.password) == (
            fields.client_id,
            fields.username,
            fields.password.encode(),
        )
        visit.send(ConnAck(ConnackCode.ACCEPTED))
        report, params = await visit.next_report()
        assert (report.topic, params) == (INFORM, {"version": "1.0.0"})


async def test_I1_an_unacknowledged_report_is_sent_again() -> None:
    """A report that was not acknowledged comes again on the next connection, marked as a duplicate, and once only."""
    async with device_at_door() as door:
        first = await door.visit()
        report, _ = await first.next_report()
        first.cut()
        second = await door.visit()
        again, _ = await second.next_report()
        assert again == report._replace(is_duplicate=True)
        second.acknowledge(again)
        await second.end()
        third = await door.visit()
        fresh, params = await third.next_report()
        assert (fresh.is_duplicate, params) == (False, {"version": "1.0.0"})
        assert (door.tally.reconnects, door.tally.retries) == (2, 1)


async def test_modules_are_told_at_every_boot() -> None:
    """What else the device has is reported beside `default`, one message a module."""
    async with device_at_door() as door:
        door.device.install("MCU", "0.9")
        visit = await door.visit()
        assert [await visit.take_report() for _ in range(2)] == [
            {"version": "1.0.0"},
            {"version": "0.9", "module": "MCU"},
        ]


async def test_I12_an_upgrade_that_is_done_is_only_confirmed() -> None:
    """Told to upgrade to the version it runs, a device acknowledges the push and reports that version."""
    async with device_at_door() as door:
        visit = await door.visit()
        visit.acknowledge((await visit.next_report())[0])
        visit.send(push("1.0.0"))
        assert await visit.next() == PubAck(9)
        _, params = await visit.next_report()
        assert params == {"version": "1.0.0"}
        assert door.tally.by_state[DeviceState.ONLINE] == 1
        assert (door.tally.notices, door.tally.needless_notices) == (1, 1)


async def test_I12_a_repeated_push_is_one_upgrade() -> None:
    """The same push twice is notified of once, and counted as a repetition."""
    async with device_at_door() as door:
        visit = await door.visit()
        await visit.next_report()
        visit.send(push("2.0.0"))
        assert await visit.next() == PubAck(9)
        visit.send(push("2.0.0"))
        assert await visit.next() == PubAck(9)
        assert door.tally.by_state[DeviceState.DOWNLOADING] == 1
        assert door.tally.by_state.total() == 1
        assert (door.tally.repeated_notices, door.tally.by_notices[2]) == (1, 1)


@pytest.mark.parametrize("code", [ConnackCode.BAD_CREDENTIAL, ConnackCode.SERVER_UNAVAILABLE])
async def test_a_refused_device_tries_again(code: ConnackCode) -> None:
    """Whatever the refusal, the device waits and connects again; the tally counts the refusal."""
    async with device_at_door() as door:
        refused = await door.visits.get()
        await refused.next()
        refused.send(ConnAck(code))
        await (await door.visit()).next_report()
        assert door.tally.refused_connects == 1


async def test_a_device_that_is_switched_off_says_goodbye() -> None:
    """The end of a device's life is a DISCONNECT."""
    async with device_at_door() as door:
        visit = await door.visit()
        await visit.next_report()
        door.device.switch_off()
        assert isinstance(await visit.next(), Disconnect)


async def test_junk_from_the_server_breaks_the_connection_alone() -> None:
    """Bytes that are no MQTT end the connection; the device comes back on a new one."""
    async with device_at_door() as door:
        visit = await door.visit()
        await visit.next_report()
        visit.send_bytes(b"\xff\xff\xff")
        await (await door.visit()).next_report()


def push_of_files(address: str, contents: dict[str, bytes], announced: dict[str, bytes]) -> Publish:
    """A push for the module MCU of these files, announced as if they were other bytes."""
    files = [
        {
            "fileName": path,
            "fileSize": len(contents[path]),
            "fileUrl": address + path,
            "fileSign": hashlib.md5(announced[path]).hexdigest(),
        }
        for path in contents
    ]
    data = {"version": "2.0.0", "module": "MCU", "signMethod": "Md5", "files": files}
    return Publish(UPGRADE, json.dumps({"code": "1000", "data": data}).encode(), packet_id=9)


async def test_several_files_for_a_module() -> None:
    """Every file is downloaded and counts for its share; the module's version is told, and again at the next boot."""
    contents = {"/a": bytes(4), "/b": bytes(8)}
    async with device_at_door() as door, file_server(contents) as address:
        visit = await door.booted()
        visit.send(push_of_files(address, contents, contents))
        steps, params = [], {}
        while "version" not in params:
            params = await visit.take_report()
            steps += [params["step"]] if "step" in params else []
            assert params["module"] == "MCU"
        assert steps == ["12", "25", "37", "50", "62", "75", "87", "100"]
        assert params["version"] == "2.0.0"
        assert door.tally.by_version == {"1.0.0": 1}
        assert door.tally.downloaded_bytes == 12
        await visit.end()
        again = await door.visit()
        booted = [(await again.next_report())[1] for _ in range(2)]
        assert booted == [{"version": "1.0.0"}, {"version": "2.0.0", "module": "MCU"}]


async def test_I11_one_damaged_file_fails_the_upgrade() -> None:
    """When the second of three files is not what was announced, the third is not asked for, and step -3 is told."""
    contents = {"/a": bytes(4), "/b": bytes(4), "/c": bytes(4)}
    async with device_at_door() as door, file_server(contents) as address:
        visit = await door.booted()
        visit.send(push_of_files(address, contents, {**contents, "/b": b"none"}))
        steps: list[str] = []
        while not steps or int(steps[-1]) >= 0:
            params = await visit.take_report()
            steps.append(params["step"])
        assert (steps[-2:], params["module"]) == (["66", "-3"], "MCU")
        assert door.tally.downloaded_bytes == 8
        assert door.witness.counts == {Violation.WRONG_CONTENT: 1}


async def test_I3_a_second_command_for_one_module_is_witnessed() -> None:
    """While an upgrade of `default` is open, another one for it is a violation; one for another module is none."""
    async with device_at_door() as door:
        visit = await door.booted()
        visit.send(push("2.0.0"))
        visit.send(upgrade("http://127.0.0.1:1/f/t", b"12345678", "3.0.0", module="MCU"))
        visit.send(push("3.0.0"))
        for _ in range(3):
            assert await visit.next() == PubAck(9)
        assert door.witness.counts == {Violation.TWO_COMMANDS: 1}


async def test_I15_a_message_for_another_device_is_witnessed() -> None:
    """A push on another device's topic is counted and has no effect; so is a push that no SDK could read."""
    async with device_at_door() as door:
        visit = await door.booted()
        visit.send(push("2.0.0")._replace(topic=UPGRADE + "1"))
        visit.send(Publish(UPGRADE, b"{", packet_id=8))
        assert [await visit.next(), await visit.next()] == [PubAck(9), PubAck(8)]
        assert door.witness.counts == {Violation.FOREIGN_TOPIC: 1, Violation.UNREADABLE: 1}
        assert door.tally.notices == 0


async def test_I8_a_command_after_its_cancel_is_witnessed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A push that comes later than the grace after its cancel is counted; before that, none is."""
    async with device_at_door() as door:
        visit = await door.booted()
        door.witness.cancelled("2.0.0")
        visit.send(push("2.0.0"))
        assert await visit.next() == PubAck(9)
        assert not door.witness.counts
        monkeypatch.setattr("whimbrel.simulator.witness.CANCEL_GRACE_S", -1.0)
        visit.send(push("2.0.0"))
        assert await visit.next() == PubAck(9)
        assert door.witness.counts == {Violation.AFTER_CANCEL: 1}


async def test_a_device_without_a_connection_has_no_task() -> None:
    """Between two messages a device is its connection and nothing else: the tasks are those of the door."""
    async with device_at_door() as door:
        before = asyncio.all_tasks()
        visit = await door.booted()
        await asyncio.sleep(0)
        assert asyncio.all_tasks() <= before
        await visit.end()
