"""Server and model side by side, for `model_machine.py`: what is done to one is done to the other."""

from __future__ import annotations

import random

from hypothesis.stateful import RuleBasedStateMachine

from tests.engine.model import Device, Job, Task
from tests.engine.model_agreement import Agreement
from tests.engine.model_door import ModelDoor, Saying
from tests.engine.model_server import ModelServer
from tests.engine.model_strategies import HISTORY_MAX


class BothSides(RuleBasedStateMachine):
    """`kind` is the store's. `history`: what devices said, `said` what they said in this step."""

    kind = "sqlite"

    def __init__(self) -> None:
        super().__init__()
        self.real = ModelDoor(self.kind)
        self.model = ModelServer(self.choose)
        self.model.firmware = self.real.firmware
        self.agreement = Agreement(self.real, self.model)
        self.history: list[Saying] = []
        self.said: list[Saying] = []
        self.sessions = 0
        self.settled_from = 0

    def teardown(self) -> None:
        self.real.close()

    @property
    def now_ms(self) -> int:
        return self.real.door.clock.at_ms

    def go_on(self, *, settles: bool) -> None:
        if settles:
            self.settled_from = len(self.real.told)
            self.real.settle()
            self.model.settle(self.now_ms, self.now_ms / 1000)
        self.real.door.clock.at_ms += 1

    def choose(self, job: Job, ready: list[Task], room: int) -> list[Task]:
        """Whom the engine told is its choice, how many is not (I5)."""
        self.learn_ids()
        told = {task_id for task_id, _ in self.real.told[self.settled_from :]}
        chosen = [task for task in ready if int(task.id) in told]
        assert len(chosen) == room, (job.id, len(chosen), room)
        return chosen

    def learn_ids(self) -> None:
        """The ids of tasks that are new, which were made in the model's order."""
        jobs = [job for job in self.model.jobs if job.tasks and not job.tasks[-1].id]
        for job, (_, rows) in zip(jobs, self.real.states(jobs), strict=True):
            assert [row.device_id for row in rows] == [task.device.id for task in job.tasks]
            for task, row in zip(job.tasks, rows, strict=True):
                task.id = str(row.id)

    def device(self, which: int) -> Device:
        """Any, deleted ones too."""
        return self.model.devices[which % len(self.model.devices)]

    def job(self, which: int) -> Job:
        return self.model.jobs[which % len(self.model.jobs)]

    def pick(self, tasks: list[Task], which: list[int]) -> list[Task]:
        return list(dict.fromkeys(tasks[number % len(tasks)] for number in which)) if tasks else []

    # ---- what devices say ----

    def speak(self, new: list[Saying], again: list[int], chance: random.Random) -> None:
        reports = list(new)
        if self.history:
            reports += [self.history[-1 - number % len(self.history)] for number in again]
        chance.shuffle(reports)
        self.said = self.number_sessions(reports)
        self.real.say(self.said)
        for saying in self.said:
            self.hear(saying)
        repeatable = [saying for saying in self.said if saying.kind in ("version", "progress", "pull")]
        self.history = [*self.history, *repeatable][-HISTORY_MAX:]

    def number_sessions(self, reports: list[Saying]) -> list[Saying]:
        """Sessions are opened in this order, and who has none by then speaks over HTTPS."""
        held = {device: device.session for device in self.model.devices}
        said = []
        for report in reports:
            device, session = report.device, held[report.device]
            said.append(report._replace(is_online=session is not None, session=session or 0))
            if report.kind == "connect":
                self.sessions += 1
                said[-1] = said[-1]._replace(session=self.sessions)
                held[device] = None if device.is_deleted else self.sessions
            elif report.kind == "late":
                said[-1] = said[-1]._replace(kind="disconnect", session=(session or 0) - 1)
            elif report.kind == "disconnect":
                held[device] = None
        return said

    def hear(self, saying: Saying) -> None:
        device, now_ms = saying.device, self.now_ms
        match saying.kind:
            case "connect":
                self.model.connect(device, saying.session)
            case "disconnect":
                self.model.disconnect(device, saying.session)
            case "version":
                self.model.report_version(device, saying.module, saying.text, now_ms, pushes=saying.is_online)
            case "progress":
                self.model.report_progress(device, saying.module, int(saying.text), now_ms)
            case "pull":
                self.model.pull(device, saying.module)
