"""Contract of Store: users of the console, their invitations and sessions (I15, I17, A15, A21)."""

from __future__ import annotations

import pytest

from tests.contract.store_cases_access import FIRST, two_accounts
from tests.contract.store_cases_rig import Rig
from tests.engine.world import NOW_MS
from whimbrel.domain.console_user import (
    INVITATION_MS_MAX,
    SESSION_IDLE_MS_MAX,
    SESSION_MS_MAX,
    SESSIONS_MAX,
    ConsoleUser,
    Invitation,
    Purpose,
    Role,
    UserSession,
    UserStatus,
    token_digest,
)
from whimbrel.domain.paging import Listing, Page
from whimbrel.errors import ConsoleUserNameTakenError
from whimbrel.ports.store import NamedSession, SignedIn, Store


def user_of(account_id: int, name: str = "ann", role: Role = Role.ADMIN, **changes: object) -> ConsoleUser:
    user = ConsoleUser(0, account_id, name, role, "hash", created_ms=NOW_MS, modified_ms=NOW_MS)
    return user._replace(**changes)


def invitation_of(account_id: int, user_id: int | None, token: str = "link", **changes: object) -> Invitation:
    purpose = Purpose.FIRST if user_id is None else Purpose.USER
    ends_ms = NOW_MS + INVITATION_MS_MAX
    return Invitation(token_digest(token), account_id, user_id, purpose, "key", NOW_MS, ends_ms)._replace(**changes)


def session_of(user: ConsoleUser, token: str = "cookie", begun_ms: int = NOW_MS, **changes: object) -> UserSession:
    session = UserSession(
        0, user.account_id, user.id, token_digest(token), begun_ms, begun_ms, begun_ms + SESSION_MS_MAX, "::1", "agent"
    )
    return session._replace(**changes)


async def add_user(store: Store, user: ConsoleUser) -> ConsoleUser:
    async with store.transaction() as transaction:
        return await transaction.console_users.add(user)


async def add_session(store: Store, session: UserSession) -> UserSession:
    async with store.transaction() as transaction:
        return await transaction.console_sessions.add(session)


async def tokens_left(store: Store, *tokens: str) -> list[str]:
    """Which of these sessions are there."""
    async with store.snapshot() as snapshot:
        return [token for token in tokens if await snapshot.console_sessions.by_digest(token_digest(token))]


class TestConsoleUsers:
    async def test_round_trip(self, rig: Rig) -> None:
        """A user is found as added, by id and by name in any case, over a restart; all but name and birth change."""
        mine, _ = await two_accounts(rig.store)
        user = await add_user(rig.store, user_of(mine, "Ann@Example.org", password_hash=""))
        changed = user._replace(
            role=Role.VIEWER,
            password_hash="other",
            status=UserStatus.DISABLED,
            language="zh",
            modified_ms=NOW_MS + 1,
            last_sign_in_ms=NOW_MS + 2,
        )
        async with rig.store.transaction() as store:
            assert await store.console_users.by_name(mine, "aNN@eXAMPLE.ORG") == user
            await store.console_users.put(changed._replace(name="nobody", created_ms=1))
        async with (await rig.reopen()).snapshot() as store:
            assert await store.console_users.by_id(mine, user.id) == changed
            assert await store.console_users.by_name(mine, "nobody") is None

    async def test_A16_names_are_unique_whatever_their_case(self, rig: Rig) -> None:
        """A name that differs in case only is taken; in another account it is free, and the transaction may go on."""
        mine, other = await two_accounts(rig.store)
        await add_user(rig.store, user_of(mine, "Ann"))
        await add_user(rig.store, user_of(other, "ann"))
        async with rig.store.transaction() as store:
            with pytest.raises(ConsoleUserNameTakenError, match="aNN"):
                await store.console_users.add(user_of(mine, "aNN"))
            assert await store.console_users.count(mine) == 1

    async def test_I15_a_user_stays_in_its_account(self, rig: Rig) -> None:
        """Another account neither finds, changes, deletes, lists nor counts a user."""
        mine, other = await two_accounts(rig.store)
        user = await add_user(rig.store, user_of(mine))
        async with rig.store.transaction() as store:
            users = store.console_users
            assert (await users.by_id(other, user.id), await users.by_name(other, "ann")) == (None, None)
            await users.put(user._replace(account_id=other, role=Role.VIEWER))
            await users.delete(other, user.id)
            assert await users.page(other, FIRST) == Listing([], 0)
            assert await users.count_admins(other) == 0
            assert await users.page(mine, FIRST) == Listing([user], 1)

    async def test_pages(self, rig: Rig) -> None:
        """Users are listed newest first, and counted."""
        mine, _ = await two_accounts(rig.store)
        made = [await add_user(rig.store, user_of(mine, f"user{number}")) for number in range(3)]
        async with rig.store.snapshot() as store:
            pages = [await store.console_users.page(mine, Page(number, 2)) for number in (1, 2, 3)]
        assert pages == [Listing([made[2], made[1]], 3), Listing([made[0]], 3), Listing([], 3)]

    async def test_who_is_an_admin(self, rig: Rig) -> None:
        """Active admins who have a password, or came in without one, count; not the one that is left out."""
        mine, _ = await two_accounts(rig.store)
        first = await add_user(rig.store, user_of(mine, "first"))
        for number, changes in enumerate(
            (
                {"role": Role.RELEASER},
                {"password_hash": ""},
                {"status": UserStatus.DISABLED},
                {"password_hash": "", "last_sign_in_ms": 1},
                {},
            )
        ):
            await add_user(rig.store, user_of(mine, f"user{number}", **changes))
        async with rig.store.snapshot() as store:
            assert await store.console_users.count_admins(mine) == 3
            assert await store.console_users.count_admins(mine, first.id) == 2

    async def test_A21_a_deleted_user_leaves_nothing(self, rig: Rig) -> None:
        """Invitation and sessions go with their user, and no other's do."""
        mine, _ = await two_accounts(rig.store)
        ann, bob = [await add_user(rig.store, user_of(mine, name)) for name in ("ann", "bob")]
        async with rig.store.transaction() as store:
            for user in (ann, bob):
                await store.console_invitations.put(invitation_of(mine, user.id, user.name))
                await store.console_sessions.add(session_of(user, user.name))
            await store.console_users.delete(mine, ann.id)
        async with rig.store.snapshot() as store:
            assert await store.console_invitations.by_digest(token_digest("ann")) is None
            assert await store.console_invitations.by_digest(token_digest("bob"))
        assert await tokens_left(rig.store, "ann", "bob") == ["bob"]


