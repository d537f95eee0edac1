"""Signing in to the console by name and password, signing out, and changing the password (A04, A10).

1. The answer and its time are the same for a wrong password, an unknown or disabled user and an unknown account.
2. A password is compared before the transaction, for it takes long; what was compared is looked at again inside (F25).
3. A new password ends all sessions of the user, and begins one.
4. On a full disk who may halt something still comes in, by the store that halts have for themselves (I8, F14).
"""

from __future__ import annotations

from typing import NamedTuple

from whimbrel.domain.access import ACCOUNT_NAME
from whimbrel.domain.audit import AuditOutcome
from whimbrel.domain.console_user import (
    SESSIONS_MAX,
    USER_NAME,
    ConsoleUser,
    UserSession,
    folded,
    may_halt,
    token_digest,
)
from whimbrel.domain.paging import Page
from whimbrel.domain.password import fault_of
from whimbrel.errors import (
    NotSignedInError,
    PasswordRefusedError,
    SignInRefusedError,
    StoreConflictError,
    StoreFullError,
)
from whimbrel.operations.console.sessions import (
    Deed,
    NewSession,
    Visit,
    account_turn,
    begin_session,
    enter,
    find_session,
)
from whimbrel.ports.passwords import Passwords
from whimbrel.ports.randomness import Randomness
from whimbrel.ports.store import SignedIn, Store, Transaction

#: Entries of the audit trail that are of no operation.
SIGN_IN, SIGN_OUT, CHANGE_PASSWORD, END_SESSIONS = (
    "ConsoleSignIn",
    "ConsoleSignOut",
    "ConsoleChangePassword",
    "ConsoleEndSessions",
)
NOBODY = "user:?"  # who tried an unknown name: strangers' texts stand in no list of the trail (I17)


class Credentials(NamedTuple):
    """What a person typed; `of` makes it of any text."""

    account: str
    name: str
    password: str

    @staticmethod
    def of(account: str, name: str, password: str) -> Credentials:
        """What can be no account's or user's name becomes '', which is none either: the store is asked all the same."""
        return Credentials(
            account if ACCOUNT_NAME.fullmatch(account) else "",
            folded(name) if USER_NAME.fullmatch(name) else "",
            password,
        )


class Means(NamedTuple):
    """What signing in works with. `halting`: the store that has room on a full disk, where there is one."""

    store: Store
    passwords: Passwords
    randomness: Randomness
    halting: Store | None = None


async def sign_in(means: Means, given: Credentials, visit: Visit) -> NewSession:
    """A new session. Raises SignInRefusedError, ServiceUnavailableError."""
    passwords = means.passwords
    user = await _user_of(means.store, given)
    may_sign_in = user is not None and user.may_sign_in
    known_hash = user.password_hash if user is not None and may_sign_in else ""
    if not await passwords.matches(given.password, known_hash) or user is None:
        raise SignInRefusedError
    new_hash = await passwords.hash(given.password) if passwords.is_outdated(known_hash) else known_hash
    try:
        return await _begin(means.store, user, new_hash, visit, means.randomness)
    except StoreFullError:
        # Not for everybody: what is left of the disk is for halts.
        if means.halting is None or not may_halt(user.role):
            raise
    try:
        return await _begin(means.halting, user, new_hash, visit, means.randomness)
    except StoreConflictError:  # there is room now that was not there
        return await _begin(means.halting, user, new_hash, visit, means.randomness)


async def _begin(store: Store, known: ConsoleUser, new_hash: str, visit: Visit, randomness: Randomness) -> NewSession:
    """The session of a user whose password was compared. Raises SignInRefusedError when it is another one by now."""
    async with store.transaction() as transaction:
        await transaction.hold(account_turn(known.account_id))
        user = await transaction.console_users.by_id(known.account_id, known.id)
        if user is None or not user.may_sign_in or user.password_hash != known.password_hash:
            raise SignInRefusedError
        user = user._replace(password_hash=new_hash, last_sign_in_ms=visit.now_ms)
        await transaction.console_users.put(user)
        begun = await begin_session(transaction, user, visit, randomness)
        await enter(transaction, Deed(user.account_id, user.actor, SIGN_IN), visit)
    return begun


async def enter_failure(store: Store, deed: Deed, visit: Visit) -> None:
    """That somebody failed to sign in; nothing was changed."""
    async with store.transaction() as transaction:
        await transaction.hold(account_turn(deed.account_id))
        await enter(transaction, deed._replace(outcome=AuditOutcome.REFUSED), visit)


