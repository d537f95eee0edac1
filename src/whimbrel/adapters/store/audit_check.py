"""Proves the audit trail: walks each account's chain and says where it is broken (I16).

It asks the port alone, so it works on every engine, beside running servers or on a copy. What was cut off at the very
end, together with the account's own memory of it, only an earlier head can tell that was kept elsewhere (`Kept`).
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import NamedTuple

from whimbrel.adapters.store.repositories.audit import CHAIN_KEY
from whimbrel.domain.access import Account
from whimbrel.domain.audit import EMPTY_CHAIN, AuditEntry, ChainHead, follows
from whimbrel.ports.sealer import Sealer
from whimbrel.ports.store import Transaction

STEP = 1_000
"""Accounts, or new entries of one, that are read at once."""

_BELOW_ALL = -(1 << 63)

Snapshots = Callable[[], AbstractAsyncContextManager[Transaction]]


class Kept(NamedTuple):
    """A head that an earlier run printed: it must still be in the account's chain."""

    account: str
    head: ChainHead


class ChainFinding(NamedTuple):
    """One account's chain. `head` is the last entry that was proved; `fault` says what is wrong behind it."""

    account: str
    head: ChainHead
    fault: str | None = None


class _Source(NamedTuple):
    """Where the entries are read, how many at once, and the key of their hashes."""

    snapshots: Snapshots
    step: int
    key: bytes


async def chain_findings(
    snapshots: Snapshots, sealer: Sealer, kept: Sequence[Kept] = (), *, step: int = STEP
) -> AsyncIterator[ChainFinding]:
    """Each account's finding in the order of their making, then those of kept heads without an account."""
    source = _Source(snapshots, step, sealer.derive_key(CHAIN_KEY))
    known: set[str] = set()
    newest = 0
    while accounts := await _accounts_after(source, newest):
        for account in accounts:
            known.add(account.name)
            expected = {expected.head for expected in kept if expected.account == account.name}
            yield await _Walk(source, account, expected).run()
        newest = accounts[-1].id
    for name in sorted({expected.account for expected in kept} - known):
        yield ChainFinding(name, EMPTY_CHAIN, "there is no such account")


async def _accounts_after(source: _Source, account_id: int) -> list[Account]:
    async with source.snapshots() as store:
        return await store.accounts.after(account_id, source.step)


class _Walk:
    """The way along one account's chain."""

    def __init__(self, source: _Source, account: Account, expected: set[ChainHead]) -> None:
        self._source = source
        self._account = account
        self._expected = expected
        self._head = EMPTY_CHAIN

    async def run(self) -> ChainFinding:
        try:
            while not await self._step():
                pass
        except _BrokenChainError as broken:
            return ChainFinding(self._account.name, self._head, str(broken))
        return ChainFinding(self._account.name, self._head)

    async def _step(self) -> bool:
        """True when the chain was walked to its end, as one snapshot knows it."""
        async with self._source.snapshots() as store:
            # From the last proved entry on: a second one of its number would else hide between two steps.
            begins_after = self._head.number - 1 if self._head.number else _BELOW_ALL
            try:
                entries = await store.audit.after(self._account.id, begins_after, self._source.step + 1)
            except ValueError as error:
                raise _BrokenChainError(f"an entry behind {self._head.number} cannot be read: {error}") from None
            stored = await store.audit.head(self._account.id)
        if self._head.number:
            self._recognise(entries[:1])
            entries = entries[1:]
        for entry in entries:
            self._pass(entry)
        if entries:
            return False
        self._check_end(stored)
        return True

    def _recognise(self, first: list[AuditEntry]) -> None:
        if [ChainHead(entry.number, entry.hash) for entry in first] != [self._head]:
            raise _BrokenChainError(f"entry {self._head.number} was changed or removed while it was looked at")

    def _pass(self, entry: AuditEntry) -> None:
        if entry.number != self._head.number + 1:
            raise _BrokenChainError(f"entry {self._head.number + 1} is missing; {entry.number!r} stands in its place")
        try:
            is_sound = follows(self._head, entry, self._source.key)
        except (AttributeError, TypeError):  # SQLite lets a column hold what is no text
            is_sound = False
        if not is_sound:
            raise _BrokenChainError(f"entry {entry.number} is not what was entered")
        self._head = ChainHead(entry.number, entry.hash)
        for expected in self._expected:
            if expected.number == entry.number and expected.hash != entry.hash:
                raise _BrokenChainError(f"entry {entry.number} is not the one whose hash was kept")

    def _check_end(self, stored: ChainHead) -> None:
        if stored != self._head:
            raise _BrokenChainError(
                f"the entries end at {self._head.number}, and the account's newest one is {stored.number!r}"
            )
        lost = max((expected.number for expected in self._expected), default=0)
        if lost > self._head.number:
            raise _BrokenChainError(f"the entries end at {self._head.number}, and entry {lost} was kept")


class _BrokenChainError(Exception):
    """What is wrong with a chain, said for a person."""
