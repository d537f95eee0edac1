"""What becomes of the devices of an import (ADR 0063)."""

from __future__ import annotations

import pytest

from whimbrel.domain.device import Device, DeviceStatus
from whimbrel.domain.device_import import DeviceImport, ImportConflict, conflict_with, judge_import

NAME, SECRET, IOT_ID, NICKNAME = "lamp-0001", "s" * 32, "i" * 24, "kitchen"
THERE = Device(1, 1, 1, "k1", "lamp", 0, NAME, IOT_ID, SECRET, NICKNAME, DeviceStatus.UNACTIVE, 0, 0, 0, None, None, "")


@pytest.mark.parametrize(
    ("wanted", "conflict"),
    [
        (DeviceImport(NAME, SECRET, IOT_ID, NICKNAME), None),
        (DeviceImport(NAME, "", "", NICKNAME), None),
        (DeviceImport(NAME, "t" * 32, "j" * 24, "other"), ImportConflict.DIFFERENT_SECRET),
        (DeviceImport(NAME, SECRET, "j" * 24, "other"), ImportConflict.DIFFERENT_IOT_ID),
        (DeviceImport(NAME, SECRET, IOT_ID, "other"), ImportConflict.DIFFERENT_NICKNAME),
        (DeviceImport(NAME, SECRET, IOT_ID), ImportConflict.DIFFERENT_NICKNAME),
    ],
)
def test_the_weightiest_difference_counts(wanted: DeviceImport, conflict: ImportConflict | None) -> None:
    """A secret before an IotId before a nickname; what is not given does not differ."""
    assert conflict_with(THERE, wanted) is conflict


def test_each_device_is_one_of_three() -> None:
    """New, equal or in conflict; of names and IotIds that come twice the first ones count."""
    new = DeviceImport("lamp-0002", SECRET, "n" * 24)
    equal = DeviceImport(NAME, SECRET, IOT_ID, NICKNAME)
    wanted = [
        new,
        equal,
        new._replace(nickname="again"),
        DeviceImport("lamp-0003", SECRET, "n" * 24),
        DeviceImport("lamp-0004", SECRET, "t" * 24),
        DeviceImport("lamp-0005"),
        DeviceImport("lamp-0006"),
        DeviceImport("lamp-0007", SECRET, IOT_ID),
    ]
    judged = judge_import(wanted, {NAME: THERE}, {"t" * 24})
    assert judged.new == [new, *wanted[5:7]]
    assert judged.equal == [equal]
    taken = ImportConflict.IOT_ID_TAKEN
    assert judged.conflicts == [
        ("lamp-0002", ImportConflict.REPEATED_NAME),
        ("lamp-0003", taken),
        ("lamp-0004", taken),
        ("lamp-0007", taken),
    ]
