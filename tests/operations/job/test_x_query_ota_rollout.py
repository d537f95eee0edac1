"""XQueryOTARollout through the signed door (design.md part 4)."""

from __future__ import annotations

from tests.operations.answers import check_answer
from tests.operations.group.keys import key_without
from tests.operations.job.rollouts import fail, rollout, state_of, succeed, told
from tests.operations.signed_door import NOW_MS, NOW_TEXT, SignedDoor
from whimbrel.domain.access import Permission
from whimbrel.rpc.dialect import Case

ACTION = "XQueryOTARollout"
WHY = {"Reason": "why not"}
MINUTE_MS = 60_000


POLICY = {
    "XGate": "ON",
    "XGateLimit": "25",
    "XGateSilentMinutes": 30,
    "XGateSilentHours": 24,
    "XPace": "EVIDENCE",
    "XPaceFirst": 4,
    "XPaceGrowth": 2,
    "XStages": {"Stage": [{"Percent": "50", "SoakMinutes": 0, "SucceededPercent": 50}]},
    "XWindows": {"Window": []},
    "XSeed": 5,
}
TASKS = {
    "Confirm": 0,
    "Queued": 26,
    "Notified": 1,
    "InProgress": 0,
    "Succeeded": 2,
    "Failed": 1,
    "Canceled": 0,
}
STAGES = [
    {"Number": 1, "State": "UNDER_WAY", "Devices": 15, "UntilDevice": 15, "NeededSuccesses": 8},
    {"Number": 2, "State": "WAITING", "Devices": 15, "UntilDevice": 30},
]
EVENT = {"UtcTime": NOW_TEXT, "Kind": "STAGE", "Who": "", "Reason": "stage 1 of 2 begins, up to device 15"}


async def test_the_whole_answer(door: SignedDoor, case: Case) -> None:
    """A job under way with a pace and a stage: what is told, proved, failing, at risk, and still allowed."""
    job_id, fleet = await rollout(
        door, 30, XPace="EVIDENCE", XPaceFirst=4, XPaceGrowth=2, XSeed=5, XStages=[{"Percent": "50"}], XGateLimit="25"
    )
    names = await told(door, fleet)
    await succeed(fleet, names[:2])
    await fail(fleet, names[2:3])
    expected = {
        "JobId": job_id,
        "JobStatus": "IN_PROGRESS",
        "State": "RUNNING",
        "CreatedBy": door.root.access_key_id,
        "Policy": POLICY,
        "Tasks": TASKS,
        "Started": 4,
        "Failing": 1,
        "GateStarted": 4,
        "GateFailing": 1,
        "GateHaltsAt": 5,
        "AtRisk": 1,
        "AtRiskMax": 4,
        "Silent": 0,
        "Succeeded": 2,
        "Stages": {"Stage": STAGES},
        "Events": {"Event": [EVENT]},
    }
    check_answer(await door.call(ACTION, case=case, JobId=job_id), case, {"Data": expected})


async def test_a_halted_one_says_on_what(door: SignedDoor) -> None:
    """Both of the first two failed, which halts; a third was told between, and says nothing yet."""
    job_id, fleet = await rollout(door, 3, XPace="EVIDENCE", XPaceFirst=2, XGateLimit="3")
    names = await told(door, fleet)
    await fail(fleet, names[:1])
    assert len(await told(door, fleet)) == 1
    await fail(fleet, names[1:])
    await told(door, fleet)
    data = (await door.ok(ACTION, JobId=job_id))["Data"]
    shown = {name: data[name] for name in ("Started", "Failing", "GateStarted", "GateFailing", "GateHaltsAt")}
    assert (data["State"], shown) == (
        "HALTED",
        {"Started": 3, "Failing": 2, "GateStarted": 2, "GateFailing": 2, "GateHaltsAt": 2},
    )


async def test_windows(door: SignedDoor) -> None:
    """A closed window says when it opens; nobody is told before, and all are when it has opened."""
    window = {"Days": "ALL", "Start": "05:00", "End": "06:00"}  # it is 04:04 in Berlin
    job_id, fleet = await rollout(door, 2, XWindows=[window], XTimeZone="Europe/Berlin")
    assert await told(door, fleet) == []
    data = (await door.ok(ACTION, JobId=job_id))["Data"]
    assert (data["State"], data["UtcNextOpening"]) == ("WAITING_WINDOW", "2025-01-02T04:00:00.000Z")
    assert await told(door, fleet, after_ms=56 * MINUTE_MS - 6_000 + 321) == []
    assert await told(door, fleet, after_ms=MINUTE_MS) == sorted(fleet)
    data = (await door.ok(ACTION, JobId=job_id))["Data"]
    assert (data["State"], "UtcNextOpening" in data) == ("RUNNING", False)


async def test_planned_and_ended(door: SignedDoor) -> None:
    """Before and after."""
    job_id, fleet = await rollout(door, 1, ScheduleTime=NOW_MS + 300_000)
    assert await state_of(door, job_id) == "PLANNED"
    await succeed(fleet, await told(door, fleet, after_ms=300_000))
    await told(door, fleet)
    assert await state_of(door, job_id) == "ENDED"


async def test_silence_counts(door: SignedDoor) -> None:
    """Devices that say nothing for as long as the gate allows are silent, failing, and still at risk."""
    job_id, fleet = await rollout(door, 6, XGateSilentHours=1, XGateSilentMinutes=5)
    await told(door, fleet)
    await fleet["lamp-000"].report_progress(10)
    await told(door, fleet, after_ms=59 * MINUTE_MS)
    async with door.store.transaction() as store:
        await store.silence.look(10, door.clock.at_ms)
    data = (await door.ok(ACTION, JobId=job_id))["Data"]
    assert (data["Silent"], data["Failing"], data["AtRisk"]) == (1, 1, 6)


async def test_the_last_50_events(door: SignedDoor) -> None:
    """Newest first."""
    job_id, _ = await rollout(door, 1)
    for _ in range(26):
        await door.ok("XPauseOTAJob", JobId=job_id, **WHY)
        await door.ok("XResumeOTAJob", JobId=job_id, **WHY)
    events = (await door.ok(ACTION, JobId=job_id))["Data"]["Events"]["Event"]
    assert [event["Kind"] for event in events] == ["RESUMED", "PAUSED"] * 25


async def test_I15_other_jobs(door: SignedDoor) -> None:
    """Unknown jobs and those of another account are not found alike."""
    job_id, _ = await rollout(door, 1)
    stranger = await door.make_key(account="other")
    assert await door.refusal(ACTION, by=stranger, JobId=job_id) == "iot.ota.JobNotFound"
    assert await door.refusal(ACTION, JobId="999") == "iot.ota.JobNotFound"


async def test_without_permission(door: SignedDoor) -> None:
    """The action needs the right to read jobs."""
    assert await door.refusal(ACTION, by=await key_without(door, Permission.JOB_READ), JobId="1") == "Forbidden.RAM"
