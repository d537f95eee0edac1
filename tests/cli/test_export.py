"""`whimbrel export` and `whimbrel import whimbrel`: an account into a folder, and out of it again."""

from __future__ import annotations

import hashlib
import json
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.terminal import environment, peak_memory_kib, whimbrel
from tests.cli.vendor_account import CONTENTS, Account, Caller, content_of, furnish, groups_of
from tests.story.servers import WHIMBREL, WhimbrelServer

TRIES_MAX = 20


@pytest.fixture(scope="module")
def account(server: WhimbrelServer, tmp_path_factory: pytest.TempPathFactory) -> Account:
    return furnish(server, tmp_path_factory.mktemp("firmware"))


@pytest.fixture
def target(tmp_path: Path) -> Iterator[WhimbrelServer]:
    """Where the export is imported."""
    running = WhimbrelServer(tmp_path / "var")
    try:
        running.start()
        yield running
    finally:
        running.end()


def import_words(folder: Path, work: Path) -> list[str]:
    files = ("--state", str(work / "state.json"), "--mapping", str(work / "firmware.json"))
    return ["import", "whimbrel", str(folder), *files]


def test_out_and_in_again(server: WhimbrelServer, account: Account, target: WhimbrelServer, tmp_path: Path) -> None:
    """With secrets the copy is the account, to the last tag; the folder is its owner's alone."""
    folder = tmp_path / "out"
    ended = whimbrel(server, "export", "--with-secrets", "--to", str(folder))
    assert ended.returncode == 0, ended.stderr
    modes = {path.stat().st_mode & 0o777 for path in folder.rglob("*") if path.is_file()}
    assert modes == {0o600}
    assert {path.name for path in (folder / "files").iterdir()} == {hashlib.sha256(one).hexdigest() for one in CONTENTS}
    ended = whimbrel(target, *import_words(folder, tmp_path))
    assert ended.returncode == 0, ended.stdout + ended.stderr
    for key in (account.lamp, account.plug):
        assert content_of(target, key) == content_of(server, key)
    assert groups_of(target) == groups_of(server)
    again = whimbrel(target, *import_words(folder, tmp_path))
    assert again.returncode == 0, again.stdout
    summary = json.loads(again.stdout.splitlines()[-1])
    assert {outcome for found in summary.values() if isinstance(found, dict) for outcome in found} == {"equal"}
    assert whimbrel(target, "check").returncode == 0


def test_A05_without_secrets(server: WhimbrelServer, account: Account, target: WhimbrelServer, tmp_path: Path) -> None:
    """No secret is anywhere in the folder; what is imported from it has new ones, and the IotIds of old."""
    folder = tmp_path / "out"
    assert whimbrel(server, "export", "--to", str(folder)).returncode == 0
    old = content_of(server, account.lamp)
    secrets = [device["deviceSecret"] for device in old["devices"].values()] + [old["product"]["productSecret"]]
    text = "".join(path.read_text() for path in folder.rglob("*.json*"))
    assert not [secret for secret in secrets if secret in text]
    assert json.loads((folder / "manifest.json").read_text())["hasSecrets"] is False
    assert whimbrel(target, *import_words(folder, tmp_path)).returncode == 0
    new = content_of(target, account.lamp)["devices"]
    assert {name: device["iotId"] for name, device in new.items()} == {
        name: device["iotId"] for name, device in old["devices"].items()
    }
    assert not [name for name, device in new.items() if device["deviceSecret"] == old["devices"][name]["deviceSecret"]]


def kill_at_its_devices(server: WhimbrelServer, folder: Path) -> None:
    """An export into this folder, killed as it says that it is at the devices."""
    running = subprocess.Popen(
        [WHIMBREL, "export", "--with-secrets", "--to", str(folder)],
        env=environment(server),
        stdout=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
    )
    assert running.stdout is not None
    while b'"devices"' not in (line := running.stdout.readline()):
        assert line, "the export ended before its devices"
    running.send_signal(signal.SIGKILL)
    running.wait()
    running.stdout.close()


def test_an_interrupted_export_is_none(server: WhimbrelServer, account: Account, tmp_path: Path) -> None:
    """Killed before its end it has no manifest and cannot be imported; the same call makes it whole."""
    for number in range(TRIES_MAX):  # a busy machine may let it end before it is killed
        folder = tmp_path / f"out-{number}"
        kill_at_its_devices(server, folder)
        if not (folder / "manifest.json").exists():
            break
    else:
        pytest.fail("no export was killed before its end")
    refused = whimbrel(server, *import_words(folder, tmp_path))
    assert refused.returncode == 1
    assert "no finished export" in refused.stderr
    assert whimbrel(server, "export", "--with-secrets", "--to", str(folder)).returncode == 0
    assert not (folder / "unfinished").exists()
    assert whimbrel(server, *import_words(folder, tmp_path)).returncode == 0


def test_a_folder_that_holds_something_is_refused(server: WhimbrelServer, account: Account, tmp_path: Path) -> None:
    """Neither a finished export nor anybody's files are written over."""
    folder = tmp_path / "out"
    assert whimbrel(server, "export", "--to", str(folder), "--products", account.plug).returncode == 0
    assert whimbrel(server, "export", "--to", str(folder)).returncode == 1
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "letter.txt").write_text("dear")
    assert whimbrel(server, "export", "--to", str(mine)).returncode == 1
    assert [path.name for path in mine.iterdir()] == ["letter.txt"]


def _flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize("name", ["products.jsonl", "devices", "manifest.json", "files"])
def test_F10_what_was_damaged_is_not_imported(
    server: WhimbrelServer, account: Account, target: WhimbrelServer, tmp_path: Path, name: str
) -> None:
    """One bit of a line stops the import before it begins; a firmware file with one is missing, and told."""
    folder = tmp_path / "out"
    whimbrel(server, "export", "--with-secrets", "--to", str(folder))
    path = folder / name
    damaged = sorted(path.iterdir())[0] if path.is_dir() else path
    if name == "manifest.json":
        manifest = json.loads(damaged.read_text())
        manifest["files"]["devices/../../x.jsonl"] = manifest["files"]["products.jsonl"]
        damaged.write_text(json.dumps(manifest))
    else:
        _flip(damaged)
    ended = whimbrel(target, *import_words(folder, tmp_path))
    products = Caller(target)("QueryProductList", CurrentPage=1, PageSize=10)["data"]["total"]
    assert (ended.returncode, products) == ((3, 2) if name == "files" else (1, 0)), ended.stderr


def test_I17_memory_does_not_grow_with_the_fleet(server: WhimbrelServer, tmp_path: Path) -> None:
    """An export of 20,000 devices takes no more memory than one of none."""
    call = Caller(server)
    key: Any = call("CreateProduct", ProductName="fleet", NodeType=0)["productKey"]
    few = peak_kib(server, tmp_path / "few", key)
    for _ in range(2):
        call("BatchRegisterDevice", ProductKey=key, Count=10_000)
    while call("QueryProduct", ProductKey=key)["data"]["deviceCount"] < 20_000:
        time.sleep(0.1)
    assert 0 < peak_kib(server, tmp_path / "many", key) < few + 8 * 1024


def peak_kib(server: WhimbrelServer, folder: Path, product_key: str) -> int:
    """The most memory that an export without tags took."""
    command = [WHIMBREL, "export", "--to", str(folder), "--products", product_key, "--no-tags"]
    running = subprocess.Popen(command, env=environment(server), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    peak = 0
    while running.poll() is None:
        peak = max(peak, peak_memory_kib(running.pid))
        time.sleep(0.005)
    assert running.returncode == 0
    return peak
