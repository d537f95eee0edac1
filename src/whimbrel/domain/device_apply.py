"""Applies: devices that are registered many at a time (api-contract 13.2).

An apply with given names is checked when it is made; one for random names is nothing but a number. Both are then
registered by the engine, in steps.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from enum import StrEnum
from typing import NamedTuple

from whimbrel.domain.device import DEVICE_NAME, NICKNAME_LENGTH_MAX, is_valid_nickname

APPLY_NAMES_MAX = 10_000
KEPT_LENGTH_MAX = 2 * NICKNAME_LENGTH_MAX  # of a name or nickname: longer ones are malformed all the same


class ApplyStatus(StrEnum):
    CHECK = "CHECK"
    CHECK_SUCCESS = "CHECK_SUCCESS"
    CHECK_FAILED = "CHECK_FAILED"
    CREATE = "CREATE"
    CREATE_SUCCESS = "CREATE_SUCCESS"
    CREATE_FAILED = "CREATE_FAILED"

    @property
    def has_failed(self) -> bool:
        return self in (ApplyStatus.CHECK_FAILED, ApplyStatus.CREATE_FAILED)


#: From each status, the statuses that may follow. Nothing else decides.
TRANSITIONS: dict[ApplyStatus, frozenset[ApplyStatus]] = {
    ApplyStatus.CHECK: frozenset({ApplyStatus.CHECK_SUCCESS, ApplyStatus.CHECK_FAILED}),
    ApplyStatus.CHECK_SUCCESS: frozenset({ApplyStatus.CREATE}),
    ApplyStatus.CHECK_FAILED: frozenset(),
    ApplyStatus.CREATE: frozenset({ApplyStatus.CREATE_SUCCESS, ApplyStatus.CREATE_FAILED}),
    ApplyStatus.CREATE_SUCCESS: frozenset(),
    ApplyStatus.CREATE_FAILED: frozenset(),
}


class NameFault(StrEnum):
    """Why a name becomes no device; the text is what clients read."""

    NAME = "the device name is not of the form wanted"
    NICKNAME = "the nickname is not of the form wanted"
    REPEATED = "the device name is given more than once"
    TAKEN = "the product has a device of this name"


class AskedName(NamedTuple):
    """One device that is asked for; nickname and fault are empty when there is none."""

    device_name: str
    nickname: str
    fault: str = ""

    @staticmethod
    def of(device_name: str, nickname: str) -> AskedName:
        """What is too long to be valid is kept as far as a person needs it."""
        return AskedName(device_name[:KEPT_LENGTH_MAX], nickname[:KEPT_LENGTH_MAX])


class ApplyDraft(NamedTuple):
    """An apply about to be stored; `names` is how many devices it is for."""

    account_id: int
    product_id: int
    status: ApplyStatus
    is_random: bool
    names: int
    created_ms: int


class Apply(NamedTuple):
    """A stored apply with its product's key. `done_number` names have been registered or have failed."""

    id: int
    account_id: int
    product_id: int
    product_key: str
    status: ApplyStatus
    is_random: bool
    names: int
    done_number: int
    failed: int
    created_ms: int


class NameCheck:
    """Judges the names of one apply, some at a time: a name that comes again is at fault wherever it comes."""

    def __init__(self) -> None:
        self._seen: set[str] = set()

    def judge(self, names: Sequence[AskedName], taken: Collection[str]) -> list[AskedName]:
        """The names, each with its fault; `taken` are those of them that the product has."""
        judged = []
        for name in names:
            fault = _fault(name, name.device_name in self._seen, name.device_name in taken)
            self._seen.add(name.device_name)
            judged.append(name._replace(fault=fault))
        return judged


def _fault(name: AskedName, is_repeated: bool, is_taken: bool) -> str:
    if DEVICE_NAME.fullmatch(name.device_name) is None:
        return NameFault.NAME
    if is_repeated:
        return NameFault.REPEATED
    if is_taken:
        return NameFault.TAKEN
    return NameFault.NICKNAME if name.nickname and not is_valid_nickname(name.nickname) else ""


def status_after_check(has_fault: bool) -> ApplyStatus:
    """One name at fault fails the whole apply: nothing is registered of it."""
    return ApplyStatus.CHECK_FAILED if has_fault else ApplyStatus.CHECK_SUCCESS


def status_after_step(apply: Apply, done_number: int, failed: int) -> ApplyStatus:
    """The status once names up to `done_number` were looked at and `failed` in all became no device."""
    if done_number < apply.names:
        return apply.status
    return ApplyStatus.CREATE_FAILED if failed else ApplyStatus.CREATE_SUCCESS
