"""Contract of Store: groups of devices, which devices they hold, and what is left when one is deleted (I4, I15)."""

from __future__ import annotations

import pytest

from tests.contract.store_cases_rig import Rig
from tests.engine.world import NOW_MS, Place, add_devices, add_place, presence
from whimbrel.domain.device_tag import DeviceTag
from whimbrel.domain.group import MATCHED_DEVICES_MAX, Group, GroupCounts, GroupDraft, GroupFilter, GroupType
from whimbrel.domain.group_expression import GroupRule, parse_group_expression
from whimbrel.domain.paging import Listing, Page
from whimbrel.errors import GroupNameTakenError
from whimbrel.ports.store import DeviceIdentity, Store, Transaction

FIRST = Page(1, 10)
BLOCK = 4_096


def group_draft(account_id: int, number: int = 1, **changes: object) -> GroupDraft:
    draft = GroupDraft(
        account_id=account_id,
        group_id=f"group-{account_id}-{number}",
        name=f"group_{number}",
        description=f"the description {number}",
        super_group_id="",
        group_type=GroupType.STATIC,
        created_ms=NOW_MS + number,
    )
    return draft._replace(**changes)


def dynamic_draft(place: Place, expression: str, number: int = 1) -> GroupDraft:
    rule = parse_group_expression(f'product_key = "{place.product_key}" {expression}')
    draft = group_draft(place.account_id, number, group_type=GroupType.DYNAMIC, expression=expression)
    return draft._replace(rule=rule)


async def add_group(store: Transaction, draft: GroupDraft) -> Group:
    await store.groups.add(draft)
    group = await store.groups.by_group_id(draft.account_id, draft.group_id)
    assert group is not None
    return group


async def members(store: Store, group: Group) -> list[str]:
    """Names as the list shows them, with a total that is exact."""
    async with store.snapshot() as snapshot:
        listing = await snapshot.group_members.page(group, Page(1, 1_000))
    assert listing is not None
    assert listing.total == len(listing.rows)
    return [row.device_name for row in listing.rows]


class TestDeviceGroups:
    async def test_round_trip(self, rig: Rig) -> None:
        """A group is found as it was drafted, by its GroupId, and described anew."""
        place = await add_place(rig.store)
        rule = GroupRule(place.product_key, "te_st", True, "room", "中")
        draft = group_draft(place.account_id, group_type=GroupType.DYNAMIC, expression="中", rule=rule)
        async with rig.store.transaction() as store:
            group_row_id = await store.groups.add(draft)
        async with (await rig.reopen()).transaction() as store:
            group = await store.groups.by_group_id(place.account_id, draft.group_id)
            assert group is not None
            assert (group.id, group.is_dynamic) == (group_row_id, True)
            assert {name: getattr(group, name) for name in draft._fields} == draft._asdict()
            await store.groups.describe(group, "other")
            assert await store.groups.by_group_id(place.account_id, draft.group_id) == group._replace(
                description="other"
            )

    async def test_taken_name(self, rig: Rig) -> None:
        """A name is taken once an account, until its group is deleted; the refusal costs the transaction nothing."""
        place = await add_place(rig.store)
        async with rig.store.transaction() as store:
            group = await add_group(store, group_draft(place.account_id))
            with pytest.raises(GroupNameTakenError, match="group_1"):
                await store.groups.add(group_draft(place.account_id, group_id="another"))
            other = await store.accounts.add("other", NOW_MS)
            assert await store.groups.add(group_draft(other))
            await store.groups.delete(group, NOW_MS)
            assert await store.groups.add(group_draft(place.account_id, group_id="another"))

    async def test_I15_other_accounts_find_nothing(self, rig: Rig) -> None:
        """An account finds no group of another's, and names no device of another's for its own group."""
        place = await add_place(rig.store)
        await add_devices(rig.store, place, 1)
        async with rig.store.transaction() as store:
            draft = group_draft(place.account_id)
            await store.groups.add(draft)
            other = await store.accounts.add("other", NOW_MS)
            theirs = await add_group(store, group_draft(other))
            assert await store.groups.by_group_id(other, draft.group_id) is None
            assert (await store.groups.page(other, GroupFilter(), FIRST)).rows == [theirs]
            assert await store.group_members.named(theirs, [(place.product_key, "dev-0000")]) == []

    async def test_lists(self, rig: Rig) -> None:
        """Groups are listed newest first, by type, by the group above, and by a part of their names in any case."""
        place = await add_place(rig.store)
        account_id = place.account_id
        async with rig.store.transaction() as store:
            first = await add_group(store, group_draft(account_id, 1, name="North_Hall"))
            for number, name in ((2, "north%hall"), (3, "south_hall"), (4, "北厅")):
                above = first.group_id if number < 4 else ""
                await store.groups.add(group_draft(account_id, number, name=name, super_group_id=above))
            await store.groups.add(dynamic_draft(place, "", 5)._replace(name="north_dynamic"))
            await store.groups.delete(await add_group(store, group_draft(account_id, 6, name="north_gone")), NOW_MS)
        static, every = frozenset({GroupType.STATIC}), frozenset(GroupType)
        wanted = {
            GroupFilter(): ["北厅", "south_hall", "north%hall", "North_Hall"],
            GroupFilter(every): ["north_dynamic", "北厅", "south_hall", "north%hall", "North_Hall"],
            GroupFilter(frozenset({GroupType.DYNAMIC})): ["north_dynamic"],
            GroupFilter(frozenset()): [],
            GroupFilter(static, first.group_id): ["south_hall", "north%hall"],
            GroupFilter(static, "nothing"): [],
            GroupFilter(static, None, "HALL"): ["south_hall", "north%hall", "North_Hall"],
            GroupFilter(static, None, "h_h"): ["south_hall", "North_Hall"],
            GroupFilter(static, None, "%"): ["north%hall"],
            GroupFilter(static, None, "\\"): [],
            GroupFilter(static, None, "厅"): ["北厅"],
            GroupFilter(every, first.group_id, "nor"): ["north%hall"],
        }
        async with rig.store.snapshot() as store:
            for group_filter, names in wanted.items():
                listing = await store.groups.page(account_id, group_filter, FIRST)
                assert ([group.name for group in listing.rows], listing.total) == (names, len(names)), group_filter
            second = await store.groups.page(account_id, GroupFilter(), Page(2, 3))
            assert ([group.name for group in second.rows], second.total) == (["North_Hall"], 4)
            assert await store.groups.page(account_id, GroupFilter(), Page(3, 3)) == ((), 4)


