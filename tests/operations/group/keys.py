"""AccessKeys that are limited to some products or groups, for the tests of groups and tags (A06)."""

from __future__ import annotations

from collections.abc import Collection

from tests.operations.signed_door import SignedDoor
from whimbrel.domain.access import Access, Permission, Policy, Statement
from whimbrel.rpc.signing_caller import Credentials


async def limited_key(
    door: SignedDoor, *, products: Collection[str] | None = None, groups: Collection[str] | None = None
) -> Credentials:
    """A key that may do everything with these products and groups; None means all."""
    product_set = None if products is None else frozenset(products)
    group_set = None if groups is None else frozenset(groups)
    return await door.make_key_of(Policy((Statement(frozenset({"*"}), Access.WRITE, product_set, group_set),)))


async def key_without(door: SignedDoor, permission: Permission) -> Credentials:
    """A key that may do everything else."""
    return await door.make_key(permissions=frozenset(Permission) - {permission})
