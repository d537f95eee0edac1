"""Why a device is not updating: the one answer, from what the store holds of the device and its jobs (issue 5).

Pure. The answer is never empty. Of a device's queued task it names what the engine would stumble over now, or says
READY; a property test holds that against the engine.
"""

from __future__ import annotations

from whimbrel.domain.device import DeviceStatus
from whimbrel.domain.device_case import View
from whimbrel.domain.explain_target import why_no_task
from whimbrel.domain.explain_task import why_ended, why_open
from whimbrel.domain.finding import Code, Finding, When, in_order
from whimbrel.domain.firmware import RELEASABLE, FirmwareStatus
from whimbrel.domain.job import Job, JobType


def explain(view: View, now_ms: int) -> list[Finding]:
    """What can be said of the device, what stands in the way first; open tasks, then jobs without, then ended tasks."""
    findings: list[Finding] = []
    if view.firmware_status is not None and FirmwareStatus(view.firmware_status) not in RELEASABLE:
        findings.append(Finding(Code.FIRMWARE_NOT_VERIFIED, Code.FIRMWARE_NOT_VERIFIED.value))
    open_modules = set()
    for case in reversed(view.cases):
        if case.task is not None and case.task.status.is_open:
            open_modules.add(case.job.module_name)
            findings += in_order(why_open(case, case.task, view, now_ms))
    for case in view.cases:
        if case.task is None and _matters(case.job, view):
            findings += in_order(why_no_task(case, view.device))
    ended_modules: set[str] = set()
    for case in view.cases:
        module_name = case.job.module_name
        if case.task is None or case.task.status.is_open:
            continue
        if view.is_narrow or module_name not in open_modules | ended_modules:
            ended_modules.add(module_name)
            findings += why_ended(case, case.task)
    # Of an open task it is said already; jobs without one wait for reports of a device that may not connect.
    is_said = any(finding.code is Code.DISABLED for finding in findings)
    is_done = bool(findings) and not any(finding.code.is_in_the_way for finding in findings)
    if view.device.status is DeviceStatus.DISABLE and not is_said and not is_done:
        findings.insert(0, Finding(Code.DISABLED, Code.DISABLED.value, when=When(view.device.status_ms)))
    return findings or [Finding(Code.NO_JOB, Code.NO_JOB.value)]


def _matters(job: Job, view: View) -> bool:
    """Nobody asks why a device is not in somebody's verification, or in a job that is long over."""
    return view.is_narrow or (job.job_type is JobType.UPGRADE and job.shown_end_ms is None)
