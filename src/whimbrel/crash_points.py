"""Named places where a test may kill or stop this process, to prove what a fault leaves behind (threat-model 7, 8).

Nothing is armed unless `app.py` (or a test's child process) calls `arm` with the text of WHIMBREL_CRASH_AT. Unarmed,
`crash_here` is one look at an empty dict. The kill is SIGKILL: no `finally`, no flush, no exit handler runs, as in a
power cut seen from the process. A stop is SIGSTOP: the process goes on from there when the test lets it.
"""

from __future__ import annotations

import os
import re
import signal

_SPECIFICATION = re.compile(r"([a-z][a-z0-9_.]{0,63})(?::([1-9][0-9]{0,5}))?(=stop)?")

#: The armed name and how many more times it is passed until the signal; at most one entry.
_passes_left: dict[str, int] = {}
_sent: dict[str, signal.Signals] = {}


def arm(specification: str | None) -> None:
    """Arm `name` or `name:nth` (the nth pass kills, 1 when left out; with `=stop` behind, it stops); None or an empty
    text disarms.

    Raises ValueError for any other text: a test that kills nothing would prove nothing.
    """
    _passes_left.clear()
    _sent.clear()
    if not specification:
        return
    match = _SPECIFICATION.fullmatch(specification)
    if match is None:
        raise ValueError(f"a crash point is written name or name:nth, perhaps with =stop, not {specification!r}")
    _passes_left[match[1]] = int(match[2] or "1")
    _sent[match[1]] = signal.SIGSTOP if match[3] else signal.SIGKILL


def crash_here(name: str) -> None:
    """Kill or stop the process if `name` is armed and this is its nth pass. Safe in any thread."""
    if name not in _passes_left:
        return
    _passes_left[name] -= 1
    if _passes_left[name] == 0:
        os.kill(os.getpid(), _sent[name])
