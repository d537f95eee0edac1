"""Says in one call how an account stands: its devices, versions, rollouts and firmware, and what to look at first.

1. Products: the newest 100, each with its devices by state and by the version of the module `default`: the 12 most
   frequent versions, and all others as OtherCount. Of more than 1,000 versions that a product ever had, the first 1,000
   are looked at.
2. Jobs: of more than 1,000 that have not ended, the newest are looked at.
3. Attention: what needs somebody, the most urgent first, at most 50: JOB_HALTED; UPGRADE_CONSPICUOUS, only with
   WithHealth; VERIFICATION_FAILED; JOB_NEAR_HALT; JOB_PAUSED for a day; PRODUCT_NEVER_ONLINE for a day.
4. WithHealth also looks, as XQueryFleetHealth does, for upgrades after which devices were lost, in the 5 products whose
   upgrades are the newest. That costs some 20 ms a product; ask for it once a minute, not at each change.
5. A key that is limited to some products sees those; one that is limited to groups is refused.

Source: ours.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from whimbrel.domain.access import Permission
from whimbrel.operations.declaration import Context, Example, Manner, operation
from whimbrel.operations.fields import Field


class Request(msgspec.Struct, frozen=True, kw_only=True):
    with_health: Annotated[bool, Field("Look for lost devices too: see rule 4.")] = False


class DevicesByState(msgspec.Struct, frozen=True, kw_only=True):
    total: Annotated[int, Field("All devices.")]
    online: Annotated[int, Field("Connected now.")]
    offline: Annotated[int, Field("Not connected now.")]
    unactive: Annotated[int, Field("Never connected.")]
    disable: Annotated[int, Field("Disabled.")]


class VersionShare(msgspec.Struct, frozen=True, kw_only=True):
    version: Annotated[str, Field("What devices report.")]
    count: Annotated[int, Field("How many.")]


class ProductOverview(msgspec.Struct, frozen=True, kw_only=True):
    product_key: Annotated[str, Field("The product.")]
    product_name: Annotated[str, Field("Its name.")]
    devices: Annotated[DevicesByState, Field("Its devices.")]
    versions: Annotated[list[VersionShare], Field("The most frequent versions, at most 12.")]
    other_count: Annotated[int, Field("Devices of other versions.")]
    never_reported_count: Annotated[int, Field("Devices that never reported one.")]


class JobsByState(msgspec.Struct, frozen=True, kw_only=True):
    halted: Annotated[int, Field("Halted by their gates.")]
    paused: Annotated[int, Field("Paused by somebody.")]
    planned: Annotated[int, Field("Not begun.")]
    waiting_window: Annotated[int, Field("Outside their windows.")]
    soaking: Annotated[int, Field("Soaking.")]
    running: Annotated[int, Field("Running.")]


class FirmwareByStatus(msgspec.Struct, frozen=True, kw_only=True):
    total: Annotated[int, Field("All firmware.")]
    unverified: Annotated[int, Field("Not verified yet.")]
    verifying: Annotated[int, Field("Being verified.")]
    verification_failed: Annotated[int, Field("Whose verification failed.")]


class AttentionItem(msgspec.Struct, frozen=True, kw_only=True):
    kind: Annotated[str, Field("See rule 3.")]
    reason: Annotated[str, Field("Why, in words.")]
    utc_since: Annotated[str | None, Field("Since when; absent when it is not known.")]
    product_key: Annotated[str, Field("The product.")]
    product_name: Annotated[str, Field("Its name.")]
    job_id: Annotated[str | None, Field("The job, if it is about one.")]
    firmware_id: Annotated[str | None, Field("The firmware, if it is about one or about a job.")]
    version: Annotated[str | None, Field("The version, if it is about one.")]


class OverviewData(msgspec.Struct, frozen=True, kw_only=True):
    devices: Annotated[DevicesByState, Field("All devices; of a limited key, those of its products.")]
    product_count: Annotated[int, Field("All products.")]
    products: Annotated[list[ProductOverview], Field("The newest first.")]
    jobs: Annotated[JobsByState, Field("Jobs that have not ended.")]
    firmware: Annotated[FirmwareByStatus, Field("Firmware.")]
    attention: Annotated[list[AttentionItem], Field("The most urgent first.")]


class Response(msgspec.Struct, frozen=True, kw_only=True):
    data: Annotated[OverviewData, Field("The overview.")]


EXAMPLE_DEVICES = DevicesByState(total=10_000, online=9_500, offline=400, unactive=90, disable=10)
EXAMPLE = Example(
    request={},
    response=Response(
        data=OverviewData(
            devices=EXAMPLE_DEVICES,
            product_count=1,
            products=[
                ProductOverview(
                    product_key="kabcdefgh01",
                    product_name="lamp",
                    devices=EXAMPLE_DEVICES,
                    versions=[
                        VersionShare(version="1.0.0", count=9_870),
                        VersionShare(version="2.0.0", count=30),
                    ],
                    other_count=0,
                    never_reported_count=100,
                )
            ],
            jobs=JobsByState(halted=1, paused=0, planned=0, waiting_window=0, soaking=0, running=0),
            firmware=FirmwareByStatus(total=2, unverified=0, verifying=0, verification_failed=0),
            attention=[
                AttentionItem(
                    kind="JOB_HALTED",
                    reason="9 of the first 35 devices failed or went silent; the limit is 3 %",
                    utc_since="2025-01-02T03:14:05.678Z",
                    product_key="kabcdefgh01",
                    product_name="lamp",
                    job_id="502",
                    firmware_id="1001",
                    version="2.0.0",
                )
            ],
        )
    ),
)


@operation(
    action="XQueryOverview",
    permission=Permission.OVERVIEW_READ,
    example=EXAMPLE,
    manner=Manner(idempotent=True, qps=20),
)
async def handle(request: Request, context: Context) -> Response:
    raise NotImplementedError
