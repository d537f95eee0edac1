"""Steps are as large as the time for which others may wait allows (I8)."""

from __future__ import annotations

import pytest

from whimbrel.engine.step_size import STEP_SECONDS_MAX, TASKS_MAX, TASKS_MIN, StepSize


@pytest.mark.parametrize(
    ("seconds", "tasks"),
    [
        (0.0, 2 * TASKS_MIN),
        (STEP_SECONDS_MAX / 2 - 0.001, 2 * TASKS_MIN),
        (STEP_SECONDS_MAX / 2, TASKS_MIN),
        (STEP_SECONDS_MAX, TASKS_MIN),
        (STEP_SECONDS_MAX + 0.001, TASKS_MIN),
    ],
)
def test_the_first_step_decides_the_second(seconds: float, tasks: int) -> None:
    """Short steps double, long ones do not, and none is smaller than the least."""
    size = StepSize()
    size.took(seconds)
    assert size.tasks == tasks


def test_quick_steps_grow_to_the_most_and_slow_ones_shrink_to_the_least() -> None:
    """Nothing grows or shrinks without end."""
    size = StepSize()
    for _ in range(9):
        size.took(0.0)
    assert size.tasks == TASKS_MAX
    size.took(STEP_SECONDS_MAX + 0.001)
    assert size.tasks == TASKS_MAX // 2
    for _ in range(9):
        size.took(1.0)
    assert size.tasks == TASKS_MIN
