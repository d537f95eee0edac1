"""Says in one call how an account or a product stands: devices, versions, rollouts, and what to look at first.

1. Products: the newest 100, or that of ProductKey, each with its devices by state and by the version of the module
   `default`: the 12 most frequent versions, and all others as OtherCount. At most 1,000 versions of a product are
   looked at, and 5,000 of all; devices of further ones are among NeverReportedCount.
2. Jobs: of more than 1,000 that have not ended, the newest are looked at.
3. Attention: what needs somebody, the most urgent first, at most 50: JOB_HALTED; UPGRADE_CONSPICUOUS, only with
   WithHealth; VERIFICATION_FAILED; JOB_NEAR_HALT; JOB_AWAITING_APPROVAL; JOB_PAUSED for a day; PRODUCT_NEVER_ONLINE
   for a day.
4. WithHealth also looks, as XQueryFleetHealth does, for upgrades after which devices were lost, where the newest jobs
   are, in up to 5 products and modules. That costs some 20 ms for each; ask once a minute, not at each change.
5. Of firmware in one status at most 1,000 are counted.
6. A key that is limited to some products must name one of them.

Source: ours.
"""

from __future__ import annotations

from collections import Counter
from typing import Annotated

import msgspec

from whimbrel.domain.access import Permission
from whimbrel.domain.attention import ATTENTION_MAX, Attention, most_urgent, of_firmware, of_job, of_product
from whimbrel.domain.device import DeviceStatus
from whimbrel.domain.firmware import FirmwareStatus
from whimbrel.domain.job_search import JOBS_LOOKED_MAX
from whimbrel.domain.paging import Listing, Page
from whimbrel.domain.product import PRODUCT_KEY, Product
from whimbrel.domain.rollout_state import RolloutState, rollout_state
from whimbrel.errors import InvalidFormattedProductKeyError, OtaInvalidParameterError, ProductNotFoundError
from whimbrel.operations.account.health import lost_upgrades
from whimbrel.operations.declaration import Context, Example, Manner, operation
from whimbrel.operations.fields import Field
from whimbrel.operations.job.info import utc_or_none
from whimbrel.operations.product.lookup import find_product
from whimbrel.operations.rights import require_product
from whimbrel.ports.store import ProductFilter, ProductStanding

PRODUCTS_MAX = 100
VERSIONS_SHOWN_MAX = 12
ENDED = RolloutState.ENDED


class Request(msgspec.Struct, frozen=True, kw_only=True):
    product_key: Annotated[
        str | None, Field("Only this product.", pattern=PRODUCT_KEY, error=InvalidFormattedProductKeyError)
    ] = None
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
    awaiting_approval: Annotated[int, Field("Waiting for somebody's approval.")]
    rejected: Annotated[int, Field("Rejected, and just being cancelled.")]
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
            jobs=JobsByState(
                halted=1,
                paused=0,
                awaiting_approval=0,
                rejected=0,
                planned=0,
                waiting_window=0,
                soaking=0,
                running=0,
            ),
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
    errors=(ProductNotFoundError, InvalidFormattedProductKeyError, OtaInvalidParameterError),
    manner=Manner(idempotent=True, qps=20),
)
async def handle(request: Request, context: Context) -> Response:
    product = None if request.product_key is None else await find_product(context, request.product_key)
    require_product(context, request.product_key)
    account_id, product_id, store = context.caller.account_id, product and product.id, context.store
    listing = await _products(context) if product is None else Listing([product], 1)
    standings = await store.overviews.products([each.id for each in listing.rows])
    jobs = await store.job_searches.unfinished(account_id, product_id, JOBS_LOOKED_MAX)
    states = Counter(rollout_state(row.job, context.now_ms) for row in jobs)
    devices = await store.overviews.devices(account_id) if product is None else standings[product.id].devices
    failed = await store.overviews.failed_firmware(account_id, product_id, ATTENTION_MAX)
    attention = [of_job(row.job, row.started, row.failing, context.now_ms) for row in jobs]
    attention += [of_firmware(firmware) for firmware in failed]
    attention += [of_product(each, standings[each.id].devices, context.now_ms) for each in listing.rows]
    if request.with_health:
        attention += await lost_upgrades(context, listing.rows, product_id)
    return Response(
        data=OverviewData(
            devices=_by_state(devices),
            product_count=listing.total,
            products=[_of_product(each, standings[each.id]) for each in listing.rows],
            jobs=JobsByState(**{state.lower(): states[state] for state in RolloutState if state is not ENDED}),
            firmware=await _firmware(context, product_id),
            attention=[_item(one) for one in most_urgent(attention)],
        )
    )


async def _products(context: Context) -> Listing[Product]:
    return await context.store.products.page(context.caller.account_id, ProductFilter(), Page(1, PRODUCTS_MAX))


async def _firmware(context: Context, product_id: int | None) -> FirmwareByStatus:
    account_id, overviews = context.caller.account_id, context.store.overviews
    counts = await overviews.firmware(account_id, product_id)
    return FirmwareByStatus(
        total=await overviews.firmware_total(account_id, product_id),
        unverified=counts.get(FirmwareStatus.UNVERIFIED, 0),
        verifying=counts.get(FirmwareStatus.VERIFYING, 0),
        verification_failed=counts.get(FirmwareStatus.VERIFICATION_FAILED, 0),
    )


def _of_product(product: Product, standing: ProductStanding) -> ProductOverview:
    frequent = sorted(standing.versions.items(), key=lambda entry: (-entry[1], entry[0]))
    shown = frequent[:VERSIONS_SHOWN_MAX]
    return ProductOverview(
        product_key=product.product_key,
        product_name=product.name,
        devices=_by_state(standing.devices),
        versions=[VersionShare(version=version, count=n) for version, n in shown],
        other_count=sum(n for _, n in frequent[VERSIONS_SHOWN_MAX:]),
        never_reported_count=max(0, product.device_count - sum(standing.versions.values())),
    )


def _by_state(devices: dict[DeviceStatus, int]) -> DevicesByState:
    counts = {status.name.lower(): devices.get(status, 0) for status in DeviceStatus}
    return DevicesByState(total=sum(counts.values()), **counts)


def _item(attention: Attention) -> AttentionItem:
    return AttentionItem(
        kind=attention.kind,
        reason=attention.words,
        utc_since=utc_or_none(attention.since_ms),
        product_key=attention.product_key,
        product_name=attention.product_name,
        job_id=None if attention.job_id is None else str(attention.job_id),
        firmware_id=None if attention.firmware_id is None else str(attention.firmware_id),
        version=attention.version,
    )
