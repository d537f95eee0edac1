"""Groups of devices and their members."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Sequence

from whimbrel.adapters.store.repositories.padding import given, padded
from whimbrel.adapters.store.repositories.targets import TargetRepository
from whimbrel.adapters.store.session import Row, Session, UniqueViolationError, list_total, position_of
from whimbrel.domain.group import (
    COUNTED_DEVICES_MAX,
    MATCHED_DEVICES_MAX,
    Group,
    GroupCounts,
    GroupDraft,
    GroupFilter,
    GroupType,
)
from whimbrel.domain.group_expression import GroupRule
from whimbrel.domain.paging import Listing, Page
from whimbrel.errors import GroupNameTakenError
from whimbrel.ports.store.groups import DeviceIdentity, DevicePlace

PRODUCT_KEY_WIDTH, DEVICE_NAME_WIDTH, ID_WIDTH = 30, 32, 20  # as the statements cut them


class GroupRepository:
    def __init__(self, session: Session) -> None:
        self._session = session

    async def add(self, draft: GroupDraft) -> int:
        values = draft._asdict()
        rule: GroupRule = values.pop("rule")
        for name, value in rule._asdict().items():
            values[f"rule_{name}"] = int(value) if isinstance(value, bool) else value
        try:
            row = await self._session.one("add_group", **values)
        except UniqueViolationError:
            raise GroupNameTakenError(f"a group of the account has the name {draft.name}") from None
        assert row is not None
        return int(row[0])

    async def by_group_id(self, account_id: int, group_id: str) -> Group | None:
        row = await self._session.one("group_by_group_id", account_id=account_id, group_id=group_id)
        return _group(row) if row else None

    async def describe(self, group: Group, description: str) -> None:
        await self._session.run("describe_group", id=group.id, description=description)

    async def delete(self, group: Group, now_ms: int) -> None:
        await self._session.run("delete_group", id=group.id, now_ms=now_ms)

    async def page(self, account_id: int, group_filter: GroupFilter, page: Page) -> Listing[Group]:
        which = {
            "account_id": account_id,
            "has_static": int(GroupType.STATIC in group_filter.types),
            "has_dynamic": int(GroupType.DYNAMIC in group_filter.types),
            "super_group_id": group_filter.super_group_id,
            "name_pattern": None if group_filter.name_part is None else containing(group_filter.name_part),
        }
        row = await self._session.one("groups_total", **which)
        assert row is not None
        if page.offset >= row[0]:
            return Listing((), row[0])
        rows = await self._session.all("groups_page", size=page.size, skip=page.offset, **which)
        return Listing([_group(row) for row in rows], row[0])

    async def of_device(self, device_id: int) -> list[Group]:
        return [_group(row) for row in await self._session.all("groups_of_device", device_id=device_id)]

    async def ids_of_device(self, device_id: int) -> frozenset[str]:
        return frozenset(group.group_id for group in await self.of_device(device_id))

    async def forget_device(self, device_id: int) -> None:
        for row in await self._session.all("remove_device_from_groups", device_id=device_id):
            self._session.count(members_list(row[0]), device_id, -1)


class GroupMemberRepository:
    def __init__(self, session: Session) -> None:
        self._session = session

    async def named(self, group: Group, names: Collection[tuple[str, str]]) -> list[DevicePlace]:
        product_keys, device_names = zip(*names, strict=True) if names else ((), ())
        rows = await self._session.all(
            "devices_named_for_group",
            account_id=group.account_id,
            group_row_id=group.id,
            entries=len(names),
            product_keys=padded(product_keys, PRODUCT_KEY_WIDTH),
            device_names=padded(device_names, DEVICE_NAME_WIDTH),
        )
        return [DevicePlace._make((*row[:3], bool(row[3]), row[4])) for row in rows]

    async def add(self, group: Group, device_ids: Collection[int]) -> None:
        await self._change("add_group_members", group, device_ids, 1)

    async def remove(self, group: Group, device_ids: Collection[int]) -> None:
        await self._change("remove_group_members", group, device_ids, -1)

    async def _change(self, statement: str, group: Group, device_ids: Collection[int], n: int) -> None:
        if not device_ids:
            return
        await TargetRepository(self._session).gather_before_change(group.id)
        texts = padded([str(device_id) for device_id in device_ids], ID_WIDTH)
        changed = await self._session.run(statement, group_row_id=group.id, entries=len(device_ids), device_ids=texts)
        assert changed == len(device_ids), "the caller has asked who is a member"
        for device_id in device_ids:
            self._session.count(members_list(group.id), device_id, n)

    async def page(self, group: Group, page: Page) -> Listing[DeviceIdentity] | None:
        if group.is_dynamic:
            return await self._page_of_rule(group, page)
        position = await position_of(self._session, members_list(group.id), page)
        if position is None:
            return Listing((), await list_total(self._session, members_list(group.id)))
        rows = await self._session.all(
            "group_members_page",
            group_row_id=group.id,
            below=position.below,
            skip=position.skip,
            size=page.size,
        )
        return Listing([DeviceIdentity._make(row) for row in rows], position.total)

    async def counts(self, group: Group) -> GroupCounts:
        if group.is_dynamic:
            return await self._counts_of_rule(group)
        total = await list_total(self._session, members_list(group.id))
        if total > COUNTED_DEVICES_MAX:
            return GroupCounts(total, None, None)
        row = await self._session.one("group_members_state", group_row_id=group.id)
        assert row is not None
        return GroupCounts(total, *row)

    async def sizes(self, groups: Sequence[Group]) -> dict[str, int]:
        static = {group.id: group.group_id for group in groups if not group.is_dynamic}
        rows = await self._session.all("group_sizes", **given(static)) if static else []
        return {static[group_row_id]: int(n) for group_row_id, n in rows}

    async def is_purge_due(self) -> bool:
        return await self._session.one("group_to_purge") is not None

    async def purge(self, members_max: int) -> int:
        rows = await self._session.all("members_to_purge", members_max=members_max)
        for group_row_id, members in itertools.groupby(rows, key=lambda row: int(row[0])):
            device_ids = [device_id for _, device_id in members]
            await self._session.run("purge_group_members", group_row_id=group_row_id, device_id=device_ids[-1])
            for device_id in device_ids:
                self._session.count(members_list(group_row_id), device_id, -1)
        if not rows:
            # Only now, when no count of theirs is under way.
            for row in await self._session.all("forget_purged_groups", groups_max=members_max):
                await self._session.run("forget_list", list=members_list(row[0]))
        return len(rows)

    async def _page_of_rule(self, group: Group, page: Page) -> Listing[DeviceIdentity] | None:
        if await self._is_widely_tagged(group):
            return None
        rows = await self._session.all(
            f"rule_page_{_way(group.rule)}", **_which(group), skip=page.offset, size=page.size
        )
        total = rows[0][-1] if rows else (await self._counts_of_rule(group)).devices
        if total is None or total > MATCHED_DEVICES_MAX:
            return None
        return Listing([DeviceIdentity._make(row[:-1]) for row in rows], total)

    async def _counts_of_rule(self, group: Group) -> GroupCounts:
        if await self._is_widely_tagged(group):
            return GroupCounts(None, None, None)
        row = await self._session.one(f"rule_counts_{_way(group.rule)}", **_which(group))
        assert row is not None
        return GroupCounts(*row) if row[0] <= MATCHED_DEVICES_MAX else GroupCounts(None, None, None)

    async def _is_widely_tagged(self, group: Group) -> bool:
        """Whether the rule's tag is on too many devices to look at each."""
        if not group.rule.tag_key:
            return False
        name = tag_list(group.account_id, group.rule.tag_key, group.rule.tag_value)
        return await list_total(self._session, name) > MATCHED_DEVICES_MAX


