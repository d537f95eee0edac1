"""Of what `model_machine.py` makes its steps: the values that Hypothesis chooses from, and how often."""

from __future__ import annotations

from hypothesis import strategies as st

DEVICES_MAX, JOBS_MAX, HISTORY_MAX = 7, 9, 30
VERSIONS = ("1.0.0", "1.5.0", "2.0.0", "3.0.0")
MODULES = ("default", "MCU")
STEPS = ("0", "50", "100", "-1", "-4")
VERIFIED_LATER = 5  # the firmware that must be verified, among those of `model_door.FIRMWARE`

some = st.integers(0, 1_000)
maybe = st.sampled_from([True, True, False])
retries = st.sampled_from([(None, None), (None, None), (0, 1), (10, 2)])
deliveries = st.fixed_dictionaries(
    {
        "NeedPush": st.sampled_from([True, True, True, False]),
        "NeedConfirm": st.sampled_from([False, False, True]),
        "TimeoutInMinutes": st.sampled_from([None, 11]),
    }
)
modes = st.sampled_from([(1, False), (1, False), (2, False), (1, True)])
paces = st.sampled_from([None, None, None, 1, 2])
schedules = st.sampled_from([(None, None), (None, None), (None, None), (5, None), (5, 65), (None, 60)])
selections = st.sampled_from(["ALL", "ALL", "NAMES", "LIST", "GRAY", "GROUP"])
sayings = st.tuples(
    some,
    st.sampled_from(["version", "version", "progress", "progress", "pull", "connect", "connect", "disconnect", "late"]),
    st.sampled_from(MODULES),
    some,
)
doings = st.tuples(some, st.sampled_from(["begin", "begin", "step", "fail", "obey", "obey", "stray", "pull"]), some)
releasable = st.sampled_from([*range(VERIFIED_LATER), *range(VERIFIED_LATER), VERIFIED_LATER])
seldom = st.sampled_from([False, False, True])
flags = st.dictionaries(
    st.sampled_from(["Scheduled", "Queued", "Notified", "InProgress", "Unconfirmed"]), maybe, max_size=3
)
