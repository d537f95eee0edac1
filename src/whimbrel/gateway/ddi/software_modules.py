"""The files of the device's actions (ddi-protocol 10).

Allowed while the action is to be installed, or once it was: a cancelled task's file is not served from the moment the
cancel was answered (I8). What another device was told of is not there (404, never 403).
"""

from __future__ import annotations

from whimbrel.asgi import Answer
from whimbrel.domain.ddi import DdiFile, files_of
from whimbrel.domain.ddi_action import Action, ActionState
from whimbrel.gateway.ddi.answers import document
from whimbrel.gateway.ddi.deployment import find, listed_files, not_found
from whimbrel.gateway.ddi.exchange import DdiRequest, Desk, ServedFile
from whimbrel.ports.store import Deployment

CHECKSUM_SUFFIX = ".MD5SUM"


async def show(request: DdiRequest, desk: Desk) -> Answer:
    return document(await listed_files(await _find(request, desk), request, desk), request.media)


async def serve(request: DdiRequest, desk: Desk) -> Answer | None:
    found, name = await _find(request, desk), request.arguments[1]
    files = {file.name: file for file in files_of(found.job, found.object_key)}
    if name in files:
        file = files[name]
        sha1s = await desk.sha1s.of([file.sha256])
        if file.sha256 not in sha1s:
            raise not_found()
        served = ServedFile(file.sha256, sha1s[file.sha256], file.size_bytes, file.name, found.task.id)
        await desk.serve(served, request.connection)
        return None
    if name.endswith(CHECKSUM_SUFFIX) and name.removesuffix(CHECKSUM_SUFFIX) in files:
        return _checksum(files[name.removesuffix(CHECKSUM_SUFFIX)])
    raise not_found()


async def _find(request: DdiRequest, desk: Desk) -> Deployment:
    found = await find(request, desk)
    if not _may_download(found.action):
        raise not_found()
    return found


def _may_download(action: Action) -> bool:
    return action.is_deployable or action.is_installed or action.state is ActionState.SUCCEEDED


def _checksum(file: DdiFile) -> Answer:
    body = f"{file.md5}  {file.name}".encode()
    headers = [
        (b"content-type", b"text/plain;charset=UTF-8"),
        (b"content-length", str(len(body)).encode()),
        (b"content-disposition", f"attachment;filename={file.name}{CHECKSUM_SUFFIX}".encode()),
        (b"x-content-type-options", b"nosniff"),
    ]
    return Answer(200, headers, body)
