"""What a polling DDI device is offered when it confirms beforehand (I8, I9, ddi-protocol 3)."""

from __future__ import annotations

import pytest

from tests.domain.jobs import JOB as SAMPLE
from whimbrel.domain.ddi_offer import NOTHING, DeviceView, OfferKind, OpenTask, next_offer
from whimbrel.domain.device import DeviceStatus
from whimbrel.domain.job import Job
from whimbrel.domain.rollout import Rollout, Window
from whimbrel.domain.task import Task, TaskStatus

NOON_MS = 1_700_049_600_000  # a Wednesday, 12:00 UTC
JOB = SAMPLE._replace(need_confirm=True)
AT_NIGHT = Rollout(windows=(Window(127, 60, 120),), time_zone="UTC")


def view_of(job: Job, reported: str = "1.0.0") -> DeviceView:
    task = Task(11, job.id, 33, TaskStatus.CONFIRM, 1, 0, None, "1.0.0", "")
    return DeviceView(33, DeviceStatus.ONLINE, NOON_MS, False, "ann", 0, (), (OpenTask(task, job, reported),))


def test_who_confirms_beforehand() -> None:
    """It is confirmed and told at once."""
    offer = next_offer(view_of(JOB), NOON_MS)
    assert (offer.kind, offer.claims, offer.confirms) == (OfferKind.DEPLOY, True, True)


@pytest.mark.parametrize(
    ("job", "reported"),
    [
        (JOB._replace(stage_until=10), "1.0.0"),
        (JOB._replace(rollout=AT_NIGHT), "1.0.0"),
        (JOB._replace(required_version="0.9.0"), "1.0.0"),
        (JOB._replace(cancelling=frozenset({TaskStatus.QUEUED})), "1.0.0"),
    ],
    ids=["stage", "window", "version", "cancel"],
)
def test_I8_I9_who_confirms_beforehand_waits_like_others(job: Job, reported: str) -> None:
    """To confirm is not to go before one's stage, outside the window, from a wrong version, or into a cancel."""
    assert next_offer(view_of(job, reported), NOON_MS) == NOTHING
