"""A device says how far its upgrade is, or that it failed.

1. Steps 0 to 100 are percent, -1 to -4 failures; other negative steps and text count as -1 (device-protocol 5).
2. A step beyond -4..100 in digits is no report at all: it is dropped (threat-model part 4).
3. Without an open task of that module the report changes nothing (I13).

Source: device-protocol 5.
"""

from __future__ import annotations

import re

import msgspec

from whimbrel.domain.ota_module import DEFAULT_MODULE
from whimbrel.domain.task import DESCRIPTION_LENGTH_MAX, STEP_MAX, STEP_MIN, after_progress
from whimbrel.errors import ReportError
from whimbrel.reports.declaration import Message, Outcome, ReportContext, report
from whimbrel.reports.open_tasks import goal_of, judged, open_of_module

GENERAL_FAILURE = -1
_NUMBER = re.compile(r"-?[0-9]+")


class ProgressParams(msgspec.Struct, frozen=True):
    step: str | int | float
    desc: str | None = ""
    module: str | None = DEFAULT_MODULE


class ProgressMessage(Message, frozen=True, kw_only=True):
    params: ProgressParams


@report(topic="/ota/device/progress/{pk}/{dn}")
async def handle(message: ProgressMessage, context: ReportContext) -> Outcome:
    step = read_step(message.params.step)
    words = _printable(message.params.desc or "")
    module_name = message.params.module or DEFAULT_MODULE
    for task, job in await open_of_module(context, module_name):
        goal = goal_of(job)
        changed = after_progress(task, step, words, goal, context.now_ms)
        await judged(context, task, changed, job)
    return Outcome()


def read_step(given: str | int | float) -> int:
    """The step as a number of -4..100. Raises ReportError for a number above; text is a general failure."""
    text = given.strip() if isinstance(given, str) else f"{given:.0f}" if isinstance(given, float) else str(given)
    if _NUMBER.fullmatch(text) is None:
        return GENERAL_FAILURE
    # Digits without end are no number to compute with: what counts is on which side of the range they lie.
    digits = text.lstrip("-").lstrip("0") or "0"
    is_near = len(digits) <= len(str(STEP_MAX))
    if text.startswith("-"):
        return -int(digits) if is_near and -int(digits) >= STEP_MIN else GENERAL_FAILURE
    if not is_near or int(digits) > STEP_MAX:
        raise ReportError(f"a step is {STEP_MIN} to {STEP_MAX}, the device sent {digits[:20]}")
    return int(digits)


def _printable(words: str) -> str:
    """A device's words as people will read them: bounded, and without control characters."""
    return "".join(c if c.isprintable() else " " for c in words[:DESCRIPTION_LENGTH_MAX])
