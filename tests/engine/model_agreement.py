"""Whether server and model agree, after each step of `test_model.py`; and the invariants that neither may break."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from tests.engine.model import Job
from tests.engine.model_door import ModelDoor, Saying
from tests.engine.model_server import ModelServer
from whimbrel.domain.task import Task, TaskStatus, shown_description
from whimbrel.ports.store import JobState

#: What TaskDesc says of a task, by what the model says of it.
WORDS = {
    "timeout": "timeout",
    "not conform": "report version is not conform",
    "CancelOTATaskByJob": "CancelOTATaskByJob",
    "CancelOTATaskByDevice": "CancelOTATaskByDevice",
    "ScheduleFinishTime": "ScheduleFinishTime",
    "the device was deleted": "the device was deleted",
}


class Agreement:
    """Remembers the tasks as they were a step ago."""

    def __init__(self, real: ModelDoor, model: ModelServer) -> None:
        self._real = real
        self._model = model
        self._before: dict[int, Task] = {}

    def check(self, said: Sequence[Saying]) -> None:
        """`said`: what devices said in this step, empty when something else happened."""
        tasks: list[Task] = []
        for job, (state, found) in zip(self._model.jobs, self._real.states(self._model.jobs), strict=True):
            check_job(job, state, found)
            tasks += found
        for firmware in self._model.firmware:
            if firmware.status >= 0:
                assert self._real.firmware_status(firmware) == firmware.status
        told = Counter(self._real.told)
        must_tell = Counter((int(task.id), attempt) for task, attempt in self._model.must_tell)
        # A notice may be repeated, which is the same command (I12); none is missing, and none is of another attempt.
        assert must_tell <= told and set(told) == set(must_tell), (told - must_tell, must_tell - told)  # noqa: PT018
        self._check_I3_one_open_task()
        self._real.check()
        for task in tasks:
            old = self._before.get(task.id)
            if old is not None and old != task:
                self._check_I4_final_states(old, task)
                self._check_I7_success(old, task, said)
                self._check_I13_old_reports(old, task, said)
        self._before = {task.id: task for task in tasks}

    def _check_I3_one_open_task(self) -> None:
        """Of a device one task is open for a module, and over all modules one of jobs without MultiModuleMode."""
        for device in self._model.devices:
            modules = [task.job.firmware.module for task in device.open_tasks]
            assert len(set(modules)) == len(modules)
            assert sum(not task.job.is_multi for task in device.open_tasks) <= 1

    def _check_I4_final_states(self, old: Task, new: Task) -> None:
        """SUCCEEDED is final; CANCELED and FAILED are left by a new attempt only."""
        assert old.status is not TaskStatus.SUCCEEDED, (old, new)
        if not old.status.is_open and new.status is not old.status:
            assert new.attempt == old.attempt + 1, (old, new)
        assert new.attempt >= old.attempt

    def _check_I7_success(self, old: Task, new: Task, said: Sequence[Saying]) -> None:
        """Only the device's own report of the version makes a success."""
        if new.status is TaskStatus.SUCCEEDED and old.status is not TaskStatus.SUCCEEDED:
            firmware = next(job.firmware for job in self._model.jobs if int(job.id) == new.job_id)
            wanted = (new.device_id, "version", firmware.module, firmware.version)
            assert wanted in [(s.device.id, s.kind, s.module, s.text) for s in said], (old, new)

    def _check_I13_old_reports(self, old: Task, new: Task, said: Sequence[Saying]) -> None:
        """Nothing that a device says changes a task that has ended."""
        assert old.status.is_open or not said, (old, new, said)


def check_job(job: Job, state: JobState, tasks: list[Task]) -> None:
    """Status, counts and every task, in the order they were made."""
    assert [task.device_id for task in tasks] == [task.device.id for task in job.tasks], job.id
    for task, known in zip(tasks, job.tasks, strict=True):
        known.id = str(task.id)
        found = (task.status.name, task.attempt, task.retries, task.progress, task.due_ms, task.src_version)
        wanted = (known.status, known.attempt, known.retries, known.progress, known.due_ms, known.source)
        assert found == wanted, (job.id, known.device.name, found, wanted)
        assert task.is_confirmed is known.is_confirmed
        assert_words(shown_description(task), known.why)
    assert state.job.shown_status.value == job.shown_status, (job.id, state.job, job.shown_status)
    counts = Counter(known.status for known in job.tasks)
    assert {status.name: n for status, n in state.counts.items() if n} == counts


def assert_words(words: str, why: str) -> None:
    """TaskDesc says why a task failed or was cancelled; one that is tried again says it of the attempt before."""
    if not why:
        assert words == ""
    elif why.startswith("conflict with job "):
        assert words.startswith("the device has an open task in another job, task "), words
        assert words.endswith(f" of job {why.rpartition(' ')[2]}"), words
    else:
        assert WORDS.get(why, why) in words, (words, why)
