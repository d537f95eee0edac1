"""Says how a product's devices do: by version how many are online, and how many were lost after an upgrade.

1. Lost is a device that succeeded in a job within the last Days and was not heard for the last Hours. No gate sees it,
   because it has succeeded; compare its share with that of the devices of other versions.
2. Beyond 1,000 devices the shares are those of a sample, the same each time; DeviceCount is always counted. Of a job
   the devices that it told first are looked at.
3. The five newest upgrade jobs of the module are looked at.

Source: design.md part 4, threat-model F21.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from whimbrel.domain.access import Permission
from whimbrel.domain.fleet_health import (
    DAYS_DEFAULT,
    DAYS_MAX,
    DAYS_MIN,
    HOURS_DEFAULT,
    HOURS_MAX,
    HOURS_MIN,
    Upgraded,
    VersionSample,
    beside,
    is_conspicuous,
    since,
)
from whimbrel.domain.ota_module import DEFAULT_MODULE, MODULE_NAME
from whimbrel.domain.product import PRODUCT_KEY
from whimbrel.errors import InvalidFormattedProductKeyError, OtaInvalidParameterError, ProductNotFoundError
from whimbrel.operations.declaration import Context, Example, Manner, operation
from whimbrel.operations.fields import Field
from whimbrel.operations.product.lookup import find_product
from whimbrel.operations.rights import require_product

VERSIONS_MAX = 100


class Request(msgspec.Struct, frozen=True, kw_only=True):
    product_key: Annotated[str, Field("The product.", pattern=PRODUCT_KEY, error=InvalidFormattedProductKeyError)]
    module_name: Annotated[str, Field("Whose versions.", pattern=MODULE_NAME)] = DEFAULT_MODULE
    days: Annotated[int, Field("How far back to look.", minimum=DAYS_MIN, maximum=DAYS_MAX)] = DAYS_DEFAULT
    hours: Annotated[int, Field("How long a lost device is quiet.", minimum=HOURS_MIN, maximum=HOURS_MAX)] = (
        HOURS_DEFAULT
    )


class VersionHealth(msgspec.Struct, frozen=True, kw_only=True):
    version: Annotated[str, Field("What the devices report; empty for those that never did.")]
    device_count: Annotated[int, Field("All devices at the version; of the empty one, those of the sample.")]
    sampled_count: Annotated[int, Field("How many of them were looked at: they have been online, ever.")]
    online_count: Annotated[int, Field("Of those looked at: connected now.")]
    offline_count: Annotated[int, Field("Of those looked at: not connected now.")]
    alive_count: Annotated[int, Field("Of those looked at: heard within the last Days.")]
    quiet_count: Annotated[int, Field("Of those alive: not heard for the last Hours.")]


class UpgradeHealth(msgspec.Struct, frozen=True, kw_only=True):
    job_id: Annotated[str, Field("The job.")]
    version: Annotated[str, Field("What it upgrades to.")]
    upgraded_count: Annotated[int, Field("Of its first devices: succeeded in the last Days, before the last Hours.")]
    lost_count: Annotated[int, Field("Of these: not heard for the last Hours.")]
    other_count: Annotated[int, Field("Devices of other versions that were looked at and alive.")]
    other_quiet_count: Annotated[int, Field("Of these: not heard for the last Hours.")]
    conspicuous: Annotated[bool, Field("More were lost than chance explains.")]


class HealthData(msgspec.Struct, frozen=True, kw_only=True):
    versions: Annotated[list[VersionHealth], Field("By version, the most frequent first, at most 100.")]
    upgrades: Annotated[list[UpgradeHealth], Field("By job, newest first.")]


class Response(msgspec.Struct, frozen=True, kw_only=True):
    data: Annotated[HealthData, Field("How the fleet does.")]


EXAMPLE = Example(
    request={"ProductKey": "kabcdefgh01"},
    response=Response(
        data=HealthData(
            versions=[
                VersionHealth(
                    version="1.0.0",
                    device_count=99500,
                    sampled_count=994,
                    online_count=934,
                    offline_count=60,
                    alive_count=980,
                    quiet_count=19,
                )
            ],
            upgrades=[
                UpgradeHealth(
                    job_id="42",
                    version="2.0.0",
                    upgraded_count=500,
                    lost_count=190,
                    other_count=980,
                    other_quiet_count=19,
                    conspicuous=True,
                )
            ],
        )
    ),
)


@operation(
    action="XQueryFleetHealth",
    permission=Permission.DEVICE_READ,
    example=EXAMPLE,
    errors=(ProductNotFoundError, InvalidFormattedProductKeyError, OtaInvalidParameterError),
    manner=Manner(idempotent=True, qps=10),
)
async def handle(request: Request, context: Context) -> Response:
    product = await find_product(context, request.product_key)
    require_product(context, request.product_key)
    health, module_name = context.store.health, request.module_name
    looked_at = since(request.days, request.hours, context.now_ms)
    samples = await health.versions(product.id, module_name, looked_at)
    versions = [
        _of_version(sample, await health.devices(product.id, module_name, sample.version))
        for sample in samples[:VERSIONS_MAX]
    ]
    upgraded = await health.upgraded(product.id, module_name, looked_at)
    return Response(data=HealthData(versions=versions, upgrades=[_of_upgrade(job, samples) for job in upgraded]))


def _of_version(sample: VersionSample, devices: int) -> VersionHealth:
    return VersionHealth(
        version=sample.version,
        device_count=devices if sample.version else sample.devices,
        sampled_count=sample.devices,
        online_count=sample.online,
        offline_count=sample.devices - sample.online,
        alive_count=sample.alive,
        quiet_count=sample.quiet,
    )


def _of_upgrade(job: Upgraded, samples: list[VersionSample]) -> UpgradeHealth:
    quiet, alive = beside(job, samples)
    return UpgradeHealth(
        job_id=str(job.job_id),
        version=job.dest_version,
        upgraded_count=job.devices,
        lost_count=job.lost,
        other_count=alive,
        other_quiet_count=quiet,
        conspicuous=is_conspicuous(job.lost, job.devices, quiet, alive),
    )
