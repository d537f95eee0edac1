"""The parts of moving an account that need no server: the pace, what is refused beforehand, and the order of groups."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import msgspec
import pytest

from whimbrel.cli.migration.destination import Destination
from whimbrel.cli.migration.folder import FORMAT, FORMAT_VERSION, MANIFEST, Lines, Manifest
from whimbrel.cli.migration.folder_source import FolderSource
from whimbrel.cli.migration.paced_api import Manners, Pace, PacedApi, lower_first
from whimbrel.cli.migration.records import DeviceRecord, GroupRecord
from whimbrel.cli.migration.state import StateFile
from whimbrel.cli.migration.telling import Kind, Outcome, Telling
from whimbrel.cli.migration.vendor_source import _parents_first
from whimbrel.rpc.signing_caller import Credentials

SECRET, IOT_ID = "s" * 32, "i" * 24


def waits(action: str, calls: int, share: float) -> list[float]:
    """How long each of so many calls waits that all come at once."""
    found: list[float] = []
    pace = Pace(share, lambda: 100.0, found.append)
    for _ in range(calls):
        pace.wait(action)
    return found


@pytest.mark.parametrize(
    ("action", "share", "interval_s"),
    [("QueryDevice", 1.0, 0.02), ("QueryDevice", 0.5, 0.04), ("QueryDeviceListByDeviceGroup", 0.8, 0.25)],
)
def test_calls_are_spread_below_the_quota(action: str, share: float, interval_s: float) -> None:
    """Calls that come at once leave one by one, at the share of the quota that the contract names."""
    assert waits(action, 4, share) == pytest.approx([0, interval_s, 2 * interval_s, 3 * interval_s])


def test_an_end_without_quotas_is_not_paced() -> None:
    """The destination says itself when it is too much."""
    assert waits("XImportDevices", 3, 0.0) == []


def test_both_dialects_read_alike() -> None:
    """PascalCase and lowerCamelCase differ in the first letters of names, at any depth, and in nothing else."""
    pascal = {"Data": {"DeviceInfo": [{"IotId": "AbC", "Props": '{"Key":1}'}]}, "Total": 1}
    assert lower_first(pascal) == {"data": {"deviceInfo": [{"iotId": "AbC", "props": '{"Key":1}'}]}, "total": 1}


class _Sent(PacedApi):
    """Answers every import as if all were new, and keeps what it was sent."""

    def __init__(self) -> None:
        super().__init__("http://127.0.0.1:1", Credentials("", ""), Manners({}))
        self.sent: list[dict[str, Any]] = []

    def ask(self, action: str, parameters: Any) -> dict[str, Any]:
        self.sent.append(dict(parameters))
        names = [name for name in parameters if name.endswith(".DeviceName")]
        return {"data": {"addedDeviceCount": len(names), "equalDeviceCount": 0, "conflicts": {"conflict": []}}}


@pytest.mark.parametrize(
    ("wrong", "makes_secrets"),
    [
        ({"device_name": "a/b/c"}, False),
        ({"device_secret": "short"}, False),
        ({"device_secret": ""}, False),
        ({"iot_id": "~"}, False),
        ({"nickname": "!!!!"}, False),
        ({"device_name": "x" * 33}, True),
    ],
)
def test_A16_one_malformed_device_does_not_hold_up_the_others(wrong: dict[str, str], makes_secrets: bool) -> None:
    """It is told with its reason; a device whose secret is not known would be locked out, so it is left out too."""
    api, telling = _Sent(), Telling()
    destination = Destination(api, telling, overwrites=False, is_dry=False, makes_secrets=makes_secrets)
    given = {"device_name": "lamp-0001", "device_secret": SECRET, "iot_id": IOT_ID, "nickname": "lamp"}
    good = DeviceRecord(**{**given, "device_name": "lamp-0002"})
    destination.put_devices("k1", [DeviceRecord(**{**given, **wrong}), good])
    assert [call.get("Device.1.DeviceName") for call in api.sent] == ["lamp-0002"]
    assert "Device.2.DeviceName" not in api.sent[0]
    assert telling.tally[Kind.DEVICE, Outcome.REFUSED] == telling.tally[Kind.DEVICE, Outcome.ADDED] == 1
    assert not telling.is_complete


def test_groups_come_after_those_above_them() -> None:
    """Whatever the order of the list; one whose parent is not there, and a ring, come too, and once."""
    above = {"1": "2", "2": "3", "3": "", "4": "gone", "5": "6", "6": "5"}
    groups = {key: GroupRecord(group_id=key, group_name=key, super_group_id=up) for key, up in above.items()}
    order = [group.group_id for group in _parents_first(groups)]
    assert sorted(order) == sorted(above)
    assert order.index("3") < order.index("2") < order.index("1")


def test_a_run_that_goes_on_does_not_forget_what_was_open(tmp_path: Path) -> None:
    """A conflict in the part that a killed run has done still ends the whole in exit status 3."""
    state = StateFile(tmp_path / "state.json", "a", "b")
    state.state.is_incomplete = True
    state.save()
    telling = Telling()
    telling.was_open = StateFile(tmp_path / "state.json", "a", "b").state.is_incomplete
    assert not telling.is_complete
    state.state.is_finished = True
    state.save()
    assert not StateFile(tmp_path / "state.json", "a", "b").state.is_incomplete


@pytest.mark.parametrize("name", ["modules.jsonl", "devices/k1.jsonl"])
def test_F10_a_manifest_that_leaves_a_file_out(tmp_path: Path, name: str) -> None:
    """It is damaged, and says which file it lacks."""
    files = ("products", "modules", "firmware", "groups", "members")
    listed = {}
    for file in (*(f"{one}.jsonl" for one in files), "devices/k1.jsonl"):
        if file != name:
            listed[file] = Lines(tmp_path / file).close()
    manifest = Manifest(format=FORMAT, version=FORMAT_VERSION, has_secrets=True, files=listed)
    (tmp_path / MANIFEST).write_bytes(msgspec.json.encode(manifest))
    with pytest.raises(click.ClickException, match=name):
        list(FolderSource(tmp_path, ()).device_pages("k1", ""))
