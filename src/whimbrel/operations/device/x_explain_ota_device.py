"""Answers why a device is not updating, in codes and words: what stands in the way first.

1. The device by IotId, or by ProductKey and DeviceName; IotId wins. JobId, FirmwareId and ModuleName limit the
   question.
2. Its open tasks come first, oldest first; then jobs, planned or running, that have no task for it, newest first; then
   what came of its last task of each module. With JobId or FirmwareId also what ended before.
3. The answer is never empty. READY, IN_PROGRESS and SUCCEEDED say that nothing is in the way; every other code names
   one thing that is. The reference has all codes ("Why a device does not update").
4. Jobs that the AccessKey may not touch are left out, unless the device has a task in them; who paused one of those,
   and why, is not told.

Source: ours; issue 5.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from whimbrel.domain.access import Permission
from whimbrel.domain.device_case import Case, View
from whimbrel.domain.explain import explain
from whimbrel.domain.finding import Finding
from whimbrel.domain.firmware import Firmware
from whimbrel.domain.wire_time import utc_text
from whimbrel.errors import FirmwareNotFoundError, JobNotFoundError, OtaModuleNotFoundError
from whimbrel.operations.declaration import Context, Example, Manner, operation
from whimbrel.operations.device.lookup import NAMING_ERRORS, find_named_device
from whimbrel.operations.device.named import DeviceRequest
from whimbrel.operations.fields import Field
from whimbrel.operations.firmware.lookup import refer_to_firmware
from whimbrel.operations.ids import ID_LENGTH_MAX
from whimbrel.operations.job.lookup import find_job
from whimbrel.operations.ota_module.lookup import require_module
from whimbrel.operations.product.lookup import refer_to_product
from whimbrel.ports.store import Asked

MODULE_NAME_LENGTH_MAX = 64


class Request(DeviceRequest, msgspec.Struct, frozen=True, kw_only=True):
    job_id: Annotated[str | None, Field("Only as to this job.", length_max=ID_LENGTH_MAX, error=JobNotFoundError)] = (
        None
    )
    firmware_id: Annotated[
        str | None,
        Field("Only as to the jobs of this firmware.", length_max=ID_LENGTH_MAX, error=FirmwareNotFoundError),
    ] = None
    module_name: Annotated[
        str | None,
        Field("Only as to this module.", length_max=MODULE_NAME_LENGTH_MAX, error=OtaModuleNotFoundError),
    ] = None


class DetailInfo(msgspec.Struct, frozen=True, kw_only=True):
    name: Annotated[str, Field("What it is.")]
    content: Annotated[str, Field("A number or a name.")]


class DetailList(msgspec.Struct, frozen=True, kw_only=True):
    detail: Annotated[list[DetailInfo], Field("The numbers and names behind the words.")]


class FindingInfo(msgspec.Struct, frozen=True, kw_only=True):
    code: Annotated[str, Field("What it is, for programs.")]
    words: Annotated[str, Field("What it is, for people.")]
    job_id: Annotated[str | None, Field("The job that it is about.")]
    task_id: Annotated[str | None, Field("The device's task in it.")]
    utc_since: Annotated[str | None, Field("From when on it is so.")]
    utc_until: Annotated[str | None, Field("When time alone changes it.")]
    details: Annotated[DetailList, Field("Wrapper.")]


class FindingList(msgspec.Struct, frozen=True, kw_only=True):
    finding: Annotated[list[FindingInfo], Field("What stands in the way first.")]


class ExplanationData(msgspec.Struct, frozen=True, kw_only=True):
    iot_id: Annotated[str, Field("The device.")]
    is_in_the_way: Annotated[bool, Field("Whether the first finding is something that is in the way.")]
    findings: Annotated[FindingList, Field("Wrapper.")]


class Response(msgspec.Struct, frozen=True, kw_only=True):
    data: Annotated[ExplanationData, Field("The answer.")]


EXAMPLE = Example(
    request={"ProductKey": "kabcdefgh01", "DeviceName": "lamp-0001"},
    response=Response(
        data=ExplanationData(
            iot_id="0123456789abcdef01234567",
            is_in_the_way=True,
            findings=FindingList(
                finding=[
                    FindingInfo(
                        code="WAITING_PACE",
                        words="job 502 has told 10 devices within the minute, and may tell 10",
                        job_id="502",
                        task_id="9001",
                        utc_since=None,
                        utc_until=None,
                        details=DetailList(
                            detail=[
                                DetailInfo(name="Told", content="10"),
                                DetailInfo(name="MaximumPerMinute", content="10"),
                            ]
                        ),
                    )
                ]
            ),
        )
    ),
)


@operation(
    action="XExplainOTADevice",
    permission=Permission.JOB_READ,
    example=EXAMPLE,
    errors=(*NAMING_ERRORS, FirmwareNotFoundError, JobNotFoundError, OtaModuleNotFoundError),
    manner=Manner(idempotent=True, qps=50),
)
async def handle(request: Request, context: Context) -> Response:
    device = await find_named_device(context, request)
    firmware: Firmware | None = None
    if request.firmware_id is not None:
        firmware = await refer_to_firmware(context, request.firmware_id, device.product_key)
    job_id = 0 if request.job_id is None else (await find_job(context, request.job_id)).id
    if request.module_name is not None:
        await require_module(context, await refer_to_product(context, device.product_key), request.module_name)
    asked = Asked(job_id, firmware.id if firmware else 0, request.module_name or "")
    cases = [_as_seen(case, context) for case in await context.store.explaining.cases(device, asked)]
    if job_id and not cases:
        raise JobNotFoundError("the job is for another product")
    view = View(
        device,
        await context.store.explaining.contact(device.id),
        tuple(case for case in cases if case is not None),
        None if firmware is None else firmware.status,
        is_narrow=bool(job_id or firmware),
    )
    findings = explain(view, context.now_ms)
    return Response(
        data=ExplanationData(
            iot_id=device.iot_id,
            is_in_the_way=findings[0].code.is_in_the_way,
            findings=FindingList(finding=[_answer(finding) for finding in findings]),
        )
    )


def _as_seen(case: Case, context: Context) -> Case | None:
    """As much of it as the AccessKey may see (A06)."""
    if context.caller.scope.covers_job(case.job.product_key, case.job.group_id):
        return case
    return None if case.task is None else case._replace(held_by="", job=case.job._replace(hold_reason=""))


def _answer(finding: Finding) -> FindingInfo:
    return FindingInfo(
        code=finding.code.name,
        words=finding.words,
        job_id=None if finding.job_id is None else str(finding.job_id),
        task_id=None if finding.task_id is None else str(finding.task_id),
        utc_since=None if finding.when.since_ms is None else utc_text(finding.when.since_ms),
        utc_until=None if finding.when.until_ms is None else utc_text(finding.when.until_ms),
        details=DetailList(detail=[DetailInfo(name=name, content=content) for name, content in finding.details]),
    )
