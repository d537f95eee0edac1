"""Actions: how a DDI device sees one attempt of one task (docs/explanation/ddi-and-tasks.md).

An action has little state of its own. What is true of it follows from its task; only what the device has said on its
side is kept: that it closed the action, or that it refused to stop.
"""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

from whimbrel.domain.ddi_feedback import Execution, Feedback, Finished
from whimbrel.domain.rollout import Hold
from whimbrel.domain.task import TaskStatus


class ActionState(Enum):
    """What the device has made of it, with the code that rows carry."""

    OPEN = 0
    SUCCEEDED = 1  # closed as installed, and its task was a success by that
    FAILED = 2
    CANCELED = 3  # closed after its task had ended without it: cancelled, timed out, started again
    REFUSED = 4  # the device will not stop; it is not asked again, and may still say how it ended


_CLOSED = frozenset({ActionState.SUCCEEDED, ActionState.FAILED, ActionState.CANCELED})

#: From each state, the states that may follow. Nothing else decides.
TRANSITIONS: dict[ActionState, frozenset[ActionState]] = {
    ActionState.OPEN: _CLOSED | {ActionState.REFUSED},
    ActionState.REFUSED: frozenset({ActionState.CANCELED}),
    ActionState.SUCCEEDED: frozenset(),
    ActionState.FAILED: frozenset(),
    ActionState.CANCELED: frozenset(),
}


class Action(NamedTuple):
    """An action with what its task is now. `messages`: how many feedbacks it had."""

    device_id: int
    number: int
    task_id: int
    attempt: int
    state: ActionState
    messages: int
    task_status: TaskStatus
    task_attempt: int
    job_cancelling: frozenset[TaskStatus]
    job_hold: Hold = Hold.NONE

    @property
    def is_current(self) -> bool:
        """Whether its task is open, in this very attempt, and nobody asked for its cancelling (I8, I13)."""
        return (
            self.task_attempt == self.attempt
            and self.task_status.is_open
            and self.task_status not in self.job_cancelling
        )

    @property
    def is_installed(self) -> bool:
        """Whether the device runs what it brought: also when it said so by another way than this action."""
        return self.task_status is TaskStatus.SUCCEEDED and self.task_attempt == self.attempt

    @property
    def is_active(self) -> bool:
        """Whether feedback is still taken."""
        return self.state is ActionState.REFUSED or (self.state is ActionState.OPEN and not self.is_installed)

    @property
    def is_withheld(self) -> bool:
        """Whether the device knows its number only, because it was asked to confirm it, and was not told to go on.

        Confirmed, it is QUEUED, and the next poll that its job's pace has room for tells it (I5).
        """
        return self.task_status in (TaskStatus.CONFIRM, TaskStatus.QUEUED) and self.is_current

    @property
    def is_cancelling(self) -> bool:
        """Whether the device, which knows of it, has to be told to stop."""
        return self.state is ActionState.OPEN and not self.is_current and not self.is_installed

    @property
    def is_deployable(self) -> bool:
        """Whether the device may see what it brings and download it: not once its job's gate has halted it."""
        is_halted = self.job_hold is Hold.HALTED
        return self.state is ActionState.OPEN and self.is_current and not self.is_withheld and not is_halted

    @property
    def awaits_confirmation(self) -> bool:
        return self.state is ActionState.OPEN and self.is_current and self.task_status is TaskStatus.CONFIRM


def after_cancel_feedback(feedback: Feedback) -> ActionState | None:
    """What an answer on the cancel channel makes of a cancelling action; None leaves it (ddi-protocol 6).

    `canceled` is no acceptance, although it reads like one (hawkBit #952). A refusal cannot bring the task back: a
    cancelled task is final (I4).
    """
    if feedback.execution is Execution.CLOSED:
        return ActionState.REFUSED if feedback.finished is Finished.FAILURE else ActionState.CANCELED
    return ActionState.REFUSED if feedback.execution is Execution.REJECTED else None
