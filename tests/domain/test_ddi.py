"""The words, numbers and states of DDI (ddi-protocol 1, 4, 5, 6, 9)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whimbrel.domain.ddi import NUMBER_MAX, AttributeMode, merged, number_after, part_of, read_number
from whimbrel.domain.ddi_action import TRANSITIONS, Action, ActionState, after_cancel_feedback
from whimbrel.domain.ddi_feedback import (
    DETAILS_MAX,
    WORDS_LENGTH_MAX,
    Execution,
    Feedback,
    Finished,
    joined_words,
    percent_of,
)
from whimbrel.domain.task import TaskStatus

CONFIRM, QUEUED, NOTIFIED, IN_PROGRESS, SUCCEEDED, FAILED, CANCELED = TaskStatus


def action(
    status: TaskStatus, state: ActionState = ActionState.OPEN, attempt: int = 1, task_attempt: int = 1
) -> Action:
    return Action(1, 1, 1, attempt, state, 0, status, task_attempt, frozenset())


def kinds(found: Action) -> set[str]:
    names = ("is_current", "is_installed", "is_active", "is_withheld", "is_cancelling", "is_deployable")
    names += ("awaits_confirmation",)
    return {name for name in names if getattr(found, name)}


class TestNumbers:
    @pytest.mark.parametrize(("number", "following"), [(1, 2), (8, 9), (9, 11), (11, 12), (99, 101), (199, 201)])
    def test_after(self, number: int, following: int) -> None:
        """Numbers that end in 0 are left out."""
        assert number_after(number) == following

    @pytest.mark.parametrize(
        ("text", "number"),
        [
            ("1", 1),
            (str(NUMBER_MAX - 1), NUMBER_MAX - 1),
            (str(NUMBER_MAX), NUMBER_MAX),
            (str(NUMBER_MAX + 1), None),
            ("0", None),
            ("01", None),
            ("-1", None),
            ("", None),
            ("1 ", None),
            ("٣", None),
            ("9" * 5_000, None),
        ],
    )
    def test_read(self, text: str, number: int | None) -> None:
        """A number has one spelling, and fits in 32 bits with its sign."""
        assert read_number(text) == number

    @pytest.mark.parametrize(
        ("cnt", "of", "percent"),
        [(0, 5, 0), (1, 3, 33), (5, 5, 100), (6, 5, 100), (-1, 5, 0), (1, 0, None), (1, -1, None), (None, 5, None)],
    )
    def test_percent(self, cnt: int | None, of: int | None, percent: int | None) -> None:
        """Steps out of all as percent, within 0 and 100."""
        assert percent_of(cnt, of) == percent


class TestActions:
    @pytest.mark.parametrize("status", [NOTIFIED, IN_PROGRESS])
    def test_current(self, status: TaskStatus) -> None:
        """An open action of an open task in its attempt is deployed, and takes feedback."""
        assert kinds(action(status)) == {"is_current", "is_active", "is_deployable"}

    def test_waiting(self) -> None:
        """One that waits for confirmation is not deployed."""
        assert kinds(action(CONFIRM)) == {"is_current", "is_active", "is_withheld", "awaits_confirmation"}

    def test_I5_confirmed(self) -> None:
        """One that was confirmed is not deployed before a poll has told the device so."""
        assert kinds(action(QUEUED)) == {"is_current", "is_active", "is_withheld"}

    @pytest.mark.parametrize("status", [FAILED, CANCELED])
    def test_ended_without_it(self, status: TaskStatus) -> None:
        """One whose task has ended is to be stopped, and takes feedback as history."""
        assert kinds(action(status)) == {"is_active", "is_cancelling"}

    @pytest.mark.parametrize("status", list(TaskStatus))
    def test_I13_another_attempt(self, status: TaskStatus) -> None:
        """One of an older attempt is to be stopped, whatever the task does now."""
        assert kinds(action(status, task_attempt=2)) == {"is_active", "is_cancelling"}

    def test_I8_a_cancel_that_was_answered(self) -> None:
        """It holds for the action before the engine has come to the task."""
        found = action(NOTIFIED)._replace(job_cancelling=frozenset({NOTIFIED}))
        assert kinds(found) == {"is_active", "is_cancelling"}

    def test_installed_by_another_word(self) -> None:
        """One whose task succeeded otherwise is over."""
        assert kinds(action(SUCCEEDED)) == {"is_installed"}

    @pytest.mark.parametrize("state", [ActionState.SUCCEEDED, ActionState.FAILED, ActionState.CANCELED])
    def test_closed(self, state: ActionState) -> None:
        """A closed one is never offered, and has nowhere to go (I4)."""
        assert not kinds(action(NOTIFIED, state)) & {"is_active", "is_cancelling", "is_deployable"}
        assert TRANSITIONS[state] == frozenset()

    def test_refused(self) -> None:
        """One that the device will not stop is not offered, and still takes feedback."""
        assert kinds(action(CANCELED, ActionState.REFUSED)) == {"is_active"}
        assert TRANSITIONS[ActionState.REFUSED] == {ActionState.CANCELED}

    @pytest.mark.parametrize("execution", list(Execution))
    @pytest.mark.parametrize("finished", list(Finished))
    def test_answers_to_a_cancel(self, execution: Execution, finished: Finished) -> None:
        """Only `closed` and `rejected` answer a cancel."""
        state = after_cancel_feedback(Feedback(execution, finished))
        if execution is Execution.CLOSED:
            assert state is (ActionState.REFUSED if finished is Finished.FAILURE else ActionState.CANCELED)
        else:
            assert state is (ActionState.REFUSED if execution is Execution.REJECTED else None)


class TestWords:
    @given(st.lists(st.text(), max_size=DETAILS_MAX * 2), st.none() | st.integers(-(2**31), 2**31 - 1))
    def test_I17_bounded(self, details: list[str], code: int | None) -> None:
        """Whatever a device says is printable and bounded."""
        words = joined_words(details, code)
        assert len(words) <= WORDS_LENGTH_MAX
        assert words == "" or words.isprintable()

    def test_joined(self) -> None:
        """Blank entries say nothing; the code comes last."""
        assert joined_words(["a", " ", "", "b"], 7) == "a; b; Device reported status code: 7"

    @given(st.dictionaries(st.text(), st.text()), st.dictionaries(st.text(), st.text(), min_size=1))
    def test_attributes(self, kept: dict[str, str], given_: dict[str, str]) -> None:
        """merge keeps what is not given, replace nothing, remove what is not named; what is there is left alone."""
        before = dict(kept)
        assert merged(kept, AttributeMode.MERGE, given_) == {**kept, **given_}
        assert merged(kept, AttributeMode.REPLACE, given_) == given_
        assert merged(kept, AttributeMode.REMOVE, given_).keys() == kept.keys() - given_.keys()
        assert kept == before

    def test_parts(self) -> None:
        """The default module is the part that Zephyr takes; others keep their names."""
        assert [part_of(name) for name in ("default", "os", "mcu")] == ["bApp", "os", "mcu"]
