"""What a device is told, and when it may be told (device-protocol 4, I8, I9, I12)."""

from __future__ import annotations

import pytest

from tests.domain.jobs import JOB as SAMPLE
from whimbrel.domain.download_link import LINK_SECONDS_MAX, is_genuine, read_token
from whimbrel.domain.firmware import FirmwareFile
from whimbrel.domain.job import DownloadProtocol, Tag
from whimbrel.domain.notice import LinkMaker, make_notice, may_deliver, may_stream
from whimbrel.domain.task import Task, TaskStatus

CONFIRM, QUEUED, NOTIFIED, IN_PROGRESS, SUCCEEDED, FAILED, CANCELED = TaskStatus
NOW_MS = 1_700_000_000_500
LINKS = LinkMaker(b"k" * 32, "https://ota.example")
TASK = Task(11, 22, 33, QUEUED, 2, 0, None, "1.0.0", "")
JOB = SAMPLE._replace(id=22, firmware_id=4, module_name="MCU", size_bytes=1234, fill_until=0)


def test_notice() -> None:
    """A notice is the job's firmware for the task's device, under the task's id and attempt."""
    notice = make_notice(TASK, JOB, LINKS, NOW_MS)
    digests = ("MD5", "b" * 32, "b" * 32)
    assert notice._replace(url="") == (33, 11, 2, "MCU", "2.0.0", False, 1234, *digests, "", {}, (), False)


def test_A14_link_is_bound_to_task_device_and_object() -> None:
    """The link is the task's, opens for its device and object alone, and lives 24 hours from now."""
    url = make_notice(TASK, JOB, LINKS, NOW_MS).url
    assert url.startswith("https://ota.example/f/")
    claim = read_token(url.rpartition("/")[2])
    assert claim is not None
    assert (claim.id, claim.expires_s) == (TASK.id, NOW_MS // 1000 + LINK_SECONDS_MAX)
    assert is_genuine(LINKS.key, claim, TASK.device_id, JOB.sha256)
    assert not is_genuine(LINKS.key, claim, TASK.device_id + 1, JOB.sha256)
    assert not is_genuine(LINKS.key, claim, TASK.device_id, "c" * 64)


def test_I12_a_repeated_notice_is_the_same_command() -> None:
    """Later, the notice differs in its link alone."""
    early, late = (make_notice(TASK, JOB, LINKS, NOW_MS + hours * 3_600_000) for hours in (0, 5))
    assert early.url != late.url
    assert early._replace(url=late.url) == late


@pytest.mark.parametrize("method", ["MD5", "SHA256"])
def test_several_files(method: str) -> None:
    """Of several files each has its own name, size, digests and link, good for its bytes alone; the notice has none."""
    files = tuple(FirmwareFile(n, f"f{n}", f"{n}" * 64, f"{n}" * 32, 10 + n, f"key{n}") for n in (1, 2))
    notice = make_notice(TASK, JOB._replace(files=files, md5="", sign_method=method), LINKS, NOW_MS)
    assert notice.url == ""
    for file, told in zip(files, notice.files, strict=True):
        sign = file.md5 if method == "MD5" else file.sha256
        assert told._replace(url="") == (file.name, file.size_bytes, sign, file.md5, "")
        claim = read_token(told.url.removeprefix("https://ota.example/f/"))
        assert claim is not None
        assert (claim.id, claim.file_number) == (TASK.id, file.number)
        assert [is_genuine(LINKS.key, claim, TASK.device_id, other.sha256) for other in files] == [
            other is file for other in files
        ]


def test_I12_a_repeated_notice_of_several_files() -> None:
    """It differs in its links alone."""
    files = tuple(FirmwareFile(n, f"f{n}", f"{n}" * 64, f"{n}" * 32, 10 + n, f"key{n}") for n in (1, 2))
    early, late = (make_notice(TASK, JOB._replace(files=files), LINKS, NOW_MS + hours * 3_600_000) for hours in (0, 5))
    assert {file.url for file in early.files}.isdisjoint(file.url for file in late.files)
    assert [file._replace(url="") for file in early.files] == [file._replace(url="") for file in late.files]


@pytest.mark.parametrize(("method", "sign"), [("MD5", "b" * 32), ("SHA256", "a" * 64)])
def test_sign(method: str, sign: str) -> None:
    """The sign is the digest that the job's sign method names."""
    assert make_notice(TASK, JOB._replace(sign_method=method), LINKS, NOW_MS).sign == sign


def test_extra() -> None:
    """Tags and the firmware's Udi travel along, and a difference says that it is one."""
    job = JOB._replace(tags=(Tag("k1", "v1"), Tag("k2", "值")), udi="u", firmware_type=1)
    notice = make_notice(TASK, job, LINKS, NOW_MS)
    assert notice.extra == {"k1": "v1", "k2": "值", "_package_udi": "u"}
    assert notice.is_difference


@pytest.mark.parametrize("status", list(TaskStatus))
def test_which_states_are_delivered(status: TaskStatus) -> None:
    """A task that waits for confirmation, or has ended, never leaves."""
    assert may_deliver(TASK._replace(status=status), JOB, "1.0.0", NOW_MS) is (
        status in (QUEUED, NOTIFIED, IN_PROGRESS)
    )


@pytest.mark.parametrize("status", [QUEUED, NOTIFIED, IN_PROGRESS])
def test_I8_a_state_being_cancelled_is_not_delivered(status: TaskStatus) -> None:
    """What is being cancelled does not leave any more; other states do."""
    for cancelled in TaskStatus:
        job = JOB._replace(cancelling=frozenset({cancelled}))
        assert may_deliver(TASK._replace(status=status), job, "1.0.0", NOW_MS) is (cancelled is not status)


@pytest.mark.parametrize("status", [QUEUED, NOTIFIED, IN_PROGRESS])
@pytest.mark.parametrize("reported", [None, "", "1.0.0", "1.0.1", "2.0.0"])
def test_I9_a_difference_needs_its_source_version(status: TaskStatus, reported: str | None) -> None:
    """A difference leaves for a device at its source version; one that has begun may go on."""
    job = JOB._replace(required_version="1.0.0")
    assert may_deliver(TASK._replace(status=status), job, reported, NOW_MS) is (
        reported == "1.0.0" or status is IN_PROGRESS
    )
    assert may_deliver(TASK._replace(status=status), JOB, reported, NOW_MS)


STREAMED = JOB._replace(download_protocol=DownloadProtocol.MQTT)


def test_a_streamed_notice_keeps_its_link() -> None:
    """A job over MQTT says so in its notice; the link is there too, for a door that cannot send blocks."""
    notice = make_notice(TASK, STREAMED, LINKS, NOW_MS)
    assert notice == make_notice(TASK, JOB, LINKS, NOW_MS)._replace(is_streamed=True)


@pytest.mark.parametrize("status", list(TaskStatus))
def test_I8_which_states_are_streamed(status: TaskStatus) -> None:
    """Blocks leave for a task that the device was told of and that has not ended, of a job over MQTT alone."""
    task = TASK._replace(status=status)
    assert may_stream(task, STREAMED) is (status in (NOTIFIED, IN_PROGRESS))
    assert not may_stream(task, JOB)


@pytest.mark.parametrize("status", [NOTIFIED, IN_PROGRESS])
def test_I8_a_state_being_cancelled_is_not_streamed(status: TaskStatus) -> None:
    """Once a cancel was answered nothing leaves, also before the engine has come to the task."""
    for cancelled in TaskStatus:
        job = STREAMED._replace(cancelling=frozenset({cancelled}))
        assert may_stream(TASK._replace(status=status), job) is (cancelled is not status)
