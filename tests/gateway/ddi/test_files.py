"""The files of a device's actions (ddi-protocol 10, 15.10)."""

from __future__ import annotations

import hashlib
import re

import pytest

from tests.gateway.ddi.rig import CONTENT, MD5, SHA1, DdiDevice, Got, World, number_in
from whimbrel.domain.firmware import FirmwareFile

NAME = "firmware-2.0.0.swu"


async def path_of(world: World, device: DdiDevice) -> str:
    await world.job()
    number = number_in(await device.offered())
    [file] = (await device.ask("GET", f"/softwaremodules/{number}/artifacts")).json
    href: str = file["_links"]["download"]["href"]
    assert href.endswith(f"/softwaremodules/{number}/artifacts/{NAME}")
    return href


class TestFiles:
    async def test_whole(self, world: World, device: DdiDevice) -> None:
        """The bytes with what clients look at; HEAD says the same without them."""
        path = await path_of(world, device)
        got = await device.ask("GET", path)
        assert (got.status, got.body) == (200, CONTENT)
        assert got.headers["etag"] == f'"{SHA1}"'
        assert got.headers["content-type"] == "application/octet-stream"
        assert got.headers["accept-ranges"] == "bytes"
        assert got.headers["x-content-type-options"] == "nosniff"
        assert NAME in got.headers["content-disposition"]
        head = await device.ask("HEAD", path)
        assert (head.status, head.body) == (200, b"")
        assert head.headers == got.headers

    async def test_ranges(self, world: World, device: DdiDevice) -> None:
        """One range is 206, beyond the end 416 with the length, several are parts in the order asked for."""
        path = await path_of(world, device)
        size = len(CONTENT)
        for asked, first, last in (("0-9", 0, 9), ("100-", 100, size - 1), ("-5", size - 5, size - 1)):
            got = await device.ask("GET", path, range=f"bytes={asked}")
            assert (got.status, got.body) == (206, CONTENT[first : last + 1])
            assert got.headers["content-range"] == f"bytes {first}-{last}/{size}"
        got = await device.ask("GET", path, range=f"bytes={size}-")
        assert (got.status, got.headers["content-range"]) == (416, f"bytes */{size}")
        got = await device.ask("GET", path, range="bytes=500-599,0-9,200-299,1000-1009")
        assert got.status == 206
        assert parts_of(got) == [CONTENT[500:600], CONTENT[:10], CONTENT[200:300], CONTENT[1000:1010]]

    async def test_conditions(self, world: World, device: DdiDevice) -> None:
        """If-Match for another file is 412; If-Range for another file gets the whole of this one."""
        path = await path_of(world, device)
        assert (await device.ask("GET", path, if_match='"other"')).status == 412
        for tags in (f'"{SHA1}"', f'"other", "{SHA1}"', "*"):
            assert (await device.ask("GET", path, if_match=tags)).status == 200
        got = await device.ask("GET", path, range="bytes=0-9", if_range='"other"')
        assert (got.status, got.body) == (200, CONTENT)
        got = await device.ask("GET", path, range="bytes=0-9", if_range=f'"{SHA1}"')
        assert got.status == 206

    async def test_checksum_file(self, world: World, device: DdiDevice) -> None:
        """The MD5SUM beside a file is what md5sum prints."""
        got = await device.ask("GET", f"{await path_of(world, device)}.MD5SUM")
        assert (got.status, got.body) == (200, f"{MD5}  {NAME}".encode())
        assert got.headers["content-disposition"] == f"attachment;filename={NAME}.MD5SUM"
        assert got.headers["content-type"] == "text/plain;charset=UTF-8"

    async def test_what_is_not_there(self, world: World, device: DdiDevice) -> None:
        """Names and modules that are not the device's are 404."""
        path = await path_of(world, device)
        base = path.rpartition("/softwaremodules")[0]
        for gone in ("x.swu", f"{NAME}.MD5SUM.MD5SUM", "x.MD5SUM", "..", ".MD5SUM"):
            assert (await device.ask("GET", f"{path.rpartition('/')[0]}/{gone}")).status == 404
        for module in ("0", "99", "x"):
            assert (await device.ask("GET", f"{base}/softwaremodules/{module}/artifacts/{NAME}")).status == 404

    async def test_several_files(self, world: World, device: DdiDevice) -> None:
        """Firmware of several files is one chunk with a link for each, under names that a path can carry."""
        object_key = "ota/firmware/x.bin"
        digests = {"sha256": hashlib.sha256(CONTENT).hexdigest(), "md5": MD5, "size_bytes": len(CONTENT)}
        names = ("root fs.swu", "root/fs.swu", "delta.zck")
        files = tuple(FirmwareFile(n, name, object_key=object_key, **digests) for n, name in enumerate(names, 1))
        await world.job(files=files, sha256="c" * 64)
        got = (await device.ask("GET", await device.offered())).json
        listed = got["deployment"]["chunks"][0]["artifacts"]
        assert [file["filename"] for file in listed] == ["root_fs.swu", "2-root_fs.swu", "delta.zck"]
        for file in listed:
            assert (await device.ask("GET", file["_links"]["download"]["href"])).body == CONTENT

    @pytest.mark.parametrize("key", ["ota/firmware/x.swu", "ota/firmware/x.tar.gz", "ota/firmware/x.signed.bin"])
    async def test_long_names(self, world: World, key: str) -> None:
        """The longest names of all still fit in what Zephyr keeps of a path, and keep their ending."""
        device = await world.device("d" * 32)
        await world.job(object_key=key, firmware_name="电" * 40, dest_version="9" * 64)
        [file] = (await device.ask("GET", await device.offered())).json["deployment"]["chunks"][0]["artifacts"]
        assert file["filename"].endswith(key.partition(".")[2])
        assert file["filename"].isascii()
        assert len(file["filename"]) <= 80
        assert (await device.ask("GET", file["_links"]["download-http"]["href"])).status == 200

    async def test_I11_a_lost_object(self, world: World, device: DdiDevice) -> None:
        """Firmware whose bytes are gone is not described, and asking for it does no harm."""
        await world.job(sha256="d" * 64)
        assert (await device.ask("GET", await device.offered())).status == 404


def parts_of(got: Got) -> list[bytes]:
    """The bodies of a multipart answer."""
    boundary = got.headers["content-type"].partition("boundary=")[2].encode()
    sections = got.body.split(b"--" + boundary)[1:-1]
    return [re.split(b"\r\n\r\n", section, maxsplit=1)[1].removesuffix(b"\r\n") for section in sections]
