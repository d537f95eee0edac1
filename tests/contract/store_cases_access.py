"""Contract of Store: accounts, AccessKeys, the audit trail and tokens of creating calls (I14, I15, I16, I17, A05)."""

from __future__ import annotations

import pytest

from tests.contract.store_cases_damage import every_value
from tests.contract.store_cases_rig import Rig
from tests.engine.world import NOW_MS, SEALER
from whimbrel.adapters.store.repositories.audit import CHAIN_KEY
from whimbrel.domain.access import EVERYTHING, Access, AccessKey, Account, Permission, Policy, Statement
from whimbrel.domain.audit import EMPTY_CHAIN, AuditDraft, AuditEntry, AuditOutcome, ChainHead, follows
from whimbrel.domain.paging import Listing, Page
from whimbrel.errors import AccountNameTakenError
from whimbrel.ports.store import AuditFilter, ClientToken, Store, TokenUse

FIRST = Page(1, 10)
DAY_MS = 86_400_000
POLICY = Policy(
    (
        Statement(frozenset({"Query*", "job:read"}), Access.READ, frozenset({"pk1", "pk2"})),
        Statement(frozenset({"*"}), Access.WRITE, None, frozenset({"g1"})),
    )
)


def key_of(account_id: int, key_id: str, secret: str = "secret", **changes: object) -> AccessKey:
    return AccessKey(account_id, key_id, secret, True, EVERYTHING, "", NOW_MS, NOW_MS)._replace(**changes)


def draft_of(account_id: int, number: int = 1, **changes: object) -> AuditDraft:
    draft = AuditDraft(
        account_id, NOW_MS + number, "key", "CreateProduct", f"R-{number}", AuditOutcome.ACCEPTED, "{}", "{}"
    )
    return draft._replace(**changes)


async def two_accounts(store: Store) -> tuple[int, int]:
    async with store.transaction() as transaction:
        return await transaction.accounts.add("mine", NOW_MS), await transaction.accounts.add("other", NOW_MS)


async def put_keys(store: Store, *keys: AccessKey, now_ms: int = NOW_MS) -> None:
    async with store.transaction() as transaction:
        for key in keys:
            await transaction.keys.put(key, now_ms)


async def append(store: Store, *drafts: AuditDraft) -> None:
    """Each in a transaction of its own."""
    for draft in drafts:
        async with store.transaction() as transaction:
            await transaction.audit.append(draft)


async def numbers(store: Store, account_id: int, narrowed: AuditFilter, page: Page = FIRST) -> tuple[list[int], int]:
    """The numbers of a page's entries, and the total."""
    async with store.snapshot() as snapshot:
        listing = await snapshot.audit.page(account_id, narrowed, page)
    return [entry.number for entry in listing.rows], listing.total


class TestAccounts:
    async def test_names(self, rig: Rig) -> None:
        """An account is found by its name, which is taken once, and by its id; the refused name leaves no trace."""
        mine, other = await two_accounts(rig.store)
        async with rig.store.transaction() as store:
            with pytest.raises(AccountNameTakenError, match="mine"):
                await store.accounts.add("mine", NOW_MS)
            assert [await store.accounts.id_of(name) for name in ("mine", "other", "Mine")] == [mine, other, None]
            assert await store.accounts.by_id(mine) == Account(mine, "mine", NOW_MS)
            assert await store.accounts.by_id(99) is None
            assert (await store.accounts.page(FIRST)).total == 2

    async def test_lists(self, rig: Rig) -> None:
        """Pages are newest first with the total; a walk goes from the oldest on."""
        async with rig.store.transaction() as store:
            made = [Account(await store.accounts.add(f"a{n}", NOW_MS + n), f"a{n}", NOW_MS + n) for n in range(5)]
        async with rig.store.snapshot() as store:
            assert await store.accounts.page(Page(1, 2)) == Listing([made[4], made[3]], 5)
            assert await store.accounts.page(Page(3, 2)) == Listing([made[0]], 5)
            assert (await store.accounts.page(Page(4, 2))) == Listing((), 5)
            assert await store.accounts.after(0, 2) == made[:2]
            assert await store.accounts.after(made[1].id, 10) == made[2:]
            assert await store.accounts.after(made[4].id, 10) == []


