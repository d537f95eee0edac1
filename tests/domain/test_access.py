"""Permissions, statements, scopes and policies: deny by default, and no right out of two statements (A06, A08)."""

from __future__ import annotations

import itertools
import re

import pytest

from whimbrel.domain.access import (
    ACCOUNT_NAME,
    ACTION_NAME,
    EVERYTHING,
    GROUP_ID,
    KEY_NAME,
    NOTHING,
    Access,
    AccessKey,
    Grant,
    KeyStatus,
    Permission,
    Policy,
    Scope,
    Statement,
)

READ, WRITE = Access.READ, Access.WRITE


def names(*texts: str) -> frozenset[str]:
    return frozenset(texts)


def scope_of(*grants: Grant, is_read: bool = False) -> Scope:
    return Scope(grants, is_read)


@pytest.mark.parametrize("permission", list(Permission))
def test_is_read(permission: Permission) -> None:
    """A permission is of reading exactly when its name says so."""
    assert permission.is_read is permission.value.endswith(":read")


def test_permissions_come_in_pairs() -> None:
    """Each noun has a permission to read and one to write; an overview is made of the others and is only read."""
    nouns = {permission.value.partition(":")[0] for permission in Permission}
    pairs = {f"{noun}:{way}" for noun in nouns for way in ("read", "write")}
    assert {permission.value for permission in Permission} == pairs - {"overview:write"}


@pytest.mark.parametrize(
    ("actions", "access", "action", "permission", "is_named"),
    [
        ("*", WRITE, "DeleteProduct", Permission.PRODUCT_WRITE, True),
        ("*", READ, "DeleteProduct", Permission.PRODUCT_WRITE, False),
        ("*", READ, "QueryProduct", Permission.PRODUCT_READ, True),
        ("QueryProduct", WRITE, "QueryProduct", Permission.PRODUCT_READ, True),
        ("QueryProduct", WRITE, "QueryProductList", Permission.PRODUCT_READ, False),
        ("QueryProduct", WRITE, "queryproduct", Permission.PRODUCT_READ, False),
        ("QueryProduct*", WRITE, "QueryProduct", Permission.PRODUCT_READ, True),
        ("QueryProduct*", WRITE, "QueryProductList", Permission.PRODUCT_READ, True),
        ("Query*", WRITE, "DeleteQuery", Permission.PRODUCT_WRITE, False),
        ("Delete*", READ, "DeleteProduct", Permission.PRODUCT_WRITE, False),
        ("product:read", WRITE, "QueryProduct", Permission.PRODUCT_READ, True),
        ("product:read", WRITE, "DeleteProduct", Permission.PRODUCT_WRITE, False),
        ("product:write", WRITE, "DeleteProduct", Permission.PRODUCT_WRITE, True),
        ("product:write", WRITE, "QueryProduct", Permission.PRODUCT_READ, False),
        ("product:write", READ, "DeleteProduct", Permission.PRODUCT_WRITE, False),
        ("product:write", WRITE, "CreateOTAFirmware", Permission.FIRMWARE_WRITE, False),
    ],
)
def test_statements_name_actions(
    actions: str, access: Access, action: str, permission: Permission, is_named: bool
) -> None:
    """A statement names what it says, letter by letter; for reading it names nothing that changes something."""
    assert Statement(names(actions), access).names(action, permission) is is_named


@pytest.mark.parametrize("permission", list(Permission))
def test_empty_policy_allows_nothing(permission: Permission) -> None:
    """A policy without statements allows nothing, the full one everything, in the whole account."""
    assert Policy(()).scope_of("Anything", permission) is None
    scope = EVERYTHING.scope_of("Anything", permission)
    assert scope is not None
    assert scope.is_whole_account


@pytest.mark.parametrize("permission", list(Permission))
def test_a_policy_of_permissions(permission: Permission) -> None:
    """It opens the operations of its permissions in the whole account, and no other."""
    policy = Policy.of_permissions({permission})
    opened = [each for each in Permission if policy.scope_of("Anything", each)]
    assert opened == [permission]
    assert Policy.of_permissions([]) == Policy(())


def test_A06_statements_are_not_mixed() -> None:
    """What one statement opens is never reached by another's actions, nor its products with another's groups."""
    policy = Policy(
        (
            Statement(names("QueryDevice"), WRITE, names("pk1"), None),
            Statement(names("DeleteDevice"), WRITE, names("pk2"), names("g2")),
            Statement(names("DeleteDevice"), WRITE, names("pk3"), names("g3")),
        )
    )
    query = policy.scope_of("QueryDevice", Permission.DEVICE_READ)
    delete = policy.scope_of("DeleteDevice", Permission.DEVICE_WRITE)
    assert query is not None
    assert delete is not None
    keys, groups = ("pk1", "pk2", "pk3"), ("g2", "g3")
    pairs = list(itertools.product(keys, groups))
    assert [pair for pair in pairs if query.covers_device(pair[0], [pair[1]])] == [("pk1", "g2"), ("pk1", "g3")]
    assert [pair for pair in pairs if delete.covers_device(pair[0], [pair[1]])] == [("pk2", "g2"), ("pk3", "g3")]
    assert [key for key in keys if delete.covers_all_devices_of(key)] == []
    assert [key for key in keys if delete.covers_product(key)] == []
    assert policy.scope_of("QueryProduct", Permission.PRODUCT_READ) is None


