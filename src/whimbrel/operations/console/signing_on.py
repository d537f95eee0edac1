"""Signing in to the console at an identity provider (ADR 0067).

1. Whom the provider names is a user of the operator's account, by its name; a disabled one stays out.
2. Where the provider gives roles it decides who is in: its role is the user's from now on, and who is not known yet is
   made. Where it gives none, somebody has to have made the user, and the role is ours.
3. What it changes of a user stands in the audit trail beside the sign-in (I16).
"""

from __future__ import annotations

from whimbrel.domain.access import OPERATOR_ACCOUNT
from whimbrel.domain.audit import AuditDraft, AuditOutcome, parameters_text
from whimbrel.domain.console_user import USERS_MAX, ConsoleUser
from whimbrel.domain.sign_on import Person
from whimbrel.errors import SignOnRefusedError
from whimbrel.operations.console.sessions import Deed, NewSession, Visit, account_turn, begin_session, enter
from whimbrel.operations.console.signing_in import NOBODY
from whimbrel.ports.randomness import Randomness
from whimbrel.ports.store import Store, Transaction

SIGN_ON, ROLE_GIVEN = "ConsoleSignOn", "ConsoleRoleGiven"  # of the audit trail


async def sign_on(store: Store, randomness: Randomness, person: Person, visit: Visit) -> NewSession:
    """A new session of the person's. Raises SignOnRefusedError, which entered nothing."""
    account_id = await _account_id(store)
    async with store.transaction() as transaction:
        await transaction.hold(account_turn(account_id))
        user = await transaction.console_users.by_name(account_id, person.name)
        if user is not None and not user.is_active:
            raise SignOnRefusedError("the user is disabled here")
        user = await _with_role(transaction, user, person, account_id, visit)
        user = user._replace(last_sign_in_ms=visit.now_ms)
        await transaction.console_users.put(user)
        begun = await begin_session(transaction, user, visit, randomness)
        await enter(transaction, Deed(account_id, user.actor, SIGN_ON), visit)
    return begun


async def failure_of(store: Store, person: Person | None) -> Deed:
    """How the audit trail names who was turned away: a user of ours, or nobody (I17)."""
    account_id = await _account_id(store)
    async with store.snapshot() as snapshot:
        user = None if person is None else await snapshot.console_users.by_name(account_id, person.name)
    return Deed(account_id, NOBODY if user is None else user.actor, SIGN_ON, AuditOutcome.REFUSED)


async def _with_role(
    store: Transaction, user: ConsoleUser | None, person: Person, account_id: int, visit: Visit
) -> ConsoleUser:
    """The user as the provider says, made where it is new. Raises SignOnRefusedError."""
    if person.role is None or (user is not None and user.role is person.role):
        if user is None:
            raise SignOnRefusedError("nobody of this name was invited here")
        return user
    if user is None:
        if await store.console_users.count(account_id) >= USERS_MAX:
            raise SignOnRefusedError("the account has as many users as it may have")
        made = ConsoleUser(0, account_id, person.name, person.role, created_ms=visit.now_ms, modified_ms=visit.now_ms)
        user = await store.console_users.add(made)
    user = user._replace(role=person.role, modified_ms=visit.now_ms)
    said = parameters_text({"Role": person.role.value}, frozenset())
    accepted = AuditOutcome.ACCEPTED
    await store.audit.append(
        AuditDraft(account_id, visit.now_ms, user.actor, ROLE_GIVEN, visit.request_id, accepted, said, "{}")
    )
    return user


async def _account_id(store: Store) -> int:
    async with store.snapshot() as snapshot:
        account_id = await snapshot.accounts.id_of(OPERATOR_ACCOUNT)
    assert account_id is not None, "the first start makes it"
    return account_id
