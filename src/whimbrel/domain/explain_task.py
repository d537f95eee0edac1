"""What stands in the way of a task, or what came of it. The checks are those of whoever tells devices:
`engine/plan.py`, `notice.may_deliver` and `claims.free_claims`.
"""

from __future__ import annotations

import re

from whimbrel.domain.claims import Standing, evidence_to_halt, risk_max
from whimbrel.domain.device import DeviceStatus
from whimbrel.domain.device_case import Case, View
from whimbrel.domain.evidence_pace import first_devices
from whimbrel.domain.finding import Code, Finding, When
from whimbrel.domain.job import MATCHES_MAX
from whimbrel.domain.retry import waits_for_retry
from whimbrel.domain.rollout import Hold
from whimbrel.domain.silence import silent_from_ms
from whimbrel.domain.stages import devices_until, needed_successes, soaks_until_ms
from whimbrel.domain.task import TIMED_OUT_WORDS, WRONG_VERSION_WORDS, Task, TaskStatus, shown_description
from whimbrel.domain.window import is_open, next_opening_ms

_CONFLICT = re.compile(r"the device ha[sd] an open task in another job(?:, task ([0-9]+) of job ([0-9]+))?")
_OVERWRITTEN = re.compile(r"overwritten by job ([0-9]+)")
_TOLD_LATER = (TaskStatus.CONFIRM, TaskStatus.QUEUED)


def why_open(case: Case, task: Task, view: View, now_ms: int) -> list[Finding]:
    """At least one thing: what stands in the way, or how far it is."""
    found = [*_held(case, task, view, now_ms)]
    if task.status is TaskStatus.IN_PROGRESS:
        words = f"the device has reported {task.progress} % of job {case.job.id}"
        code, until_ms = Code.IN_PROGRESS, task.due_ms
        found.append(_finding(code, case, words, When(task.heard_ms, until_ms), Progress=task.progress))
    if task.status in _TOLD_LATER:
        found += [*_not_yet(case, task, now_ms), *_pace(case, task)]
    elif task.is_silent:
        words = f"the device has said nothing on job {case.job.id} for longer than its gate allows"
        found.append(_finding(Code.SILENT, case, words, When(task.heard_ms)))
    elif task.status is TaskStatus.NOTIFIED:
        words = f"the device was told of job {case.job.id} and has reported no progress"
        until_ms = silent_from_ms(task.status, case.job.rollout.gate, task.heard_ms)
        found.append(_finding(Code.NOTIFIED_NO_PROGRESS, case, words, When(task.heard_ms, until_ms)))
    found += _reach(case, task, view)
    if task.status is TaskStatus.QUEUED and not found:
        found.append(_finding(Code.READY, case, Code.READY.value, When(now_ms)))
    return found


def why_ended(case: Case, task: Task) -> list[Finding]:
    """What came of it, with the device's or the server's words."""
    words = shown_description(task)
    code, details = _end(task, words)
    found = [_finding(code, case, words or code.value, When(task.heard_ms), **details)]
    if case.job.is_dynamic and task.match_number >= MATCHES_MAX:
        words = f"job {case.job.id} has taken the device {MATCHES_MAX} times and takes it no more"
        found.append(_finding(Code.MATCHES_USED_UP, case, words, When(task.heard_ms)))
    return found


def _end(task: Task, words: str) -> tuple[Code, dict[str, object]]:
    if task.status is TaskStatus.SUCCEEDED:
        return Code.SUCCEEDED, {}
    if task.status is TaskStatus.CANCELED:
        overwritten = _OVERWRITTEN.fullmatch(words)
        return (Code.OVERWRITTEN, {"ByJobId": overwritten[1]}) if overwritten else (Code.CANCELED, {})
    conflict = _CONFLICT.fullmatch(words)
    if conflict is not None:
        known = conflict[1] is not None
        return Code.BLOCKED_BY_TASK, {"ByTaskId": conflict[1], "ByJobId": conflict[2]} if known else {}
    if words.startswith(TIMED_OUT_WORDS):
        return Code.TIMED_OUT, {}
    return (Code.WRONG_VERSION_REPORTED if words.startswith(WRONG_VERSION_WORDS) else Code.FAILED), {}