class TestAccessKeys:
    async def test_round_trip(self, rig: Rig) -> None:
        """A key is found as it was put, over a restart; putting it again changes all but its birth."""
        mine, _ = await two_accounts(rig.store)
        await put_keys(rig.store, key_of(mine, "id"))
        changed = key_of(mine, "id", "密", is_active=False, policy=POLICY, name="名")
        async with rig.store.transaction() as store:
            assert await store.keys.by_id("id") == key_of(mine, "id")
            await store.keys.put(changed, NOW_MS + 5)
        async with (await rig.reopen()).snapshot() as store:
            assert await store.keys.by_id("id") == changed._replace(modified_ms=NOW_MS + 5)
            assert await store.keys.by_id("ID") is None

    @pytest.mark.parametrize("policy", [EVERYTHING, Policy(()), POLICY, Policy.of_permissions({Permission.JOB_READ})])
    async def test_policies(self, rig: Rig, policy: Policy) -> None:
        """A policy is read back as it was put."""
        mine, _ = await two_accounts(rig.store)
        await put_keys(rig.store, key_of(mine, "id", policy=policy))
        async with rig.store.snapshot() as store:
            key = await store.keys.by_id("id")
        assert key is not None
        assert key.policy == policy

    async def test_I15_a_key_stays_with_its_account(self, rig: Rig) -> None:
        """Another account neither takes a key over by putting one of its id, nor deletes it, nor lists it."""
        mine, other = await two_accounts(rig.store)
        await put_keys(rig.store, key_of(mine, "id"), key_of(other, "id", "theirs"))
        async with rig.store.transaction() as store:
            assert await store.keys.by_id("id") == key_of(mine, "id")
            assert not await store.keys.delete(other, "id")
            assert await store.keys.page(other, FIRST) == Listing([], 0)
            assert await store.keys.count(other) == 0
            assert await store.keys.delete(mine, "id")
            assert not await store.keys.delete(mine, "id")
            assert await store.keys.by_id("id") is None

    async def test_pages(self, rig: Rig) -> None:
        """Keys are listed newest first, and counted."""
        mine, other = await two_accounts(rig.store)
        for number in range(3):
            await put_keys(rig.store, key_of(mine, f"k{number}"), now_ms=NOW_MS + number)
        await put_keys(rig.store, key_of(other, "theirs"))
        async with rig.store.snapshot() as store:
            pages = [await store.keys.page(mine, Page(number, 2)) for number in (1, 2, 3)]
            assert await store.keys.count(mine) == 3
        assert [([key.access_key_id for key in page.rows], page.total) for page in pages] == [
            (["k2", "k1"], 3),
            (["k0"], 3),
            ([], 3),
        ]

    async def test_A05_secrets_are_sealed(self, rig: Rig) -> None:
        """No column of any table holds a key's secret or the answer that a token repeats, in any usual writing."""
        mine, _ = await two_accounts(rig.store)
        secret = "ZpX4wR7tQ2mB9kLs0dFg1hJcVnYuTe3A"
        await put_keys(rig.store, key_of(mine, "id", secret))
        async with rig.store.transaction() as store:
            await store.tokens.remember(ClientToken(mine, "id", "A", "t"), TokenUse("d", secret), NOW_MS)
        values = every_value(rig)
        assert "id" in values
        writings = [secret.encode(), secret.encode().hex().encode(), secret[::-1].encode()]
        held = [value if isinstance(value, bytes) else str(value).encode() for value in values]
        assert [value for value in held if any(writing in value for writing in writings)] == []


