"""How an uploaded list of devices is read (api-contract 10.10)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whimbrel.domain import device_list
from whimbrel.domain.device_list import LINE_LENGTH_MAX, PART_NAMES_MAX, DeviceListReader, ListPart
from whimbrel.errors import DeviceListFileError


def read(content: bytes, block: int = 1 << 20) -> list[ListPart]:
    reader = DeviceListReader()
    parts = [part for at in range(0, len(content), block) for part in reader.take(content[at : at + block])]
    return parts + reader.finish()


def names_of(parts: list[ListPart]) -> list[str]:
    return [part.names[at * part.width : (at + 1) * part.width].rstrip() for part in parts for at in range(part.n)]


@pytest.mark.parametrize(
    "content",
    [
        b"lamp-1\nlamp-2\n",
        b"lamp-1\nlamp-2",
        b"lamp-1\r\nlamp-2\r\n",
        b"\xef\xbb\xbflamp-1\nlamp-2\n",
        b"DeviceName\nlamp-1\nlamp-2\n",
        b"\xef\xbb\xbfDeviceName,Nickname\r\nlamp-1,x\r\nlamp-2,\r\n",
        b"\n\nlamp-1\n  \nlamp-2\n\n",
        b'"lamp-1","a"\n "lamp-2" ,b\n',
        b"lamp-1,\xe5\x80\xbc\nlamp-2\n",
    ],
)
@pytest.mark.parametrize("block", [1, 2, 5, 1000])
def test_forms(content: bytes, block: int) -> None:
    """Line ends, a byte order mark, a header, blank lines, quotes and more columns are understood, cut anywhere."""
    assert names_of(read(content, block)) == ["lamp-1", "lamp-2"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "no device name"),
        (b"\n\n", "no device name"),
        (b"DeviceName\n", "no device name"),
        (b"lamp-1\nabc\n", "line 2"),
        (b"lamp-1\nlamp 2\n", "line 2"),
        (b"lamp-1\n" + b"a" * 33 + b"\n", "line 2"),
        (b"lamp-1\n\xff\xfe\n", "line 2 is not UTF-8"),
        (b"lamp-1\nlamp-\xe5\x80\xbc\n", "line 2"),
        (b"a" * (LINE_LENGTH_MAX + 1), "line 1"),
        (b"lamp-1\n" + b"a" * (LINE_LENGTH_MAX + 1), "line 2"),
        (b"\x00\x01\x02\x03", "line 1"),
    ],
)
def test_faults(content: bytes, words: str) -> None:
    """What is no list of names is refused, with the line."""
    with pytest.raises(DeviceListFileError, match=words):
        read(content)


@pytest.mark.parametrize("count", [PART_NAMES_MAX - 1, PART_NAMES_MAX, PART_NAMES_MAX + 1, 3 * PART_NAMES_MAX + 7])
def test_parts(count: int) -> None:
    """Names come in numbered parts of at most PART_NAMES_MAX, as wide as their longest name."""
    names = [f"lamp-{number}" for number in range(count)]
    parts = read("\n".join(names).encode(), 1024)
    assert names_of(parts) == names
    assert [part.number for part in parts] == list(range(1, len(parts) + 1))
    assert all(part.n == PART_NAMES_MAX for part in parts[:-1])
    assert all(
        part.width == max(map(len, names_of([part]))) and len(part.names) == part.n * part.width for part in parts
    )


@pytest.mark.parametrize(("names", "is_good"), [(2, True), (3, True), (4, False)])
def test_the_most_names(names: int, is_good: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """A list has at most LIST_NAMES_MAX names."""
    assert device_list.LIST_NAMES_MAX == 1_000_000
    monkeypatch.setattr(device_list, "LIST_NAMES_MAX", 3)
    content = b"".join(b"lamp-%d\n" % number for number in range(names))
    if is_good:
        assert len(names_of(read(content))) == names
    else:
        with pytest.raises(DeviceListFileError, match="more than 3 names"):
            read(content)


@given(st.binary(max_size=200), st.integers(1, 50))
def test_any_bytes(content: bytes, block: int) -> None:
    """Any bytes are a list or a fault, whatever the blocks they come in."""

    def outcome(size: int) -> list[str] | str:
        try:
            return names_of(read(content, size))
        except DeviceListFileError as error:
            return str(error)

    assert outcome(block) == outcome(1 << 20)