def _held(case: Case, task: Task, view: View, now_ms: int) -> list[Finding]:
    """Whoever said stop."""
    job, found = case.job, []
    if view.device.status is DeviceStatus.DISABLE:
        found.append(_finding(Code.DISABLED, case, Code.DISABLED.value, When(view.device.status_ms)))
    evidence = evidence_to_halt(job, case.standing)
    if job.hold is Hold.HALTED:
        why, numbers = f": {job.hold_reason}" if job.hold_reason else "", _numbers(case.standing)
        words = f"the gate of job {job.id} has halted it{why}"
        found.append(_finding(Code.HALTED, case, words, When(job.hold_ms), **numbers))
    elif evidence is not None:
        words = (
            f"the gate of job {job.id} halts it now: {evidence.failing} of the first {evidence.started} devices failed"
        )
        found.append(_finding(Code.HALTED, case, words, When(now_ms), **_numbers(case.standing)))
    elif job.hold is Hold.PAUSED and task.status is not TaskStatus.IN_PROGRESS:
        by = f" by {case.held_by}" if case.held_by else ""
        why = f": {job.hold_reason}" if job.hold_reason else ""
        words = f"job {job.id} was paused{by}{why}"
        found.append(_finding(Code.PAUSED, case, words, When(job.hold_ms), By=case.held_by, Reason=job.hold_reason))
    elif job.hold is Hold.AWAITING_APPROVAL:
        by = f", made by {case.held_by}," if case.held_by else ""
        words = f"job {job.id}{by} waits until somebody other than its maker approves it"
        found.append(_finding(Code.AWAITING_APPROVAL, case, words, When(job.hold_ms), By=case.held_by))
    has_ended = (
        job.schedule_finish_ms is not None and job.schedule_ended_ms is None and job.schedule_finish_ms <= now_ms
    )
    is_unsent = task.status is not TaskStatus.IN_PROGRESS
    if task.status in job.cancelling or (is_unsent and has_ended) or (task.status in _TOLD_LATER and job.cancelling):
        words = f"tasks of job {job.id} are being cancelled"
        found.append(_finding(Code.CANCELING, case, words, When(job.modified_ms)))
    return found


def _not_yet(case: Case, task: Task, now_ms: int) -> list[Finding]:
    """What the task waits for before its device may be told."""
    job, found = case.job, []
    if task.status is TaskStatus.CONFIRM:
        words = f"the task waits for ConfirmOTATask, as all of job {job.id} do"
        found.append(_finding(Code.WAITING_CONFIRMATION, case, words, When(task.heard_ms)))
    if waits_for_retry(task):
        words = f"attempt {task.attempt} of job {job.id} waits for its time; {shown_description(task)}"
        found.append(_finding(Code.RETRY_AT, case, words, When(task.heard_ms, task.due_ms), Attempt=task.attempt))
    if job.required_version not in ("", case.reported):
        wanted = {"ModuleName": job.module_name, "SrcVersions": job.required_version, "Reported": case.reported or ""}
        code = Code.NEVER_REPORTED if case.reported is None else Code.WRONG_SOURCE_VERSION
        words = f"the difference of job {job.id} is for {job.required_version}; the device reports "
        found.append(_finding(code, case, words + (case.reported or "none"), **wanted))
    if task.id > job.stage_until:
        found.append(_stage(case, task))
    if not is_open(job.rollout.windows, job.rollout.time_zone, now_ms):
        opens_ms = next_opening_ms(job.rollout.windows, job.rollout.time_zone, now_ms)
        words = f"no maintenance window of job {job.id} is open ({job.rollout.time_zone})"
        details = {"TimeZone": job.rollout.time_zone}
        found.append(_finding(Code.WAITING_WINDOW, case, words, When(None, opens_ms), **details))
    return found