ALL, OF_PK = Grant(None, None), Grant(names("pk"), None)
OF_G, OF_PK_G = Grant(None, names("g")), Grant(names("pk"), names("g"))


@pytest.mark.parametrize(
    ("grant", "is_read", "expected"),
    [
        (ALL, False, "111111111"),
        (ALL, True, "111111111"),
        (OF_PK, False, "011111110"),
        (OF_PK, True, "011111110"),
        (OF_G, False, "001010101"),
        (OF_G, True, "011010101"),
        (OF_PK_G, False, "001010101"),
        (OF_PK_G, True, "011010101"),
        (Grant(names("other"), None), True, "000000000"),
        (Grant(None, names("other")), False, "001000000"),
        (Grant(names(), None), True, "000000000"),
    ],
)
def test_what_a_grant_opens(grant: Grant, is_read: bool, expected: str) -> None:
    """Products open themselves and all that is theirs; groups open themselves, their devices and jobs for them."""
    scope = scope_of(grant, is_read=is_read)
    found = [
        scope.is_whole_account,
        scope.covers_product("pk"),
        scope.may_name_product("pk"),
        scope.covers_all_devices_of("pk"),
        scope.covers_device("pk", ["x", "g"]),
        scope.covers_device("pk", []),
        scope.covers_job("pk", "g"),
        scope.covers_job("pk", None),
        scope.covers_group("g"),
    ]
    assert "".join(str(int(answer)) for answer in found) == expected


def test_nothing_covers_nothing() -> None:
    """The scope of a call that no statement names is empty."""
    assert not NOTHING.is_whole_account
    assert not NOTHING.covers_product("pk")
    assert not NOTHING.covers_device("pk", ["g"])
    assert not NOTHING.covers_group("g")
    assert not NOTHING.covers_job("pk", None)


@pytest.mark.parametrize(
    ("statement", "is_everything"),
    [
        (Statement(names("*"), WRITE), True),
        (Statement(names("*", "QueryProduct"), WRITE), True),
        (Statement(names("*"), READ), False),
        (Statement(names("X*"), WRITE), False),
        (Statement(names("*"), WRITE, names("pk")), False),
        (Statement(names("*"), WRITE, None, names("g")), False),
        (Statement(frozenset(permission.value for permission in Permission), WRITE), False),
    ],
)
def test_everything(statement: Statement, is_everything: bool) -> None:
    """All rights are one statement with all actions, for writing, without limits; two halves do not make it."""
    assert Policy((statement,)).is_everything is is_everything
    assert Policy((Statement(names("*"), READ), statement)).is_everything is is_everything
    key = AccessKey(1, "id", "secret", True, Policy((statement,)))
    assert (key.is_root, key._replace(is_active=False).is_root) == (is_everything, False)
    assert (key.status, key._replace(is_active=False).status) == (KeyStatus.ACTIVE, KeyStatus.INACTIVE)


@pytest.mark.parametrize(
    ("policy", "text"),
    [
        (EVERYTHING, "*"),
        (Policy(()), "[]"),
        (Policy((Statement(names("b", "a"), READ),)), '[{"actions":["a","b"],"access":"read"}]'),
        (
            Policy((Statement(names("*"), WRITE, names("p2", "p1"), names()),)),
            '[{"actions":["*"],"access":"write","products":["p1","p2"],"groups":[]}]',
        ),
    ],
)
def test_stored_form(policy: Policy, text: str) -> None:
    """A policy is stored as `*` or as sorted JSON, and is read back as it was: no limit is not an empty limit."""
    assert policy.to_text() == text
    assert Policy.from_text(text) == policy


@pytest.mark.parametrize(
    ("text", "opened"),
    [
        ("", []),
        ("job:read", [Permission.JOB_READ]),
        ("device:read,job:write", [Permission.DEVICE_READ, Permission.JOB_WRITE]),
        ("job:read,root", [Permission.JOB_READ]),
        ("job:read,*", [Permission.JOB_READ]),
        ("**", []),
        ("* ", []),
        ("JOB:READ", []),
    ],
)
def test_the_first_releases_form(text: str, opened: list[Permission]) -> None:
    """Permissions joined by commas, as the first release stored them, are whole-account rights; others give nothing."""
    policy = Policy.from_text(text)
    assert [permission for permission in Permission if policy.scope_of("Anything", permission)] == opened
    assert not policy.is_everything


@pytest.mark.parametrize(
    ("pattern", "good", "bad"),
    [
        (ACCOUNT_NAME, ["a", "0", "a.b-c_d", "a" * 64], ["", ".a", "a b", "a" * 65, "ä", "a:b", "a\n"]),
        (KEY_NAME, ["a", "build server", "构建", "a@b.c", "a" * 64], ["", " a", "a" * 65, "a\tb", "<a>", "a\n"]),
        (ACTION_NAME, ["A", "Query*", "A" * 64], ["", "*", "A" * 65, "A*B", "A**", "job:read", "Ä"]),
        (GROUP_ID, ["a", "A-1_b", "a" * 64], ["", "a" * 65, "*", "a b", "a,b"]),
    ],
)
def test_alphabets(pattern: re.Pattern[str], good: list[str], bad: list[str]) -> None:
    """Names keep to their alphabet and length, so that none can be taken for another or for a separator (A16)."""
    assert [text for text in good if not pattern.fullmatch(text)] == []
    assert [text for text in bad if pattern.fullmatch(text)] == []
