"""A job's rollout policy as the text that rows carry."""

from __future__ import annotations

import json
from functools import lru_cache

from whimbrel.domain.rollout import Gate, Pace, Rollout, Stage, Window


def rollout_text(rollout: Rollout) -> str:
    """Without blanks: a statement of PostgreSQL asks whether `"pace":{` is in it."""
    values = rollout._asdict()
    values["gate"] = rollout.gate and rollout.gate._asdict()
    values["pace"] = rollout.pace and rollout.pace._asdict()
    values["stages"] = [stage._asdict() for stage in rollout.stages]
    values["windows"] = [window._asdict() for window in rollout.windows]
    return json.dumps({name: value for name, value in values.items() if value}, separators=(",", ":"))


@lru_cache(1024)
def rollout_of(text: str) -> Rollout:
    """Jobs are read far more often than they are made, so the same text is read once."""
    values = json.loads(text)
    return Rollout(
        gate=Gate(**values["gate"]) if values.get("gate") else None,
        pace=Pace(**values["pace"]) if values.get("pace") else None,
        stages=tuple(Stage(**stage) for stage in values.get("stages", ())),
        windows=tuple(Window(**window) for window in values.get("windows", ())),
        time_zone=values.get("time_zone", ""),
        seed=values.get("seed"),
    )
