"""Says where firmware runs and goes: how many devices report its version, and how its jobs stand.

1. DeviceCount is of the firmware's product and module: XListDevices with ProductKey, ModuleName and ReportedVersion
   lists them.
2. Jobs: by the State of XQueryOTARollout; XListOTAJobs with FirmwareId and State lists them. Of more than 1,000 jobs
   the newest are looked at.
3. Tasks are those of these jobs. A device that was in several of them counts in each.

Source: ours.
"""

from __future__ import annotations

from collections import Counter
from typing import Annotated

import msgspec

from whimbrel.domain.access import Permission
from whimbrel.domain.job import summed
from whimbrel.domain.job_search import JOBS_LOOKED_MAX
from whimbrel.domain.rollout_state import RolloutState, rollout_state
from whimbrel.errors import FirmwareNotFoundError
from whimbrel.operations.declaration import Context, Example, Manner, operation
from whimbrel.operations.fields import Field
from whimbrel.operations.firmware.lookup import find_firmware
from whimbrel.operations.ids import ID_LENGTH_MAX
from whimbrel.operations.job.task_counts import TaskCounts, task_counts
from whimbrel.operations.product.lookup import find_product
from whimbrel.operations.rights import require_product

#: The states in their own order, but what has ended last.
_URGENT_FIRST = (*(state for state in RolloutState if state is not RolloutState.ENDED), RolloutState.ENDED)


class Request(msgspec.Struct, frozen=True, kw_only=True):
    firmware_id: Annotated[str, Field("The firmware.", length_max=ID_LENGTH_MAX, error=FirmwareNotFoundError)]


class StateCount(msgspec.Struct, frozen=True, kw_only=True):
    state: Annotated[str, Field("As of XListOTAJobs.")]
    count: Annotated[int, Field("How many jobs.")]


class UseData(msgspec.Struct, frozen=True, kw_only=True):
    firmware_id: Annotated[str, Field("As asked.")]
    product_key: Annotated[str, Field("Its product.")]
    module_name: Annotated[str, Field("Its module.")]
    version: Annotated[str, Field("What devices report that run it.")]
    device_count: Annotated[int, Field("Devices that report it.")]
    product_device_count: Annotated[int, Field("All devices of the product.")]
    job_count: Annotated[int, Field("Its jobs that were looked at.")]
    jobs: Annotated[list[StateCount], Field("Its jobs by state, those that need somebody first.")]
    tasks: Annotated[TaskCounts, Field("Tasks of these jobs, by status.")]


class Response(msgspec.Struct, frozen=True, kw_only=True):
    data: Annotated[UseData, Field("Where it runs.")]


EXAMPLE = Example(
    request={"FirmwareId": "1001"},
    response=Response(
        data=UseData(
            firmware_id="1001",
            product_key="kabcdefgh01",
            module_name="default",
            version="2.0.0",
            device_count=9_870,
            product_device_count=10_000,
            job_count=3,
            jobs=[StateCount(state="RUNNING", count=1), StateCount(state="ENDED", count=2)],
            tasks=TaskCounts(confirm=0, queued=100, notified=4, in_progress=2, succeeded=9_870, failed=9, canceled=0),
        )
    ),
)


@operation(
    action="XQueryFirmwareUse",
    permission=Permission.FIRMWARE_READ,
    example=EXAMPLE,
    errors=(FirmwareNotFoundError,),
    manner=Manner(idempotent=True, qps=20),
)
async def handle(request: Request, context: Context) -> Response:
    firmware = await find_firmware(context, request.firmware_id)
    require_product(context, firmware.product_key)
    product = await find_product(context, firmware.product_key)
    found = await context.store.job_searches.of_firmware(firmware.account_id, firmware.id, JOBS_LOOKED_MAX)
    states = Counter(rollout_state(row.job, context.now_ms) for row in found)
    return Response(
        data=UseData(
            firmware_id=str(firmware.id),
            product_key=firmware.product_key,
            module_name=firmware.module_name,
            version=firmware.dest_version,
            device_count=await context.store.health.devices(product.id, firmware.module_name, firmware.dest_version),
            product_device_count=product.device_count,
            job_count=len(found),
            jobs=[StateCount(state=state, count=states[state]) for state in _URGENT_FIRST if states[state]],
            tasks=task_counts(summed(row.counts for row in found)),
        )
    )
