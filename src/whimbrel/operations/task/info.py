"""A task as lists over a job's tasks show it."""

from __future__ import annotations

from typing import Annotated

import msgspec

from whimbrel.domain.job import Job
from whimbrel.domain.task import shown_description
from whimbrel.domain.wire_time import utc_text
from whimbrel.operations.fields import Field
from whimbrel.ports.store import TaskRow


class SimpleTaskInfo(msgspec.Struct, frozen=True, kw_only=True):
    task_id: Annotated[str, Field("Its id.")]
    job_id: Annotated[str, Field("Its job.")]
    firmware_id: Annotated[str, Field("The firmware.")]
    product_key: Annotated[str, Field("The device's product.")]
    product_name: Annotated[str, Field("The product's name.")]
    device_name: Annotated[str, Field("The device.")]
    iot_id: Annotated[str, Field("The device's id over all products.")]
    src_version: Annotated[str, Field("The module's version when the task was made; empty if never reported.")]
    dest_version: Annotated[str, Field("The version wanted.")]
    task_status: Annotated[str, Field("CONFIRM, QUEUED, NOTIFIED, IN_PROGRESS, SUCCEEDED, FAILED or CANCELED.")]
    task_desc: Annotated[str, Field("Why it failed or was cancelled.")]
    progress: Annotated[str, Field("Percent, as text.")]
    timeout: Annotated[str | None, Field("Minutes as text; absent without a timeout.")]
    utc_create: Annotated[str, Field("Creation.")]
    utc_modified: Annotated[str, Field("Last change.")]


class TaskList(msgspec.Struct, frozen=True, kw_only=True):
    simple_ota_task_info: Annotated[
        list[SimpleTaskInfo],
        Field("The page's rows.", wire="SimpleOTATaskInfo", camel=("simpleOTATaskInfo",)),
    ]


EXAMPLE_TASK = SimpleTaskInfo(
    task_id="9001",
    job_id="502",
    firmware_id="1001",
    product_key="kabcdefgh01",
    product_name="lamp",
    device_name="lamp-0001",
    iot_id="6fb1c0de0a9b4c2d8e3f0123",
    src_version="1.0.0",
    dest_version="1.1.0",
    task_status="IN_PROGRESS",
    task_desc="",
    progress="55",
    timeout="60",
    utc_create="2025-01-02T03:04:05.678Z",
    utc_modified="2025-01-02T03:05:00.000Z",
)


def simple_task_info(row: TaskRow, job: Job) -> SimpleTaskInfo:
    return SimpleTaskInfo(
        task_id=str(row.task.id),
        job_id=str(job.id),
        firmware_id=str(job.firmware_id),
        product_key=job.product_key,
        product_name=job.product_name,
        device_name=row.device_name,
        iot_id=row.iot_id,
        src_version=row.task.src_version,
        dest_version=job.dest_version,
        task_status=row.task.status.name,
        task_desc=shown_description(row.task),
        progress=str(row.task.progress),
        timeout=None if job.timeout_minutes is None else str(job.timeout_minutes),
        utc_create=utc_text(row.created_ms),
        utc_modified=utc_text(row.modified_ms),
    )
