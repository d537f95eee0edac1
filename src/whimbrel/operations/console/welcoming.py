"""Following a link that invites to the console: choosing a password, and for the first admin a name (A10, A15).

1. A link works once, and for as long as its user is active; the account's first link only while it has no admin.
2. Sessions that the user had are over, for the link also replaces a forgotten password.
"""

from __future__ import annotations

from typing import NamedTuple

from whimbrel.domain.console_user import USER_NAME, ConsoleUser, Invitation, Purpose, Role, token_digest
from whimbrel.domain.password import fault_of
from whimbrel.errors import ConsoleUserNameTakenError, LinkOverError, PasswordRefusedError, UserNameRefusedError
from whimbrel.operations.console.sessions import Deed, NewSession, Visit, account_turn, enter
from whimbrel.operations.console.signing_in import Means, renew
from whimbrel.ports.store import Store, Transaction

WELCOME = "ConsoleWelcome"
FIRST_NAME = "admin"  # of the first admin, who may choose another


class Welcome(NamedTuple):
    """Who a link invites. `chooses_name`: the name is a proposal."""

    account: str
    name: str
    role: Role
    chooses_name: bool


class Choice(NamedTuple):
    """What the invited person typed; the name is '' when there was nothing to choose."""

    token: str
    password: str
    name: str = ""


async def look(store: Store, token: str, now_ms: int) -> Welcome:
    """Who the link invites. Raises LinkOverError."""
    async with store.snapshot() as snapshot:
        invitation = await _open_invitation(snapshot, token, now_ms)
        user = await _invited(snapshot, invitation, FIRST_NAME)
        account = await snapshot.accounts.by_id(invitation.account_id)
    assert account is not None, "the database keeps the account of an invitation"
    return Welcome(account.name, user.name, user.role, invitation.purpose is Purpose.FIRST)


async def welcome(means: Means, choice: Choice, visit: Visit) -> NewSession:
    """The invited user has a password and is signed in; the link is over.

    Raises LinkOverError, PasswordRefusedError, UserNameRefusedError, ServiceUnavailableError.
    """
    store, passwords, randomness, _ = means
    name = choice.name or FIRST_NAME
    async with store.snapshot() as snapshot:
        invitation = await _open_invitation(snapshot, choice.token, visit.now_ms)
        user = await _invited(snapshot, invitation, name)
    if USER_NAME.fullmatch(user.name) is None:
        raise UserNameRefusedError("a name has 1 to 64 letters, digits and _.@+-, the first a letter or digit")
    fault = fault_of(choice.password, user.name)
    if fault is not None:
        raise PasswordRefusedError(fault)
    password_hash = await passwords.hash(choice.password)
    async with store.transaction() as transaction:
        await transaction.hold(account_turn(invitation.account_id))
        # Read again, now that it is this visit's turn: of two who follow one link, one is welcome.
        invitation = await _open_invitation(transaction, choice.token, visit.now_ms)
        user = await _invited(transaction, invitation, name)
        await transaction.console_invitations.end(invitation.account_id, invitation.user_id)
        if user.role is Role.ADMIN:
            # For good: it must not come to life again when this admin goes.
            await transaction.console_invitations.end(invitation.account_id, None)
        user = await _kept(transaction, user._replace(created_ms=user.created_ms or visit.now_ms))
        changed = user._replace(password_hash=password_hash, modified_ms=visit.now_ms, last_sign_in_ms=visit.now_ms)
        begun = await renew(transaction, changed, visit, randomness)
        await enter(transaction, Deed(user.account_id, user.actor, WELCOME), visit)
    return begun


async def _open_invitation(store: Transaction, token: str, now_ms: int) -> Invitation:
    invitation = await store.console_invitations.by_digest(token_digest(token))
    if invitation is None or not invitation.is_open(now_ms):
        raise LinkOverError
    return invitation


async def _invited(store: Transaction, invitation: Invitation, first_name: str) -> ConsoleUser:
    """The user, with the id 0 for a first admin, who is made when the link is followed. Raises LinkOverError."""
    account_id = invitation.account_id
    if invitation.user_id is not None:
        user = await store.console_users.by_id(account_id, invitation.user_id)
        if user is None or not user.is_active:
            raise LinkOverError
        return user
    if await store.console_users.count_admins(account_id):
        raise LinkOverError("this account has an admin already; ask for an invitation")
    return ConsoleUser(0, account_id, first_name, Role.ADMIN)


async def _kept(store: Transaction, user: ConsoleUser) -> ConsoleUser:
    if user.id:
        return user
    try:
        return await store.console_users.add(user)
    except ConsoleUserNameTakenError as error:
        raise UserNameRefusedError(error.message) from None
