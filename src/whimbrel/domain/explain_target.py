"""Why a job has no task for a device: the rules by which tasks are made (`queries/births.sql`), told for one device."""

from __future__ import annotations

from whimbrel.domain.device import Device
from whimbrel.domain.device_case import Case
from whimbrel.domain.finding import Code, Finding, When
from whimbrel.domain.job import Job, JobStatus, TargetSelection

_SELECTIONS = {
    TargetSelection.ALL: "all devices of its product",
    TargetSelection.SPECIFIC: "the devices that were named",
    TargetSelection.GRAY: "a share of the product's devices",
    TargetSelection.GROUP: "the devices of a group",
}


def why_no_task(case: Case, device: Device) -> list[Finding]:
    """At least one reason. What counts once the device's turn comes is said as it is now."""
    job = case.job
    found = [*_version(case), *(_dynamic(case, device) if job.is_dynamic else _static(case, device))]
    if job.shown_end_ms is not None:
        words = f"job {job.id} is {job.shown_status} and takes no device any more"
        found.append(_finding(Code.JOB_ENDED, job, words, When(job.shown_end_ms)))
    elif not found:
        words = f"when job {job.id} came to the device, it did not report a version that fitted; it does now"
        found.append(_finding(Code.NOT_TARGETED_AT_START, job, words, When(job.started_ms)))
    return found


def _version(case: Case) -> list[Finding]:
    job, sources = case.job, case.job.source_versions
    wanted: tuple[tuple[str, str], ...] = (("ModuleName", job.module_name), ("DestVersion", job.dest_version))
    if case.reported == job.dest_version:
        words = f"the device reports {job.dest_version} for the module {job.module_name} already"
        return [_finding(Code.AT_DEST_VERSION, job, words, details=wanted)]
    if not sources or case.reported in sources:
        return []
    wanted += (("SrcVersions", ",".join(sources)),)
    if case.reported is None:
        words = f"job {job.id} is for {', '.join(sources)}; the device never reported the module {job.module_name}"
        return [_finding(Code.NEVER_REPORTED, job, words, details=wanted)]
    words = f"job {job.id} is for {', '.join(sources)}; the device reports {case.reported}"
    return [_finding(Code.WRONG_SOURCE_VERSION, job, words, details=(*wanted, ("Reported", case.reported)))]


def _static(case: Case, device: Device) -> list[Finding]:
    job = case.job
    by_names = job.target_selection == TargetSelection.SPECIFIC and not job.device_list_key
    found = []
    is_gathering = not job.is_gathered or job.status is JobStatus.PLANNED
    gathers = not job.takes_product or job.order_factor is not None
    if job.status is not JobStatus.PLANNED and device.id > job.fill_until:
        words = f"the device was registered after job {job.id} had fixed its set of devices"
        found.append(_finding(Code.NOT_TARGETED_AFTER_START, job, words, When(job.started_ms)))
    elif gathers and not case.is_gathered and (by_names or not is_gathering):
        group = f" ({job.group_name})" if job.target_selection == TargetSelection.GROUP else ""
        share = f" ({job.gray_percent} %)" if job.target_selection == TargetSelection.GRAY else ""
        words = (
            f"job {job.id} is for {_SELECTIONS[TargetSelection(job.target_selection)]}{group}{share}, without this one"
        )
        details = (("TargetSelection", job.target_selection),)
        found.append(_finding(Code.NOT_TARGETED_SELECTION, job, words, details=details))
    if job.status is JobStatus.PLANNED:
        words = f"job {job.id} is planned and has not started"
        found.append(_finding(Code.JOB_PLANNED, job, words, When(job.created_ms, job.schedule_ms)))
    elif not found and job.shown_end_ms is None and (is_gathering or _is_ahead(case, device)):
        found.append(_still_filling(job))
    return found


def _is_ahead(case: Case, device: Device) -> bool:
    """Whether making tasks has not come to the device yet."""
    job = case.job
    if job.is_filled:
        return False
    at = case.place if job.order_factor is not None else device.id
    return at is not None and (at >= job.fill_after if job.order_factor is not None else at > job.fill_after)


def _dynamic(case: Case, device: Device) -> list[Finding]:
    job = case.job
    if job.shown_end_ms is not None or _version(case):
        return []
    if not case.follows_group:
        words = f"job {job.id} is for the devices of the group {job.group_name}, without this one"
        return [_finding(Code.NOT_TARGETED_SELECTION, job, words, details=(("TargetSelection", job.target_selection),))]
    if not job.is_filled and device.id > job.fill_after:
        return [_still_filling(job)]
    if case.newest_follower not in (None, job.id):
        words = f"the newer job {case.newest_follower} takes devices that report {case.reported}"
        return [_finding(Code.FOLLOWS_NEWER_JOB, job, words, details=(("NewerJobId", str(case.newest_follower)),))]
    words = f"job {job.id} takes the device when it reports {case.reported or 'its version'} next"
    return [_finding(Code.WAITING_REPORT, job, words)]


def _still_filling(job: Job) -> Finding:
    return _finding(Code.STILL_FILLING, job, f"job {job.id} is still making its tasks", When(job.started_ms))


def _finding(
    code: Code,
    job: Job,
    words: str,
    when: When = When(),  # noqa: B008  an immutable value
    details: tuple[tuple[str, str], ...] = (),
) -> Finding:
    return Finding(code, words, job.id, None, when, details)
