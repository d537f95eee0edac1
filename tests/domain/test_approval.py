"""Whom an approval takes, and what may be done to a job that needed one (A29)."""

from __future__ import annotations

import pytest

from tests.domain.jobs import JOB
from whimbrel.domain.approval import change_fault, hold_of_new, is_own, needs_approval
from whimbrel.domain.claims import Standing, evidence_to_halt, free_claims
from whimbrel.domain.gate import Wave
from whimbrel.domain.job import Job, JobType, Tag
from whimbrel.domain.rollout import GUARDED, Hold
from whimbrel.domain.rollout_state import RolloutState, rollout_state

AWAITING = JOB._replace(
    hold=Hold.AWAITING_APPROVAL, created_by="maker", maximum_per_minute=100, src_versions=("1", "2")
)
APPROVED = AWAITING._replace(hold=Hold.NONE, approved_by="other")
HALTED = APPROVED._replace(hold=Hold.HALTED)
REJECTED = AWAITING._replace(hold=Hold.REJECTED)
FREE = APPROVED._replace(approved_by="")


@pytest.mark.parametrize(
    ("job_type", "is_asked", "hold"),
    [
        (JobType.UPGRADE, True, Hold.AWAITING_APPROVAL),
        (JobType.UPGRADE, False, Hold.NONE),
        (JobType.VERIFY, True, Hold.NONE),
    ],
)
def test_how_a_job_starts(job_type: JobType, is_asked: bool, hold: Hold) -> None:
    """Upgrade jobs wait where that is asked for; a verification reaches ten devices and never does."""
    assert hold_of_new(job_type, is_asked) is hold


@pytest.mark.parametrize("job", [AWAITING, APPROVED, HALTED, REJECTED])
def test_A29_two_people(job: Job) -> None:
    """Whoever made it is never the second one, before the approval and after it."""
    assert needs_approval(job)
    assert is_own(job, "maker")
    assert not is_own(job, "other")


def test_without_approval() -> None:
    """A job that needs none is its maker's alone."""
    assert not needs_approval(FREE)
    assert not is_own(FREE, "maker")
    assert change_fault(FREE, 10_000, (Tag("a", "b"),), ("9",)) == ""


@pytest.mark.parametrize("job", [AWAITING, APPROVED, HALTED])
@pytest.mark.parametrize(
    ("maximum_per_minute", "tags", "src_versions", "is_allowed"),
    [
        (99, (), (), True),
        (100, (), (), True),
        (101, (), (), False),
        (100, (Tag("force", "1"),), (), False),
        (100, (), ("2",), True),
        (100, (), ("2", "1"), True),
        (100, (), ("2", "3"), False),
    ],
)
def test_A29_what_may_change(
    job: Job, maximum_per_minute: int, tags: tuple[Tag, ...], src_versions: tuple[str, ...], is_allowed: bool
) -> None:
    """It may become slower and smaller, and nothing else, from its making on."""
    assert (change_fault(job, maximum_per_minute, tags, src_versions) == "") is is_allowed


def test_a_speed_where_there_was_none() -> None:
    """Any bound is slower than none."""
    assert change_fault(APPROVED._replace(maximum_per_minute=None), 10_000, (), ()) == ""


def test_I8_nobody_is_told() -> None:
    """Nobody may be told, and no evidence changes what the job waits for."""
    gated = AWAITING._replace(rollout=GUARDED)
    failing = Standing(tasks=50, waves=(Wave(1, 20, 20),))
    assert free_claims(gated, Standing(tasks=50)) == 0
    assert evidence_to_halt(gated, failing) is None
    assert evidence_to_halt(gated._replace(hold=Hold.NONE), failing) is not None


@pytest.mark.parametrize(
    ("job", "state"), [(AWAITING, RolloutState.AWAITING_APPROVAL), (REJECTED, RolloutState.REJECTED)]
)
def test_its_state(job: Job, state: RolloutState) -> None:
    """One word for each."""
    assert rollout_state(job, job.created_ms) is state