class TestAuditLog:
    async def test_an_empty_chain(self, rig: Rig) -> None:
        """An account without entries has the empty head, no page and nothing to walk."""
        mine, _ = await two_accounts(rig.store)
        async with rig.store.snapshot() as store:
            assert await store.audit.head(mine) == EMPTY_CHAIN
            assert await store.audit.page(mine, AuditFilter(), FIRST) == Listing((), 0)
            assert await store.audit.after(mine, 0, 10) == []

    async def test_I16_a_chain(self, rig: Rig) -> None:
        """Entries are kept as drafted and chained with the server's key, over restarts and in one transaction."""
        mine, _ = await two_accounts(rig.store)
        drafts = [draft_of(mine, number, parameters='{"名":"灯"}') for number in range(1, 5)]
        await append(rig.store, drafts[0])
        async with (await rig.reopen()).transaction() as store:
            for draft in drafts[1:]:
                await store.audit.append(draft)
        async with rig.store.snapshot() as store:
            entries, stored = await store.audit.after(mine, 0, 10), await store.audit.head(mine)
        assert [AuditDraft(entry.account_id, *entry[2:-1]) for entry in entries] == drafts
        assert all(isinstance(entry, AuditEntry) and isinstance(entry.outcome, AuditOutcome) for entry in entries)
        head = EMPTY_CHAIN
        for entry in entries:
            assert follows(head, entry, SEALER.derive_key(CHAIN_KEY))
            head = ChainHead(entry.number, entry.hash)
        assert head == stored

    async def test_I16_what_is_undone_leaves_no_entry(self, rig: Rig) -> None:
        """An entry is in its transaction: one that is undone leaves neither entry nor gap nor count."""
        mine, _ = await two_accounts(rig.store)
        await append(rig.store, draft_of(mine, 1))
        with pytest.raises(KeyError):
            await self._append_and_fail(rig.store, mine)
        await append(rig.store, draft_of(mine, 3))
        assert await numbers(rig.store, mine, AuditFilter()) == ([2, 1], 2)

    async def _append_and_fail(self, store: Store, account_id: int) -> None:
        async with store.transaction() as transaction:
            await transaction.audit.append(draft_of(account_id, 2))
            raise KeyError("mine")

    async def test_I15_each_account_has_a_chain(self, rig: Rig) -> None:
        """Numbers, heads, pages and walks of one account know nothing of another's."""
        mine, other = await two_accounts(rig.store)
        await append(rig.store, draft_of(mine), draft_of(other), draft_of(mine, 2), draft_of(other, 2))
        for account_id in (mine, other):
            assert await numbers(rig.store, account_id, AuditFilter()) == ([2, 1], 2)
        async with rig.store.snapshot() as store:
            assert {entry.account_id for entry in await store.audit.after(mine, 0, 10)} == {mine}
            assert (await store.audit.head(mine)).hash != (await store.audit.head(other)).hash

    async def test_pages(self, rig: Rig) -> None:
        """Entries are listed newest first: all, of one key, of one Action."""
        mine, other = await two_accounts(rig.store)
        for number, (key_id, action) in enumerate([("a", "X"), ("b", "X"), ("a", "Y"), ("a", "X")], 1):
            await append(rig.store, draft_of(mine, number, access_key_id=key_id, action=action))
            await append(rig.store, draft_of(other, number, access_key_id=key_id, action=action))
        expected = {
            AuditFilter(): [4, 3, 2, 1],
            AuditFilter(access_key_id="a"): [4, 3, 1],
            AuditFilter(access_key_id="b"): [2],
            AuditFilter(access_key_id="c"): [],
            AuditFilter(action="X"): [4, 2, 1],
            AuditFilter(action="Z"): [],
        }
        for narrowed, found in expected.items():
            assert await numbers(rig.store, mine, narrowed) == (found, len(found))
            assert await numbers(rig.store, mine, narrowed, Page(2, 2)) == (found[2:4], len(found))

    async def test_pages_before_a_time(self, rig: Rig) -> None:
        """Of one account, newest first; as many as were entered before."""
        mine, other = await two_accounts(rig.store)
        await append(rig.store, *(draft_of(mine, number) for number in range(1, 6)), draft_of(other))
        for count in range(6):
            found = list(range(count, 0, -1))
            narrowed = AuditFilter(before_ms=NOW_MS + count + 1)
            assert await numbers(rig.store, mine, narrowed) == (found, count)
            assert await numbers(rig.store, mine, narrowed, Page(2, 2)) == (found[2:4], count)

    async def test_walks(self, rig: Rig) -> None:
        """A walk gives the next entries in the order of the chain, as many as asked for."""
        mine, _ = await two_accounts(rig.store)
        await append(rig.store, *(draft_of(mine, number) for number in range(1, 6)))
        async with rig.store.snapshot() as store:
            walks = [await store.audit.after(mine, number, limit) for number, limit in ((0, 2), (2, 2), (4, 2), (5, 2))]
        assert [[entry.number for entry in walk] for walk in walks] == [[1, 2], [3, 4], [5], []]


class TestClientTokens:
    async def test_round_trip(self, rig: Rig) -> None:
        """A token's use is found as it was remembered, by account, key, Action and token together (I14, I15)."""
        mine, other = await two_accounts(rig.store)
        token = ClientToken(mine, "key", "CreateProduct", "t-1")
        use = TokenUse("digest", '{"secret":"密"}')
        async with rig.store.transaction() as store:
            assert await store.tokens.use_of(token) is None
            await store.tokens.remember(token, use, NOW_MS)
        strangers = (
            token._replace(account_id=other),
            token._replace(access_key_id="other"),
            token._replace(action="RegisterDevice"),
            token._replace(token="T-1"),
        )
        async with (await rig.reopen()).snapshot() as store:
            assert await store.tokens.use_of(token) == use
            assert [await store.tokens.use_of(stranger) for stranger in strangers] == [None] * 4

    async def test_I17_old_ones_are_forgotten(self, rig: Rig) -> None:
        """Those used before a time go, the oldest first, as many as asked for at once."""
        mine, _ = await two_accounts(rig.store)
        tokens = [ClientToken(mine, "key", "A", f"t{number}") for number in range(5)]
        async with rig.store.transaction() as store:
            for number, token in enumerate(tokens):
                await store.tokens.remember(token, TokenUse("d", "{}"), NOW_MS + number)
        forgotten, left = [], []
        for limit in (2, 2, 2):
            async with rig.store.transaction() as store:
                forgotten.append(await store.tokens.forget_before(NOW_MS + 3, limit))
                left.append([token.token for token in tokens if await store.tokens.use_of(token)])
        assert forgotten == [2, 1, 0]
        assert left == [["t2", "t3", "t4"], ["t3", "t4"], ["t3", "t4"]]
