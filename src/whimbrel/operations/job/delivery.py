"""The parameters that every new job takes, and the rules that hold between them (api-contract 7.5 to 7.11)."""

from __future__ import annotations

from typing import Annotated

import msgspec

from whimbrel.domain.delivery import MAXIMUM_PER_MINUTE_MAX, MAXIMUM_PER_MINUTE_MIN, RetryCount, RetryInterval
from whimbrel.domain.firmware import Firmware
from whimbrel.domain.job import (
    SRC_VERSIONS_MAX,
    TAG_KEY,
    TAG_VALUE_LENGTH_MAX,
    TAGS_LENGTH_MAX,
    TAGS_MAX,
    TIMEOUT_MINUTES_MAX,
    TIMEOUT_MINUTES_MIN,
    DownloadProtocol,
    OverwriteMode,
    Tag,
    stream_fault,
)
from whimbrel.domain.version import REPORTED_VERSION_LENGTH_MAX
from whimbrel.errors import FirmwareNotFoundError, OtaInvalidParameterError, OtaMissingParameterError
from whimbrel.operations.fields import Field
from whimbrel.operations.ids import ID_LENGTH_MAX
from whimbrel.operations.job.rollout_parameters import (
    GateLimit,
    GateSwitch,
    PaceFirst,
    PaceGrowth,
    PaceSwitch,
    SilentHours,
    SilentMinutes,
    Stages,
    TimeZone,
    Windows,
    check_rollout,
)


class TagParameter(msgspec.Struct, frozen=True, kw_only=True):
    key: Annotated[str, Field("1 to 30 letters, digits or dots.", pattern=TAG_KEY)]
    value: Annotated[str, Field("1 to 1024 characters.", length_max=TAG_VALUE_LENGTH_MAX)]


class DeliveryRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What jobs of every kind take."""

    firmware_id: Annotated[str, Field("The firmware.", length_max=ID_LENGTH_MAX, error=FirmwareNotFoundError)]
    product_key: Annotated[str, Field("Its product.", length_max=64)]
    timeout_in_minutes: Annotated[
        int | None,
        Field("From a device's first progress.", minimum=TIMEOUT_MINUTES_MIN, maximum=TIMEOUT_MINUTES_MAX),
    ] = None
    need_push: Annotated[bool, Field("Send the notice; false waits for the device to ask.")] = True
    need_confirm: Annotated[bool, Field("Wait for ConfirmOTATask first.")] = False
    download_protocol: Annotated[DownloadProtocol, Field("HTTPS, or MQTT for firmware of one file, up to 16 MiB.")] = (
        DownloadProtocol.HTTPS
    )
    tag: Annotated[tuple[TagParameter, ...], Field("Handed to devices in extData.", items_max=TAGS_MAX)] = ()


class UpgradeRequest(DeliveryRequest, msgspec.Struct, frozen=True, kw_only=True):
    """What static and dynamic jobs take besides."""

    src_version: Annotated[
        tuple[str, ...],
        Field(
            "Only devices that report one of these versions.",
            items_max=SRC_VERSIONS_MAX,
            length_max=REPORTED_VERSION_LENGTH_MAX,
        ),
    ] = ()
    retry_interval: Annotated[
        RetryInterval | None, Field("Minutes from a failure to the next attempt; with RetryCount.")
    ] = None
    retry_count: Annotated[RetryCount | None, Field("Attempts after the first; with RetryInterval.")] = None
    maximum_per_minute: Annotated[
        int | None,
        Field("Devices notified in a minute.", minimum=MAXIMUM_PER_MINUTE_MIN, maximum=MAXIMUM_PER_MINUTE_MAX),
    ] = None
    overwrite_mode: Annotated[OverwriteMode, Field("1: open tasks of other jobs stay; 2: they are replaced.")] = (
        OverwriteMode.KEEP
    )
    multi_module_mode: Annotated[bool, Field("Whether tasks of other modules are no conflict.")] = False
    x_gate: GateSwitch = None
    x_gate_limit: GateLimit = None
    x_gate_silent_minutes: SilentMinutes = None
    x_gate_silent_hours: SilentHours = None
    x_pace: PaceSwitch = None
    x_pace_first: PaceFirst = None
    x_pace_growth: PaceGrowth = None
    x_stages: Stages = ()
    x_windows: Windows = ()
    x_time_zone: TimeZone = None


def check_delivery(request: DeliveryRequest) -> None:
    """Raises OtaInvalidParameterError."""
    tags_of(request.tag)


def check_upgrade(request: UpgradeRequest) -> None:
    """Raises OtaInvalidParameterError, OtaMissingParameterError."""
    check_delivery(request)
    check_rollout(request)
    unique(request.src_version, "SrcVersion")
    if request.retry_interval is not None and request.retry_count is None:
        raise OtaMissingParameterError("RetryCount is needed with RetryInterval; it is 1, 2 or 5")
    if request.retry_count is not None and request.retry_interval is None:
        raise OtaInvalidParameterError("RetryCount goes with RetryInterval only")
    timeout = request.timeout_in_minutes
    if request.retry_interval is not None and timeout is not None and request.retry_interval >= timeout:
        raise OtaInvalidParameterError(
            f"RetryInterval is {request.retry_interval:d}, it must be less than TimeoutInMinutes, which is {timeout}"
        )
    if request.multi_module_mode and request.overwrite_mode is OverwriteMode.OVERWRITE:
        raise OtaInvalidParameterError("OverwriteMode 2 does not go with MultiModuleMode, which overwrites by itself")


def check_sources(src_versions: tuple[str, ...], required_version: str) -> None:
    """With a difference firmware SrcVersion can only be its own. Raises OtaInvalidParameterError."""
    if required_version and src_versions not in ((), (required_version,)):
        raise OtaInvalidParameterError(f"SrcVersion must be the difference firmware's own, {required_version}")


def check_download(firmware: Firmware, protocol: DownloadProtocol) -> None:
    """Raises OtaInvalidParameterError when the firmware cannot be downloaded that way."""
    fault = stream_fault(firmware) if protocol is DownloadProtocol.MQTT else ""
    if fault:
        raise OtaInvalidParameterError(fault)


def tags_of(parameters: tuple[TagParameter, ...]) -> tuple[Tag, ...]:
    """The job's tags. Raises OtaInvalidParameterError when a key repeats or they are too long together."""
    tags = tuple(Tag(parameter.key, parameter.value) for parameter in parameters)
    if len({tag.key for tag in tags}) != len(tags):
        raise OtaInvalidParameterError("Tag has a key twice")
    length = sum(len(tag.key) + len(tag.value) for tag in tags)
    if length > TAGS_LENGTH_MAX:
        raise OtaInvalidParameterError(
            f"the keys and values of Tag have {length} characters, at most {TAGS_LENGTH_MAX}"
        )
    return tags


def unique(values: tuple[str, ...], parameter: str) -> tuple[str, ...]:
    """Raises OtaInvalidParameterError when a value is given twice."""
    if len(set(values)) != len(values):
        raise OtaInvalidParameterError(f"{parameter} has an entry twice")
    return values
