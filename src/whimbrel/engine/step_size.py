"""How many tasks a step makes or cancels: as many as the store does in the time for which others may wait for it.

A step holds the job's turn, and on SQLite the only writer: a cancel or a report waits for it. How fast a row is depends
on the disk, on the engine, and most on the order of the devices, which decides how many pages of an index are touched.
"""

from __future__ import annotations

TASKS_MIN = 2_000  # with fewer the pages that a shuffled job touches are written more often
TASKS_MAX = 10_000  # more bring next to nothing: the statements themselves are the cost by then
STEP_SECONDS_MAX = 0.15


class StepSize:
    """One for each kind of step; it begins small."""

    def __init__(self) -> None:
        self.tasks = TASKS_MIN

    def took(self, seconds: float) -> None:
        """The last step of this size, with its commit, took so long."""
        if seconds > STEP_SECONDS_MAX:
            self.tasks = max(TASKS_MIN, self.tasks // 2)
        elif seconds < STEP_SECONDS_MAX / 2:
            self.tasks = min(TASKS_MAX, self.tasks * 2)
