"""`whimbrel audit verify` on every store: whoever alters the trail in the database itself is found out (I16)."""

from __future__ import annotations

import pytest

from tests.contract.store_cases_access import append, draft_of, two_accounts
from tests.contract.store_cases_damage import execute
from tests.contract.store_cases_rig import Rig
from tests.engine.world import NOW_MS, SEALER
from whimbrel.adapters.sealing.aes_gcm import AesGcmSealer
from whimbrel.adapters.store.audit_check import ChainFinding, Kept, chain_findings
from whimbrel.domain.audit import EMPTY_CHAIN, ChainHead
from whimbrel.ports.sealer import Sealer

ENTRIES = 7
STEP = 3  # so that the seven are walked in three steps, the last of one entry
MINE = "account_id = 1 AND number"
_COPIED = "at_ms, access_key_id, action, request_id, outcome, parameters, objects, hash"
_INSERT = f"INSERT INTO audit_entry (account_id, number, {_COPIED}) SELECT"

#: What somebody does to the trail of account `mine`, which has seven entries, and what is said of it.
DAMAGES = {
    "alter the first": (["UPDATE audit_entry SET action = 'X' WHERE account_id = 1 AND number = 1"], "entry 1 is not"),
    "alter a time": ([f"UPDATE audit_entry SET at_ms = at_ms + 1 WHERE {MINE} = 4"], "entry 4 is not"),
    "alter a key": ([f"UPDATE audit_entry SET access_key_id = 'you' WHERE {MINE} = 4"], "entry 4 is not"),
    "alter parameters": ([f"UPDATE audit_entry SET parameters = '[]' WHERE {MINE} = 4"], "entry 4 is not"),
    "alter an outcome": ([f"UPDATE audit_entry SET outcome = 'REFUSED' WHERE {MINE} = 4"], "entry 4 is not"),
    "an outcome of no kind": ([f"UPDATE audit_entry SET outcome = 'MAYBE' WHERE {MINE} = 4"], "cannot be read"),
    "alter a hash": ([f"UPDATE audit_entry SET hash = '{'0' * 64}' WHERE {MINE} = 3"], "entry 3 is not"),
    "alter the last": ([f"UPDATE audit_entry SET objects = '[]' WHERE {MINE} = 7"], "entry 7 is not"),
    "delete the first": ([f"DELETE FROM audit_entry WHERE {MINE} = 1"], "entry 1 is missing"),
    "delete one": ([f"DELETE FROM audit_entry WHERE {MINE} = 4"], "entry 4 is missing"),
    "delete at a step's end": ([f"DELETE FROM audit_entry WHERE {MINE} = 3"], "entry 3 is missing"),
    "delete the last": ([f"DELETE FROM audit_entry WHERE {MINE} = 7"], "the entries end at 6"),
    "delete all": (["DELETE FROM audit_entry WHERE account_id = 1"], "the entries end at 0"),
    "close a gap": (
        [
            f"DELETE FROM audit_entry WHERE {MINE} = 4",
            *(f"UPDATE audit_entry SET number = {number - 1} WHERE {MINE} = {number}" for number in (5, 6, 7)),
            "UPDATE audit_head SET number = 6 WHERE account_id = 1",
        ],
        "entry 4 is not",
    ),
    "exchange two": (
        [
            f"UPDATE audit_entry SET number = 99 WHERE {MINE} = 2",
            f"UPDATE audit_entry SET number = 2 WHERE {MINE} = 3",
            f"UPDATE audit_entry SET number = 3 WHERE {MINE} = 99",
        ],
        "entry 2 is not",
    ),
    "put one in front": ([f"{_INSERT} 1, 0, {_COPIED} FROM audit_entry WHERE {MINE} = 1"], "entry 1 is missing; 0"),
    "put one behind": (
        [
            f"{_INSERT} 1, 8, {_COPIED} FROM audit_entry WHERE {MINE} = 7",
            "UPDATE audit_head SET number = 8 WHERE account_id = 1",
        ],
        "entry 8 is not",
    ),
    "put one in between": (
        ["DROP INDEX audit_entry_number", f"{_INSERT} 1, 4, {_COPIED} FROM audit_entry WHERE {MINE} = 2"],
        "4",
    ),
    "put one in at a step's end": (
        ["DROP INDEX audit_entry_number", f"{_INSERT} 1, 3, {_COPIED} FROM audit_entry WHERE {MINE} = 2"],
        "3",
    ),
    "put one of another account in": (
        [
            f"DELETE FROM audit_entry WHERE {MINE} = 2",
            "UPDATE audit_entry SET account_id = 1 WHERE account_id = 2 AND number = 2",
        ],
        "entry 2 is not",
    ),
    "move one to another account": (
        [f"UPDATE audit_entry SET account_id = 2, number = 8 WHERE {MINE} = 5"],
        "entry 5 is missing",
    ),
    "alter the head": ([f"UPDATE audit_head SET hash = '{'0' * 64}' WHERE account_id = 1"], "the entries end at 7"),
    "forget the head": (["DELETE FROM audit_head WHERE account_id = 1"], "the entries end at 7"),
}

