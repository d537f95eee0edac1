"""What strangers send does not grow what the server counts with (I17)."""

from __future__ import annotations

from tests.operations.signed_door import SignedDoor
from whimbrel.rpc.hall import calls_total
from whimbrel.rpc.signed_call import RawRequest

MADE_UP_NAMES = 500
COUNTERS_MAX = 4


def counters() -> int:
    """The label sets that calls are counted under."""
    return sum(len(metric.samples) for metric in calls_total.collect())


async def test_I17_made_up_names_make_no_counters(door: SignedDoor) -> None:
    """Refusals that name a parameter are counted together, whatever the name: before the signature, and after it."""
    before = counters()
    for number in range(MADE_UP_NAMES):
        unread = await door.send(RawRequest("GET", b"/", b"x%d=%%00" % number, (), b""))
        assert unread.code == f"InvalidParameter.x{number}"
        tag = {f"Tag.{number}.TagKey": "color"}
        lacking = await door.call("QueryDeviceByTags", CurrentPage=1, PageSize=10, **tag)
        assert lacking.code == f"MissingTag{number}TagValue"
    assert counters() - before <= 2 * COUNTERS_MAX
