"""The vendors' JSON, within what their device SDKs can read (device-protocol 4, 6)."""

from __future__ import annotations

import json
from urllib.parse import urlsplit

import pytest

from whimbrel.domain.notice import NoticeFile, UpgradeNotice
from whimbrel.gateway.vendor_json import pull_object, pull_payload, upgrade_payload
from whimbrel.reports.declaration import Pull

NOW_MS = 1_700_000_000_000
MD5, SHA256 = "b" * 32, "a" * 64
NOTICE = UpgradeNotice(
    device_id=1,
    task_id=2**63 - 1,
    attempt=1,
    module_name="default",
    dest_version="2.0.0",
    is_difference=False,
    size_bytes=1048576,
    sign_method="MD5",
    sign=MD5,
    md5=MD5,
    url="https://ota.example/f/token",
    extra={},
)
DATA = {
    "size": 1048576,
    "version": "2.0.0",
    "url": "https://ota.example/f/token",
    "signMethod": "Md5",
    "sign": MD5,
    "md5": MD5,
}


def test_push() -> None:
    """A push has code "1000" as text, its time as id, and the members of device-protocol 4."""
    message = json.loads(upgrade_payload(NOTICE, NOW_MS))
    assert message == {"code": "1000", "data": DATA, "id": NOW_MS, "message": "success"}


@pytest.mark.parametrize(
    ("changes", "members"),
    [
        ({"sign_method": "SHA256", "sign": SHA256}, {"signMethod": "SHA256", "sign": SHA256, "md5": None}),
        ({"is_difference": True}, {"isDiff": 1}),
        ({"module_name": "MCU"}, {"module": "MCU"}),
        ({"extra": {"k": "值", "_package_udi": "u"}}, {"extData": {"k": "值", "_package_udi": "u"}}),
    ],
)
def test_members(changes: dict[str, object], members: dict[str, object]) -> None:
    """Members are there exactly when they say something; with SHA-256 there is no md5."""
    message = json.loads(upgrade_payload(NOTICE._replace(**changes), NOW_MS))
    assert message["data"] == {name: value for name, value in (DATA | members).items() if value is not None}


@pytest.mark.parametrize("method", ["MD5", "SHA256"])
def test_several_files(method: str) -> None:
    """`files` takes the place of size, url, sign and md5, with the names that the C SDK reads in a longer list."""
    files = tuple(NoticeFile(f"f{n}", n, f"sign{n}", f"md5{n}", f"https://ota.example/f/{n}") for n in (1, 2))
    notice = NOTICE._replace(
        files=files, url="", sign_method=method, is_difference=True, module_name="MCU", extra={"k": "v"}
    )
    data = json.loads(upgrade_payload(notice, NOW_MS))["data"]
    assert data == json.loads(pull_payload(Pull("1", notice)))["data"]
    entries = data.pop("files")
    wanted = {"version": "2.0.0", "isDiff": 1, "module": "MCU", "extData": {"k": "v"}}
    assert data == {**wanted, "signMethod": "Md5" if method == "MD5" else "SHA256"}
    told = {"fileName": "f1", "fileSize": 1, "fileUrl": "https://ota.example/f/1", "fileSign": "sign1"}
    assert entries[0] == told | ({"fileMd5": "md51"} if method == "MD5" else {})
    assert [entry["fileName"] for entry in entries] == ["f1", "f2"]


def test_the_bytes_of_a_single_file_stay_what_they_were() -> None:
    """A push for one file is byte for byte that of the first release: devices in the field have read nothing else."""
    assert upgrade_payload(NOTICE, NOW_MS) == (
        b'{"code":"1000","data":{"size":1048576,"version":"2.0.0","url":"https://ota.example/f/token",'
        b'"signMethod":"Md5","sign":"%b","md5":"%b"},"id":1700000000000,"message":"success"}'
        % (MD5.encode(), MD5.encode())
    )


@pytest.mark.parametrize("method", ["MD5", "SHA256"])
def test_only_names_that_the_sdks_know(method: str) -> None:
    """The sign method is one of the two spellings that every vendor SDK accepts."""
    data = json.loads(upgrade_payload(NOTICE._replace(sign_method=method), NOW_MS))["data"]
    assert data["signMethod"] in ("Md5", "SHA256")
    assert "dProtocol" not in data


@pytest.mark.parametrize("message_id", ["123", 123, None, "", 2**63, -5])
def test_pull_reply(message_id: str | int | None) -> None:
    """A reply has code 200 as number and the asker's id in its own type; with nothing to do its data is empty."""
    assert json.loads(pull_payload(Pull(message_id, NOTICE))) == {"id": message_id, "code": 200, "data": DATA}
    assert json.loads(pull_payload(Pull(message_id, None))) == {"id": message_id, "code": 200, "data": {}}


def test_the_url_keeps_its_length() -> None:
    """Nothing is put into the link on its way out: host and path stay as short as they were made."""
    parts = urlsplit(json.loads(upgrade_payload(NOTICE, NOW_MS))["data"]["url"])
    assert (parts.netloc, parts.path, parts.query) == ("ota.example", "/f/token", "")


STREAM = {name: value for name, value in DATA.items() if name != "url"} | {
    "dProtocol": "mqtt",
    "streamId": NOTICE.task_id,
    "streamFileId": 1,
}


def test_a_stream_has_ids_in_the_place_of_its_url() -> None:
    """With MQTT the notice names the stream and its one file, in pushes and in replies; there is no url."""
    notice = NOTICE._replace(is_streamed=True)
    assert json.loads(upgrade_payload(notice, NOW_MS))["data"] == STREAM
    assert json.loads(pull_payload(Pull("1", notice)))["data"] == STREAM


def test_a_door_that_cannot_stream_gives_the_link() -> None:
    """A device that asks over HTTPS can download over it, whatever the job prefers."""
    answer = pull_object(Pull(7, NOTICE._replace(is_streamed=True)), can_stream=False)
    assert answer == {"id": 7, "code": 200, "data": DATA}


def test_ids_up_to_32_bits_are_what_the_c_sdk_reads() -> None:
    """The stream's id is the task's and a number, as the C SDK parses it."""
    data = json.loads(upgrade_payload(NOTICE._replace(is_streamed=True, task_id=2**32 - 1), NOW_MS))["data"]
    assert (data["streamId"], data["streamFileId"]) == (2**32 - 1, 1)
