"""Groups of devices. Part of the port `store`."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple, Protocol

from whimbrel.domain.group import Group, GroupCounts, GroupDraft, GroupFilter
from whimbrel.domain.paging import Listing, Page


class DeviceIdentity(NamedTuple):
    """What names a device in lists of groups and tags."""

    device_name: str
    iot_id: str
    product_key: str
    product_name: str


class DevicePlace(NamedTuple):
    """A device, whether it is in the group in question, and how many groups hold it."""

    device_id: int
    product_key: str
    device_name: str
    is_member: bool
    group_count: int


class Groups(Protocol):
    async def add(self, draft: GroupDraft) -> int:
        """Its id. Raises GroupNameTakenError."""
        ...

    async def by_group_id(self, account_id: int, group_id: str) -> Group | None: ...
    async def describe(self, group: Group, description: str) -> None: ...
    async def delete(self, group: Group, now_ms: int) -> None:
        """No operation finds the group any more. Its members are removed by `GroupMembers.purge`."""
        ...

    async def page(self, account_id: int, group_filter: GroupFilter, page: Page) -> Listing[Group]: ...
    async def of_device(self, device_id: int) -> list[Group]:
        """The groups that hold the device, newest first; at most ten static and ten dynamic ones."""
        ...

    async def ids_of_device(self, device_id: int) -> frozenset[str]:
        """The GroupIds of the groups that hold the device."""
        ...

    async def forget_device(self, device_id: int) -> None:
        """The device leaves all its groups: it is being deleted."""
        ...


class GroupMembers(Protocol):
    async def named(self, group: Group, names: Collection[tuple[str, str]]) -> list[DevicePlace]:
        """The account's devices among these (ProductKey, DeviceName), at most 200; one statement."""
        ...

    async def add(self, group: Group, device_ids: Collection[int]) -> None:
        """At most 200 devices that are not in the static group yet."""
        ...

    async def remove(self, group: Group, device_ids: Collection[int]) -> None:
        """At most 200 devices that are in the static group."""
        ...

    async def page(self, group: Group, page: Page) -> Listing[DeviceIdentity] | None:
        """Newest device first. None: a dynamic group of more than MATCHED_DEVICES_MAX devices cannot be listed."""
        ...

    async def counts(self, group: Group) -> GroupCounts: ...
    async def sizes(self, groups: Sequence[Group]) -> dict[str, int]:
        """How many devices each static one of these has, by its GroupId; one statement for up to 200."""
        ...

    async def is_purge_due(self) -> bool:
        """Whether `purge` has something to do."""
        ...

    async def purge(self, members_max: int) -> int:
        """Removes members of deleted groups; how many. A group whose targets a job still gathers waits."""
        ...