async def failure_of(store: Store, given: Credentials) -> Deed | None:
    """How the audit trail names a failed sign-in; None without an account, whose trail it could be."""
    async with store.snapshot() as snapshot:
        account_id = await snapshot.accounts.id_of(given.account)
        if account_id is None:
            return None
        user = await snapshot.console_users.by_name(account_id, given.name)
    return Deed(account_id, NOBODY if user is None else user.actor, SIGN_IN)


async def sign_out(store: Store, visit: Visit) -> None:
    """The browser's session is over; without one nothing happens."""
    found = await find_session(store, visit.token, visit.now_ms)
    if found is None:
        return
    session, user, _ = found
    async with store.transaction() as transaction:
        await transaction.hold(account_turn(user.account_id))
        if await transaction.console_sessions.end(session.account_id, session.id):
            await enter(transaction, Deed(user.account_id, user.actor, SIGN_OUT), visit)


async def change_password(means: Means, password: str, new_password: str, visit: Visit) -> NewSession:
    """All sessions of the user are over but a new one.

    Raises NotSignedInError, SignInRefusedError for a wrong password, PasswordRefusedError for a bad new one, and
    ServiceUnavailableError.
    """
    store, passwords, randomness, _ = means
    user = (await signed_in(store, visit)).user
    fault = fault_of(new_password, user.name)
    if fault is not None:
        raise PasswordRefusedError(fault)
    if not await passwords.matches(password, user.password_hash):
        raise SignInRefusedError("this is not your password")
    new_hash = await passwords.hash(new_password)
    async with store.transaction() as transaction:
        await transaction.hold(account_turn(user.account_id))
        now = await transaction.console_sessions.by_digest(token_digest(visit.token))
        if now is None or not now.user.may_sign_in or now.user.password_hash != user.password_hash:
            raise NotSignedInError
        changed = now.user._replace(password_hash=new_hash, modified_ms=visit.now_ms)
        begun = await renew(transaction, changed, visit, randomness)
        await enter(transaction, Deed(user.account_id, user.actor, CHANGE_PASSWORD), visit)
    return begun


async def renew(store: Transaction, user: ConsoleUser, visit: Visit, randomness: Randomness) -> NewSession:
    """The user has a new password: what was open before is over, links too, and one session begins."""
    await store.console_users.put(user)
    await store.console_sessions.end_all(user.account_id, user.id)
    await store.console_invitations.end(user.account_id, user.id)
    return await begin_session(store, user, visit, randomness)


async def end_own_sessions(store: Store, session_id: int | None, visit: Visit) -> bool:
    """One session of the user who is signed in, or all of them with None. False when the user has no such session.

    Raises NotSignedInError.
    """
    session, user, _ = await signed_in(store, visit)
    async with store.transaction() as transaction:
        await transaction.hold(account_turn(user.account_id))
        sessions = transaction.console_sessions
        if session_id is None:
            has_ended = await sessions.end_all(user.account_id, user.id) > 0
        else:
            own = await sessions.page(user.account_id, user.id, visit.now_ms, Page(1, SESSIONS_MAX))
            is_own = any(row.session.id == session_id for row in own.rows)
            has_ended = is_own and await sessions.end(session.account_id, session_id)
        if has_ended:
            await enter(transaction, Deed(user.account_id, user.actor, END_SESSIONS), visit)
    return has_ended


async def own_sessions(store: Store, visit: Visit) -> tuple[UserSession, ...]:
    """The open sessions of the user who is signed in, newest first. Raises NotSignedInError."""
    user = (await signed_in(store, visit)).user
    async with store.snapshot() as snapshot:
        found = await snapshot.console_sessions.page(user.account_id, user.id, visit.now_ms, Page(1, SESSIONS_MAX))
    return tuple(row.session for row in found.rows)


async def signed_in(store: Store, visit: Visit) -> SignedIn:
    """Whose browser it is. Raises NotSignedInError."""
    found = await find_session(store, visit.token, visit.now_ms)
    if found is None:
        raise NotSignedInError
    return found


async def _user_of(store: Store, given: Credentials) -> ConsoleUser | None:
    async with store.snapshot() as snapshot:
        account_id = await snapshot.accounts.id_of(given.account)
        # Asked in either case, so that an unknown account takes as long (A04); no account has this id.
        return await snapshot.console_users.by_name(account_id or 0, given.name)
