"""Pages over devices, newest first, by any filters together, without their secrets.

1. PageSize 1 to 100, default 20. All filters that are given must hold.
2. NextToken, as an answer gave it, goes on behind that answer, whatever was registered or deleted since. It belongs to
   the filters and the account that it was given for. The last page has none.
3. Total is exact, and given where the devices are counted: without filters; with ProductKey, State, or both; with
   Version, of one product; with a tag; with a static group. Only there may CurrentPage be above 1.
4. Otherwise the shortest list among the filters is looked through. One call looks at 20,000 devices at most: when the
   page is not full by then, IsWholeAnswer is false and NextToken goes on. Searched of Searchable devices have been
   looked at since the first page.
5. A dynamic group narrows by its rule. Version is of ModuleName, `default` unless given, and needs ProductKey.
6. A key that is limited to some products or groups must name one of them.

Source: ours.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import msgspec

from whimbrel.domain.access import Permission
from whimbrel.domain.device import DEVICE_NAME_LENGTH_MAX, DeviceStatus
from whimbrel.domain.device_tag import KEY_LENGTH_MAX, VALUE_LENGTH_MAX
from whimbrel.domain.group import GROUP_ID_LENGTH_MAX
from whimbrel.domain.ota_module import DEFAULT_MODULE, MODULE_NAME
from whimbrel.domain.product import PRODUCT_KEY
from whimbrel.domain.version import REPORTED_VERSION_LENGTH_MAX
from whimbrel.errors import (
    GroupNotFoundError,
    InvalidFormattedProductKeyError,
    InvalidPageParamsError,
    OtaInvalidParameterError,
    OtaMissingParameterError,
    ProductNotFoundError,
)
from whimbrel.operations.declaration import Context, Example, Manner, operation
from whimbrel.operations.fields import Field
from whimbrel.operations.paging import PAGE_NUMBER_MAX

PAGE_SIZE_MAX = 100
PAGE_SIZE_DEFAULT = 20
TEXT_LENGTH_MAX = 64
QUIET_HOURS_MAX = 8_760
TOKEN_LENGTH_MAX = 128

StateWord = StrEnum("StateWord", {status.name: status.name for status in DeviceStatus})  # type: ignore[misc]


class Request(msgspec.Struct, frozen=True, kw_only=True):
    product_key: Annotated[
        str | None, Field("Only this product's.", pattern=PRODUCT_KEY, error=InvalidFormattedProductKeyError)
    ] = None
    name_prefix: Annotated[
        str | None,
        Field("Only names that begin so; case matters.", length_min=1, length_max=DEVICE_NAME_LENGTH_MAX),
    ] = None
    text: Annotated[
        str | None,
        Field("Only with this in their name or nickname, in any case.", length_min=1, length_max=TEXT_LENGTH_MAX),
    ] = None
    state: Annotated[StateWord | None, Field("Only in this state: ONLINE, OFFLINE, UNACTIVE or DISABLE.")] = None
    module_name: Annotated[str, Field("Whose versions.", pattern=MODULE_NAME)] = DEFAULT_MODULE
    version: Annotated[
        str | None, Field("Only those that report it.", length_min=1, length_max=REPORTED_VERSION_LENGTH_MAX)
    ] = None
    never_reported: Annotated[bool, Field("Only those that never reported a version of the module.")] = False
    group_id: Annotated[
        str | None, Field("Only those in this group.", length_max=GROUP_ID_LENGTH_MAX, error=GroupNotFoundError)
    ] = None
    tag_key: Annotated[str | None, Field("Only with a tag of this key.", length_min=1, length_max=KEY_LENGTH_MAX)] = (
        None
    )
    tag_value: Annotated[
        str | None, Field("Only with this value of TagKey.", length_min=1, length_max=VALUE_LENGTH_MAX)
    ] = None
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
    next_token: Annotated[str | None, Field("Where the answer that gave it ended.", length_max=TOKEN_LENGTH_MAX)] = None


class ReportedVersion(msgspec.Struct, frozen=True, kw_only=True):
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
    versions: Annotated[list[ReportedVersion], Field("What it reports, `default` first.")]


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
                    versions=[ReportedVersion(module_name="default", version="1.0.0")],
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
    raise NotImplementedError