def tag_list(account_id: int, key: str, value: str) -> str:
    """The devices of an account that have a tag."""
    return f"tagged:{account_id}:{key}:{value}"


def members_list(group_row_id: int) -> str:
    return f"members:{group_row_id}"


def _way(rule: GroupRule) -> str:
    return "by_tag" if rule.tag_key else "by_name"


def _which(group: Group) -> dict[str, object]:
    rule = group.rule
    # Names have no character behind z, so all that begin with a prefix are between it and the prefix with a tilde;
    # and nothing but the name itself is between it and the name with a blank.
    which: dict[str, object] = {
        "account_id": group.account_id,
        "product_key": rule.product_key,
        "name": rule.name,
        "name_end": f"{rule.name}{'~' if rule.is_prefix else ' '}",
        "devices_max": MATCHED_DEVICES_MAX + 1,
    }
    return which | ({"tag_key": rule.tag_key, "tag_value": rule.tag_value} if rule.tag_key else {})


def containing(part: str) -> str:
    """A pattern for names that contain this, in any case: of names only ASCII letters have one."""
    escaped = "".join(f"\\{character}" if character in "\\%_" else character for character in part)
    return f"%{escaped.translate(_LOWER)}%"


_LOWER = {upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}


def _group(row: Row) -> Group:
    product_key, name, is_prefix, tag_key, tag_value = row[9:]
    rule = GroupRule(product_key, name, bool(is_prefix), tag_key, tag_value)
    return Group._make((*row[:6], GroupType(row[6]), *row[7:9], rule))
