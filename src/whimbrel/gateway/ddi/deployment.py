"""What an action brings, as a DDI client reads it (ddi-protocol 4, 7, 8).

Zephyr reads this into a buffer of some kilobytes: only what is needed stands in it.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from typing import Any

from whimbrel.domain.ddi import DdiFile, files_of, part_of
from whimbrel.domain.ddi_feedback import MESSAGES_MAX
from whimbrel.domain.job import Job
from whimbrel.domain.task import Task
from whimbrel.gateway.ddi.answers import DdiRefusedError
from whimbrel.gateway.ddi.exchange import DdiRequest, Desk
from whimbrel.ports.store import Deployment

#: Our jobs have no soft mode and no maintenance windows: what a device is told it shall do (docs/explanation).
HANDLING = "forced"


def content_number(task: Task, job: Job) -> int:
    """Changes when what the action brings does, so that a caching client fetches it again."""
    return zlib.crc32(repr((job.id, task.attempt, job.tags)).encode()) & 0x7FFF_FFFF


def not_found() -> DdiRefusedError:
    return DdiRefusedError(404, "NotFound", "the device has no such action, or none in a state that shows this")


async def find(request: DdiRequest, desk: Desk) -> Deployment:
    """The action of the path. Raises DdiRefusedError."""
    async with desk.store.snapshot() as store:
        found = await store.ddi_actions.deployment(request.contact.device_id, request.number)
    if found is None:
        raise not_found()
    return found


async def described(found: Deployment, member: str, request: DdiRequest, desk: Desk) -> dict[str, Any]:
    """The whole answer; `member` is what its middle is called."""
    content: dict[str, Any] = {
        "id": str(found.action.number),
        member: {"download": HANDLING, "update": HANDLING, "chunks": [await _chunk(found, request, desk)]},
    }
    history = await _history(found, request, desk)
    if history is not None:
        content["actionHistory"] = history
    return content


async def listed_files(found: Deployment, request: DdiRequest, desk: Desk) -> list[dict[str, Any]]:
    """The files with their digests and addresses. Raises DdiRefusedError when one of them is stored no more."""
    files = files_of(found.job, found.object_key)
    sha1s = await desk.sha1s.of([file.sha256 for file in files])
    if any(file.sha256 not in sha1s for file in files):
        raise DdiRefusedError(404, "FileGone", "a file of the action is stored no more")
    return [_described_file(file, sha1s, request.hrefs.file(found.action.number, file.name)) for file in files]


async def _chunk(found: Deployment, request: DdiRequest, desk: Desk) -> dict[str, Any]:
    job = found.job
    chunk: dict[str, Any] = {"part": part_of(job.module_name), "version": job.dest_version, "name": job.firmware_name}
    if job.tags:
        chunk["metadata"] = [{"key": tag.key, "value": tag.value} for tag in job.tags]
    chunk["artifacts"] = await listed_files(found, request, desk)
    return chunk


def _described_file(file: DdiFile, sha1s: Mapping[str, str], href: str) -> dict[str, Any]:
    # Clients without TLS look at the `-http` links only; the same address in both is fine (ddi-protocol 1, rule 8).
    checksum = f"{href}.MD5SUM"
    return {
        "filename": file.name,
        "size": file.size_bytes,
        "hashes": {"sha1": sha1s[file.sha256], "md5": file.md5, "sha256": file.sha256},
        "_links": {
            "download": {"href": href},
            "download-http": {"href": href},
            "md5sum": {"href": checksum},
            "md5sum-http": {"href": checksum},
        },
    }


async def _history(found: Deployment, request: DdiRequest, desk: Desk) -> dict[str, Any] | None:
    """What the device has said, newest first, when the query asks: `n` of it, or all that is kept for less than 0."""
    asked = request.query.get("actionHistory", "0")
    if len(asked) > 6 or not asked.removeprefix("-").isascii() or not asked.removeprefix("-").isdigit():
        raise DdiRefusedError(400, "InvalidParameter", "actionHistory must be a number")
    wanted = int(asked)
    if wanted == 0:
        return None
    limit = MESSAGES_MAX if wanted < 0 else min(wanted, MESSAGES_MAX)
    async with desk.store.snapshot() as store:
        messages = await store.ddi_actions.history(found.action.device_id, found.action.number, limit)
    return {
        "status": "FINISHED" if not found.action.is_active else "RUNNING",
        "messages": [message.words or message.execution for message in messages],
    }
