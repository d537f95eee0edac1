"""How long a rollout is expected to take, if every device is there, takes so many minutes, and succeeds.

Devices are told in waves, as many as the pace allows; each wave is told at MaximumPerMinute while windows are open, and
has succeeded so many minutes later. A stage is over when all its devices have succeeded, and soaks then.
"""

from __future__ import annotations

from typing import NamedTuple

from whimbrel.domain.evidence_pace import exposure_max
from whimbrel.domain.rollout import Rollout
from whimbrel.domain.stages import MINUTE_MS, devices_until
from whimbrel.domain.window import DAY_MINUTES, is_open, next_change_ms, next_opening_ms

UPGRADE_MINUTES = 10  # of one device: a small Linux image over a home's line, with its restart
_WEEK_MS = 7 * DAY_MINUTES * MINUTE_MS
HORIZON_MS = 50 * 365 * DAY_MINUTES * MINUTE_MS  # what takes longer ends here: calendars end, too


class Load(NamedTuple):
    """What is to be told: devices in all, at most so many a minute."""

    devices: int
    maximum_per_minute: int | None


def expected_end_ms(rollout: Rollout, load: Load, start_ms: int) -> int:
    """When the last device has succeeded; of none the start. At most `HORIZON_MS` later."""
    at_ms, done = start_ms, 0
    ends = [min(devices_until(rollout.stages, n, load.devices), load.devices) for n in range(len(rollout.stages))]
    soaks = [stage.soak_minutes for stage in rollout.stages]
    for end, soak_minutes in zip((*ends, load.devices), (*soaks, 0), strict=True):
        while done < end:
            wave = end - done
            if rollout.pace is not None:
                wave = min(wave, exposure_max(rollout.pace, rollout.gate, load.devices, done, 0))
            at_ms = _told_ms(rollout, wave, load.maximum_per_minute, at_ms) + UPGRADE_MINUTES * MINUTE_MS
            done += wave
            if at_ms - start_ms >= HORIZON_MS:
                return start_ms + HORIZON_MS
        if done < load.devices:
            at_ms += soak_minutes * MINUTE_MS
    return at_ms


def _told_ms(rollout: Rollout, devices: int, maximum_per_minute: int | None, from_ms: int) -> int:
    """When so many devices have been told, beginning at the next moment in which any may be."""
    windows, zone = rollout.windows, rollout.time_zone
    at_ms = next_opening_ms(windows, zone, from_ms) or from_ms
    # The first minute's devices leave at its beginning.
    left_ms = 0 if maximum_per_minute is None else (devices - 1) // maximum_per_minute * MINUTE_MS
    if not windows:
        return at_ms + left_ms
    week_ms = _open_ms(rollout, at_ms)
    at_ms += left_ms // week_ms * _WEEK_MS
    if at_ms - from_ms >= HORIZON_MS:
        return at_ms
    left_ms %= week_ms
    while left_ms > 0:
        change_ms = next_change_ms(windows, zone, at_ms)
        assert change_ms is not None, "windows open and close every week"
        if is_open(windows, zone, at_ms):
            left_ms -= change_ms - at_ms
        at_ms = change_ms + min(left_ms, 0)
    return at_ms


def _open_ms(rollout: Rollout, at_ms: int) -> int:
    """How long the windows are open in the week from then on; more than nothing, for they are open then."""
    open_ms, end_ms = 0, at_ms + _WEEK_MS
    while at_ms < end_ms:
        change_ms = min(next_change_ms(rollout.windows, rollout.time_zone, at_ms) or end_ms, end_ms)
        if is_open(rollout.windows, rollout.time_zone, at_ms):
            open_ms += change_ms - at_ms
        at_ms = change_ms
    return open_ms
