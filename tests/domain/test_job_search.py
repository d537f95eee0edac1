"""Which list of jobs a search walks, and what only the time tells of a job."""

from __future__ import annotations

from typing import Any

import pytest

from tests.domain.jobs import JOB
from whimbrel.domain.job import JobType
from whimbrel.domain.job_search import JobSearch, JobWay, is_the_list, way_of
from whimbrel.domain.rollout import Hold
from whimbrel.domain.rollout_state import RolloutState

HALTED, ENDED, RUNNING = (
    frozenset({state}) for state in (RolloutState.HALTED, RolloutState.ENDED, RolloutState.RUNNING)
)


@pytest.mark.parametrize(
    ("given", "way", "is_list"),
    [
        ({}, JobWay.ACCOUNT, True),
        ({"product_id": 1}, JobWay.PRODUCT, True),
        ({"firmware_id": 1}, JobWay.FIRMWARE, True),
        ({"firmware_id": 1, "product_id": 1}, JobWay.FIRMWARE, False),
        ({"group_id": "g"}, JobWay.ACCOUNT, False),
        ({"states": HALTED}, JobWay.UNFINISHED, False),
        ({"states": HALTED, "product_id": 1}, JobWay.UNFINISHED_OF_PRODUCT, False),
        ({"states": HALTED | ENDED}, JobWay.ACCOUNT, False),
        ({"types": frozenset({JobType.VERIFY})}, JobWay.ACCOUNT, False),
    ],
)
def test_ways(given: dict[str, Any], way: JobWay, is_list: bool) -> None:
    """Jobs that have not ended are few, and a list of their own."""
    search = JobSearch(1, **given)
    assert way_of(search) is way
    assert is_the_list(search, way) is is_list


def test_states_that_only_the_time_tells() -> None:
    """What a row says was asked of the store; a running job is looked at again."""
    assert JobSearch(1, states=HALTED).holds(JOB, 0)
    assert JobSearch(1, states=RUNNING).holds(JOB, 0)
    assert not JobSearch(1, states=RUNNING).holds(JOB._replace(hold=Hold.PAUSED), 0)
    assert JobSearch(1).is_stored
    assert not JobSearch(1, states=RUNNING | HALTED).is_stored
