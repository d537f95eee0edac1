"""Content types, methods and errors (ddi-protocol 11, 12)."""

from __future__ import annotations

import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.gateway.ddi.rig import DdiDevice, World, feedback, number_in
from whimbrel.domain.task import TaskStatus
from whimbrel.gateway.ddi import cbor

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**64), 2**64 - 1) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)
#: From RFC 8949, appendix A.
VECTORS: dict[str, Any] = {
    "00": 0,
    "17": 23,
    "1818": 24,
    "1903e8": 1000,
    "1b000000e8d4a51000": 1_000_000_000_000,
    "1bffffffffffffffff": 2**64 - 1,
    "20": -1,
    "3863": -100,
    "3bffffffffffffffff": -(2**64),
    "f4": False,
    "f5": True,
    "f6": None,
    "60": "",
    "6449455446": "IETF",
    "62c3bc": "ü",
    "80": [],
    "8301820203820405": [1, [2, 3], [4, 5]],
    "a26161016162820203": {"a": 1, "b": [2, 3]},
}
DECODED_ONLY: dict[str, Any] = {
    "f93e00": 1.5,
    "fa47c35000": 100_000.0,
    "fb3ff199999999999a": 1.1,
    "7f657374726561646d696e67ff": "streaming",
    "9f018202039f0405ffff": [1, [2, 3], [4, 5]],
    "bf61610161629f0203ffff": {"a": 1, "b": [2, 3]},
    "c11a514b67b0": 1_363_896_240,
    "f7": None,
}
MALFORMED = ("", "18", "1c", "41ff", "5f41ffff", "62c3", "61ff", "82", "a1", "a10101", "ff", "f8ff", "0000", "9f", "fc")


class TestCbor:
    @pytest.mark.parametrize(("code", "content"), VECTORS.items())
    def test_vectors(self, code: str, content: Any) -> None:
        """The standard's own examples, both ways."""
        assert cbor.encode(content).hex() == code
        assert cbor.decode(bytes.fromhex(code)) == content

    @pytest.mark.parametrize(("code", "content"), DECODED_ONLY.items())
    def test_read_only(self, code: str, content: Any) -> None:
        """Floats, tags and items without a length are read, though we never write them."""
        assert cbor.decode(bytes.fromhex(code)) == content

    @pytest.mark.parametrize("code", MALFORMED)
    def test_malformed(self, code: str) -> None:
        """What is no such CBOR is refused."""
        with pytest.raises(ValueError, match=r"understood|utf-8"):
            cbor.decode(bytes.fromhex(code))

    @given(JSON)
    def test_round_trip(self, content: Any) -> None:
        """Whatever has the shape of JSON comes back as it was."""
        assert cbor.decode(cbor.encode(content)) == content

    @given(st.binary(max_size=64))
    def test_anything(self, data: bytes) -> None:
        """Any bytes are read or refused with ValueError, and with nothing else."""
        try:
            cbor.decode(data)
        except ValueError:
            return

    @pytest.mark.parametrize("depth", [15, 16, 17])
    def test_depth(self, depth: int) -> None:
        """Sixteen levels are read, one more is not."""
        data = b"\x81" * depth + b"\x00"
        if depth <= 16:
            cbor.decode(data)
        else:
            with pytest.raises(ValueError, match="deeply"):
                cbor.decode(data)

    def test_I17_lengths_are_not_believed(self) -> None:
        """A length beyond what is there is refused before anything is made of it."""
        for kind in (3, 4, 5):
            with pytest.raises(ValueError, match="shorter"):
                cbor.decode(bytes([kind << 5 | 27]) + struct.pack(">Q", 2**60))


class TestMedia:
    @pytest.mark.parametrize(
        ("accept", "content_type"),
        [
            ("*/*", "application/hal+json;charset=UTF-8"),
            ("application/*", "application/hal+json;charset=UTF-8"),
            ("", "application/hal+json;charset=UTF-8"),
            ("application/hal+json", "application/hal+json;charset=UTF-8"),
            ("application/json;charset=UTF-8", "application/json;charset=UTF-8"),
            ("text/html, application/json;q=0.5", "application/json;charset=UTF-8"),
            ("APPLICATION/JSON", "application/json;charset=UTF-8"),
        ],
    )
    async def test_accepted(self, device: DdiDevice, accept: str, content_type: str) -> None:
        """The answer is of the type asked for."""
        assert (await device.poll(accept=accept)).headers["content-type"] == content_type

    async def test_not_acceptable(self, device: DdiDevice) -> None:
        """What we do not speak is 406."""
        assert (await device.poll(accept="text/html")).status == 406

    async def test_cbor(self, world: World, device: DdiDevice) -> None:
        """A device may do all of it in CBOR."""
        job = await world.job()
        got = await device.poll(accept="application/cbor")
        assert got.headers["content-type"] == "application/cbor"
        href = cbor.decode(got.body)["_links"]["deploymentBase"]["href"]
        deployment = cbor.decode((await device.ask("GET", href, accept="application/cbor")).body)
        assert deployment["deployment"]["chunks"][0]["version"] == "2.0.0"
        path, body = f"/deploymentBase/{number_in(href)}/feedback", cbor.encode(feedback("closed", "success"))
        for sent, status in ((b"\xff", 400), (body[:-1], 400), (body, 200)):
            assert (await device.ask("POST", path, sent, content_type="application/cbor")).status == status
        assert (await world.task(job)).status is TaskStatus.SUCCEEDED

    @pytest.mark.parametrize(
        "content_type", ["application/hal+json", "text/plain", "application/x-www-form-urlencoded"]
    )
    async def test_unsupported(self, device: DdiDevice, content_type: str) -> None:
        """What we do not read is 415; hal+json is for answers only."""
        got = await device.ask("PUT", "/configData", b"{}", content_type=content_type)
        assert got.status == 415

    @pytest.mark.parametrize(
        ("method", "path", "allowed"),
        [
            ("POST", "", "GET"),
            ("HEAD", "", "GET"),
            ("GET", "/configData", "PUT"),
            ("POST", "/deploymentBase/1", "GET"),
            ("GET", "/deploymentBase/1/feedback", "POST"),
            ("GET", "/confirmationBase/activateAutoConfirm", "POST"),
            ("DELETE", "/softwaremodules/1/artifacts/x", "GET, HEAD"),
        ],
    )
    async def test_methods(self, device: DdiDevice, method: str, path: str, allowed: str) -> None:
        """Another method on a known path is 405, which names those that are served."""
        got = await device.ask(method, path)
        assert (got.status, got.headers["allow"]) == (405, allowed)

    @pytest.mark.parametrize("path", ["/", "/nothing", "/deploymentBase", "/deploymentBase/1/2/3", "/configData/"])
    async def test_unknown_paths(self, device: DdiDevice, path: str) -> None:
        """What is no resource is 404."""
        got = await device.ask("GET", path)
        assert got.status == 404
        assert got.json["errorCode"] == "whimbrel.ddi.NotFound"

    async def test_a_long_query(self, device: DdiDevice) -> None:
        """A query beyond its limit is 414; unknown names in one of that length are passed over."""
        for length, status in ((1023, 200), (1024, 200), (1025, 414)):
            assert (await device.ask("GET", f"?{'x' * length}")).status == status
