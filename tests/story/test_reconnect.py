"""Restarts and power cuts of the server: back ends and devices continue by themselves with the packages as they are."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.story.sdk_processes import DriverProcess
from tests.story.servers import WhimbrelServer
from tests.story.steps import (
    SEABIOS,
    U_BOOT,
    create_firmware,
    create_job,
    create_product,
    task_statuses,
    watch_job,
    watch_tasks,
    watch_version,
)


def sigterm(server: WhimbrelServer) -> None:
    """The operator's restart: drained, exit status 0."""
    assert server.stop() == 0


@pytest.mark.parametrize("end", [sigterm, WhimbrelServer.kill], ids=["SIGTERM", "SIGKILL"])
def test_I1_notified_device_is_offered_its_task_again_after_a_restart(
    end: Callable[[WhimbrelServer], None],
    server: WhimbrelServer,
    open_back_end: Any,
    uploader: DriverProcess,
    start_device: Any,
) -> None:
    """A task in NOTIFIED outlives the server; the device reconnects, is pushed a fresh URL, and completes the job."""
    back_end = open_back_end("classic")
    product = create_product(back_end, "dev-1", "dev-2")
    firmware = create_firmware(back_end, uploader, product, (U_BOOT / "u-boot.rom", "2.0.0"), NeedToVerify=False)
    device = start_device(product, "dev-1", "1.0.0", hold=True)
    watch_version(back_end, product, "dev-1", "1.0.0")
    job_id = create_job(back_end, "CreateOTAStaticUpgradeJob", product, firmware, TargetSelection="ALL")
    device.wait_for("notified", version="2.0.0")
    watch_tasks(back_end, job_id, dev_1="NOTIFIED", dev_2="QUEUED")

    end(server)
    device.wait_for("disconnected")
    server.start()
    assert task_statuses(back_end, job_id) == {"dev-1": "NOTIFIED", "dev-2": "QUEUED"}
    device.wait_for("connected")
    device.wait_for("notified", version="2.0.0", how="push")
    device.send({"command": "proceed"})
    device.wait_for("installed", version="2.0.0")
    start_device(product, "dev-2", "1.0.0").wait_for("installed", version="2.0.0")
    watch_job(back_end, job_id, "COMPLETED")


def test_I1_version_installed_while_the_server_was_down_counts(
    server: WhimbrelServer, open_back_end: Any, uploader: DriverProcess, start_device: Any
) -> None:
    """The SDK loses a QoS 0 report to a dead server without a word; the report at the next connect ends the task."""
    back_end = open_back_end("tea-v3")
    product = create_product(back_end, "dev-1")
    firmware = create_firmware(back_end, uploader, product, (SEABIOS / "bios.bin", "2.0.0"), NeedToVerify=False)
    device = start_device(product, "dev-1", "1.0.0", hold=True)
    watch_version(back_end, product, "dev-1", "1.0.0")
    job_id = create_job(back_end, "CreateOTAStaticUpgradeJob", product, firmware, TargetSelection="ALL")
    device.wait_for("notified")
    watch_tasks(back_end, job_id, dev_1="NOTIFIED")
    server.kill()
    device.wait_for("disconnected")
    device.send({"command": "report", "version": "2.0.0"})
    device.wait_for("reported", version="2.0.0")
    server.start()
    watch_tasks(back_end, job_id, dev_1="SUCCEEDED")
    watch_job(back_end, job_id, "COMPLETED")


def test_wrong_device_secret_never_connects(open_back_end: Any, start_device: Any) -> None:
    """A device that signs with another secret stays offline, however often its SDK tries."""
    back_end = open_back_end("classic")
    product = create_product(back_end, "dev-1")
    impostor = product._replace(device_secrets={"dev-1": "0123456789abcdef0123456789abcdef"})
    with pytest.raises(AssertionError, match="no line from"):
        start_device(impostor, "dev-1", "1.0.0", wait_s=4)
    detail = back_end.succeed("QueryDeviceDetail", ProductKey=product.key, DeviceName="dev-1")["Data"]
    assert detail["Status"] == "UNACTIVE"
