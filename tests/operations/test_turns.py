"""Calls that change an account run one after the other, and what that may cost other accounts (I15, I17)."""

from __future__ import annotations

import asyncio

from tests.operations.signed_door import SignedDoor
from whimbrel.adapters.store.postgresql_pool import CONNECTIONS_MAX


async def test_I15_a_crowd_of_one_account_takes_no_connections_from_others(door: SignedDoor) -> None:
    """While an account's changes wait for their turn, however many, another account is answered."""
    neighbour = await door.make_key("neighbour")
    account_id = await door.account_id()
    async with asyncio.TaskGroup() as group, door.store.transaction() as first:
        await first.hold(f"account:{account_id}")
        waiting = [
            group.create_task(door.ok("CreateProduct", ProductName=f"lamp_{number}", NodeType=0))
            for number in range(2 * CONNECTIONS_MAX)
        ]
        for _ in range(4 * CONNECTIONS_MAX):  # calls enough for the waiting ones to come as far as they can
            await door.ok("QueryProductList", by=neighbour, CurrentPage=1, PageSize=10)
        assert not any(call.done() for call in waiting)
    assert (await door.ok("QueryProductList", CurrentPage=1, PageSize=10))["Data"]["Total"] == len(waiting)
