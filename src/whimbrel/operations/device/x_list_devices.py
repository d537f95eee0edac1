"""Pages over devices, newest first, by any filters together, without their secrets.

1. PageSize 1 to 100, default 20. All filters that are given must hold.
2. NextToken, as an answer gave it, goes on behind that answer, whatever was registered or deleted since. It belongs to
   the filters and the account that it was given for. The last page has none.
3. Total is exact, and given where the devices are counted: without filters; with ProductKey, State, or both; with
   ReportedVersion, of one product; with a tag; with a static group. Only there may CurrentPage be above 1.
4. Otherwise the shortest list among the filters is looked through. One call looks at 20,000 devices at most: when the
   page is not full by then, IsWholeAnswer is false and NextToken goes on. Searched of Searchable devices have been
   looked at since the first page.
5. A dynamic group narrows by its rule. ReportedVersion is of ModuleName, `default` unless given; it needs ProductKey.
6. A key that is limited to some products or groups must name one of them.

Source: ours.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import msgspec

from whimbrel.domain.access import Permission
from whimbrel.domain.device import DEVICE_NAME_LENGTH_MAX, DeviceStatus
from whimbrel.domain.device_search import DeviceSearch, SearchTag
from whimbrel.domain.device_tag import KEY_LENGTH_MAX, VALUE_LENGTH_MAX
from whimbrel.domain.fleet_health import HOUR_MS
from whimbrel.domain.group import GROUP_ID_LENGTH_MAX, Group
from whimbrel.domain.ota_module import DEFAULT_MODULE, MODULE_NAME
from whimbrel.domain.paging import Page, page_count
from whimbrel.domain.product import PRODUCT_KEY
from whimbrel.domain.version import REPORTED_VERSION_LENGTH_MAX
from whimbrel.domain.wire_time import utc_text
from whimbrel.errors import (
    GroupNotFoundError,
    InvalidFormattedProductKeyError,
    InvalidPageParamsError,
    OtaInvalidParameterError,
    OtaMissingParameterError,
    ProductNotFoundError,
)
from whimbrel.operations.cursors import CURSOR_LENGTH_MAX, Cursor, cursor_text, read_cursor
from whimbrel.operations.declaration import Context, Example, Manner, operation
from whimbrel.operations.fields import Field
from whimbrel.operations.group.lookup import find_group
from whimbrel.operations.job.info import utc_or_none
from whimbrel.operations.paging import PAGE_NUMBER_MAX
from whimbrel.operations.product.lookup import refer_to_product
from whimbrel.operations.rights import require_product, require_whole_account
from whimbrel.ports.store import FoundDevice, SearchPage

PAGE_SIZE_MAX = 100
PAGE_SIZE_DEFAULT = 20
TEXT_LENGTH_MAX = 64
QUIET_HOURS_MAX = 8_760

StateWord = StrEnum("StateWord", {status.name: status.name for status in DeviceStatus})  # type: ignore[misc]


class Request(msgspec.Struct, frozen=True, kw_only=True):
    product_key: Annotated[
        str | None, Field("Only this product's.", pattern=PRODUCT_KEY, error=InvalidFormattedProductKeyError)
    ] = None
    name_prefix: Annotated[
        str | None,
        Field("Only names that begin so; case matters.", length_max=DEVICE_NAME_LENGTH_MAX),
    ] = None
    text: Annotated[
        str | None,
        Field("Only with this in their name or nickname, in any case.", length_max=TEXT_LENGTH_MAX),
    ] = None
    state: Annotated[StateWord | None, Field("Only in this state: ONLINE, OFFLINE, UNACTIVE or DISABLE.")] = None
    module_name: Annotated[str, Field("Whose versions.", pattern=MODULE_NAME)] = DEFAULT_MODULE
    reported_version: Annotated[
        str | None, Field("Only those that report it.", length_max=REPORTED_VERSION_LENGTH_MAX)
    ] = None
    never_reported: Annotated[bool, Field("Only those that never reported a version of the module.")] = False
    group_id: Annotated[
        str | None, Field("Only those in this group.", length_max=GROUP_ID_LENGTH_MAX, error=GroupNotFoundError)
    ] = None
    tag_key: Annotated[str | None, Field("Only with a tag of this key.", length_max=KEY_LENGTH_MAX)] = None
    tag_value: Annotated[str | None, Field("Only with this value of TagKey.", length_max=VALUE_LENGTH_MAX)] = None
    quiet_hours: Annotated[
        int | None,
        Field("Only not connected and not heard for so many hours.", minimum=1, maximum=QUIET_HOURS_MAX),
    ] = None
    current_page: Annotated[
        int, Field("Page number from 1; see rule 3.", minimum=1, maximum=PAGE_NUMBER_MAX, error=InvalidPageParamsError)
    ] = 1
    page_size: Annotated[int, Field("Rows a page.", minimum=1, maximum=PAGE_SIZE_MAX, error=InvalidPageParamsError)] = (
        PAGE_SIZE_DEFAULT
    )
    next_token: Annotated[str | None, Field("Where another answer ended.", length_max=CURSOR_LENGTH_MAX)] = None


class VersionInfo(msgspec.Struct, frozen=True, kw_only=True):
    module_name: Annotated[str, Field("The module.")]
    version: Annotated[str, Field("What the device reports.")]


class ListedDevice(msgspec.Struct, frozen=True, kw_only=True):
    product_key: Annotated[str, Field("Its product.")]
    product_name: Annotated[str, Field("Its product's name.")]
    device_name: Annotated[str, Field("Its name in the product.")]
    nickname: Annotated[str, Field("A name for people.")]
    iot_id: Annotated[str, Field("Its id over all products.")]
    state: Annotated[str, Field("ONLINE, OFFLINE, UNACTIVE or DISABLE.")]
    utc_state: Annotated[str, Field("Since when.")]
    utc_online: Annotated[str | None, Field("When it was online last; absent when it never was.")]
    utc_create: Annotated[str, Field("Creation.")]
    ip_address: Annotated[str, Field("Where it connected from last; empty when it never did.")]
    versions: Annotated[list[VersionInfo], Field("What it reports, `default` first.")]


class ListData(msgspec.Struct, frozen=True, kw_only=True):
    devices: Annotated[list[ListedDevice], Field("The page's rows.")]


class Response(msgspec.Struct, frozen=True, kw_only=True):
    data: Annotated[ListData, Field("The page.")]
    next_token: Annotated[str | None, Field("Where the next page begins; absent on the last.")]
    is_whole_answer: Annotated[bool, Field("False when the page is not full and there may be more: see rule 4.")]
    searched: Annotated[int, Field("Devices looked at since the first page.")]
    searchable: Annotated[int, Field("Devices that there are to look at.")]
    total: Annotated[int | None, Field("Number of devices; absent where they are not counted: see rule 3.")]
    page_count: Annotated[int | None, Field("Number of pages; absent without Total.")]
    current_page: Annotated[int, Field("As asked.")]
    page_size: Annotated[int, Field("As asked.")]


EXAMPLE = Example(
    request={"ProductKey": "kabcdefgh01", "State": "OFFLINE", "PageSize": "20"},
    response=Response(
        data=ListData(
            devices=[
                ListedDevice(
                    product_key="kabcdefgh01",
                    product_name="lamp",
                    device_name="lamp-0001",
                    nickname="",
                    iot_id="6fb1c0de0a9b4c2d8e3f0123",
                    state="OFFLINE",
                    utc_state="2025-01-02T03:04:05.678Z",
                    utc_online="2025-01-02T02:14:05.678Z",
                    utc_create="2025-01-01T03:04:05.678Z",
                    ip_address="192.0.2.7",
                    versions=[VersionInfo(module_name="default", version="1.0.0")],
                )
            ]
        ),
        next_token=None,
        is_whole_answer=True,
        searched=1,
        searchable=1,
        total=1,
        page_count=1,
        current_page=1,
        page_size=20,
    ),
)


@operation(
    action="XListDevices",
    permission=Permission.DEVICE_READ,
    example=EXAMPLE,
    errors=(
        GroupNotFoundError,
        ProductNotFoundError,
        InvalidFormattedProductKeyError,
        InvalidPageParamsError,
        OtaInvalidParameterError,
        OtaMissingParameterError,
    ),
    manner=Manner(idempotent=True, qps=20),
)
async def handle(request: Request, context: Context) -> Response:
    search = await _search(request, context)
    page = Page(request.current_page, request.page_size)
    if search is None:
        return _answer(request, search, SearchPage((), None, True, 0, 0, 0), 0)
    searches = context.store.device_searches
    if request.next_token is not None:
        cursor = read_cursor(request.next_token, search._replace(quiet_ms=request.quiet_hours))
        found, before = await searches.after(search, cursor.below, page.size), cursor.looked
    else:
        if page.number > 1 and await searches.counted(search) is None:
            raise InvalidPageParamsError("devices of these filters are not counted; go on with NextToken")
        found, before = await searches.page(search, page), 0
    return _answer(request, search, found, before)


async def _search(request: Request, context: Context) -> DeviceSearch | None:
    """What is looked for; None when it is known that nothing is."""
    if request.reported_version is not None and request.product_key is None:
        raise OtaMissingParameterError("ReportedVersion needs ProductKey: another product's 1.0.0 is another firmware")
    if request.tag_value is not None and request.tag_key is None:
        raise OtaMissingParameterError("TagValue needs TagKey")
    product = None if request.product_key is None else await refer_to_product(context, request.product_key)
    group = None if request.group_id is None else await find_group(context, request.group_id)
    _require(context, request.product_key, group)
    search = DeviceSearch(
        account_id=context.caller.account_id,
        product_id=product and product.id,
        status=None if request.state is None else DeviceStatus[request.state],
        name=request.name_prefix,
        text=request.text,
        module_name=request.module_name,
        version=request.reported_version,
        never_reported=request.never_reported,
        group_row_id=None if group is None or group.is_dynamic else group.id,
        tags=() if request.tag_key is None else (SearchTag(request.tag_key, request.tag_value),),
        quiet_ms=None if request.quiet_hours is None else context.now_ms - request.quiet_hours * HOUR_MS,
    )
    return search if group is None or not group.is_dynamic else await _in_dynamic(search, group, context)


def _require(context: Context, product_key: str | None, group: Group | None) -> None:
    """A group's members, of one product or of any, or a product's devices, must be the caller's to see (A06)."""
    if group is None or (product_key is not None and context.caller.scope.covers_all_devices_of(product_key)):
        require_product(context, product_key)
    elif not context.caller.scope.covers_members(group.group_id, product_key or group.rule.product_key or None):
        require_whole_account(context, "name a product and a group that one of its statements opens")


