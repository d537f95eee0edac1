"""What feedback does to a task (ddi-protocol 5, 15.5, 15.6, 15.13)."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.engine.world import LINKS
from tests.gateway.ddi.rig import DdiDevice, World, feedback, number_in
from whimbrel.domain.ddi_action import ActionState
from whimbrel.domain.ddi_feedback import Execution, Finished
from whimbrel.domain.task import MINUTE_MS, TaskStatus
from whimbrel.reports.declaration import ReportContext
from whimbrel.reports.inform_version import take_version

CONFIRM, QUEUED, NOTIFIED, IN_PROGRESS, SUCCEEDED, FAILED, CANCELED = TaskStatus


class TestFeedback:
    @pytest.mark.parametrize("execution", sorted(set(Execution) - {Execution.CLOSED}))
    @pytest.mark.parametrize("finished", sorted(Finished))
    async def test_intermediate(self, world: World, device: DdiDevice, execution: str, finished: str) -> None:
        """Whatever it says of a result, feedback that is not closed leaves the task in progress."""
        job = await world.job()
        number = number_in(await device.offered())
        assert await device.say(number, execution, finished) == 200
        task = await world.task(job)
        assert (task.status, task.progress) == (IN_PROGRESS, 0)
        assert number_in(await device.offered()) == number, "it is offered until it is closed"

    async def test_progress(self, world: World, device: DdiDevice) -> None:
        """cnt out of of becomes percent; without them the percentage stays."""
        job = await world.job()
        number = number_in(await device.offered())
        seen = []
        for progress in ((1, 3), None, (9, 3), (2, 0), (-1, 4)):
            await device.say(number, "proceeding", progress=progress)
            seen.append((await world.task(job)).progress)
        assert seen == [33, 33, 100, 100, 0]

    async def test_timeout_runs_from_the_first(self, world: World, device: DdiDevice) -> None:
        """The timeout's clock starts at the attempt's first feedback and never again."""
        job = await world.job(timeout_minutes=10)
        number = number_in(await device.offered())
        assert (await world.task(job)).due_ms is None
        await device.say(number, "download")
        due_ms = world.clock.ms + 10 * MINUTE_MS
        world.clock.pass_ms(1_000)
        await device.say(number, "downloaded")
        assert (await world.task(job)).due_ms == due_ms

    @pytest.mark.parametrize("finished", ["success", "none"])
    async def test_I7_success(self, world: World, device: DdiDevice, finished: str) -> None:
        """closed with success or none is the version report; another final word is 410."""
        job = await world.job()
        number = number_in(await device.offered())
        assert await device.say(number, "closed", finished) == 200
        assert (await world.task(job)).status is SUCCEEDED
        async with world.store.snapshot() as store:
            assert await store.module_versions.get(device.id, "default") == "2.0.0"
        for again in ("closed", "proceeding"):
            assert await device.say(number, again, "success") == 410

    async def test_failure(self, world: World, device: DdiDevice) -> None:
        """closed with failure fails the task with the device's words, and the job's counters move."""
        job = await world.job()
        number = number_in(await device.offered())
        assert await device.say(number, "closed", "failure", details=["no space", "left"], code=7) == 200
        task = await world.task(job)
        assert task.status is FAILED
        assert task.description == "step -1: no space; left; Device reported status code: 7"
        async with world.store.snapshot() as store:
            state = await store.jobs.state(job.account_id, job.id)
        assert state is not None
        assert state.counts[FAILED] == 1
        assert "deploymentBase" not in await device.links()
        assert await device.say(number, "closed", "success") == 410
        assert (await world.task(job)).status is FAILED

    async def test_I12_I13_a_retry_is_another_action(self, world: World, device: DdiDevice) -> None:
        """A retried failure is offered under a new number; words on the old one change nothing."""
        job = await world.job(retry_minutes=0, retry_count=1)
        first = number_in(await device.offered())
        await device.say(first, "closed", "failure")
        assert (await world.task(job)).status is QUEUED
        second = number_in(await device.offered())
        assert second != first
        assert await device.say(first, "closed", "success") == 410
        task = await world.task(job)
        assert (task.status, task.attempt) == (NOTIFIED, 2)
        assert await device.say(second, "closed", "success") == 200
        assert (await world.task(job)).status is SUCCEEDED

    async def test_retries_wait(self, world: World, device: DdiDevice) -> None:
        """A retry that waits for its time is not offered before the engine has found it due."""
        job = await world.job(retry_minutes=10, retry_count=1)
        await device.say(number_in(await device.offered()), "closed", "failure")
        assert "deploymentBase" not in await device.links()
        world.clock.pass_ms(10 * MINUTE_MS)
        await world.engine.settle()
        assert "deploymentBase" in await device.links()
        assert (await world.task(job)).status is NOTIFIED

    async def test_I4_a_timeout_is_final(self, world: World, device: DdiDevice) -> None:
        """Who reports success after the time ran out has its version stored; the task stays failed."""
        job = await world.job(timeout_minutes=1)
        number = number_in(await device.offered())
        await device.say(number, "proceeding")
        world.clock.pass_ms(MINUTE_MS)
        await world.engine.settle()
        assert (await world.task(job)).status is FAILED
        links = await device.links()
        assert number_in(links["cancelAction"]) == number
        assert await device.say(number, "closed", "success") == 200
        assert (await world.task(job)).status is FAILED
        async with world.store.snapshot() as store:
            assert await store.module_versions.get(device.id, "default") == "2.0.0"
        assert await device.links() == {"configData": links["configData"]}

    async def test_installed_by_another_word(self, world: World, device: DdiDevice) -> None:
        """An action whose task succeeded by a report over MQTT is closed by the next poll, as any other success."""
        await world.job()
        number = number_in(await device.offered())
        assert (await device.ask("PUT", "/configData", {"data": {"a": "b"}})).status == 200
        async with world.store.transaction() as store:
            context = ReportContext(device.id, world.clock.ms, store, LINKS)
            assert await take_version(context, "default", "2.0.0")
        links = await device.links()
        assert links.keys() == {"installedBase", "configData"}
        assert number_in(links["installedBase"]) == number
        assert await device.say(number, "closed", "success") == 410
        async with world.store.snapshot() as store:
            action = await store.ddi_actions.by_number(device.id, number)
        assert action is not None
        assert action.state is ActionState.SUCCEEDED

    async def test_numbers_that_are_none(self, device: DdiDevice) -> None:
        """What is no action of the device is 404, whatever it looks like."""
        await device.poll()
        for number in ("1", "0", "-1", "x", "01", "99999999999999999999", "1.5", "٣"):
            assert await device.say(number, "proceeding") == 404

    async def test_history(self, world: World, device: DdiDevice) -> None:
        """The newest words come first, as many as were asked for, never more than 100; 200 feedbacks are all taken."""
        await world.job()
        href = await device.offered()
        number = number_in(href)
        for line in range(200):
            assert await device.say(number, "proceeding", details=[f"line {line}"]) == 200
        assert "actionHistory" not in (await device.ask("GET", href)).json
        for asked, lines in ((0, 0), (2, 2), (99, 99), (100, 100), (101, 100), (-1, 100)):
            got = (await device.ask("GET", f"{href}&actionHistory={asked}")).json
            words = got.get("actionHistory", {}).get("messages", [])
            assert words == [f"line {line}" for line in range(199, 199 - lines, -1)]
        assert (await device.ask("GET", f"{href}&actionHistory=x")).status == 400


VERSIONS = itertools.count()
GOOD = feedback("proceeding")
BODIES: dict[str, Any] = {
    "no status": {},
    "no execution": {"status": {"result": {"finished": "none"}}},
    "no result": {"status": {"execution": "closed"}},
    "no finished": {"status": {"execution": "closed", "result": {}}},
    "unknown execution": feedback("exploded"),
    "unknown finished": feedback("closed", "maybe"),
    "not JSON": b"{",
    "not UTF-8": b'{"status": "\xff"}',
    "a list": [],
    "deep": b"[" * 60_000,
}
LENIENT: dict[str, dict[str, Any]] = {
    "one text": {"details": "a line"},
    "no details": {"details": []},
    "blank entries": {"details": ["", " ", None]},
    "many details": {"details": ["x" * 500] * 100},
    "control characters": {"details": ["a\0b\nc\ud83d\ude00"]},
    "null code": {"code": None},
    "huge code": {"code": 2**62},
}


class TestBodies:
    @pytest.mark.parametrize("body", BODIES.values(), ids=BODIES.keys())
    async def test_malformed(self, world: World, device: DdiDevice, body: Any) -> None:
        """What is not of the form is 400 with the three members of an error, and changes nothing."""
        job = await world.job()
        number = number_in(await device.offered())
        got = await device.ask("POST", f"/deploymentBase/{number}/feedback", body)
        assert got.status == 400
        assert got.json.keys() == {"exceptionClass", "errorCode", "message"}
        assert (await world.task(job)).status is NOTIFIED

    @pytest.mark.parametrize("status", LENIENT.values(), ids=LENIENT.keys())
    async def test_lenient(self, world: World, device: DdiDevice, status: dict[str, Any]) -> None:
        """What clients differ in is taken, and kept within bounds (I17)."""
        await world.job()
        href = await device.offered()
        assert await device.say(number_in(href), "proceeding", **status) == 200
        got = (await device.ask("GET", f"{href}&actionHistory=1")).json
        [words] = got["actionHistory"]["messages"]
        assert len(words) <= 1024
        assert words.isprintable()

    @pytest.mark.parametrize("identity", [5, "5", "", None, [1]])
    async def test_ids_and_times_are_not_read(self, world: World, device: DdiDevice, identity: Any) -> None:
        """id, time and timestamp are whatever a client puts there."""
        await world.job()
        number = number_in(await device.offered())
        body = GOOD | {"id": identity, "time": identity, "timestamp": identity, "more": {"x": identity}}
        assert (await device.ask("POST", f"/deploymentBase/{number}/feedback", body)).status == 200

    async def test_size(self, world: World, device: DdiDevice) -> None:
        """A body of 64 KiB is read, one byte more is not."""
        await world.job()
        number = number_in(await device.offered())
        for length, status in ((65_535, 200), (65_536, 200), (65_537, 413)):
            text = b'{"status":{"execution":"proceeding","result":{"finished":"none"}}}'
            got = await device.ask("POST", f"/deploymentBase/{number}/feedback", text.ljust(length))
            assert got.status == status

    @settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
    @given(st.data())
    async def test_anything(self, world: World, device: DdiDevice, data: st.DataObject) -> None:
        """No body whatever is answered with a 5xx."""
        leaf = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.sampled_from(Execution))
        anything = st.recursive(leaf, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=8)
        result = st.fixed_dictionaries({"finished": st.sampled_from(Finished) | leaf}, optional={"progress": anything})
        status = {"execution": st.sampled_from(Execution) | leaf, "result": result}
        optional = {"code": anything, "details": anything}
        shaped = st.fixed_dictionaries({"status": st.fixed_dictionaries(status, optional=optional)})
        body = data.draw(st.one_of(shaped, anything, st.binary()))
        world.clock.s += 1  # nobody asks too often here
        links = await device.links()
        if "deploymentBase" not in links:  # the example before has ended it
            await world.job(dest_version=f"2.0.{next(VERSIONS)}")
            links = await device.links()
        path = data.draw(st.sampled_from(("deploymentBase", "cancelAction", "confirmationBase")))
        number = number_in(links["deploymentBase"])
        got = await device.ask("POST", f"/{path}/{number}/feedback", body)
        assert got.status < 500
