"""The way rauc-hawkbit-updater walks through an update, by a model of it (ddi-protocol 13)."""

from pathlib import Path

import pytest

from tests.clients.ddi_back_end import DdiBackEnd, DdiDevice
from tests.clients.rauc_updater import RETRIES_MAX, RaucUpdater, RefusedError
from tests.clients.relay import Relay

BUNDLE = bytes(range(256)) * 1000
ATTRIBUTES_MAX = 100


class Slot:
    """Where RAUC would write; `works` False is an installation that fails."""

    def __init__(self) -> None:
        self.content = b""
        self.works = True

    def install(self, content: bytes) -> bool:
        if self.works:
            self.content = content
        return self.works


@pytest.fixture
def slot() -> Slot:
    return Slot()


@pytest.fixture
def updater(relay: Relay, device: DdiDevice, tmp_path: Path, slot: Slot) -> RaucUpdater:
    return RaucUpdater(relay.url, device, tmp_path, slot.install)


def test_installs_in_one_turn(back_end: DdiBackEnd, device: DdiDevice, updater: RaucUpdater, slot: Slot) -> None:
    """Attributes, one chunk with one file, its SHA-1, and closed/success at once: the task is SUCCEEDED."""
    job_id = back_end.release(device, "2.0.0", {"gateway.raucb": BUNDLE})
    updater.turn()
    assert slot.content == BUNDLE
    assert back_end.attributes(device) == {"product": "Gateway", "serial": device.name}
    assert back_end.watch_task(job_id, "SUCCEEDED")["destVersion"] == "2.0.0"
    assert "deploymentBase" not in updater.poll()


@pytest.mark.parametrize(("have_bytes", "status"), [(0, 200), (1, 206), (len(BUNDLE) - 1, 206), (len(BUNDLE), 416)])
def test_download_goes_on_from_what_is_there(
    have_bytes: int, status: int, back_end: DdiBackEnd, device: DdiDevice, updater: RaucUpdater, slot: Slot
) -> None:
    """A part is completed by its rest; for a whole one 416 says that nothing is missing. Each is installed."""
    job_id = back_end.release(device, "2.0.0", {"gateway.raucb": BUNDLE})
    if have_bytes:
        updater.bundle.write_bytes(BUNDLE[:have_bytes])
    updater.turn()
    assert updater.download_statuses == [status]
    assert slot.content == BUNDLE
    back_end.watch_task(job_id, "SUCCEEDED")


def test_failed_installation(back_end: DdiBackEnd, device: DdiDevice, updater: RaucUpdater, slot: Slot) -> None:
    """closed/failure makes the task FAILED, with the client's words, and it is not offered again."""
    slot.works = False
    job_id = back_end.release(device, "2.0.0", {"gateway.raucb": BUNDLE})
    updater.turn()
    assert "Failed to install" in back_end.watch_task(job_id, "FAILED")["taskDesc"]
    assert "deploymentBase" not in updater.poll()


def test_several_files_are_too_many(back_end: DdiBackEnd, device: DdiDevice, updater: RaucUpdater) -> None:
    """A firmware of two files is one chunk with two artifacts, which this client reports as a failure."""
    job_id = back_end.release(device, "2.0.0", {"a.raucb": BUNDLE, "b.raucb": b"other"})
    updater.turn()
    assert "multiple" in back_end.watch_task(job_id, "FAILED")["taskDesc"]


def test_I4_cancel_before_the_installation(
    back_end: DdiBackEnd, device: DdiDevice, updater: RaucUpdater, slot: Slot
) -> None:
    """A task that is cancelled after the device saw it is answered on the cancel channel, once, and stays CANCELED."""
    job_id = back_end.release(device, "2.0.0", {"gateway.raucb": BUNDLE})
    seen = updater.poll()
    assert "deploymentBase" in seen
    back_end.succeed(
        "CancelOTATaskByDevice",
        FirmwareId=back_end.task(job_id)["firmwareId"],
        ProductKey=device.product_key,
        JobId=job_id,
        **{"DeviceName.1": device.name},
    )
    assert {"cancelAction"} == updater.poll().keys() & {"cancelAction", "deploymentBase"}
    updater.turn()
    assert not updater.poll().keys() & {"cancelAction", "deploymentBase"}
    assert back_end.task(job_id)["taskStatus"] == "CANCELED"
    assert slot.content == b""


def test_I17_too_many_attributes_are_refused_each_time(
    back_end: DdiBackEnd, device: DdiDevice, updater: RaucUpdater
) -> None:
    """One attribute over the limit is 429, which this client repeats and then gives up; what it said before stays."""
    updater.poll()
    kept = {f"a{number}": "x" for number in range(ATTRIBUTES_MAX)}
    updater.identify(kept)
    assert updater.tries == 1
    updater.retry_s = 0.0
    with pytest.raises(RefusedError, match="429"):
        updater.identify({"one-more": "x"})
    assert updater.tries == RETRIES_MAX
    assert back_end.attributes(device) == kept
