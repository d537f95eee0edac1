"""What DDI devices need besides the vendors' fields. Part of the port `store`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

from whimbrel.domain.ddi_action import Action, ActionState
from whimbrel.domain.ddi_feedback import Message
from whimbrel.domain.ddi_offer import DeviceView
from whimbrel.domain.job import Job
from whimbrel.domain.task import Task


class Seen(NamedTuple):
    """A device polled: it counts as online until `due_ms`."""

    device_id: int
    due_ms: int


class Deployment(NamedTuple):
    """An action with all that it brings. `object_key` is its firmware's, empty when that was deleted."""

    action: Action
    task: Task
    job: Job
    object_key: str


class DdiDevices(Protocol):
    async def views(self, device_ids: Sequence[int]) -> dict[int, DeviceView]:
        """Of those devices that exist, in a bounded number of statements however many they are."""
        ...

    async def came(self, seen: Seen, ip_address: str, now_ms: int) -> bool:
        """The device is online and activated. False, and nothing changed, when it is disabled or deleted."""
        ...

    async def touch(self, seen: Sequence[Seen]) -> None:
        """They polled again; those that count as offline meanwhile are not brought back by this."""
        ...

    async def leave_overdue(self, now_ms: int, limit: int) -> int:
        """The next devices that were silent for too long are offline; how many were looked at."""
        ...

    async def want_attributes(self, device_id: int) -> None:
        """They are asked for at its next poll."""
        ...

    async def module_of_firmware(self, device_id: int, name: str, version: str) -> str | None:
        """The module that firmware of that name and version is for; None when the device's product has none such."""
        ...

    async def auto_confirm(self, device_id: int, initiator: str) -> None:
        """Its tasks need no confirmation from now on, or with an empty text they do again."""
        ...


class DdiActions(Protocol):
    async def by_number(self, device_id: int, number: int) -> Action | None: ...
    async def deployment(self, device_id: int, number: int) -> Deployment | None: ...
    async def make(self, task: Task, now_ms: int) -> int:
        """The number of the action for the task's attempt, made now unless there is one."""
        ...

    async def close(self, action: Action, state: ActionState, now_ms: int) -> bool:
        """Compare and set; False when the device has closed it meanwhile."""
        ...

    async def close_installed(self, device_id: int, now_ms: int) -> None:
        """Its open actions whose task has succeeded by another report are closed as that."""
        ...

    async def say(self, action: Action, message: Message) -> None:
        """Keep what the device said; an old message may give its place (I17)."""
        ...

    async def history(self, device_id: int, number: int, limit: int) -> list[Message]:
        """Newest first."""
        ...


class DdiAttributes(Protocol):
    async def of_device(self, device_id: int) -> dict[str, str]: ...
    async def put(self, device_id: int, attributes: Mapping[str, str], now_ms: int) -> None:
        """These and no others, bounded by the caller; they are asked for no more."""
        ...


class JobObjects(NamedTuple):
    """Objects that a job sends."""

    job_id: int
    sha256s: tuple[str, ...]


class ObjectDigests(Protocol):
    """The SHA-1 of stored objects, which DDI clients check; identity stays the SHA-256 (A27)."""

    async def sha1s(self, sha256s: Sequence[str]) -> dict[str, str]:
        """Of those that are known."""
        ...

    async def put(self, sha256: str, sha1: str) -> None: ...
    async def unknown(self, after_job_id: int, limit: int) -> list[JobObjects]:
        """The next unfinished jobs above that id, each with those of its objects that have no SHA-1 yet."""
        ...
