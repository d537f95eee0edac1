"""How long a device waits before it tries again: longer each time, and never in step with the others."""

from __future__ import annotations

import random
from typing import Final

FIRST_S: Final = 0.5
LONGEST_S: Final = 30.0
_DOUBLINGS_MAX: Final = 10


def backoff_s(failures: int, dice: random.Random) -> float:
    """Seconds to wait after so many failures in a row: anywhere up to a bound that doubles ("full jitter")."""
    return dice.uniform(0, min(LONGEST_S, FIRST_S * 2 ** min(failures, _DOUBLINGS_MAX)))
