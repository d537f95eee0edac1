"""`whimbrel upload` against a running server."""

import hashlib
import random
import subprocess
import time
from pathlib import Path

import pytest

from tests.cli.terminal import call, environment, peak_memory_kib, whimbrel
from tests.story.servers import WHIMBREL, WhimbrelServer
from whimbrel.cli.form_upload import suffix_of

MIB = 1_048_576


def test_an_uploaded_file_becomes_firmware(server: WhimbrelServer, tmp_path: Path) -> None:
    """The FirmwareUrl alone is on stdout, and CreateOTAFirmware finds the file's own bytes behind it."""
    content = random.Random(5).randbytes(5 * MIB)
    file = tmp_path / "lamp firmware.tar.gz"
    file.write_bytes(content)
    ended = whimbrel(server, "upload", str(file))
    assert ended.returncode == 0, ended.stderr
    url = ended.stdout.strip()
    assert url.startswith(f"http://{server.endpoint}/ota/firmware/")
    assert url.endswith(".tar.gz")
    key = call(server, "CreateProduct", ProductName="lamp_upload", NodeType=0)["productKey"]
    parameters = {"FirmwareName": "lamp-2", "ProductKey": key, "DestVersion": "2.0.0", "FirmwareUrl": url}
    firmware_id = call(server, "CreateOTAFirmware", **parameters)["data"]["firmwareId"]
    stored = call(server, "QueryOTAFirmware", FirmwareId=firmware_id)["firmwareInfo"]
    assert stored["firmwareSize"] == len(content)
    assert stored["firmwareSign"] == hashlib.md5(content).hexdigest()


def test_memory_is_flat(server: WhimbrelServer, tmp_path: Path) -> None:
    """Uploading 192 MiB takes less memory than the file has bytes."""
    file = tmp_path / "large.bin"
    with file.open("wb") as sparse:
        sparse.truncate(192 * MIB)
    uploading = subprocess.Popen([WHIMBREL, "upload", str(file)], env=environment(server), stdout=subprocess.DEVNULL)
    peak_kib = 0
    # Not ru_maxrss: a child inherits there what this process had at the fork.
    while uploading.poll() is None:
        peak_kib = max(peak_kib, peak_memory_kib(uploading.pid))
        time.sleep(0.005)
    assert uploading.returncode == 0
    assert 0 < peak_kib < 96 * 1024, "an idle command has some 40 MiB"


def test_what_the_server_refuses_exits_1(server: WhimbrelServer, tmp_path: Path) -> None:
    """A suffix that the server does not take is told with its code."""
    file = tmp_path / "lamp.bin"
    file.write_bytes(b"firmware")
    ended = whimbrel(server, "upload", str(file), "--suffix", "exe")
    assert (ended.returncode, ended.stdout) == (1, "")
    assert "iot.ota.InvalidParameter" in ended.stderr


@pytest.mark.parametrize("name", ["empty.bin", "missing.bin"])
def test_a_file_that_cannot_be_firmware_exits_2(server: WhimbrelServer, tmp_path: Path, name: str) -> None:
    """An empty file and a missing one are refused before anything is sent."""
    (tmp_path / "empty.bin").touch()
    assert whimbrel(server, "upload", str(tmp_path / name)).returncode == 2


@pytest.mark.parametrize(
    ("file_name", "suffix"),
    [
        ("a.bin", "bin"),
        ("a.tar.gz", "tar.gz"),
        ("a.GZ", "gz"),
        ("a.tar.xz", "tar.xz"),
        ("a.img", "img"),
        ("a.exe", "bin"),
        ("bin", "bin"),
    ],
)
def test_the_suffix_follows_the_name(file_name: str, suffix: str) -> None:
    """The longest suffix of the list counts, in any case; other names are `bin`."""
    assert suffix_of(file_name) == suffix