CUT_OFF = [
    f"DELETE FROM audit_entry WHERE {MINE} > 5",
    f"UPDATE audit_head SET number = 5, hash = (SELECT hash FROM audit_entry WHERE {MINE} = 5) WHERE account_id = 1",
]


async def findings_of(rig: Rig, *kept: Kept, step: int = STEP, sealer: Sealer = SEALER) -> list[ChainFinding]:
    return [finding async for finding in chain_findings(rig.store.snapshot, sealer, kept, step=step)]


async def fill_trails(rig: Rig) -> None:
    """Seven entries each of `mine` and `other`, which are accounts 1 and 2."""
    assert await two_accounts(rig.store) == (1, 2)
    for number in range(1, ENTRIES + 1):
        await append(rig.store, draft_of(1, number), draft_of(2, number))


def damage(rig: Rig, statements: list[str]) -> None:
    for statement in statements:
        execute(rig, statement)


class TestAuditCheck:
    @pytest.mark.parametrize("step", [1, 2, 3, 6, 7, 8, 1_000])
    async def test_whole_chains(self, rig: Rig, step: int) -> None:
        """Chains that nobody touched are whole in steps of any size, and their heads are the accounts' own."""
        await fill_trails(rig)
        async with rig.store.snapshot() as store:
            heads = [await store.audit.head(account_id) for account_id in (1, 2)]
        expected = [ChainFinding("mine", heads[0]), ChainFinding("other", heads[1])]
        assert await findings_of(rig, step=step) == expected
        assert heads[0].number == ENTRIES

    async def test_empty_chains(self, rig: Rig) -> None:
        """An account without entries has a whole chain, of none."""
        async with rig.store.transaction() as store:
            await store.accounts.add("mine", NOW_MS)
        assert await findings_of(rig, Kept("mine", EMPTY_CHAIN)) == [ChainFinding("mine", EMPTY_CHAIN)]

    @pytest.mark.parametrize("name", DAMAGES)
    async def test_I16_a_damage_is_found(self, rig: Rig, name: str) -> None:
        """Whatever is altered, deleted, reordered, put in or moved between accounts: the break is named."""
        await fill_trails(rig)
        statements, said = DAMAGES[name]
        damage(rig, statements)
        mine, other = await findings_of(rig)
        assert mine.fault is not None
        assert said in mine.fault
        assert other.fault is None or "account" in name

    async def test_I16_a_tail_that_was_cut_off(self, rig: Rig) -> None:
        """With the account's memory of it the end can be cut off unseen; a head that was kept shows it."""
        await fill_trails(rig)
        kept = [Kept(finding.account, finding.head) for finding in await findings_of(rig)]
        assert [finding.fault for finding in await findings_of(rig, *kept)] == [None, None]
        damage(rig, CUT_OFF)
        assert [finding.fault for finding in await findings_of(rig)] == [None, None]
        mine, other = await findings_of(rig, *kept)
        assert mine == ChainFinding("mine", mine.head, "the entries end at 5, and entry 7 was kept")
        assert (mine.head.number, other.fault) == (5, None)

    async def test_I16_a_chain_that_was_written_anew(self, rig: Rig) -> None:
        """What the server appended after a cut does not hide it from a kept head; older heads are still found."""
        await fill_trails(rig)
        async with rig.store.snapshot() as store:
            heads = [ChainHead(entry.number, entry.hash) for entry in await store.audit.after(1, 0, 10)]
        damage(rig, CUT_OFF)
        await append(rig.store, *(draft_of(1, number, action="Other") for number in (6, 7, 8)))
        faults = [(await findings_of(rig, Kept("mine", head)))[0].fault for head in heads]
        assert faults[:5] == [None] * 5
        assert faults[5:] == [f"entry {number} is not the one whose hash was kept" for number in (6, 7)]

    async def test_I16_an_account_that_is_gone(self, rig: Rig) -> None:
        """A kept head of an account that the store does not have is a fault."""
        await fill_trails(rig)
        found = await findings_of(rig, Kept("lost", ChainHead(1, "0" * 64)))
        assert [finding.fault for finding in found] == [None, None, "there is no such account"]

    async def test_counters_hide_no_account(self, rig: Rig) -> None:
        """Accounts are walked whatever the lists' counters say."""
        await fill_trails(rig)
        damage(rig, ["DELETE FROM list_count"])
        assert [finding.account for finding in await findings_of(rig, step=1)] == ["mine", "other"]

    async def test_another_key_proves_nothing(self, rig: Rig) -> None:
        """With another master key the first entry is already wrong."""
        await fill_trails(rig)
        faults = [finding.fault for finding in await findings_of(rig, sealer=AesGcmSealer(b"x" * 32))]
        assert faults == ["entry 1 is not what was entered"] * 2
