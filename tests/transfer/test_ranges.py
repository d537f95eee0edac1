"""Range headers: strict, bounded, never more bytes than the file has."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whimbrel.transfer.ranges import (
    CHARS_PER_RANGE_MAX,
    CHUNK_RANGES_MAX,
    HEADER_CHARS_MAX,
    RANGES_MAX,
    ByteRange,
    is_known_version,
    is_same_version,
    is_wanted_version,
    select_ranges,
)

SIZE = 1000


@pytest.mark.parametrize(
    ("header", "ranges"),
    [
        ("bytes=0-", [(0, 999)]),
        ("bytes=0-0", [(0, 0)]),
        ("bytes=998-999", [(998, 999)]),
        ("bytes=998-1000", [(998, 999)]),
        ("bytes=999-", [(999, 999)]),
        ("bytes=0-99999999999999999999", [(0, 999)]),
        ("bytes=-1", [(999, 999)]),
        ("bytes=-999", [(1, 999)]),
        ("bytes=-1000", [(0, 999)]),
        ("bytes=-1001", [(0, 999)]),
        ("BYTES=1-2", [(1, 2)]),
        ("bytes=0-1,2-3", [(0, 1), (2, 3)]),
        ("bytes= 5-6 ,\t1-2", [(5, 6), (1, 2)]),
        ("bytes=0-1,5000-", [(0, 1)]),
    ],
)
def test_selected(header: str, ranges: list[tuple[int, int]]) -> None:
    """Ranges are cut to the file and kept in the order asked for; those outside it fall away."""
    assert select_ranges(header, SIZE) == tuple(ByteRange(*pair) for pair in ranges)


@pytest.mark.parametrize("header", ["bytes=1000-", "bytes=1001-2000", "bytes=-0", "bytes=5000-,6000-"])
def test_outside_the_file(header: str) -> None:
    """Ranges that cover no byte of the file select nothing, which is 416."""
    assert select_ranges(header, SIZE) == ()


@pytest.mark.parametrize(
    "header", ["bytes=0-10,10-20", "bytes=0-,0-", "bytes=5-6,0-", "bytes=-5,999-", "bytes=3-3,3-3"]
)
def test_overlapping(header: str) -> None:
    """Ranges that share a byte select nothing, so no answer amplifies the file."""
    assert select_ranges(header, SIZE) == ()


@pytest.mark.parametrize(
    "header",
    [
        *("", "bytes", "bytes=", "bytes=-", "bytes=2-1", "bytes=a-", "bytes=+1-2", "bytes=1_0-", "bytes=١-٢"),
        *("bytes=1-2\n", "lines=1-2", "bytes=1-2;3-4", "bytes=0x1-", "bytes=1--2", "bytes=0-1,,2-3", "bytes=1 - 2"),
    ],
)
def test_no_range_at_all(header: str) -> None:
    """What is no range is ignored and gives the whole file; digits are ASCII digits."""
    assert select_ranges(header, SIZE) is None


@pytest.mark.parametrize("ranges_max", [RANGES_MAX, CHUNK_RANGES_MAX])
@pytest.mark.parametrize(("excess", "is_served"), [(-1, True), (0, True), (1, False)])
def test_number_of_ranges(excess: int, is_served: bool, ranges_max: int) -> None:
    """As many ranges as are allowed are served, one more is not."""
    count = ranges_max + excess
    header = "bytes=" + ",".join(f"{2 * n}-{2 * n}" for n in range(count))
    assert len(select_ranges(header, SIZE, ranges_max) or ()) == (count if is_served else 0)


@pytest.mark.parametrize("ranges_max", [RANGES_MAX, CHUNK_RANGES_MAX])
@pytest.mark.parametrize(("excess", "is_read"), [(-1, True), (0, True), (1, False)])
def test_length_of_header(excess: int, is_read: bool, ranges_max: int) -> None:
    """A header over the limit is not read."""
    header = "bytes=0-1".ljust(ranges_max * CHARS_PER_RANGE_MAX + excess)
    assert select_ranges(header, SIZE, ranges_max) == ((ByteRange(0, 1),) if is_read else ())


@given(st.text("bytes=0123456789-, \t٣", max_size=60), st.integers(1, 500))
def test_any_header_is_safe(text: str, size_bytes: int) -> None:
    """Whatever the header, ranges lie in the file, are disjoint, and together are no longer than it."""
    for header in (text, "bytes=" + text):
        ranges = select_ranges(header, size_bytes) or ()
        assert all(0 <= chosen.first <= chosen.last < size_bytes for chosen in ranges)
        assert len({byte for chosen in ranges for byte in range(chosen.first, chosen.last + 1)}) == sum(
            chosen.length_bytes for chosen in ranges
        )


@given(st.lists(st.integers(0, 99), min_size=1, max_size=RANGES_MAX, unique=True))
def test_every_single_byte_list(offsets: list[int]) -> None:
    """Any list of distinct single bytes is served as asked."""
    header = "bytes=" + ",".join(f"{offset}-{offset}" for offset in offsets)
    assert select_ranges(header, 100) == tuple(ByteRange(offset, offset) for offset in offsets)


@pytest.mark.parametrize(
    ("value", "is_same"),
    [
        ('"a"', True),
        (' "a" ', True),
        ('W/"a"', False),
        ('"b"', False),
        ("Wed, 20 Nov 2024 00:00:00 GMT", False),
        ("", False),
    ],
)
def test_if_range(value: str, is_same: bool) -> None:
    """If-Range holds for our strong tag only."""
    assert is_same_version(value, '"a"') is is_same


@pytest.mark.parametrize(
    ("value", "is_known"),
    [('"a"', True), ('W/"a"', True), ('"b", "a"', True), ("*", True), ('"b"', False), ("a", False), ("", False)],
)
def test_if_none_match(value: str, is_known: bool) -> None:
    """If-None-Match compares weakly, takes lists and the star."""
    assert is_known_version(value, '"a"') is is_known


@pytest.mark.parametrize(
    ("header", "is_wanted"),
    [
        ('"a"', True),
        ('"b", "a"', True),
        ("*", True),
        ('"b"', False),
        ('W/"a"', False),
        ("", False),
        ("a", False),
        ('"b",' * HEADER_CHARS_MAX + '"a"', False),
    ],
)
def test_if_match(header: str, is_wanted: bool) -> None:
    """If-Match lets pass what names our tag, strongly compared, or any."""
    assert is_wanted_version(header, '"a"') is is_wanted
