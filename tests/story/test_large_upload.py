"""A firmware of 200 MiB passes through the server in both directions without settling in its memory."""

import hashlib
import itertools
import urllib.request
from pathlib import Path
from typing import Any

from tests.story.sdk_processes import DriverProcess
from tests.story.servers import WhimbrelServer
from tests.story.steps import OPENSBI, SEABIOS, U_BOOT, create_firmware, create_product, debian_firmware, digest, upload

MIB = 1024 * 1024
LARGE_BYTES = 200 * MIB
MEMORY_GROWTH_BELOW_KIB = 64 * 1024
BLOCK_BYTES = 256 * 1024


def write_large_firmware(path: Path) -> None:
    """At least 200 MiB of Debian's firmware files, one after the other and again, each round numbered."""
    sources = [SEABIOS / "bios-256k.bin", OPENSBI / "fw_jump.elf", U_BOOT / "u-boot.rom"]
    parts = [debian_firmware(source).read_bytes() for source in sources]
    with path.open("wb") as file:
        for number in itertools.count():
            if file.tell() >= LARGE_BYTES:
                return
            file.write(number.to_bytes(8, "big"))
            file.writelines(parts)


def download_digest(url: str) -> str:
    """SHA-256 of what the URL gives."""
    sha256 = hashlib.sha256()
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(url, timeout=60) as response:
        while block := response.read(BLOCK_BYTES):
            sha256.update(block)
    return sha256.hexdigest()


def test_upload_of_200_mib_is_streamed(
    server: WhimbrelServer, open_back_end: Any, uploader: DriverProcess, tmp_path: Path
) -> None:
    """The server's peak memory grows by less than 64 MiB while it takes, hashes and serves 200 MiB."""
    back_end = open_back_end("classic")
    product = create_product(back_end)
    create_firmware(back_end, uploader, product, (SEABIOS / "bios.bin", "1.0.0"))
    large = tmp_path / "large.bin"
    write_large_firmware(large)

    before_kib = server.peak_memory_kib()
    url = upload(back_end, uploader, large, streamed=True)
    created = back_end.succeed(
        "CreateOTAFirmware", FirmwareName="large", ProductKey=product.key, DestVersion="2.0.0", FirmwareUrl=url
    )
    info = back_end.succeed("QueryOTAFirmware", FirmwareId=created["Data"]["FirmwareId"])["FirmwareInfo"]
    assert info["FirmwareSize"] == large.stat().st_size
    assert info["FirmwareSign"] == digest(large, "md5")
    assert download_digest(info["FirmwareUrl"]) == digest(large, "sha256")
    assert server.peak_memory_kib() - before_kib < MEMORY_GROWTH_BELOW_KIB
