"""Gray releases: which share of a product's devices, by keys that spread them evenly (api-contract 7.3).

Each device has a key, 31 bits of a digest. A job takes devices in the order of their keys, from a start of its own and
around: random to look at, reproducible, and another set for the next job.
"""

from __future__ import annotations

import hashlib
import re
from decimal import ROUND_FLOOR, Decimal

KEYS = 1 << 31
PERCENT = re.compile(r"[0-9]{1,3}(\.[0-9]{1,3})?")


def is_percent(text: str) -> bool:
    """Above 0 and up to 100, with at most 3 decimals."""
    return PERCENT.fullmatch(text) is not None and 0 < Decimal(text) <= 100


def gray_devices(percent: str, candidates: int) -> int:
    """How many of the candidates are taken: the share rounded down, but at least one when there is one."""
    share = int((Decimal(percent) * candidates / 100).to_integral_value(ROUND_FLOOR))
    return min(candidates, max(1, share))


def gray_start(job_id: int) -> int:
    """The key that the job begins at."""
    return int.from_bytes(hashlib.sha256(str(job_id).encode()).digest()[:4], "big") % KEYS


def order_factor(seed: int) -> int:
    """What shuffles devices for the seed: a device's place is its key times this, modulo KEYS.

    It is odd, so that no two keys share a place; and each seed has another order, not the same from another start.
    """
    return int.from_bytes(hashlib.sha256(f"order {seed}".encode()).digest()[:4], "big") % KEYS | 1
