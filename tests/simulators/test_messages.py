"""What a virtual device understands of a push, and what it says."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whimbrel.simulator.messages import AnnouncedFile, Notice, progress_message, read_notice, version_message

DATA = {"size": 8, "version": "2.0.0", "url": "http://h/f/t", "signMethod": "Md5", "sign": "0" * 32, "md5": "0" * 32}
FILE = AnnouncedFile(8, "md5", "0" * 32, "http://h/f/t")
NOTICE = Notice("2.0.0", "default", (FILE,))
ENTRY = {"fileSize": 8, "fileName": "a", "fileUrl": "http://h/f/t", "fileSign": "0" * 32, "fileMd5": "0" * 32}
SINGLE = {"size": None, "url": None, "sign": None, "md5": None}


def push(**changes: Any) -> bytes:
    """A push whose data has some members changed; None takes a member out."""
    data = {name: value for name, value in {**DATA, **changes}.items() if value is not None}
    return json.dumps({"code": "1000", "data": data, "id": 1, "message": "success"}).encode()


def test_a_push_is_read() -> None:
    """A push becomes a notice; the module `default` is meant where none is named."""
    assert read_notice(push()) == NOTICE
    by_sha256 = NOTICE._replace(module="MCU", files=(FILE._replace(digest_name="sha256"),))
    assert read_notice(push(module="MCU", signMethod="SHA256")) == by_sha256


@pytest.mark.parametrize(("entries", "files"), [(0, None), (1, None), (2, 2), (19, 19), (20, 20), (21, None)])
def test_several_files(entries: int, files: int | None) -> None:
    """Two to twenty entries are read by the names `file...`; a list of one by those names is dropped, as none is."""
    notice = read_notice(push(files=[ENTRY] * entries, **SINGLE))
    assert (notice and len(notice.files)) == files
    assert notice is None or set(notice.files) == {FILE}


def test_a_list_of_one_file() -> None:
    """The C SDK looks inside a list of one for the names of the single form."""
    only = {name: DATA[name] for name in ("size", "url", "sign")}
    assert read_notice(push(files=[only], **SINGLE)) == NOTICE


@pytest.mark.parametrize("change", [{"fileSize": 0}, {"fileUrl": ""}, {"fileSign": None}, {"fileSize": "8"}])
def test_one_bad_file_drops_the_notice(change: dict[str, Any]) -> None:
    """A list with a file that cannot be taken is no notice."""
    assert read_notice(push(files=[ENTRY, ENTRY | change], **SINGLE)) is None


@pytest.mark.parametrize(
    "payload",
    [
        *(push(**{name: None}) for name in ("size", "version", "url", "signMethod", "sign")),
        *(push(**{name: ""}) for name in ("version", "url", "sign")),
        push(signMethod="MD5"),
        push(signMethod=["Md5"]),
        push(size="8"),
        push(size=0),
        push(size=True),
        push(url=7),
        b"",
        b"[]",
        b'{"data":[]}',
        b'{"data":null}',
        b"\xff",
    ],
)
def test_what_a_vendor_sdk_drops_is_dropped(payload: bytes) -> None:
    """Missing, empty and mistyped members and other spellings of a sign method make a push no notice."""
    assert read_notice(payload) is None


@given(
    st.binary()
    | st.recursive(
        st.none() | st.text() | st.integers(), lambda inner: st.dictionaries(st.sampled_from(["data", *DATA]), inner)
    ).map(lambda value: json.dumps(value).encode())
)
def test_junk_raises_nothing(payload: bytes) -> None:
    """Whatever arrives is a notice or none."""
    read_notice(payload)


def test_a_repetition_may_bring_another_link() -> None:
    """The same command with a fresh link is a repetition; another version or digest is not (I12)."""
    assert NOTICE._replace(files=(FILE._replace(url="http://h/f/u"),)).is_repetition_of(NOTICE)
    assert not NOTICE._replace(version="3.0.0").is_repetition_of(NOTICE)
    assert not NOTICE._replace(files=(FILE._replace(digest="1" * 32),)).is_repetition_of(NOTICE)


def test_reports_have_the_vendors_form() -> None:
    """Version and progress reports are the JSON of device-protocol 3 and 5, the step as text."""
    assert json.loads(version_message(7, "1.0.0")) == {"id": "7", "params": {"version": "1.0.0"}}
    assert json.loads(progress_message(8, -2, "no")) == {"id": "8", "params": {"step": "-2", "desc": "no"}}
    assert json.loads(version_message(7, "1", "MCU"))["params"] == {"version": "1", "module": "MCU"}
    assert json.loads(progress_message(8, 1, "", "MCU"))["params"] == {"step": "1", "desc": "", "module": "MCU"}
