"""`whimbrel import aliyun|tuya`: a vendor's live account, which is a Whimbrel behind a vendor's door, into another."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.terminal import environment, whimbrel
from tests.cli.vendor_account import CONTENTS, Account, Caller, content_of, furnish, groups_of
from tests.cli.vendor_stand import VendorStand, vendor_stand
from tests.story.servers import WHIMBREL, WhimbrelServer

#: A Whimbrel has no quotas, and 130 tags at a vendor's pace are seconds.
FAST = ("--pace", "50")
MANY = 10_000


@pytest.fixture(scope="module")
def vendor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WhimbrelServer]:
    running = WhimbrelServer(tmp_path_factory.mktemp("vendor") / "var")
    try:
        running.start()
        yield running
    finally:
        running.end()


@pytest.fixture(scope="module")
def account(vendor: WhimbrelServer, tmp_path_factory: pytest.TempPathFactory) -> Account:
    return furnish(vendor, tmp_path_factory.mktemp("firmware"))


@pytest.fixture
def server(tmp_path: Path) -> Iterator[WhimbrelServer]:
    """Replaces the module's: each import has a server of its own to go to."""
    running = WhimbrelServer(tmp_path / "var")
    try:
        running.start()
        yield running
    finally:
        running.end()


@pytest.fixture
def stand(vendor: WhimbrelServer, account: Account) -> Iterator[VendorStand]:
    with vendor_stand(vendor, throttles_each=40) as standing:
        yield standing


def words(stand: VendorStand, folder: Path, kind: str, *more: str) -> list[str]:
    """The command line of an import whose files are in the folder."""
    key = str(stand.server.data / "root-access-key.json")
    files = ("--state", str(folder / "state.json"), "--mapping", str(folder / "firmware.json"))
    region = ("--region", "cn-shanghai") if kind == "aliyun" else ()
    return ["import", kind, *region, "--from", stand.url, "--from-key", key, *files, *FAST, *more]


def lines_of(shown: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in shown.splitlines()]


def outcomes(shown: str) -> dict[str, dict[str, int]]:
    """The summary's numbers, by kind."""
    summary = lines_of(shown)[-1]
    assert summary["event"] == "summary"
    return {kind: found for kind, found in summary.items() if isinstance(found, dict) and found}


@pytest.mark.parametrize("kind", ["aliyun", "tuya"])
def test_an_account_moves_whole(
    server: WhimbrelServer, stand: VendorStand, account: Account, tmp_path: Path, kind: str
) -> None:
    """Everything arrives as it was, by calls that vendors have, in either dialect, throttled as vendors throttle."""
    ended = whimbrel(server, *words(stand, tmp_path, kind))
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert stand.faults == []
    assert stand.throttled > 0
    assert not [action for action in stand.actions if action.startswith("X")]
    assert {call.is_pascal for call in stand.calls} == {kind == "aliyun"}
    gets = {call.parameters["Action"] for call in stand.calls if call.method == "GET"}
    assert gets == (stand.actions if kind == "tuya" else {"ListOTAModuleByProduct"})
    for key in (account.lamp, account.plug):
        assert content_of(server, key) == content_of(stand.server, key)
    assert groups_of(server) == groups_of(stand.server)
    assert Caller(server)("QueryDeviceProp", ProductKey=account.lamp, DeviceName="lamp-0002")["props"]
    ids = json.loads((tmp_path / "firmware.json").read_text())
    assert ids.keys() == set(account.firmware.values())
    assert os.stat(tmp_path / "state.json").st_mode & 0o777 == 0o600
    check = whimbrel(server, "check")
    assert check.returncode == 0, check.stdout


def test_repeating_finds_everything_equal(server: WhimbrelServer, stand: VendorStand, tmp_path: Path) -> None:
    """A second import, with its state or without, adds nothing and maps the firmware again."""
    first = whimbrel(server, *words(stand, tmp_path, "aliyun"))
    mapped = (tmp_path / "firmware.json").read_text()
    for _ in range(2):
        again = whimbrel(server, *words(stand, tmp_path, "aliyun"))
        assert again.returncode == 0, again.stderr
        assert {outcome for found in outcomes(again.stdout).values() for outcome in found} == {"equal"}
        assert outcomes(again.stdout)["device"]["equal"] == outcomes(first.stdout)["device"]["added"] == 131
        assert (tmp_path / "firmware.json").read_text() == mapped
        (tmp_path / "state.json").unlink()


