"""The vendors' JSON for devices (device-protocol 4, 6), within the limits of their SDKs' parsers."""

from __future__ import annotations

from typing import Any

import msgspec

from whimbrel.domain.notice import STREAM_FILE_ID, NoticeFile, UpgradeNotice
from whimbrel.domain.ota_module import DEFAULT_MODULE
from whimbrel.reports.declaration import Pull

UPGRADE_TOPIC = "/ota/device/upgrade/{pk}/{dn}"
PUSH_CODE = "1000"
REPLY_CODE = 200

#: The device SDKs read `Md5` where the API writes `MD5`; anything else drops the whole message (device-protocol 4).
DEVICE_SIGN_METHODS = {"MD5": "Md5", "SHA256": "SHA256"}

_encode = msgspec.json.Encoder().encode


def upgrade_payload(notice: UpgradeNotice, now_ms: int) -> bytes:
    """The push of a notice."""
    return _encode({"code": PUSH_CODE, "data": notice_data(notice), "id": now_ms, "message": "success"})


def pull_payload(pull: Pull) -> bytes:
    """The reply to a device that asked."""
    return _encode(pull_object(pull))


def pull_object(pull: Pull, *, can_stream: bool = True) -> dict[str, Any]:
    """The reply as an object; `data` is empty when there is nothing to do. A door that cannot stream gives the link."""
    notice = pull.notice
    if notice is not None and not can_stream:
        notice = notice._replace(is_streamed=False)
    return {"id": pull.id, "code": REPLY_CODE, "data": notice_data(notice) if notice else {}}


def notice_data(notice: UpgradeNotice) -> dict[str, Any]:
    """The member `data`. `dProtocol` with a stream only: with it the C SDK drops a message that has no `streamId`."""
    sign_method = DEVICE_SIGN_METHODS[notice.sign_method]
    data: dict[str, Any]
    if notice.files:
        data = {
            "files": [_file_data(file, has_md5=sign_method == "Md5") for file in notice.files],
            "version": notice.dest_version,
            "signMethod": sign_method,
        }
    else:
        data = {
            "size": notice.size_bytes,
            "version": notice.dest_version,
            **_source_data(notice),
            "signMethod": sign_method,
            "sign": notice.sign,
        }
        if sign_method == "Md5":
            data["md5"] = notice.md5
    if notice.is_difference:
        data["isDiff"] = 1
    if notice.module_name != DEFAULT_MODULE:
        data["module"] = notice.module_name
    if notice.extra:
        data["extData"] = notice.extra
    return data


def _source_data(notice: UpgradeNotice) -> dict[str, Any]:
    """Where a single file comes from. The C SDK keeps a stream's id in 32 bits, enough for four billion tasks."""
    if not notice.is_streamed:
        return {"url": notice.url}
    return {"dProtocol": "mqtt", "streamId": notice.task_id, "streamFileId": STREAM_FILE_ID}


def _file_data(file: NoticeFile, *, has_md5: bool) -> dict[str, Any]:
    """One entry of `files`: the C SDK reads these names when there are two entries or more."""
    data = {
        "fileSize": file.size_bytes,
        "fileName": file.name,
        "fileUrl": file.url,
        "fileSign": file.sign,
    }
    if has_md5:
        data["fileMd5"] = file.md5
    return data
