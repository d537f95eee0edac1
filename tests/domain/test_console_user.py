"""Users of the console: roles as policies, names, and when links and sessions end (A06, A10, A15, A16)."""

from __future__ import annotations

import pytest

from whimbrel.domain.access import Permission
from whimbrel.domain.console_user import (
    INVITATION_MS_MAX,
    SESSION_IDLE_MS_MAX,
    SESSION_MS_MAX,
    SESSION_SEEN_EVERY_MS,
    USER_NAME,
    ConsoleUser,
    Invitation,
    Purpose,
    Role,
    UserSession,
    UserStatus,
    actor_of,
    folded,
    policy_of,
    sees_secrets,
    token_digest,
    user_of_actor,
)

NOW_MS = 1_735_787_045_678
READS = {"product:read", "device:read", "group:read", "firmware:read", "job:read", "rollout:read", "overview:read"}
WRITES = {"firmware:write", "job:write", "device:write", "group:write"}


def allowed(role: Role) -> set[str]:
    """The permissions that the role has in the whole account."""
    scopes = {permission.value: policy_of(role).scope_of("AnyAction", permission) for permission in Permission}
    return {name for name, scope in scopes.items() if scope is not None and scope.is_whole_account}


def user_of(
    role: Role = Role.ADMIN, password_hash: str = "hash", status: UserStatus = UserStatus.ACTIVE
) -> ConsoleUser:
    return ConsoleUser(1, 1, "Ann", role, password_hash, status)


def session_of(seen_after_ms: int = 0) -> UserSession:
    return UserSession(1, 1, 1, "digest", NOW_MS, NOW_MS + seen_after_ms, NOW_MS + SESSION_MS_MAX)


@pytest.mark.parametrize(
    ("role", "permissions"),
    [
        (Role.VIEWER, READS),
        (Role.RELEASER, READS | WRITES),
        (Role.ADMIN, {permission.value for permission in Permission}),
    ],
)
def test_A06_a_role_is_a_policy(role: Role, permissions: set[str]) -> None:
    """Viewers read, releasers also release, admins do everything; only they hand out rights."""
    assert allowed(role) == permissions
    assert policy_of(role).is_everything is (role is Role.ADMIN)
    assert sees_secrets(role) is (role is not Role.VIEWER)


def test_who_may_sign_in_and_who_hands_out_rights() -> None:
    """Active users with a password; active admins, whether or not they have signed in yet."""
    invited, disabled = user_of(password_hash=""), user_of(status=UserStatus.DISABLED)
    assert [user.may_sign_in for user in (user_of(), invited, disabled)] == [True, False, False]
    assert [user.is_root for user in (user_of(), invited, disabled, user_of(Role.RELEASER))] == [
        True,
        True,
        False,
        False,
    ]


@pytest.mark.parametrize(
    ("name", "is_one"),
    [
        ("a", True),
        ("ann", True),
        ("ann.o+x@example-1.org", True),
        ("7_of_9", True),
        ("a" * 64, True),
        ("a" * 65, False),
        ("", False),
        (".ann", False),
        ("@ann", False),
        ("ann bob", False),
        ("ann:bob", False),
        ("ann\n", False),
        ("аnn", False),  # a Cyrillic letter that looks Latin
        ("安", False),
        ("ann/", False),
    ],
)
def test_A16_names(name: str, is_one: bool) -> None:
    """1 to 64 letters, digits and `_.@+-` of ASCII, beginning with a letter or a digit."""
    assert (USER_NAME.fullmatch(name) is not None) is is_one


def test_A16_an_actor_is_a_key_or_a_user() -> None:
    """`user:NAME` is no AccessKeyId, and an AccessKeyId no user; names are the same in any case."""
    assert user_of().actor == actor_of("Ann") == "user:Ann"
    assert user_of_actor("user:Ann") == "Ann"
    assert user_of_actor("n3Xy7QbW0kTfLr5JcVhPs2Ga") is None
    assert folded("aNN@Example.ORG") == folded("Ann@example.org")


@pytest.mark.parametrize(
    ("after_ms", "is_open"), [(0, True), (INVITATION_MS_MAX - 1, True), (INVITATION_MS_MAX, False)]
)
def test_A10_an_invitation_ends(after_ms: int, is_open: bool) -> None:
    """After a day, to the millisecond."""
    invitation = Invitation("digest", 1, None, Purpose.FIRST, "key", NOW_MS, NOW_MS + INVITATION_MS_MAX)
    assert invitation.is_open(NOW_MS + after_ms) is is_open


@pytest.mark.parametrize(
    ("seen_after_ms", "after_ms", "is_open"),
    [
        (0, SESSION_IDLE_MS_MAX - 1, True),
        (0, SESSION_IDLE_MS_MAX, False),
        (0, SESSION_IDLE_MS_MAX + 1, False),
        (SESSION_MS_MAX - 2, SESSION_MS_MAX - 1, True),
        (SESSION_MS_MAX - 2, SESSION_MS_MAX, False),
        (SESSION_MS_MAX - 2, SESSION_MS_MAX + 1, False),
    ],
)
def test_A10_a_session_ends(seen_after_ms: int, after_ms: int, is_open: bool) -> None:
    """An hour after its last use, and twelve hours after the sign-in at the latest."""
    assert session_of(seen_after_ms).is_open(NOW_MS + after_ms) is is_open


@pytest.mark.parametrize(
    ("after_ms", "is_written"), [(SESSION_SEEN_EVERY_MS - 1, False), (SESSION_SEEN_EVERY_MS, True)]
)
def test_I17_a_use_is_written_once_a_minute(after_ms: int, is_written: bool) -> None:
    """A browser that asks all the time does not write all the time."""
    assert session_of().wants_seen(NOW_MS + after_ms) is is_written


def test_A15_a_digest_shows_no_token() -> None:
    """SHA-256 of the token's bytes, also of one that is no text."""
    assert token_digest("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert len(token_digest("\ud800")) == 64