async def _in_dynamic(search: DeviceSearch, group: Group, context: Context) -> DeviceSearch | None:
    """The search among the devices that the group's rule describes."""
    product = await context.store.products.by_key(group.account_id, group.rule.product_key)
    if product is None or search.product_id not in (None, product.id):
        return None
    return search._replace(product_id=product.id).narrowed_by(group.rule)


def _answer(request: Request, search: DeviceSearch | None, found: SearchPage, before: int) -> Response:
    searched = before + found.looked
    # The hours and not the time that they lead to: that moves on.
    narrowed = search and search._replace(quiet_ms=request.quiet_hours)
    return Response(
        data=ListData(devices=[_listed(device) for device in found.rows]),
        next_token=None if found.below is None else cursor_text(narrowed, Cursor(found.below, searched)),
        is_whole_answer=found.is_full,
        searched=searched,
        searchable=max(found.lookable, searched),
        total=found.total,
        page_count=None if found.total is None else page_count(found.total, request.page_size),
        current_page=request.current_page,
        page_size=request.page_size,
    )


def _listed(device: FoundDevice) -> ListedDevice:
    return ListedDevice(
        product_key=device.product_key,
        product_name=device.product_name,
        device_name=device.device_name,
        nickname=device.nickname,
        iot_id=device.iot_id,
        state=device.status.name,
        utc_state=utc_text(device.status_ms),
        utc_online=utc_or_none(device.last_online_ms),
        utc_create=utc_text(device.created_ms),
        ip_address=device.ip_address,
        versions=[VersionInfo(module_name=name, version=version) for name, version in device.versions],
    )
