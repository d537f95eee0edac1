"""Jobs of every kind, reports, connects, cancels and re-upgrades in any order, against a model in plain Python.

Calls go through the signed door, reports through the ingest in batches, in which old ones come again and out of order.
After each step every task, job, count and notice is as the model says, and the rules of `whimbrel check` hold.
"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.engine.model_machine import ModelTest, PostgresqlModelTest

SQLITE_EXAMPLES, POSTGRESQL_EXAMPLES = 150, 40
FUZZ_EXAMPLES = 2_000


def effort(examples: int, **changes: Any) -> settings:
    """The same runs each time, unless told otherwise."""
    how = {"derandomize": True, "database": None, "deadline": None, "stateful_step_count": 50, **changes}
    return settings(max_examples=examples, suppress_health_check=list(HealthCheck), **how)


class TestModel:
    """A device follows one job at a time, and is told, tried again and judged as api-contract 6 and 7 say (I2-I9)."""

    def test_on_sqlite(self) -> None:
        """Every task, job, count and notice is as the model says."""
        run_state_machine_as_test(ModelTest, settings=effort(SQLITE_EXAMPLES))

    def test_on_postgresql(self) -> None:
        """The same on the other engine."""
        run_state_machine_as_test(PostgresqlModelTest, settings=effort(POSTGRESQL_EXAMPLES))

    @pytest.mark.fuzz
    @pytest.mark.parametrize("machine", [ModelTest, PostgresqlModelTest])
    def test_new_runs(self, machine: type[ModelTest]) -> None:
        """Long runs, other ones each time."""
        run_state_machine_as_test(machine, settings=effort(FUZZ_EXAMPLES, derandomize=False, stateful_step_count=60))