class TestGroupMembers:
    async def test_named(self, rig: Rig) -> None:
        """Devices are found by product and name, with whether the group has them and how many groups do."""
        first, second = await add_place(rig.store, 1), await add_place(rig.store, 2)
        ids = await add_devices(rig.store, first, 2)
        [other_id] = await add_devices(rig.store, second, 1)
        async with rig.store.transaction() as store:
            groups = [await add_group(store, group_draft(first.account_id, number)) for number in (1, 2, 3)]
            for group in groups[:2]:
                await store.group_members.add(group, ids[:1])
            await store.groups.delete(groups[1], NOW_MS)
            names = [(first.product_key, "dev-0000"), (first.product_key, "dev-0001"), (second.product_key, "dev-0000")]
            strangers = [(first.product_key, "x" * 32), ("x" * 30, "dev-0000")]
            found = await store.group_members.named(groups[0], [*strangers, *names])
            assert found == [
                (ids[0], first.product_key, "dev-0000", True, 1),
                (ids[1], first.product_key, "dev-0001", False, 0),
                (other_id, second.product_key, "dev-0000", False, 0),
            ]
            assert [place.is_member for place in await store.group_members.named(groups[2], names)] == [False] * 3
            assert await store.group_members.named(groups[0], []) == []
            assert await store.group_members.named(groups[0], strangers) == []

    async def test_add_and_remove(self, rig: Rig) -> None:
        """Devices enter and leave, 200 at once, listed by identity, newest first."""
        place = await add_place(rig.store)
        ids = await add_devices(rig.store, place, 200)
        async with rig.store.transaction() as store:
            group = await add_group(store, group_draft(place.account_id))
            await store.group_members.add(group, ids)
            await store.group_members.add(group, [])
            await store.group_members.remove(group, ids[2:])
            await store.group_members.remove(group, [])
        async with rig.store.snapshot() as store:
            listing = await store.group_members.page(group, FIRST)
            assert listing == Listing(
                [
                    DeviceIdentity(name, f"{place.product_key}{name}", place.product_key, "product1")
                    for name in ("dev-0001", "dev-0000")
                ],
                2,
            )
            assert await store.group_members.page(group, Page(2, 10)) == ((), 2)

    async def test_deep_pages(self, rig: Rig) -> None:
        """Pages over more than a block of ids are what slicing the plain list gives."""
        place = await add_place(rig.store)
        ids = await add_devices(rig.store, place, BLOCK + 900)
        async with rig.store.transaction() as store:
            group = await add_group(store, group_draft(place.account_id))
            for start in range(0, len(ids), 200):
                await store.group_members.add(group, ids[start : start + 200])
            await store.group_members.remove(group, ids[10:20])
        wanted = [f"dev-{number:04d}" for number in range(BLOCK + 900) if not 10 <= number < 20][::-1]
        async with rig.store.snapshot() as store:
            for page in (Page(1, 200), Page(4, 200), Page(5, 200), Page(25, 200), Page(4_986, 1), Page(4_987, 1)):
                listing = await store.group_members.page(group, page)
                assert listing is not None
                names = [row.device_name for row in listing.rows]
                assert (names, listing.total) == (wanted[page.offset : page.offset + page.size], len(wanted)), page

    async def test_counts(self, rig: Rig) -> None:
        """A group knows how many of its devices there are, were ever connected, and are now."""
        place = await add_place(rig.store)
        ids = await add_devices(rig.store, place, 4)
        async with rig.store.transaction() as store:
            group = await add_group(store, group_draft(place.account_id))
            assert await store.group_members.counts(group) == GroupCounts(0, 0, 0)
            await store.group_members.add(group, ids[:3])
            for device_id in ids[1:]:
                await store.presences.connected(presence(device_id), NOW_MS)
            await store.presences.disconnected(presence(ids[1]), NOW_MS)
        async with rig.store.snapshot() as store:
            assert await store.group_members.counts(group) == GroupCounts(3, 2, 1)

    async def test_groups_of_a_device(self, rig: Rig) -> None:
        """A device's groups, newest first: those it is in and the dynamic ones it follows; none that is deleted."""
        first, second = await add_place(rig.store, 1), await add_place(rig.store, 2)
        [device_id, plain_id] = await add_devices(rig.store, first, 2)
        expressions = [
            "",
            'and name LIKE "dev-%"',
            'and name LIKE "DEV-%"',
            'and name LIKE "dev-0000%"',
            'and name = "dev-0000"',
            'and name = "dev-000"',
            'and tag.tag_name = "room" and tag.tag_value = "1"',
            'and tag.tag_name = "room" and tag.tag_value = "2"',
        ]
        async with rig.store.transaction() as store:
            device = await store.devices.by_name(first.account_id, first.product_key, "dev-0000")
            assert device is not None
            await store.tags.put(device, [DeviceTag("room", "1")])
            static = [await add_group(store, group_draft(first.account_id, 90 + number)) for number in range(3)]
            for group in static[:2]:
                await store.group_members.add(group, [device_id])
            await store.groups.delete(static[1], NOW_MS)
            for number, expression in enumerate(expressions):
                await store.groups.add(dynamic_draft(first, expression, number))
            await store.groups.add(dynamic_draft(second, "", 50))
            gone = await add_group(store, dynamic_draft(first, "", 51))
            await store.groups.delete(gone, NOW_MS)
        async with rig.store.snapshot() as store:
            names = [group.name for group in await store.groups.of_device(device_id)]
            assert names == ["group_6", "group_4", "group_3", "group_1", "group_0", "group_90"]
            ids = {f"group-{first.account_id}-{number}" for number in (6, 4, 3, 1, 0, 90)}
            assert await store.groups.ids_of_device(device_id) == ids
            assert [group.name for group in await store.groups.of_device(plain_id)] == ["group_1", "group_0"]
            assert await store.groups.of_device(0) == []

    async def test_a_dynamic_group(self, rig: Rig) -> None:
        """It lists and counts what follows its rule now: product, beginning of the name (case matters), tag."""
        first, second = await add_place(rig.store, 1), await add_place(rig.store, 2)
        await add_devices(rig.store, second, 1, prefix="test")
        for prefix in ("test", "tesu", "tes", "Test", "te_t"):
            await add_devices(rig.store, first, 2, prefix=prefix)
        async with rig.store.transaction() as store:
            for name in ("test-0001", "tesu-0001"):
                device = await store.devices.by_name(first.account_id, first.product_key, name)
                assert device is not None
                await store.tags.put(device, [DeviceTag("room", "1")])
                await store.presences.connected(presence(device.id), NOW_MS)
            drafts = [
                dynamic_draft(first, 'and name LIKE "test%"', 1),
                dynamic_draft(first, 'and name LIKE "te_%"', 2),
                dynamic_draft(first, 'and name = "test-0000"', 3),
                dynamic_draft(first, 'and tag.tag_name = "room" and tag.tag_value = "1"', 4),
                dynamic_draft(first, 'and name LIKE "test%" and tag.tag_name = "room" and tag.tag_value = "1"', 5),
                dynamic_draft(first, "", 6),
            ]
            groups = [await add_group(store, draft) for draft in drafts]
        assert [await members(rig.store, group) for group in groups[:5]] == [
            ["test-0001", "test-0000"],
            ["te_t-0001", "te_t-0000"],
            ["test-0000"],
            ["tesu-0001", "test-0001"],
            ["test-0001"],
        ]
        assert len(await members(rig.store, groups[5])) == 10
        async with rig.store.snapshot() as store:
            counts = [await store.group_members.counts(group) for group in groups]
            page = await store.group_members.page(groups[0], Page(2, 1))
            assert page is not None
            assert ([row.device_name for row in page.rows], page.total) == (["test-0000"], 2)
            assert await store.group_members.page(groups[0], Page(3, 1)) == ([], 2)
        assert counts == [(2, 1, 1), (2, 0, 0), (1, 0, 0), (2, 2, 2), (1, 1, 1), (10, 2, 2)]

    @pytest.mark.parametrize("more", [-1, 0, 1])
    async def test_I17_dynamic_groups_are_counted_up_to_a_limit(self, rig: Rig, more: int) -> None:
        """A dynamic group of up to 10,000 devices is listed and counted; a larger one says that it is not."""
        place = await add_place(rig.store)
        wanted = MATCHED_DEVICES_MAX + more
        async with rig.store.transaction() as store:
            group = await add_group(store, dynamic_draft(place, 'and name LIKE "dev%"'))
        await add_devices(rig.store, place, wanted)
        async with rig.store.snapshot() as store:
            counts = await store.group_members.counts(group)
            listing = await store.group_members.page(group, FIRST)
        if more <= 0:
            assert counts == GroupCounts(wanted, 0, 0)
            assert listing is not None
            assert (len(listing.rows), listing.total) == (10, wanted)
        else:
            assert counts == GroupCounts(None, None, None)
            assert listing is None

    async def test_a_device_that_is_deleted(self, rig: Rig) -> None:
        """It leaves all its groups, also deleted ones, and their counts with it."""
        place = await add_place(rig.store)
        ids = await add_devices(rig.store, place, 2)
        async with rig.store.transaction() as store:
            groups = [await add_group(store, group_draft(place.account_id, number)) for number in range(3)]
            for group in groups[:2]:
                await store.group_members.add(group, ids)
            await store.groups.delete(groups[1], NOW_MS)
            await store.groups.forget_device(ids[0])
            await store.groups.forget_device(ids[0])
        assert [await members(rig.store, group) for group in groups] == [["dev-0001"], ["dev-0001"], []]
        async with rig.store.snapshot() as store:
            assert await store.groups.ids_of_device(ids[0]) == frozenset()

    async def test_purge(self, rig: Rig) -> None:
        """Members of deleted groups go in bounded steps, then the groups; others keep theirs."""
        place = await add_place(rig.store)
        ids = await add_devices(rig.store, place, 5)
        async with rig.store.transaction() as store:
            groups = [await add_group(store, group_draft(place.account_id, number)) for number in range(3)]
            for group in groups:
                await store.group_members.add(group, ids)
            assert not await store.group_members.is_purge_due()
            assert await store.group_members.purge(100) == 0
            for group in groups[:2]:
                await store.groups.delete(group, NOW_MS)
        removed = []
        for _ in range(6):
            async with rig.store.transaction() as store:
                removed.append((await store.group_members.is_purge_due(), await store.group_members.purge(3)))
        assert removed == [(True, 3), (True, 3), (True, 3), (True, 1), (True, 0), (False, 0)]
        assert [len(await members(rig.store, group)) for group in groups] == [0, 0, 5]
