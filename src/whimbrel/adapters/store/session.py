"""What repositories need of an engine: run a named statement, and keep the lists' counts. Shared by all engines."""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol

from whimbrel.adapters.store.late_changes import LateChanges
from whimbrel.adapters.store.read_ahead import ReadAhead
from whimbrel.domain.paging import Page

Row = tuple[Any, ...]

BLOCK_BITS = 12  # 4,096 ids a block: an OFFSET inside a block costs at most what 4,096 index entries cost
TOTAL_BLOCK = -1
NO_ROW_ABOVE = (1 << 63) - 1


class UniqueViolationError(Exception):
    """A unique index refused a row: the repository says in the domain's words which rule that is.

    The text is the index's columns, on every engine as `firmware.account_id, firmware.name`. After a refused INSERT the
    transaction may go on; a refused UPDATE ends it on PostgreSQL, so let the error leave the block.
    """


class Session(Protocol):
    """One transaction or snapshot of an engine.

    `ahead`: what was read ahead in it, None for nothing. A session writes what waits there before any other statement,
    and forgets it when anything else is changed (see `read_ahead.py`). `late`: what is written before it commits.
    """

    ahead: ReadAhead | None
    late: LateChanges

    async def all(self, statement: str, /, **parameters: object) -> list[Row]: ...
    async def one(self, statement: str, /, **parameters: object) -> Row | None: ...
    async def run(self, statement: str, /, **parameters: object) -> int:
        """Rows changed. Raises UniqueViolationError."""
        ...

    async def all_apart(self, statement: str, /, **parameters: object) -> list[Row]:
        """As `all`, of thousands of rows: the event loop goes on meanwhile, and nobody else writes on SQLite."""
        ...

    async def run_apart(self, statement: str, /, **parameters: object) -> int:
        """As `run`, in the manner of `all_apart`."""
        ...

    async def run_many(self, statement: str, rows: list[dict[str, object]], /) -> None:
        """The statement once for each; one that a unique index may refuse says ON CONFLICT."""
        ...

    def count(self, list_name: str, row_id: int, n: int) -> None:
        """The list gained (n > 0) or lost rows at this id; written before the transaction commits."""
        ...

    def counted(self, list_name: str) -> dict[int, int]:
        """By block, what was counted and is not written yet: statements that read the list do not see it."""
        ...

    def watch(self, job_id: int, block: int, due_ms: int) -> None:
        """Silence among these tasks is looked for at the latest then; written before the transaction commits."""
        ...

    async def lock(self, name: str, *, shared: bool = False) -> None:
        """Until the transaction ends nobody else holds this name, over all processes; sharers exclude only others.

        What is read afterwards is what earlier holders committed. Nothing happens in a snapshot.
        """
        ...

    async def settle(self) -> None:
        """Write now what was changed ahead; the reading ahead goes on."""
        ...

    async def lock_all(self, names: list[str]) -> None:
        """`lock` for each, at once."""
        ...


class CountChanges:
    """What a transaction has counted so far."""

    def __init__(self) -> None:
        self._changes: dict[tuple[str, int], int] = {}

    def add(self, list_name: str, row_id: int, n: int) -> None:
        for key in ((list_name, row_id >> BLOCK_BITS), (list_name, TOTAL_BLOCK)):
            self._changes[key] = self._changes.get(key, 0) + n

    def of(self, list_name: str) -> dict[int, int]:
        """By block, what the list has gained or lost; the whole list's is left out."""
        return {
            block: n for (name, block), n in self._changes.items() if name == list_name and block != TOTAL_BLOCK and n
        }

    def take(self) -> list[dict[str, object]]:
        """The parameters of `add_to_list`, and forget them. In one order for all, so that nobody deadlocks."""
        changes = [{"list": name, "block": block, "n": n} for (name, block), n in sorted(self._changes.items()) if n]
        self._changes.clear()
        return changes


class WatchChanges:
    """The blocks of tasks that a transaction wants to be watched, each for the earliest time."""

    def __init__(self) -> None:
        self._due: dict[tuple[int, int], int] = {}

    def add(self, job_id: int, block: int, due_ms: int) -> None:
        key = (job_id, block)
        self._due[key] = min(due_ms, self._due.get(key, due_ms))

    def take(self) -> list[dict[str, object]]:
        """The parameters of `watch_tasks`, and forget them. In one order for all, so that nobody deadlocks."""
        watches: list[dict[str, object]] = [
            {"job_id": key[0], "block": key[1], "due_ms": due_ms} for key, due_ms in sorted(self._due.items())
        ]
        self._due.clear()
        return watches


class Position(NamedTuple):
    """Where a page starts: rows with an id below `below`, after skipping `skip` of them. `total` rows in the list."""

    below: int
    skip: int
    total: int


async def list_total(session: Session, list_name: str) -> int:
    row = await session.one("list_total", list=list_name)
    return row[0] if row else 0


async def position_of(session: Session, list_name: str, page: Page) -> Position | None:
    """Where the page starts, or None when it lies beyond the end.

    Deep pages find their block by the counters, so they cost what first pages cost: at 99 % of 5 million rows 1.5 ms
    against 278 ms by OFFSET (design.md part 2).
    """
    total = await list_total(session, list_name)
    if page.offset >= total:
        return None
    if page.offset < 1 << BLOCK_BITS:
        return Position(NO_ROW_ABOVE, page.offset, total)
    row = await session.one("list_block_at", list=list_name, offset=page.offset)
    if row is None:
        return None
    block, newer = row
    return Position((block + 1) << BLOCK_BITS, page.offset - newer, total)
