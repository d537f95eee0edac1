"""The notice that tells a device to upgrade (device-protocol 4), made of its task and job alone."""

from __future__ import annotations

from typing import NamedTuple

from whimbrel.domain.download_link import LinkedFile, link_expiry_s, make_task_link
from whimbrel.domain.firmware import SignMethod
from whimbrel.domain.job import DownloadProtocol, Job
from whimbrel.domain.retry import waits_for_retry
from whimbrel.domain.rollout import Hold
from whimbrel.domain.task import Task, TaskStatus
from whimbrel.domain.window import is_open

UDI_KEY = "_package_udi"
STREAM_FILE_ID = 1  # of the one file that a job sends over MQTT; the stream's id is the task's


class NoticeFile(NamedTuple):
    """One of several files of a notice, with a link of its own."""

    name: str
    size_bytes: int
    sign: str
    md5: str
    url: str


class UpgradeNotice(NamedTuple):
    """All that a device must know. A repeated notice is the same command with fresh links (I12).

    With `files`, which are two or more, they say what `url`, `size_bytes`, `sign` and `md5` say of a single file.
    `is_streamed`: the device is to ask for blocks over MQTT; the link is there for doors that cannot give any.
    """

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
    files: tuple[NoticeFile, ...] = ()
    is_streamed: bool = False


class LinkMaker(NamedTuple):
    """What download links are made with: the signing key, and where devices reach this server."""

    key: bytes
    public_url: str


def make_notice(task: Task, job: Job, links: LinkMaker, now_ms: int) -> UpgradeNotice:
    """The notice for a task; its links live 24 hours from `now_ms` (api-contract 7.10)."""
    expires_s = link_expiry_s(now_ms // 1000)

    def url(file: LinkedFile) -> str:
        return f"{links.public_url}/f/{make_task_link(links.key, task.id, task.device_id, file, expires_s)}"

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
        url="" if job.files else url(LinkedFile(job.sha256)),
        extra=extra,
        files=tuple(
            NoticeFile(
                name=file.name,
                size_bytes=file.size_bytes,
                sign=file.sign(job.sign_method),
                md5=file.md5,
                url=url(LinkedFile(file.sha256, file.number)),
            )
            for file in job.files
        ),
        is_streamed=job.download_protocol == DownloadProtocol.MQTT,
    )


def may_deliver(task: Task, job: Job, reported_version: str | None, now_ms: int) -> bool:
    """Whether the notice may leave now (I8, I9): confirmed, neither held nor being cancelled, no retry pending, in its
    stage and window, right version. What a device has begun it may go on with when the window has closed.
    """
    if task.status not in (TaskStatus.QUEUED, TaskStatus.NOTIFIED, TaskStatus.IN_PROGRESS):
        return False
    if task.status in job.cancelling or waits_for_retry(task) or is_held_back(task, job, now_ms):
        return False
    is_begun = task.status is TaskStatus.IN_PROGRESS
    return is_begun or not job.required_version or reported_version == job.required_version


def is_held_back(task: Task, job: Job, now_ms: int) -> bool:
    """Whether its job lets the task's notice leave later, but not now: it is held, or stage or window are to come."""
    if job.is_held or (task.status is TaskStatus.QUEUED and task.id > job.stage_until):
        return True
    is_begun = task.status is TaskStatus.IN_PROGRESS
    return not is_begun and not is_open(job.rollout.windows, job.rollout.time_zone, now_ms)


def may_stream(task: Task, job: Job) -> bool:
    """Whether blocks of the task's file may leave now (I8): the device was told of it, nobody cancelled it,
    and its job's gate has not halted it."""
    is_halted = job.hold is Hold.HALTED
    if job.download_protocol != DownloadProtocol.MQTT or task.status in job.cancelling or is_halted:
        return False
    return task.status in (TaskStatus.NOTIFIED, TaskStatus.IN_PROGRESS)
