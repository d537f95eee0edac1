"""Permissions and policies: deny by default (A06, A08)."""

from __future__ import annotations

import pytest

from whimbrel.domain.access import EVERYTHING, Permission, Policy


@pytest.mark.parametrize("permission", list(Permission))
def test_is_read(permission: Permission) -> None:
    """A permission is of reading exactly when its name says so."""
    assert permission.is_read is permission.value.endswith(":read")


def test_permissions_come_in_pairs() -> None:
    """Each noun has a permission to read and one to write."""
    nouns = {permission.value.partition(":")[0] for permission in Permission}
    assert {permission.value for permission in Permission} == {f"{n}:{w}" for n in nouns for w in ("read", "write")}


def test_policy_allows_what_it_names() -> None:
    """A policy allows its permissions and no other."""
    policy = Policy(frozenset({Permission.JOB_READ}))
    assert [permission for permission in Permission if policy.allows(permission)] == [Permission.JOB_READ]


@pytest.mark.parametrize("permission", list(Permission))
def test_empty_policy_allows_nothing(permission: Permission) -> None:
    """A policy without permissions allows nothing, the full one everything."""
    assert not Policy(frozenset()).allows(permission)
    assert EVERYTHING.allows(permission)


@pytest.mark.parametrize(
    ("policy", "text"),
    [
        (EVERYTHING, "*"),
        (Policy(frozenset()), ""),
        (Policy(frozenset({Permission.JOB_WRITE, Permission.DEVICE_READ})), "device:read,job:write"),
    ],
)
def test_stored_form(policy: Policy, text: str) -> None:
    """A policy is stored as `*` or sorted names, and is read back as it was."""
    assert policy.to_text() == text
    assert Policy.from_text(text) == policy


@pytest.mark.parametrize(
    "text", ["root", "job:read,", "job:read,job:fly", "**", "* ", "JOB:READ,job:read", "job:read,*"]
)
def test_unknown_names_give_nothing(text: str) -> None:
    """A name that this release does not know gives no right, and `*` among names is no name."""
    expected = {Permission.JOB_READ} if "job:read" in text else set()
    assert Policy.from_text(text).permissions == expected
