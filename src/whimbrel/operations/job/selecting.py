"""Whom a static job is for: the parameters that say so, their rules, and the draft they make (api-contract 7.3)."""

from __future__ import annotations

from typing import Annotated, NamedTuple

import msgspec

from whimbrel.domain.delivery import schedule_fault
from whimbrel.domain.gray import is_percent
from whimbrel.domain.group import GroupType
from whimbrel.domain.job import TARGET_NAMES_MAX, JobDraft, TargetSelection
from whimbrel.errors import OtaInvalidParameterError, OtaMissingParameterError, TooManyDevicesError
from whimbrel.operations.declaration import Context
from whimbrel.operations.fields import Field, wire_name
from whimbrel.operations.firmware.lookup import refer_to_firmware
from whimbrel.operations.ids import ID_LENGTH_MAX
from whimbrel.operations.job.delivery import UpgradeRequest, check_upgrade, unique
from whimbrel.operations.job.drafting import chosen_rollout, draft_upgrade
from whimbrel.operations.job.lookup import find_device_list, find_named_devices, find_target_group
from whimbrel.operations.job.rollout_parameters import Seed
from whimbrel.operations.product.lookup import refer_to_product
from whimbrel.operations.rights import require_product

#: What goes with which selection: the parameters it needs one of, and others it may have.
_BELONGINGS: dict[TargetSelection, tuple[tuple[str, ...], tuple[str, ...]]] = {
    TargetSelection.ALL: ((), ("src_version",)),
    TargetSelection.SPECIFIC: (("target_device_name", "dn_list_file_url"), ()),
    TargetSelection.GRAY: (("gray_percent",), ("src_version",)),
    TargetSelection.GROUP: (("group_id",), ("group_type",)),
}
_SELECTING = ("target_device_name", "dn_list_file_url", "gray_percent", "group_id", "group_type", "src_version")
URL_LENGTH_MAX = 2048
PERCENT_LENGTH_MAX = 16


class StaticRequest(UpgradeRequest, msgspec.Struct, frozen=True, kw_only=True):
    """What a static job takes besides."""

    target_selection: Annotated[TargetSelection, Field("ALL, SPECIFIC, GRAY or GROUP.")]
    target_device_name: Annotated[
        tuple[str, ...],
        Field(
            "With SPECIFIC: the devices.", items_max=TARGET_NAMES_MAX, length_max=64, items_error=TooManyDevicesError
        ),
    ] = ()
    dn_list_file_url: Annotated[
        str | None, Field("With SPECIFIC: FileUrl of GenerateDeviceNameListURL.", length_max=URL_LENGTH_MAX)
    ] = None
    gray_percent: Annotated[
        str | None, Field("With GRAY: above 0 and up to 100, at most 3 decimals.", length_max=PERCENT_LENGTH_MAX)
    ] = None
    group_id: Annotated[str | None, Field("With GROUP: the group.", length_max=ID_LENGTH_MAX)] = None
    group_type: Annotated[GroupType | None, Field("LINK_PLATFORM.")] = None
    schedule_time: Annotated[int | None, Field("Start, milliseconds since 1970; absent starts at once.")] = None
    schedule_finish_time: Annotated[int | None, Field("End, milliseconds since 1970.")] = None
    x_seed: Seed = None


class Targets(NamedTuple):
    """A static job about to be stored, and the devices that it names one by one. Its order has no seed of its own."""

    draft: JobDraft
    device_ids: tuple[int, ...] = ()


async def drafted(request: StaticRequest, context: Context, *, takes_dynamic_groups: bool = False) -> Targets:
    """The job that the request describes. Raises what CreateOTAStaticUpgradeJob declares."""
    check_static(request, context.now_ms, takes_dynamic_groups=takes_dynamic_groups)
    product = await refer_to_product(context, request.product_key)
    firmware = await refer_to_firmware(context, request.firmware_id, request.product_key)
    draft = draft_upgrade(firmware, request, context.now_ms)._replace(
        target_selection=request.target_selection,
        schedule_ms=request.schedule_time,
        schedule_finish_ms=request.schedule_finish_time,
        rollout=await chosen_rollout(context, request),
    )
    if request.target_device_name:
        return Targets(draft, await find_named_devices(context, product, request.target_device_name))
    if request.group_id is not None:
        group_type = request.group_type or GroupType.STATIC
        group = await find_target_group(context, product, request.group_id, group_type)
        draft = draft._replace(group_row_id=group.id, group_id=group.group_id, group_name=group.name)
        if group_type is GroupType.DYNAMIC:  # it has no members: its rule is asked of all devices
            draft = draft._replace(target_selection=TargetSelection.ALL)
        return Targets(draft)
    require_product(context, product.product_key)
    if request.dn_list_file_url is not None:
        key = await find_device_list(context, request.dn_list_file_url)
        return Targets(draft._replace(device_list_key=key))
    return Targets(draft._replace(gray_percent=request.gray_percent or ""))


def check_static(request: StaticRequest, now_ms: int, *, takes_dynamic_groups: bool) -> None:
    """Raises OtaInvalidParameterError, OtaMissingParameterError."""
    check_upgrade(request)
    needed, allowed = _BELONGINGS[request.target_selection]
    for name in _SELECTING:
        if getattr(request, name) and name not in (*needed, *allowed):
            raise OtaInvalidParameterError(
                f"{wire_name(name)} does not go with TargetSelection {request.target_selection}"
            )
    given = [wire_name(name) for name in needed if getattr(request, name)]
    if needed and not given:
        names = " or ".join(map(wire_name, needed))
        raise OtaMissingParameterError(f"{names} is needed with TargetSelection {request.target_selection}")
    if len(given) > 1:
        raise OtaInvalidParameterError(f"give only one of {' and '.join(given)}")
    if request.group_type is GroupType.DYNAMIC and not takes_dynamic_groups:
        raise OtaInvalidParameterError(f"GroupType must be {GroupType.STATIC}; dynamic groups are for dynamic jobs")
    if request.gray_percent is not None and not is_percent(request.gray_percent):
        raise OtaInvalidParameterError("GrayPercent must be above 0 and up to 100, with at most 3 decimals")
    unique(request.target_device_name, "TargetDeviceName")
    fault = schedule_fault(request.schedule_time, request.schedule_finish_time, now_ms)
    if fault:
        raise OtaInvalidParameterError(fault)