class TestConsoleInvitations:
    async def test_A10_one_open_link_each(self, rig: Rig) -> None:
        """A new link voids the user's older one, and one for a first admin the account's older one; no others."""
        mine, other = await two_accounts(rig.store)
        user = await add_user(rig.store, user_of(mine))
        given = [
            invitation_of(mine, user.id, "a"),
            invitation_of(mine, user.id, "b"),
            invitation_of(mine, None, "c"),
            invitation_of(other, None, "d"),
            invitation_of(mine, None, "e"),
        ]
        async with rig.store.transaction() as store:
            for invitation in given:
                await store.console_invitations.put(invitation)
        async with (await rig.reopen()).snapshot() as store:
            found = [await store.console_invitations.by_digest(invitation.token_digest) for invitation in given]
        assert found == [None, given[1], None, given[3], given[4]]

    async def test_A10_an_ended_link_is_gone(self, rig: Rig) -> None:
        """Ending a user's link leaves the account's first one, and the other way round."""
        mine, other = await two_accounts(rig.store)
        user = await add_user(rig.store, user_of(mine))
        for whose, left in ((user.id, ["first"]), (None, ["users"])):
            async with rig.store.transaction() as store:
                links = store.console_invitations
                await links.put(invitation_of(mine, user.id, "users"))
                await links.put(invitation_of(mine, None, "first"))
                await links.end(other, whose)
                await links.end(mine, whose)
                there = [token for token in ("users", "first") if await links.by_digest(token_digest(token))]
            assert there == left

    async def test_I17_expired_ones_are_forgotten(self, rig: Rig) -> None:
        """Those whose time is over go, as many as asked for at once."""
        mine, _ = await two_accounts(rig.store)
        users = [await add_user(rig.store, user_of(mine, f"user{number}")) for number in range(4)]
        async with rig.store.transaction() as store:
            for number, user in enumerate(users):
                ends = {"expires_ms": NOW_MS + number}
                await store.console_invitations.put(invitation_of(mine, user.id, user.name, **ends))
        forgotten = []
        for limit in (2, 2, 2):
            async with rig.store.transaction() as store:
                forgotten.append(await store.console_invitations.forget_expired(NOW_MS + 2, limit))
        assert forgotten == [2, 1, 0]


