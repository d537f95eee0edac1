"""Whom a job is for: frozen sets, uploaded device lists, and what dynamic jobs follow. Part of the port `store`."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from whimbrel.domain.device_list import ListPart
from whimbrel.domain.job import Job


class DeviceList(NamedTuple):
    """An uploaded list: how many names it has, or why it is none."""

    names: int
    fault: str


class Targets(Protocol):
    """The target set of a job, before its tasks are made. Filling (`Fleet.fill`) gathers by itself what is left."""

    async def freeze(self, job: Job) -> None:
        """Fix the set as it is now (I2): the newest device, the size of a share, a group's members, which do not change
        before they are gathered.
        """
        ...

    async def add(self, job: Job, device_ids: tuple[int, ...]) -> None:
        """Devices named one by one."""
        ...

    async def gather(self, job: Job, devices_max: int) -> None:
        """The next chunk of a share, a list or a group; moves the job's gathering cursor."""
        ...


class DeviceLists(Protocol):
    async def put_part(self, object_key: str, part: ListPart) -> None:
        """Once more with the same number changes nothing."""
        ...

    async def finish(self, object_key: str, found: DeviceList, now_ms: int) -> None:
        """The list is whole, or has a fault."""
        ...

    async def find(self, object_key: str) -> DeviceList | None: ...
    async def forget_before(self, stored_before_ms: int) -> bool:
        """Drop one list that old which no job still reads; False when there is none."""
        ...


class Matches(NamedTuple):
    """How many tasks a dynamic job has made for a device, and whether one of them is open."""

    tasks: int
    has_open: bool


class Strategies(Protocol):
    """What running dynamic jobs follow (api-contract 7.4)."""

    async def add(self, job: Job) -> None:
        """Raises DynamicJobConflictError when the firmware has one for a version or the group already."""
        ...

    async def of_version(self, product_id: int, module_name: str, version: str) -> Job | None:
        """The job that a device which reports the version follows: the newest."""
        ...

    async def of_device(self, device_id: int, module_name: str, version: str) -> Job | None:
        """The job that the device follows at this version of the module, by it or by a group: the newest."""
        ...

    async def matches(self, job_id: int, device_id: int) -> Matches: ...
    async def of_group(self, group_row_id: int) -> list[Job]:
        """The jobs that follow the group, oldest first."""
        ...
