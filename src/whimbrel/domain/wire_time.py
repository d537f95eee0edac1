"""Times as the wire writes them, from epoch milliseconds (api-contract 1.6)."""

from __future__ import annotations

from datetime import UTC, date, datetime
from functools import lru_cache

_DAY_MS = 86_400_000
_TWO_DIGITS = tuple(f"{number:02d}" for number in range(60))
_THREE_DIGITS = tuple(f"{number:03d}" for number in range(1000))
_EPOCH_ORDINAL = date(1970, 1, 1).toordinal()
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@lru_cache(maxsize=4096)
def _day_text(epoch_day: int) -> str:
    return date.fromordinal(_EPOCH_ORDINAL + epoch_day).isoformat()


def utc_text(epoch_ms: int) -> str:
    """`2025-01-02T03:04:05.678Z`: the form of every `Utc...` field."""
    # A page of ten rows has twenty of these: by strftime they cost 52 us of a 150 us call, by these tables 12.
    day, ms_of_day = divmod(epoch_ms, _DAY_MS)
    hour, minute = _TWO_DIGITS[ms_of_day // 3_600_000], _TWO_DIGITS[ms_of_day // 60_000 % 60]
    second, ms = _TWO_DIGITS[ms_of_day // 1000 % 60], _THREE_DIGITS[ms_of_day % 1000]
    return f"{_day_text(day)}T{hour}:{minute}:{second}.{ms}Z"


def gmt_header_text(epoch_ms: int) -> str:
    """`Wed, 20-Feb-2019 02:16:09 GMT`: QueryDevice's GmtCreate. English names whatever the server's locale is."""
    at = datetime.fromtimestamp(epoch_ms // 1000, UTC)
    return f"{_DAYS[at.weekday()]}, {at.day:02d}-{_MONTHS[at.month - 1]}-{at:%Y %H:%M:%S} GMT"


def plain_text(epoch_ms: int) -> str:
    """`2018-08-06 10:47:50`: QueryDeviceDetail's Gmt fields; ours are UTC, the vendor's were its data centre's."""
    return f"{datetime.fromtimestamp(epoch_ms // 1000, UTC):%Y-%m-%d %H:%M:%S}"


def minute_text(epoch_ms: int) -> str:
    """`2024-11-11T07:36Z`: the Gmt fields of OTA modules, of both vendors (api-contract 9.4)."""
    return f"{datetime.fromtimestamp(epoch_ms // 1000, UTC):%Y-%m-%dT%H:%MZ}"
