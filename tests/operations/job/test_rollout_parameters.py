"""XGate, XPace, XStages, XWindows, XSeed of new jobs: what they pin, and every limit at ±1 (design.md part 4)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.operations.fleet import make_device, make_firmware, make_job, make_product
from tests.operations.signed_door import SignedDoor

STATIC, DYNAMIC = "CreateOTAStaticUpgradeJob", "CreateOTADynamicUpgradeJob"
INVALID, MISSING = "iot.ota.InvalidParameter", "iot.ota.MissingParameter"
WINDOW = {"Days": "ALL", "Start": "22:00", "End": "05:00"}
IN_BERLIN = {"XTimeZone": "Europe/Berlin"}


async def targets(door: SignedDoor, action: str = STATIC) -> dict[str, Any]:
    """What a call must say about a product with one device, at 1.0.0."""
    product_key = await make_product(door)
    await make_device(door, product_key, "lamp-1", "1.0.0")
    target = {"TargetSelection": "ALL"} if action == STATIC else {"SrcVersion": ["1.0.0"]}
    return {"FirmwareId": await make_firmware(door, product_key), "ProductKey": product_key, **target}


async def policy_of(door: SignedDoor, job_id: str) -> dict[str, Any]:
    policy: dict[str, Any] = (await door.ok("XQueryOTARollout", JobId=job_id))["Data"]["Policy"]
    return policy


async def made(door: SignedDoor, given: dict[str, Any], action: str = STATIC, **parameters: Any) -> dict[str, Any]:
    """The policy of a job that is made with these parameters."""
    return await policy_of(door, (await door.ok(action, **given, **parameters))["Data"]["JobId"])


async def test_a_call_of_the_vendors_has_a_gate_and_no_more(door: SignedDoor) -> None:
    """3 %, 30 minutes and 24 hours; no pace, no stages, no order."""
    assert await made(door, await targets(door)) == {
        "XGate": "ON",
        "XGateLimit": "3",
        "XGateSilentMinutes": 30,
        "XGateSilentHours": 24,
        "XPace": "NONE",
        "XStages": {"Stage": []},
        "XWindows": {"Window": []},
    }


@pytest.mark.parametrize("action", [STATIC, DYNAMIC])
async def test_all_of_it(door: SignedDoor, action: str) -> None:
    """What was given is what the job pins; static jobs that are paced or staged have an order too."""
    stages = [
        {"Count": 10, "SoakMinutes": 60, "SucceededPercent": 90},
        {"Percent": "5.125"},
        {"Percent": "50", "SucceededPercent": 1},
    ]
    windows = [{"Days": "MON,FRI", "Start": "00:00", "End": "23:59"}, WINDOW]
    given = {
        "XGateLimit": "0.25",
        "XGateSilentMinutes": 5,
        "XGateSilentHours": 2,
        "XPace": "EVIDENCE",
        "XPaceFirst": 7,
        "XPaceGrowth": 3,
        "XStages": stages,
        "XWindows": windows,
        **IN_BERLIN,
    }
    policy = await made(door, await targets(door, action), action, **given)
    assert (policy.pop("XSeed", None) is not None) is (action == STATIC)
    shown_stages = [{"SoakMinutes": 0, "SucceededPercent": 50, **stage} for stage in stages]
    assert policy == {
        **given,
        "XGate": "ON",
        "XStages": {"Stage": shown_stages},
        "XWindows": {"Window": windows},
    }


async def test_the_gate_may_be_off(door: SignedDoor) -> None:
    """Nothing is left of it."""
    policy = await made(door, await targets(door), XGate="OFF")
    assert {name: value for name, value in policy.items() if name.startswith("XGate")} == {"XGate": "OFF"}


async def test_the_same_seed_is_the_same_order(door: SignedDoor) -> None:
    """A seed is kept as it is given, and orders a job that has neither pace nor stages."""
    assert (await made(door, await targets(door), XSeed=2**31 - 1))["XSeed"] == 2**31 - 1


LIMITS: list[tuple[dict[str, Any], bool]] = [
    ({"XGateLimit": "0.01"}, True),
    ({"XGateLimit": "0"}, False),
    ({"XGateLimit": "0.00"}, False),
    ({"XGateLimit": "0.011"}, False),
    ({"XGateLimit": "50"}, True),
    ({"XGateLimit": "50.01"}, False),
    ({"XGateLimit": "-1"}, False),
    ({"XGateLimit": "3%"}, False),
    ({"XGateLimit": "3e0"}, False),
    ({"XGateLimit": "１"}, False),
    *[({"XGateSilentMinutes": minutes}, ok) for minutes, ok in ((0, False), (1, True), (1440, True), (1441, False))],
    *[({"XGateSilentHours": hours}, ok) for hours, ok in ((0, False), (1, True), (720, True), (721, False))],
    *[
        ({"XPace": "EVIDENCE", "XPaceFirst": first}, ok)
        for first, ok in ((0, False), (1, True), (1_000_000, True), (1_000_001, False))
    ],
    *[
        ({"XPace": "EVIDENCE", "XPaceGrowth": growth}, ok)
        for growth, ok in ((0, False), (1, True), (100, True), (101, False))
    ],
    *[({"XSeed": seed}, ok) for seed, ok in ((0, False), (1, True), (2**31 - 1, True), (2**31, False))],
    *[({"XStages": [{"Count": n}]}, ok) for n, ok in ((0, False), (1, True), (10_000_000, True), (10_000_001, False))],
    *[
        ({"XStages": [{"Percent": percent}]}, ok)
        for percent, ok in (("0", False), ("0.001", True), ("0.0001", False), ("100", True), ("100.001", False))
    ],
    *[
        ({"XStages": [{"Count": 1, "SoakMinutes": minutes}]}, ok)
        for minutes, ok in ((0, True), (43_200, True), (43_201, False), (-1, False))
    ],
    *[
        ({"XStages": [{"Count": 1, "SucceededPercent": percent}]}, ok)
        for percent, ok in ((0, False), (1, True), (100, True), (101, False))
    ],
    *[({"XStages": [{"Count": n} for n in range(1, 1 + entries)]}, ok) for entries, ok in ((20, True), (21, False))],
    *[({"XWindows": [WINDOW] * entries, **IN_BERLIN}, ok) for entries, ok in ((14, True), (15, False))],
    *[
        ({"XWindows": [{**WINDOW, "Start": time}], **IN_BERLIN}, ok)
        for time, ok in (("00:00", True), ("23:59", True), ("24:00", False), ("23:60", False), ("7:00", False))
    ],
    *[
        ({"XWindows": [{**WINDOW, "Days": days}], **IN_BERLIN}, ok)
        for days, ok in (("MON", True), ("MON,MON", False), ("mon", False), ("MON,", False), ("ALL,MON", False))
    ],
]


@pytest.mark.parametrize(("parameters", "is_taken"), LIMITS, ids=str)
async def test_limits(door: SignedDoor, parameters: dict[str, Any], is_taken: bool) -> None:
    """Every limit at its value and at the next ones beyond."""
    given = await targets(door)
    if is_taken:
        await door.ok(STATIC, **given, **parameters)
    else:
        assert await door.refusal(STATIC, **given, **parameters) == INVALID


@pytest.mark.parametrize(
    ("parameters", "code"),
    [
        ({"XGate": "OFF", "XGateLimit": "3"}, INVALID),
        ({"XGate": "OFF", "XGateSilentMinutes": 30}, INVALID),
        ({"XGate": "OFF", "XGateSilentHours": 3}, INVALID),
        ({"XGate": "on"}, INVALID),
        ({"XPaceFirst": 3}, INVALID),
        ({"XPace": "NONE", "XPaceGrowth": 3}, INVALID),
        ({"XPace": "FAST"}, INVALID),
        ({"XStages": [{"SoakMinutes": 3}]}, MISSING),
        ({"XStages": [{"Count": 3, "Percent": "3"}]}, INVALID),
        ({"XStages": [{"Count": 3}, {"Count": 3}]}, INVALID),
        ({"XStages": [{"Percent": "3"}, {"Percent": "3.0"}]}, INVALID),
        ({"XStages": [{"Percent": "3"}, {"Count": 10}, {"Percent": "2"}]}, INVALID),
        ({"XWindows": [WINDOW]}, MISSING),
        (IN_BERLIN, INVALID),
        ({"XWindows": [WINDOW], "XTimeZone": "Europe/Atlantis"}, INVALID),
        ({"XWindows": [WINDOW], "XTimeZone": "../Europe/Berlin"}, INVALID),
        ({"XWindows": [WINDOW], "XTimeZone": "Europe"}, INVALID),
        ({"XWindows": [WINDOW], "XTimeZone": "A" * 65}, INVALID),
    ],
    ids=str,
)
@pytest.mark.parametrize("action", [STATIC, DYNAMIC])
async def test_what_does_not_go_together(door: SignedDoor, action: str, parameters: dict[str, Any], code: str) -> None:
    """Refused, by both ways of making a job."""
    assert await door.refusal(action, **await targets(door, action), **parameters) == code


@pytest.mark.parametrize("action", [STATIC, DYNAMIC])
@pytest.mark.parametrize("name", ["XStages", "XStages.1", "XStages.1.Counts", "XStages.2.Count.1", "XWindows.1.Day"])
async def test_a_part_that_is_misspelt_is_refused(door: SignedDoor, action: str, name: str) -> None:
    """Ignored as other unknown parameters are, a canary would go to everybody."""
    given = await targets(door, action)
    assert await door.refusal(action, **given, **{name: "5"}) == INVALID
    assert door.rows()["job"] == []


async def test_members_of_a_window_are_needed(door: SignedDoor) -> None:
    """The gate names the parameter that is missing."""
    given = await targets(door)
    assert await door.refusal(STATIC, **given, XWindows=[{"Days": "ALL", "Start": "22:00"}], **IN_BERLIN) == (
        "MissingXWindows1End"
    )


async def test_dynamic_jobs_have_no_seed(door: SignedDoor) -> None:
    """They take devices as they come; unknown parameters are not listened to (threat-model part 3)."""
    assert "XSeed" not in await made(door, await targets(door, DYNAMIC), DYNAMIC, XSeed=7, XPace="EVIDENCE")


async def test_a_verify_job_has_no_policy(door: SignedDoor) -> None:
    """Its ten devices are the trial themselves."""
    product_key = await make_product(door)
    await make_device(door, product_key, "lamp-1")
    firmware_id = await make_firmware(door, product_key, NeedToVerify=True)
    given = {"FirmwareId": firmware_id, "ProductKey": product_key, "TargetDeviceName": ["lamp-1"]}
    job_id = (await door.ok("CreateOTAVerifyJob", **given))["Data"]["JobId"]
    assert (await policy_of(door, job_id))["XGate"] == "OFF"


async def test_the_policy_can_be_given_again(door: SignedDoor) -> None:
    """What a job shows makes a job of the same policy."""
    product_key = await make_product(door)
    await make_device(door, product_key, "lamp-1", "1.0.0")
    firmware_id = await make_firmware(door, product_key)
    first = await policy_of(
        door, await make_job(door, product_key, firmware_id, XPace="EVIDENCE", XStages=[{"Count": 1}])
    )
    given = {**first, "XStages": first["XStages"]["Stage"], "XWindows": first["XWindows"]["Window"]}
    assert await policy_of(door, await make_job(door, product_key, firmware_id, **given)) == first
