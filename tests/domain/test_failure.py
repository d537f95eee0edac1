"""Why tasks fail, as reasons that many tasks share (domain/failure.py, ADR 0058)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whimbrel.domain.failure import (
    REASON_WORDS_LENGTH_MAX,
    WORDED_FROM,
    WORDED_MAX,
    Failure,
    FailureCode,
    failure_of,
    made_alike,
)
from whimbrel.domain.task import Task, TaskStatus, UpgradeGoal, after_progress, after_version, timed_out

ALIKE = [
    ("HTTP 503 from http://192.0.2.7/ota/fw.bin?token=a%20b", "HTTP 503 from #"),
    ("HTTP 404 from https://ota.example/x", "HTTP 404 from #"),
    ("write failed at 0x0801F000", "write failed at #"),
    ("write failed at offset 1048576, errno 28", "write failed at offset #, errno 28"),
    ("sha256 is deadbeef01 and not cafebabe02", "sha256 is # and not #"),
    ("defaced facade", "defaced facade"),
    ("peer 00:1b:63:84:45:e6 gone", "peer # gone"),
    ("host 192.0.2.7:8080 refused", "host # refused"),
    ("slot 6fb1c0de-0a9b-4c2d-8e3f-0123456789ab", "slot #"),
    ("battery 3.42 V at 57 %", "battery # V at # %"),
    ("battery at 57%", "battery at #%"),
    ("retry 3 of 5", "retry 3 of 5"),
    ("code 999", "code 999"),
    ("code 1000", "code #"),
    ("  too \t many\n blanks ", "too many blanks"),
    ("", ""),
]


@pytest.mark.parametrize(("words", "expected"), ALIKE)
def test_words_are_made_alike(words: str, expected: str) -> None:
    """What is one device's alone is masked; short numbers, which tell causes apart, stay."""
    assert made_alike(words) == expected


@pytest.mark.parametrize("length", [REASON_WORDS_LENGTH_MAX - 1, REASON_WORDS_LENGTH_MAX, REASON_WORDS_LENGTH_MAX + 1])
def test_I17_words_are_bounded(length: int) -> None:
    """At most 200 characters are kept."""
    assert made_alike("x" * length) == "x" * min(length, REASON_WORDS_LENGTH_MAX)


@given(st.text(max_size=1024))
def test_alike_is_alike(words: str) -> None:
    """Words that were made alike stay as they are, whatever a device says; they are on one line."""
    once = made_alike(words)
    assert made_alike(once) == once
    assert len(once) <= REASON_WORDS_LENGTH_MAX
    assert once == " ".join(once.split())


def running() -> Task:
    return Task(1, 1, 1, TaskStatus.IN_PROGRESS, 1, 0, None, "1.0.0", "")


@pytest.mark.parametrize(
    ("step", "code"),
    [
        (-1, FailureCode.UPGRADE_FAILED),
        (-2, FailureCode.DOWNLOAD_FAILED),
        (-3, FailureCode.CHECKSUM_FAILED),
        (-4, FailureCode.BURN_FAILED),
    ],
)
def test_what_a_device_reports(step: int, code: FailureCode) -> None:
    """A reported failure has its step's code, and the device's words; who says nothing has the code alone."""
    assert code.step == step
    for words, kept in (("", ""), ("flash: sector 7", "flash: sector 7"), ("timeout, 5 s", "timeout, 5 s")):
        failed = after_progress(running(), step, words, UpgradeGoal("2.0.0", None), 0)
        assert failed is not None
        assert failure_of(failed.description) == Failure(code, kept)


def test_a_wrong_version() -> None:
    """The version that the device reported tells what happened: it is not masked."""
    failed = after_version(running(), "1.0.2025.4711", UpgradeGoal("2.0.0", None))
    assert failed is not None
    assert failure_of(failed.description) == Failure(FailureCode.WRONG_VERSION, "1.0.2025.4711")


def test_what_the_server_says() -> None:
    """Time-outs and conflicts are their code alone, however long and with whom; all else is a general failure."""
    failed = timed_out(running(), 60)
    assert failed is not None
    assert failure_of(failed.description) == Failure(FailureCode.TIMEOUT)
    for had in ("has an open task in another job, task 7 of job 3", "had an open task in another job"):
        assert failure_of(f"the device {had}") == Failure(FailureCode.CONFLICT)
    assert failure_of("") == Failure(FailureCode.UPGRADE_FAILED)
    assert failure_of("something else") == Failure(FailureCode.UPGRADE_FAILED, "something else")


def test_numbers() -> None:
    """Codes and reasons with words have numbers of their own, which rows carry."""
    assert [code.value for code in FailureCode] == list(range(1, 9))
    assert (WORDED_FROM, WORDED_MAX) == (16, 50)
    assert [code.step for code in FailureCode] == [None, None, None, -1, -2, -3, -4, None]