def test_a_dry_run_changes_nothing(
    server: WhimbrelServer, stand: VendorStand, account: Account, tmp_path: Path
) -> None:
    """It says what would be done, downloads no file, and leaves neither state nor mapping."""
    ended = whimbrel(server, *words(stand, tmp_path, "aliyun", "--dry-run"))
    assert ended.returncode == 0, ended.stderr
    found = outcomes(ended.stdout)
    assert (found["product"], found["device"], found["firmware"]) == ({"added": 2}, {"added": 131}, {"added": 3})
    assert Caller(server)("QueryProductList", CurrentPage=1, PageSize=10)["data"]["total"] == 0
    assert Caller(server)("QueryDeviceGroupList")["total"] == 0
    assert not (tmp_path / "state.json").exists()
    assert not (tmp_path / "firmware.json").exists()


def test_what_differs_is_told_and_overwritten_only_when_asked(
    server: WhimbrelServer, stand: VendorStand, account: Account, tmp_path: Path
) -> None:
    """Names, descriptions and tags follow with --overwrite; a secret that differs never does."""
    whimbrel(server, *words(stand, tmp_path, "aliyun"))
    call, lamp = Caller(server), {"ProductKey": account.lamp}
    call("UpdateProduct", **lamp, ProductName="lantern")
    call("UpdateOTAModule", **lamp, ModuleName="mcu", Desc="other")
    renamed = {"DeviceNicknameInfo__1__ProductKey": account.lamp, "DeviceNicknameInfo__1__DeviceName": "lamp-0005"}
    call("BatchUpdateDeviceNickname", **renamed, DeviceNicknameInfo__1__Nickname="other")
    call("SaveDeviceProp", **lamp, DeviceName="lamp-0002", Props='{"color":"blue"}')
    call("DeleteDevice", **lamp, DeviceName="lamp-0007")
    call("RegisterDevice", **lamp, DeviceName="lamp-0007")
    told = whimbrel(server, *words(stand, tmp_path, "aliyun"))
    assert told.returncode == 3, told.stderr
    names = {(line["event"], line["name"]) for line in lines_of(told.stdout) if line.get("outcome") == "differs"}
    of_lamp = f"{account.lamp}/"
    assert names == {
        ("product", account.lamp),
        ("module", f"{of_lamp}mcu"),
        ("device", f"{of_lamp}lamp-0005"),
        ("device", f"{of_lamp}lamp-0007"),
        ("tags", f"{of_lamp}lamp-0002"),
    }
    assert call("QueryProduct", **lamp)["data"]["productName"] == "lantern"
    written = whimbrel(server, *words(stand, tmp_path, "aliyun", "--overwrite"))
    assert written.returncode == 3, written.stderr
    left = [line["name"] for line in lines_of(written.stdout) if line.get("outcome") == "differs"]
    assert left == [f"{of_lamp}lamp-0007"]
    assert call("QueryProduct", **lamp)["data"]["productName"] == "lamp"
    assert '"red"' in call("QueryDeviceProp", **lamp, DeviceName="lamp-0002")["props"]


def test_only_some_products(server: WhimbrelServer, stand: VendorStand, account: Account, tmp_path: Path) -> None:
    """--products names them; members of groups that stay behind are counted as missing."""
    ended = whimbrel(server, *words(stand, tmp_path, "tuya", "--products", account.plug, "--no-tags"))
    assert ended.returncode == 3, ended.stderr
    found = outcomes(ended.stdout)
    assert (found["product"], found["device"]) == ({"added": 1}, {"added": 1})
    assert found["member"] == {"missing": 3}
    assert "QueryProductList" not in stand.actions
    assert "QueryDeviceProp" not in stand.actions


