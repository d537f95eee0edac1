"""What is looked at to explain a device: how it is reached, and each job with what it has to do with it."""

from __future__ import annotations

from typing import NamedTuple

from whimbrel.domain.claims import Standing
from whimbrel.domain.device import Device
from whimbrel.domain.job import Job
from whimbrel.domain.task import Task


class Contact(NamedTuple):
    """How the device is reached: by a session, or by its polls (DDI), the next of which is due then."""

    has_session: bool = False
    polls_until_ms: int | None = None


class Case(NamedTuple):
    """A job, and what it has to do with the device.

    `reported`: the device's version of the job's module, None if it never said. `task`: the device's newest in the job.
    `is_gathered`, `place`: whether it is in the job's frozen set, and where in its order. `follows_group`: of a dynamic
    job for a group, whether the device is in it. `newest_follower`: the dynamic job that the device would follow now.
    `standing`, `proved` (successes of all eras) and `held_by` (an AccessKey, empty for the engine) are known where the
    task is open.
    """

    job: Job
    reported: str | None = None
    task: Task | None = None
    is_gathered: bool = False
    place: int | None = None
    follows_group: bool = True
    newest_follower: int | None = None
    standing: Standing = Standing()
    proved: int = 0
    held_by: str = ""


class View(NamedTuple):
    """All that is looked at. `cases`: newest jobs first. `firmware_status`: of the firmware that was asked about.

    `is_narrow`: a job or a firmware was named, so that ended jobs matter too.
    """

    device: Device
    contact: Contact
    cases: tuple[Case, ...]
    firmware_status: int | None = None
    is_narrow: bool = False
