"""The notice that tells a device to upgrade (device-protocol 4), made of its task and job alone."""

from __future__ import annotations

from typing import NamedTuple

from whimbrel.domain.download_link import link_expiry_s, make_task_link
from whimbrel.domain.firmware import SignMethod
from whimbrel.domain.job import Job
from whimbrel.domain.task import Task, TaskStatus

UDI_KEY = "_package_udi"


class UpgradeNotice(NamedTuple):
    """All that a device must know. A repeated notice is the same command with a fresh link (I12)."""

    device_id: int
    task_id: int
    attempt: int
    module_name: str
    dest_version: str
    is_difference: bool
    size_bytes: int
    sign_method: str
    sign: str
    md5: str
    url: str
    extra: dict[str, str]  # the job's tags and the firmware's Udi


class LinkMaker(NamedTuple):
    """What download links are made with: the signing key, and where devices reach this server."""

    key: bytes
    public_url: str


def make_notice(task: Task, job: Job, links: LinkMaker, now_ms: int) -> UpgradeNotice:
    """The notice for a task; its link lives 24 hours from `now_ms` (api-contract 7.10)."""
    token = make_task_link(links.key, task.id, task.device_id, job.sha256, link_expiry_s(now_ms // 1000))
    extra = {tag.key: tag.value for tag in job.tags}
    if job.udi:
        extra[UDI_KEY] = job.udi
    return UpgradeNotice(
        device_id=task.device_id,
        task_id=task.id,
        attempt=task.attempt,
        module_name=job.module_name,
        dest_version=job.dest_version,
        is_difference=bool(job.firmware_type),
        size_bytes=job.size_bytes,
        sign_method=job.sign_method,
        sign=job.md5 if job.sign_method == SignMethod.MD5 else job.sha256,
        md5=job.md5,
        url=f"{links.public_url}/f/{token}",
        extra=extra,
    )


def may_deliver(task: Task, job: Job, reported_version: str | None) -> bool:
    """Whether the notice may leave for the device now (I8, I9): confirmed, not being cancelled, right version."""
    if task.status not in (TaskStatus.QUEUED, TaskStatus.NOTIFIED, TaskStatus.IN_PROGRESS):
        return False
    if task.status in job.cancelling:
        return False
    is_begun = task.status is TaskStatus.IN_PROGRESS
    return is_begun or not job.required_version or reported_version == job.required_version