def test_firmware_from_a_folder(server: WhimbrelServer, stand: VendorStand, account: Account, tmp_path: Path) -> None:
    """Files are found by their digests, whatever their names; with `none` each is told to be missing."""
    missing = whimbrel(server, *words(stand, tmp_path, "aliyun", "--firmware", "none", "--no-tags"))
    assert missing.returncode == 3
    assert outcomes(missing.stdout)["firmware"] == {"missing": 3}
    folder = tmp_path / "files"
    folder.mkdir()
    for number, content in enumerate(CONTENTS):
        (folder / f"{number}").write_bytes(content)
    found = whimbrel(server, *words(stand, tmp_path, "aliyun", "--firmware", str(folder), "--no-tags"))
    assert found.returncode == 0, found.stdout
    assert content_of(server, account.lamp) == content_of(stand.server, account.lamp)


def test_killed_in_the_middle_and_run_again(server: WhimbrelServer, vendor: WhimbrelServer, tmp_path: Path) -> None:
    """F04: of 10,000 devices none is lost or doubled when the import dies; the second run goes on where it was."""
    key = Caller(vendor)("CreateProduct", ProductName="fleet", NodeType=0)["productKey"]
    Caller(vendor)("BatchRegisterDevice", ProductKey=key, Count=MANY)
    while Caller(vendor)("QueryProduct", ProductKey=key)["data"]["deviceCount"] < MANY:
        time.sleep(0.1)
    with vendor_stand(vendor) as stand:
        command = words(stand, tmp_path, "aliyun", "--products", key, "--no-tags", "--firmware", "none")
        running = subprocess.Popen(
            [WHIMBREL, *command], env=environment(server), stdout=subprocess.PIPE, stdin=subprocess.DEVNULL
        )
        assert running.stdout is not None
        while b'"done": 3000' not in (line := running.stdout.readline()):
            assert line, "the import ended before 3,000 devices"
        running.send_signal(signal.SIGKILL)
        running.wait()
        running.stdout.close()
        moved = Caller(server)("QueryProduct", ProductKey=key)["data"]["deviceCount"]
        assert 3_000 <= moved < MANY
        read_before = sum(call.parameters["Action"] == "QueryDevice" for call in stand.calls)
        again = whimbrel(server, *command)
        assert outcomes(again.stdout)["device"]["added"] == MANY - moved
        read_after = sum(call.parameters["Action"] == "QueryDevice" for call in stand.calls) - read_before
        assert read_after <= (MANY - 3_000) / 50 + 1, "it began anew"
        assert stand.faults == []
    assert content_of(server, key)["devices"] == content_of(vendor, key)["devices"]
    assert whimbrel(server, "check").returncode == 0


def test_a_wrong_key_stops_it(server: WhimbrelServer, stand: VendorStand, tmp_path: Path) -> None:
    """Exit 1 with the vendor's own words; nothing was made."""
    key = tmp_path / "key.json"
    key.write_text(json.dumps({"AccessKeyId": "none", "AccessKeySecret": "none"}))
    command = words(stand, tmp_path, "aliyun")
    command[command.index("--from-key") + 1] = str(key)
    ended = whimbrel(server, *command)
    assert ended.returncode == 1
    assert "InvalidAccessKeyId.NotFound" in ended.stderr


def test_the_state_of_another_move_is_refused(server: WhimbrelServer, stand: VendorStand, tmp_path: Path) -> None:
    """Two accounts in one state file would be half of each."""
    (tmp_path / "state.json").write_text('{"version":1,"source":"https://other.test","destination":"http://x"}')
    ended = whimbrel(server, *words(stand, tmp_path, "aliyun"))
    assert ended.returncode == 1
    assert "https://other.test" in ended.stderr


def test_a_cursor_that_the_source_forgot(
    server: WhimbrelServer, stand: VendorStand, account: Account, tmp_path: Path
) -> None:
    """An import that goes on after weeks begins with the product's first device, and finds the rest equal."""
    command = words(stand, tmp_path, "aliyun", "--no-tags", "--products", f"{account.lamp},{account.plug}")
    whimbrel(server, *command)
    state = json.loads((tmp_path / "state.json").read_text())
    state |= {"isFinished": False, "productsDone": [], "cursors": {account.lamp: "token:forgotten"}}
    (tmp_path / "state.json").write_text(json.dumps(state))
    ended = whimbrel(server, *command)
    assert ended.returncode == 0, ended.stderr
    assert outcomes(ended.stdout)["device"] == {"equal": 131}
