"""A job that waits for confirmation, and one that is cancelled, told to the vendors' packages on both sides."""

from typing import Any

from tests.story.sdk_processes import DriverProcess
from tests.story.steps import (
    OPENSBI,
    SEABIOS,
    create_firmware,
    create_job,
    create_product,
    task_statuses,
    tasks_by_device,
    watch_job,
    watch_tasks,
    watch_version,
)


def test_confirmed_task_is_delivered_and_the_rest_is_cancelled(
    open_back_end: Any, uploader: DriverProcess, start_device: Any
) -> None:
    """Neither push nor pull delivers a task in CONFIRM; confirmed it is pushed; cancelled it never comes back."""
    back_end, releaser = open_back_end("tea-v3"), open_back_end("classic")
    product = create_product(back_end, "dev-1", "dev-2")
    firmware = create_firmware(back_end, uploader, product, (SEABIOS / "bios-256k.bin", "2.0.0"), NeedToVerify=False)
    held = start_device(product, "dev-1", "1.0.0", hold=True)
    waiting = start_device(product, "dev-2", "1.0.0")
    watch_version(back_end, product, "dev-1", "1.0.0")
    watch_version(back_end, product, "dev-2", "1.0.0")
    job_id = create_job(
        back_end, "CreateOTAStaticUpgradeJob", product, firmware, TargetSelection="ALL", NeedConfirm=True
    )
    assert task_statuses(back_end, job_id) == {"dev-1": "CONFIRM", "dev-2": "CONFIRM"}
    waiting.send({"command": "pull"})

    task_id = tasks_by_device(back_end, job_id)["dev-1"]["TaskId"]
    releaser.succeed("ConfirmOTATask", TaskId=[task_id])
    held.wait_for("notified", version="2.0.0", how="push")
    watch_tasks(back_end, job_id, dev_1="NOTIFIED", dev_2="CONFIRM")
    assert releaser.refusal("ConfirmOTATask", TaskId=[task_id]) == "iot.ota.TaskStatusError"

    releaser.succeed("CancelOTATaskByJob", JobId=job_id, CancelNotifiedTask=True, CancelUnconfirmedTask=True)
    watch_tasks(back_end, job_id, dev_1="CANCELED", dev_2="CANCELED")
    assert watch_job(back_end, job_id, "CANCELED")["UtcEndTime"]
    held.send({"command": "proceed"})
    assert "OTA_INVALID_URL" in held.wait_for("failed")["reason"], "a cancelled task's link is revoked (A14, I8)"
    held.send({"command": "report", "version": "2.0.0"})
    watch_version(back_end, product, "dev-1", "2.0.0")
    assert task_statuses(back_end, job_id) == {"dev-1": "CANCELED", "dev-2": "CANCELED"}
    waiting.send({"command": "pull"})
    waiting.send({"command": "report", "version": "1.0.1"})
    watch_version(back_end, product, "dev-2", "1.0.1")
    assert [seen["event"] for seen in waiting.received()] == ["reported"]


def test_cancel_flag_absent_or_false_tells_confirm_from_queued(open_back_end: Any, uploader: DriverProcess) -> None:
    """CancelQueuedTask takes tasks in CONFIRM along only when CancelUnconfirmedTask is absent (api-contract 10.7)."""
    back_end = open_back_end("pop-core-post")
    product = create_product(back_end, "dev-1")
    firmware = create_firmware(back_end, uploader, product, (OPENSBI / "fw_jump.bin", "2.0.0"), NeedToVerify=False)
    job_id = create_job(
        back_end, "CreateOTAStaticUpgradeJob", product, firmware, TargetSelection="ALL", NeedConfirm=True
    )
    back_end.succeed("CancelOTATaskByJob", JobId=job_id, CancelQueuedTask=True, CancelUnconfirmedTask=False)
    assert task_statuses(back_end, job_id) == {"dev-1": "CONFIRM"}
    back_end.succeed("CancelOTATaskByJob", JobId=job_id, CancelQueuedTask=True)
    assert task_statuses(back_end, job_id) == {"dev-1": "CANCELED"}


def test_device_that_reports_a_failure_fails_its_task(
    open_back_end: Any, uploader: DriverProcess, start_device: Any
) -> None:
    """Step -4 makes the task FAILED with the device's own words, and the job ends COMPLETED."""
    back_end = open_back_end("tea-v2")
    product = create_product(back_end, "dev-1")
    firmware = create_firmware(back_end, uploader, product, (SEABIOS / "vgabios.bin", "2.0.0"), NeedToVerify=False)
    device = start_device(product, "dev-1", "1.0.0", hold=True)
    watch_version(back_end, product, "dev-1", "1.0.0")
    job_id = create_job(back_end, "CreateOTAStaticUpgradeJob", product, firmware, TargetSelection="ALL")
    device.wait_for("notified")
    device.send({"command": "progress", "step": "40", "description": "downloading"})
    watch_tasks(back_end, job_id, dev_1="IN_PROGRESS")
    assert tasks_by_device(back_end, job_id)["dev-1"]["Progress"] == "40"
    device.send({"command": "progress", "step": "-4", "description": "flash is worn out"})
    watch_tasks(back_end, job_id, dev_1="FAILED")
    assert "flash is worn out" in tasks_by_device(back_end, job_id)["dev-1"]["TaskDesc"]
    watch_job(back_end, job_id, "COMPLETED")
