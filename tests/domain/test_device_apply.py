"""Applies: their statuses, and which names are at fault (api-contract 13.2)."""

from __future__ import annotations

import itertools

import pytest

from whimbrel.domain.device_apply import (
    KEPT_LENGTH_MAX,
    TRANSITIONS,
    Apply,
    ApplyStatus,
    AskedName,
    NameCheck,
    NameFault,
    status_after_check,
    status_after_step,
)

CHECK, CHECK_SUCCESS, CHECK_FAILED, CREATE, CREATE_SUCCESS, CREATE_FAILED = ApplyStatus
MAY_FOLLOW = {
    (CHECK, CHECK_SUCCESS),
    (CHECK, CHECK_FAILED),
    (CHECK_SUCCESS, CREATE),
    (CREATE, CREATE_SUCCESS),
    (CREATE, CREATE_FAILED),
}


@pytest.mark.parametrize(("old", "new"), list(itertools.product(ApplyStatus, repeat=2)))
def test_transitions(old: ApplyStatus, new: ApplyStatus) -> None:
    """An apply is checked, then created, each once; what failed its check is never created."""
    assert (new in TRANSITIONS[old]) is ((old, new) in MAY_FOLLOW)


@pytest.mark.parametrize(
    ("name", "nickname", "fault"),
    [
        ("lamp-0001", "", ""),
        ("lamp-0001", "kitchen", ""),
        ("abc", "", NameFault.NAME),
        ("x" * 33, "", NameFault.NAME),
        ("lamp 1", "abc", NameFault.NAME),
        ("lamp~0001", "", NameFault.NAME),
        ("taken-1", "", NameFault.TAKEN),
        ("taken-1", "abc", NameFault.TAKEN),
        ("lamp-0001", "abc", NameFault.NICKNAME),
        ("lamp-0001", "a-bcd", NameFault.NICKNAME),
    ],
)
def test_faults(name: str, nickname: str, fault: str) -> None:
    """A name's form comes before whether it is taken, and that before its nickname."""
    [judged] = NameCheck().judge([AskedName.of(name, nickname)], {"taken-1"})
    assert judged == AskedName(name, nickname, fault)


def test_repeated_names() -> None:
    """The first of equal names is good, every other one is at fault, also in a later piece of the list."""
    check = NameCheck()
    first = check.judge([AskedName("lamp-0001", ""), AskedName("Lamp-0001", ""), AskedName("lamp-0001", "")], ())
    second = check.judge([AskedName("lamp-0001", ""), AskedName("lamp-0002", "")], ())
    repeated = NameFault.REPEATED
    assert [name.fault for name in (*first, *second)] == ["", "", repeated, repeated, ""]


@pytest.mark.parametrize("length", [KEPT_LENGTH_MAX - 1, KEPT_LENGTH_MAX, KEPT_LENGTH_MAX + 1])
def test_long_texts_are_cut(length: int) -> None:
    """What is kept of a name and a nickname is bounded; cutting makes none of them valid."""
    name = AskedName.of("x" * length, "y" * length)
    assert (len(name.device_name), len(name.nickname)) == (min(length, KEPT_LENGTH_MAX),) * 2
    assert NameCheck().judge([name], ())[0].fault == NameFault.NAME
    assert NameCheck().judge([AskedName.of("lamp", "y" * length)], ())[0].fault == NameFault.NICKNAME


def test_status_after_check() -> None:
    """One fault fails the apply."""
    assert [status_after_check(has_fault) for has_fault in (False, True)] == [CHECK_SUCCESS, CHECK_FAILED]


@pytest.mark.parametrize(
    ("done", "failed", "status"),
    [(0, 0, CREATE), (9, 9, CREATE), (10, 0, CREATE_SUCCESS), (10, 1, CREATE_FAILED), (10, 10, CREATE_FAILED)],
)
def test_status_after_step(done: int, failed: int, status: ApplyStatus) -> None:
    """Created when all names were looked at; failed when one of them became no device."""
    apply = Apply(1, 1, 1, "k", CREATE, False, 10, 0, 0, 0)
    assert status_after_step(apply, done, failed) is status