class TestConsoleSessions:
    async def test_round_trip(self, rig: Rig) -> None:
        """A session is found by its token's digest with its user and account, over a restart; its use is written."""
        mine, _ = await two_accounts(rig.store)
        user = await add_user(rig.store, user_of(mine))
        session = await add_session(rig.store, session_of(user))
        async with (await rig.reopen()).transaction() as store:
            found = await store.console_sessions.by_digest(session.token_digest)
            assert found == SignedIn(session, user, "mine")
            assert await store.console_sessions.by_digest(token_digest("another")) is None
            for seen_ms in (NOW_MS + 9, NOW_MS + 5):
                await store.console_sessions.see(session.token_digest, seen_ms)
            found = await store.console_sessions.by_digest(session.token_digest)
        assert found is not None
        assert found.session == session._replace(seen_ms=NOW_MS + 9)

    async def test_I17_the_oldest_ends(self, rig: Rig) -> None:
        """A user has SESSIONS_MAX sessions at most: with one more the oldest is over; others keep theirs."""
        mine, _ = await two_accounts(rig.store)
        ann, bob = [await add_user(rig.store, user_of(mine, name)) for name in ("ann", "bob")]
        await add_session(rig.store, session_of(bob, "bob"))
        tokens = [f"cookie {number}" for number in range(SESSIONS_MAX + 1)]
        for number, token in enumerate(tokens):
            assert await tokens_left(rig.store, *tokens) == tokens[:number]
            await add_session(rig.store, session_of(ann, token))
        assert await tokens_left(rig.store, "bob", *tokens) == ["bob", *tokens[1:]]

    async def test_A21_ends(self, rig: Rig) -> None:
        """One session ends by its number, all of a user at once; by another account none (I15)."""
        mine, other = await two_accounts(rig.store)
        ann, bob = [await add_user(rig.store, user_of(mine, name)) for name in ("ann", "bob")]
        made = [await add_session(rig.store, session_of(ann, f"ann {number}")) for number in range(3)]
        await add_session(rig.store, session_of(bob, "bob"))
        async with rig.store.transaction() as store:
            sessions = store.console_sessions
            assert not await sessions.end(other, made[0].id)
            assert await sessions.end_all(other, ann.id) == 0
            assert [await sessions.end(mine, made[0].id) for _ in range(2)] == [True, False]
        assert await tokens_left(rig.store, "ann 0", "ann 1", "ann 2", "bob") == ["ann 1", "ann 2", "bob"]
        async with rig.store.transaction() as store:
            assert await store.console_sessions.end_all(mine, ann.id) == 2
        assert await tokens_left(rig.store, "ann 1", "ann 2", "bob") == ["bob"]

    async def test_a_number_is_never_given_twice(self, rig: Rig) -> None:
        """Who ends a session by the number that a page showed ends that one or none."""
        mine, _ = await two_accounts(rig.store)
        user = await add_user(rig.store, user_of(mine))
        first = await add_session(rig.store, session_of(user, "a"))
        async with rig.store.transaction() as store:
            await store.console_sessions.end(mine, first.id)
        assert (await add_session(rig.store, session_of(user, "b"))).id > first.id

    async def test_pages(self, rig: Rig) -> None:
        """Open sessions are listed newest first, of one user or of all; those that are too old or idle are not."""
        mine, other = await two_accounts(rig.store)
        ann, bob = [await add_user(rig.store, user_of(mine, name)) for name in ("ann", "bob")]
        theirs = await add_user(rig.store, user_of(other))
        now_ms = NOW_MS + SESSION_IDLE_MS_MAX
        fresh = {"seen_ms": now_ms}
        made = [
            await add_session(rig.store, session)
            for session in (
                session_of(ann, "a", **fresh),
                session_of(bob, "b", seen_ms=NOW_MS + 1),
                session_of(ann, "idle"),
                session_of(ann, "old", **fresh, expires_ms=now_ms),
                session_of(theirs, "theirs", **fresh),
                session_of(ann, "c", **fresh, expires_ms=now_ms + 1),
            )
        ]
        named = {
            "a": NamedSession(made[0], "ann"),
            "b": NamedSession(made[1], "bob"),
            "c": NamedSession(made[5], "ann"),
        }
        async with rig.store.snapshot() as store:
            pages = [await store.console_sessions.page(mine, None, now_ms, Page(number, 2)) for number in (1, 2)]
            of_ann = await store.console_sessions.page(mine, ann.id, now_ms, FIRST)
            of_nobody = await store.console_sessions.page(other, ann.id, now_ms, FIRST)
        assert pages == [Listing([named["c"], named["b"]], 3), Listing([named["a"]], 3)]
        assert of_ann == Listing([named["c"], named["a"]], 2)
        assert of_nobody == Listing([], 0)

    async def test_I17_ended_ones_are_forgotten(self, rig: Rig) -> None:
        """Those that are too old or too idle go, as many as asked for at once; the others stay."""
        mine, _ = await two_accounts(rig.store)
        user = await add_user(rig.store, user_of(mine))
        now_ms = NOW_MS + SESSION_IDLE_MS_MAX
        await add_session(rig.store, session_of(user, "idle"))
        await add_session(rig.store, session_of(user, "old", seen_ms=now_ms, expires_ms=now_ms))
        await add_session(rig.store, session_of(user, "open", seen_ms=NOW_MS + 1, expires_ms=now_ms + 1))
        forgotten = []
        for limit in (1, 2, 2):
            async with rig.store.transaction() as store:
                forgotten.append(await store.console_sessions.forget_ended(now_ms, limit))
        assert forgotten == [1, 1, 0]
        assert await tokens_left(rig.store, "idle", "old", "open") == ["open"]