def _stage(case: Case, task: Task) -> Finding:
    job, tasks = case.job, case.standing.tasks
    number, of = job.stage + 1, len(job.rollout.stages) + 1  # the last one is of all other devices
    if job.stage_until == 0 or number == of:
        words = f"the stages of job {job.id} begin when all its tasks are made"
        return _finding(Code.WAITING_STAGE, case, words, Stage=number, Stages=of)
    stage = job.rollout.stages[job.stage]
    needed, soaks_ms = needed_successes(job.rollout.stages, job.stage, tasks), soaks_until_ms(job)
    devices = min(devices_until(job.rollout.stages, job.stage, tasks), tasks)
    then = f"{case.proved} of its {devices} devices have succeeded, {needed} must"
    if soaks_ms is not None:
        then = f"it is healthy, and soaks for {stage.soak_minutes} min"
    words = f"stage {number} of {of} of job {job.id} is under way, and the device is not in it; {then}"
    details = {"Stage": number, "Stages": of, "Succeeded": case.proved, "Needed": needed, "Devices": devices}
    return _finding(Code.WAITING_STAGE, case, words, When(job.soaked_ms, soaks_ms), **details)


def _pace(case: Case, task: Task) -> list[Finding]:
    """Which bounds of `claims.free_claims` have no room; what a device asks for does not count for the minute."""
    job, standing, found = case.job, case.standing, []
    if job.is_held or evidence_to_halt(job, standing) is not None:
        return []
    if job.maximum_per_minute is not None and standing.told >= job.maximum_per_minute:
        words = (
            f"job {job.id} has told {standing.told} devices within the minute, and may tell {job.maximum_per_minute}"
        )
        numbers = {"Told": standing.told, "MaximumPerMinute": job.maximum_per_minute}
        found.append(_finding(Code.WAITING_PACE, case, words, **numbers))
    at_risk_max, pace = risk_max(job, standing), job.rollout.pace
    if at_risk_max is not None and pace is not None and standing.exposed >= at_risk_max:
        first = first_devices(pace, standing.tasks)
        words = (
            f"job {job.id} has {standing.exposed} devices at risk, and may have {at_risk_max}: {first} and "
            f"{pace.growth} more for each success; another follows when one of them succeeds"
        )
        if standing.silent:
            words += f", and {standing.silent} of them are silent"
        found.append(_finding(Code.WAITING_PACE, case, words, AtRisk=standing.exposed, AtRiskMax=at_risk_max))
    return found


def _reach(case: Case, task: Task, view: View) -> list[Finding]:
    """Whether the device can be told, once nothing else is in the way."""
    device, contact, found = view.device, view.contact, []
    if not case.job.need_push and task.status in _TOLD_LATER:
        words = f"job {case.job.id} does not push (NeedPush is false), and the device has not asked"
        found.append(_finding(Code.NOT_PUSHED, case, words))
    if contact.has_session or device.status is DeviceStatus.DISABLE:
        return found
    if device.status is DeviceStatus.UNACTIVE:
        found.append(_finding(Code.NEVER_CONNECTED, case, Code.NEVER_CONNECTED.value, When(device.created_ms)))
    elif contact.polls_until_ms is not None:
        if task.status is TaskStatus.QUEUED:
            found.append(_finding(Code.WAITING_POLL, case, Code.WAITING_POLL.value))
    else:
        # A device over HTTPS has no session, and is heard only when it calls.
        since_ms = max(device.status_ms, device.last_online_ms or 0)
        found.append(_finding(Code.OFFLINE, case, "the device is not connected", When(since_ms)))
    return found


def _numbers(standing: Standing) -> dict[str, object]:
    return {"Started": standing.started, "Failing": standing.failing, "Silent": standing.silent}


def _finding(code: Code, case: Case, words: str, when: When = When(), /, **details: object) -> Finding:  # noqa: B008  an immutable value
    """Of the case's task. `details` as their names are on the wire; an empty one says nothing."""
    assert case.task is not None, "only a task is explained here"
    shown = tuple((name, str(value)) for name, value in details.items() if value != "")
    return Finding(code, words, case.job.id, case.task.id, when, shown)
