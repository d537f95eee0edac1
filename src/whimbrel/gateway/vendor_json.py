"""The vendors' JSON for devices (device-protocol 4, 6), within the limits of their SDKs' parsers."""

from __future__ import annotations

from typing import Any

import msgspec

from whimbrel.domain.notice import NoticeFile, UpgradeNotice
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
    """The reply to a device that asked; `data` is empty when there is nothing for it."""
    data = notice_data(pull.notice) if pull.notice else {}
    return _encode({"id": pull.id, "code": REPLY_CODE, "data": data})


def notice_data(notice: UpgradeNotice) -> dict[str, Any]:
    """The member `data`. No `dProtocol`: with it the C SDK drops a message that has no `streamId`."""
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
            "url": notice.url,
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
