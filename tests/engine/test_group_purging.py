"""Deleted groups are cleared behind the answer."""

from __future__ import annotations

from pathlib import Path

from tests.contract.store_cases_groups import add_group, group_draft, members
from tests.engine.world import NOW_MS, add_devices, set_stage
from whimbrel.engine.group_purging import MEMBERS_PER_STEP, GroupPurging


async def test_a_deleted_group_is_cleared_in_steps(tmp_path: Path) -> None:
    """Each step takes a bounded number of members; the last forgets the group; then there is nothing to do."""
    async with set_stage(tmp_path) as stage:
        ids = await add_devices(stage.store, stage.place, MEMBERS_PER_STEP + 1)
        async with stage.store.transaction() as store:
            groups = [await add_group(store, group_draft(stage.place.account_id, number)) for number in (1, 2)]
            for group in groups:
                for start in range(0, len(ids), 200):
                    await store.group_members.add(group, ids[start : start + 200])
        purging = GroupPurging(stage.store)
        assert not await purging.step()
        async with stage.store.transaction() as store:
            await store.groups.delete(groups[0], NOW_MS)
        left = []
        while await purging.step():
            left.append(len(await members(stage.store, groups[0])))
        assert left == [1, 0, 0]
        assert len(await members(stage.store, groups[1])) == MEMBERS_PER_STEP + 1
