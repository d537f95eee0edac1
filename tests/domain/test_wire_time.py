"""Times as the wire writes them (api-contract 1.6)."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whimbrel.domain.wire_time import gmt_header_text, plain_text, utc_text

YEAR_10000_MS = 253_402_300_800_000
times = st.integers(0, YEAR_10000_MS - 1)


@pytest.mark.parametrize(
    ("epoch_ms", "text"),
    [
        (0, "1970-01-01T00:00:00.000Z"),
        (1, "1970-01-01T00:00:00.001Z"),
        (86_399_999, "1970-01-01T23:59:59.999Z"),
        (86_400_000, "1970-01-02T00:00:00.000Z"),
        (1_735_787_045_678, "2025-01-02T03:04:05.678Z"),
        (1_709_164_800_000, "2024-02-29T00:00:00.000Z"),
    ],
)
def test_utc_text(epoch_ms: int, text: str) -> None:
    """Utc fields have exactly three decimals and a Z."""
    assert utc_text(epoch_ms) == text


@given(times)
def test_utc_text_reads_back(epoch_ms: int) -> None:
    """The text is the moment, to the millisecond."""
    at = datetime.strptime(utc_text(epoch_ms), "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)
    assert round((at - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds() * 1000) == epoch_ms


@pytest.mark.parametrize(
    ("epoch_ms", "text"),
    [(1_550_628_969_999, "Wed, 20-Feb-2019 02:16:09 GMT"), (0, "Thu, 01-Jan-1970 00:00:00 GMT")],
)
def test_gmt_header_text(epoch_ms: int, text: str) -> None:
    """QueryDevice's GmtCreate has English names whatever the locale."""
    assert gmt_header_text(epoch_ms) == text


@given(times)
def test_gmt_header_text_reads_back(epoch_ms: int) -> None:
    """The text is the moment, to the second."""
    at = datetime.strptime(gmt_header_text(epoch_ms), "%a, %d-%b-%Y %H:%M:%S GMT").replace(tzinfo=UTC)
    assert at.timestamp() == epoch_ms // 1000


def test_plain_text() -> None:
    """QueryDeviceDetail's fields are UTC without a zone."""
    assert plain_text(1_533_552_470_999) == "2018-08-06 10:47:50"
