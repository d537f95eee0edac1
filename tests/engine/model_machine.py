"""The state machine of `test_model.py`: what callers, devices and time do, to the server and to the model alike."""

from __future__ import annotations

import random
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule

from tests.engine.model import MINUTE_MS, Job
from tests.engine.model_both_sides import BothSides
from tests.engine.model_door import PREFIX, Saying
from tests.engine.model_strategies import (
    DEVICES_MAX,
    JOBS_MAX,
    MODULES,
    STEPS,
    VERIFIED_LATER,
    VERSIONS,
    deliveries,
    doings,
    flags,
    maybe,
    modes,
    paces,
    releasable,
    retries,
    sayings,
    schedules,
    seldom,
    selections,
    some,
)
from tests.operations.fleet import upload_list


class ModelTest(BothSides):
    """Each rule does something to both; most let the engine settle then, some leave that for later."""

    # ---- devices ----

    @initialize(count=st.integers(2, 4), dice=st.integers(0, 2**32))
    def begin(self, count: int, dice: int) -> None:
        """Some devices that have reported and are connected: else most runs are about next to nothing."""
        chance = random.Random(dice)
        for _ in range(count):
            self.register()
        for number in range(count):
            device = self.device(number)
            reports = [
                Saying(device, "version", m, chance.choice(VERSIONS[:2])) for m in MODULES if chance.random() < 0.7
            ]
            self.speak([*reports, *[Saying(device, "connect")] * (chance.random() < 0.8)], [], chance)

    @precondition(lambda self: len(self.model.devices) < DEVICES_MAX)
    @rule()
    def register(self) -> None:
        number = len(self.model.devices)
        self.model.devices.append(self.real.add_device(f"{(PREFIX, 'pump')[number % 2]}-{number}"))

    @rule(which=some, does=seldom, calm=maybe)
    def delete_device(self, which: int, does: bool, calm: bool) -> None:
        device = self.device(which)
        if not does or device.is_deleted:
            return
        self.real.ok("DeleteDevice", ProductKey=self.real.product_key, DeviceName=device.name)
        self.model.delete_device(device)
        self.go_on(settles=calm)

    @rule(which=some)
    def join_or_leave_group(self, which: int) -> None:
        device = self.device(which)
        if not device.is_deleted:
            action = f"Batch{'Delete' if device.is_member else 'Add'}DeviceGroupRelations"
            named = [{"ProductKey": self.real.product_key, "DeviceName": device.name}]
            self.real.ok(action, GroupId=self.real.group_id, Device=named)
            device.is_member = not device.is_member

    @rule(
        new=st.lists(sayings, max_size=5), again=st.lists(some, max_size=4), shuffle=st.integers(0, 2**32), calm=maybe
    )
    def say(self, new: list[tuple[int, str, str, int]], again: list[int], shuffle: int, calm: bool) -> None:
        """New reports and ones that were made before, duplicated, delayed and out of order, all in one batch."""
        reports = [Saying(self.device(who), kind, module, _text(kind, number)) for who, kind, module, number in new]
        self.speak(reports, again, random.Random(shuffle))
        self.go_on(settles=calm)

    @precondition(lambda self: any(device.open_tasks for device in self.model.devices))
    @rule(doings=st.lists(doings, min_size=1, max_size=5), again=st.lists(some, max_size=2), calm=maybe)
    def work(self, doings: list[tuple[int, str, int]], again: list[int], calm: bool) -> None:
        """Devices with a task go on with it, fail, or come to the version wanted or to another one."""
        busy = [device for device in self.model.devices if device.open_tasks]
        new = []
        for which, doing, number in doings:
            device = busy[which % len(busy)]
            firmware = device.open_tasks[number % len(device.open_tasks)].job.firmware
            kind, texts = {
                "begin": ("progress", STEPS[:1]),
                "step": ("progress", STEPS[1:3]),
                "fail": ("progress", STEPS[3:]),
                "obey": ("version", (firmware.version,)),
                "stray": ("version", VERSIONS),
                "pull": ("pull", ("",)),
            }[doing]
            new.append(Saying(device, kind, firmware.module, texts[number % len(texts)]))
        self.speak(new, again, random.Random(0))
        self.go_on(settles=calm)

    # ---- jobs ----

    @precondition(lambda self: len(self.model.jobs) < JOBS_MAX)
    @rule(
        which=releasable, selection=selections, sources=st.sets(st.sampled_from(VERSIONS), max_size=2),
        names=st.sets(some, min_size=1, max_size=4), percent=st.sampled_from(["0.001", "33.333", "50", "100"]),
        delivery=deliveries, retry=retries, mode=modes, pace=paces, schedule=schedules, calm=maybe,
    )  # fmt: skip
    def create_static_job(
        self,
        which: int,
        selection: str,
        sources: set[str],
        names: set[int],
        percent: str,
        schedule: Any,
        calm: bool,
        **how: Any,
    ) -> None:
        job, given = self.draft("STATIC", which, **how)
        begin_ms, finish_ms = (None if minutes is None else self.now_ms + minutes * MINUTE_MS for minutes in schedule)
        job.schedule_ms, job.finish_ms = begin_ms, finish_ms
        given |= {"ScheduleTime": begin_ms, "ScheduleFinishTime": finish_ms}
        given |= self.select(job, selection, names, percent)
        if selection in ("ALL", "GRAY") and sources:
            job.given_sources = (job.firmware.source,) if job.firmware.source else tuple(sorted(sources))
            given["SrcVersion"] = job.given_sources
        self.create(job, "CreateOTAStaticUpgradeJob", given, how["pace"], calm=calm)

    def select(self, job: Job, selection: str, which: set[int], percent: str) -> dict[str, Any]:
        """The parameters that say whom a static job is for."""
        job.selection = selection
        devices = list(dict.fromkeys(self.device(number) for number in sorted(which)))
        if selection == "GRAY":
            job.percent = percent
            return {"TargetSelection": "GRAY", "GrayPercent": percent}
        if selection == "GROUP":
            return {"TargetSelection": "GROUP", "GroupId": self.real.group_id}
        if selection == "ALL":
            return {"TargetSelection": "ALL"}
        job.named = tuple(devices)
        names = [device.name for device in devices]
        if selection == "NAMES":
            return {"TargetSelection": "SPECIFIC", "TargetDeviceName": names}
        text = "\n".join([*names, "nobody-1", *names[:1]])  # unknown names are skipped, repeated ones merged (10.10)
        url = self.real.run(upload_list(self.real.door, text.encode()))
        return {"TargetSelection": "SPECIFIC", "DnListFileUrl": url}

    @precondition(lambda self: len(self.model.jobs) < JOBS_MAX)
    @rule(
        which=releasable, sources=st.sets(st.sampled_from(VERSIONS), min_size=1, max_size=2),
        is_group=st.booleans(), takes_now=st.booleans(), delivery=deliveries, retry=retries, mode=modes, pace=paces,
        calm=maybe,
    )  # fmt: skip
    def create_dynamic_job(
        self, which: int, sources: set[str], is_group: bool, takes_now: bool, calm: bool, **how: Any
    ) -> None:
        job, given = self.draft("DYNAMIC", which, **how)
        job.takes_now = takes_now
        given["DynamicMode"] = 1 if takes_now else 2
        if is_group:
            job.prefix = PREFIX
            given |= {"GroupId": self.real.dynamic_group_id, "GroupType": "LINK_PLATFORM_DYNAMIC"}
        else:
            job.given_sources = (job.firmware.source,) if job.firmware.source else tuple(sorted(sources))
            given["SrcVersion"] = job.given_sources
        self.create(job, "CreateOTADynamicUpgradeJob", given, how["pace"], calm=calm)

    @precondition(lambda self: len(self.model.jobs) < JOBS_MAX and self.model.firmware[VERIFIED_LATER].status != 1)
    @rule(
        names=st.sets(some, min_size=1, max_size=3), delivery=deliveries, is_other=seldom, calm=maybe
    )  # fmt: skip
    def create_verify_job(self, names: set[int], delivery: dict[str, Any], is_other: bool, calm: bool) -> None:
        job, given = self.draft("VERIFY", 0 if is_other else VERIFIED_LATER, delivery)
        given |= self.select(job, "NAMES", names, "")
        del given["TargetSelection"]
        self.create(job, "CreateOTAVerifyJob", given, None, calm=calm)

    def draft(
        self,
        kind: str,
        which: int,
        delivery: dict[str, Any],
        retry: Any = (None, None),
        mode: Any = None,
        pace: Any = None,
    ) -> tuple[Job, dict[str, Any]]:
        """A job and its parameters, but for its targets."""
        job = Job(kind, self.model.firmware[which])
        job.needs_push, job.needs_confirm = delivery["NeedPush"], delivery["NeedConfirm"]
        job.timeout_minutes = delivery["TimeoutInMinutes"]
        given: dict[str, Any] = {"FirmwareId": job.firmware.id, **delivery}
        if mode is not None:
            job.retry_minutes, job.retry_count, job.pace = retry[0], retry[1] or 0, pace
            job.overwrites, job.is_multi = mode[0] == 2 or mode[1], mode[1]
            given |= {"RetryInterval": retry[0], "RetryCount": retry[1], "OverwriteMode": mode[0]}
            given |= {"MultiModuleMode": mode[1], "MaximumPerMinute": None if pace is None else 10}
        return job, given

    def create(self, job: Job, action: str, given: dict[str, Any], pace: int | None, *, calm: bool) -> None:
        names = given.get("TargetDeviceName", ())
        expected = self.model.refusal_of(job, names)
        code, job.id = self.real.create(action, **given)
        if not expected and (job.id or job.selection != "GRAY"):
            expected = "iot.ota.NoTargetDevice" if self.model.has_no_target(job) else ""
        elif not expected:
            # Whom the share would have taken depends on the id that the job did not get.
            expected = "iot.ota.NoTargetDevice" if self.model.may_lack_targets(job) else "a share that has a target"
        assert code == expected
        if not code:
            self.model.add_job(job)
            self.real.unguard(job.id, pace)
        self.go_on(settles=calm)

    @precondition(lambda self: self.model.jobs)
    @rule(which=some, flags=flags, does=seldom, calm=maybe)
    def cancel_job(self, which: int, flags: dict[str, bool], does: bool, calm: bool) -> None:
        if not does:
            return
        job = self.job(which)
        given = {
            "CancelUnconfirmedTask" if name == "Unconfirmed" else f"Cancel{name}Task": f for name, f in flags.items()
        }
        code = self.real.code("CancelOTATaskByJob", JobId=job.id, **given)
        assert code == self.model.cancel_job(job, flags)
        self.go_on(settles=calm)

    @precondition(lambda self: self.model.jobs)
    @rule(which=some, names=st.sets(some, min_size=1, max_size=2), is_of_job=maybe, does=seldom, calm=maybe)
    def cancel_devices(self, which: int, names: set[int], is_of_job: bool, does: bool, calm: bool) -> None:
        if not does:
            return
        job, named = self.job(which), sorted({self.device(number).name for number in names})
        given = {"FirmwareId": job.firmware.id, "DeviceName": named, "JobId": job.id if is_of_job else None}
        code = self.real.code("CancelOTATaskByDevice", ProductKey=self.real.product_key, **given)
        assert code == self.model.cancel_devices(named, job.firmware, job if is_of_job else None)
        self.go_on(settles=calm)

    @precondition(lambda self: any(job.has_rule for job in self.model.jobs))
    @rule(which=some, calm=maybe)
    def end_rule(self, which: int, calm: bool) -> None:
        job = self.job(which)
        assert self.real.code("CancelOTAStrategyByJob", JobId=job.id) == self.model.end_rule(job)
        self.go_on(settles=calm)

    @precondition(lambda self: any(job.tasks for job in self.model.jobs))
    @rule(which=st.lists(some, min_size=1, max_size=3), is_any=st.sampled_from([False, False, True]), calm=maybe)
    def confirm(self, which: list[int], is_any: bool, calm: bool) -> None:
        waiting = [task for task in self.model.tasks if task.status == "CONFIRM"]
        tasks = self.pick(self.model.tasks if is_any else waiting, which)
        if tasks:
            code = self.real.code("ConfirmOTATask", TaskId=[task.id for task in tasks])
            assert code == self.model.confirm(tasks, self.now_ms)
            self.go_on(settles=calm)

    @precondition(lambda self: any(job.tasks for job in self.model.jobs))
    @rule(
        which=some, who=st.lists(some, min_size=1, max_size=3), is_any=st.sampled_from([False, False, True]), calm=maybe
    )
    def reupgrade(self, which: int, who: list[int], is_any: bool, calm: bool) -> None:
        ended = [task for task in self.model.tasks if task.status in ("FAILED", "CANCELED")]
        tasks = self.pick(self.model.tasks if is_any else ended, [which])
        if tasks:
            job = tasks[0].job
            tasks = self.pick(job.tasks if is_any else [task for task in ended if task.job is job], who)
            code = self.real.code("ReupgradeOTATask", JobId=job.id, TaskId=[task.id for task in tasks])
            assert code == self.model.reupgrade(job, tasks, self.now_ms)
            self.go_on(settles=calm)

    # ---- time ----

    @rule(minutes=st.sampled_from([1, 2, 5, 11, 60]))
    def wait(self, minutes: int) -> None:
        self.go_on(settles=True)  # an engine that does not look for minutes is dead, and its node with it
        self.real.door.clock.at_ms += minutes * MINUTE_MS
        self.go_on(settles=True)

    @rule()
    def settle(self) -> None:
        self.go_on(settles=True)

    @rule(does=seldom)
    def restart(self, does: bool) -> None:
        if does:  # else hardly anybody is ever connected
            self.real.restart()
            self.model.restart(self.now_ms / 1000)
            self.go_on(settles=True)

    # ---- what must hold ----

    @invariant()
    def agrees_with_the_model(self) -> None:
        """I3, I4, I7 and I13 hold, too."""
        self.agreement.check(self.said)
        self.said = []


def _text(kind: str, number: int) -> str:
    return {"version": VERSIONS[number % len(VERSIONS)], "progress": STEPS[number % len(STEPS)]}.get(kind, "")


class PostgresqlModelTest(ModelTest):
    kind = "postgresql"
