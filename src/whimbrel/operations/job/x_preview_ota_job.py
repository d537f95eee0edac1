"""Says what CreateOTAStaticUpgradeJob would do with the same parameters, and does nothing.

1. XSeed in the answer gives the order; a job made with it, of a fleet that has not changed, takes exactly these devices
   in exactly these stages. Without XSeed in the call a new one is made.
2. Targets are the tasks that the job would have. InConflict of them have an open task elsewhere: theirs would fail at
   once (I3). Offline of them are not connected. Devices of the selection that are no targets are counted by the reason.
3. Each stage names its first 20 devices. With XStage only that one does, a page of them: PageSize 1 to 200.
4. The end is expected with these assumptions: every device is there, takes AssumedMinutes from its notice to its
   success, and none fails. A stage ends with its last device. Devices in conflict are told nothing.
5. Every device of the selection is looked at, in small pieces: a million take some ten seconds. Other calls go on. An
   account has one preview at a time; another waits for it some seconds, and is answered ServiceUnavailable then.
6. What CreateOTADynamicUpgradeJob would take now: ALL with its SrcVersion, or GROUP with its GroupId and GroupType
   LINK_PLATFORM_DYNAMIC. The counts are those of now, and more devices come later; they go in the order in which they
   match, so the devices of a stage are others than are named here.

Source: ours; design.md part 4.
"""

from __future__ import annotations

import asyncio
from typing import Annotated, NamedTuple

import msgspec

from whimbrel.domain.access import Permission
from whimbrel.domain.group import GroupType
from whimbrel.domain.job import JobDraft
from whimbrel.domain.paging import Page
from whimbrel.domain.preview import Census, Ranks, of_ranks
from whimbrel.domain.rollout import Rollout
from whimbrel.domain.rollout_duration import UPGRADE_MINUTES, Load, expected_end_ms
from whimbrel.domain.stages import MINUTE_MS, STAGES_MAX, devices_until
from whimbrel.domain.wire_time import utc_text
from whimbrel.errors import (
    DeviceListFileError,
    DeviceNotFoundError,
    FirmwareNotFoundError,
    FirmwareNotVerifiedError,
    GroupNotFoundError,
    InvalidPageParamsError,
    OtaInvalidParameterError,
    OtaMissingParameterError,
    ProductNotFoundError,
    TooManyDevicesError,
)
from whimbrel.operations.declaration import Context, Example, Manner, operation
from whimbrel.operations.fields import Field
from whimbrel.operations.job.drafting import new_seed
from whimbrel.operations.job.selecting import StaticRequest, Targets, drafted
from whimbrel.operations.paging import PAGE_NUMBER_MAX

NAMES_OF_EACH = 20
PAGE_SIZE_MAX = 200


class Request(StaticRequest, msgspec.Struct, frozen=True, kw_only=True):
    group_type: Annotated[
        GroupType | None, Field("LINK_PLATFORM; LINK_PLATFORM_DYNAMIC for what a dynamic job would take now.")
    ] = None
    x_stage: Annotated[
        int | None, Field("Name the devices of this stage only, from 1.", minimum=1, maximum=STAGES_MAX + 1)
    ] = None
    current_page: Annotated[
        int | None,
        Field("With XStage: page number from 1.", minimum=1, maximum=PAGE_NUMBER_MAX, error=InvalidPageParamsError),
    ] = None
    page_size: Annotated[
        int | None,
        Field(
            "With XStage: names a page, 20 by default.", minimum=1, maximum=PAGE_SIZE_MAX, error=InvalidPageParamsError
        ),
    ] = None


class DeviceNames(msgspec.Struct, frozen=True, kw_only=True):
    device_name: Annotated[list[str], Field("In the order in which they are told.")]


class PreviewStage(msgspec.Struct, frozen=True, kw_only=True):
    number: Annotated[int, Field("From 1; the last is of all other devices.")]
    devices: Annotated[int, Field("Its devices.")]
    until_device: Annotated[int, Field("Devices from the job's first to its last.")]
    device_names: Annotated[DeviceNames, Field("Wrapper.")]


class PreviewStageList(msgspec.Struct, frozen=True, kw_only=True):
    stage: Annotated[list[PreviewStage], Field("One of all devices without XStages.")]


class PreviewData(msgspec.Struct, frozen=True, kw_only=True):
    x_seed: Annotated[int, Field("Give it to CreateOTAStaticUpgradeJob.")]
    targets: Annotated[int, Field("Devices that get a task.")]
    in_conflict: Annotated[int, Field("Of the targets: busy with another job.")]
    offline: Annotated[int, Field("Of the targets: not connected now.")]
    at_dest_version: Annotated[int, Field("Devices left out: they have the version.")]
    at_other_version: Annotated[int, Field("Devices left out: at no version that the job upgrades from.")]
    bytes_to_transfer: Annotated[int, Field("If every target downloads all of it once.")]
    assumed_minutes: Annotated[int, Field("See rule 4.")]
    expected_minutes: Annotated[int, Field("From the job's start to its last success.")]
    utc_expected_end: Annotated[str, Field("If it starts now, or at ScheduleTime.")]
    stages: Annotated[PreviewStageList, Field("Wrapper.")]


class Response(msgspec.Struct, frozen=True, kw_only=True):
    data: Annotated[PreviewData, Field("What the job would do.")]


EXAMPLE = Example(
    request={
        "FirmwareId": "1001",
        "ProductKey": "kabcdefgh01",
        "TargetSelection": "ALL",
        "XStages.1.Percent": "1",
        "XStages.1.SoakMinutes": "60",
    },
    response=Response(
        data=PreviewData(
            x_seed=712_043_991,
            targets=200,
            in_conflict=3,
            offline=17,
            at_dest_version=40,
            at_other_version=0,
            bytes_to_transfer=197 * 1_048_576,
            assumed_minutes=10,
            expected_minutes=80,
            utc_expected_end="2025-01-02T04:24:05.678Z",
            stages=PreviewStageList(
                stage=[
                    PreviewStage(
                        number=1,
                        devices=2,
                        until_device=2,
                        device_names=DeviceNames(device_name=["lamp-0002", "lamp-0119"]),
                    ),
                    PreviewStage(
                        number=2,
                        devices=198,
                        until_device=200,
                        device_names=DeviceNames(device_name=["lamp-0031", "lamp-0007"]),
                    ),
                ]
            ),
        )
    ),
)


class _Shown(NamedTuple):
    """A stage, and which of the job's devices are named of it."""

    number: int
    ranks: Ranks
    named: Ranks


@operation(
    action="XPreviewOTAJob",
    permission=Permission.JOB_READ,
    example=EXAMPLE,
    errors=(
        ProductNotFoundError,
        FirmwareNotFoundError,
        FirmwareNotVerifiedError,
        DeviceNotFoundError,
        GroupNotFoundError,
        DeviceListFileError,
        InvalidPageParamsError,
        OtaInvalidParameterError,
        OtaMissingParameterError,
        TooManyDevicesError,
    ),
    manner=Manner(qps=1, walks=True),
)
async def handle(request: Request, context: Context) -> Response:
    page = _page(request)
    found = await drafted(request, context, takes_dynamic_groups=True)
    rollout = found.draft.rollout._replace(seed=request.x_seed or new_seed(context))
    found = found._replace(draft=found.draft._replace(rollout=rollout))
    census = Census()
    async for chunk in context.store.previews.candidates(*found):
        census.take(chunk)
    stages = _stages(rollout, census.targets, request.x_stage, page)
    names = await _names(context, found, census, stages)
    start_ms = found.draft.schedule_ms or context.now_ms
    load = Load(census.targets - census.busy, found.draft.maximum_per_minute)
    # Windows make it a calendar's worth of arithmetic: not on the loop.
    end_ms = await asyncio.to_thread(expected_end_ms, rollout, load, start_ms)
    return Response(data=_answer(found.draft, census, (start_ms, end_ms), list(zip(stages, names, strict=True))))


def _page(request: Request) -> Page:
    if request.x_stage is None and (request.current_page is not None or request.page_size is not None):
        raise OtaInvalidParameterError("CurrentPage and PageSize go with XStage only")
    if request.x_stage is not None and request.x_stage > len(request.x_stages) + 1:
        raise OtaInvalidParameterError(f"XStage is {request.x_stage}, there are {len(request.x_stages) + 1} stages")
    return Page(request.current_page or 1, request.page_size or NAMES_OF_EACH)


def _stages(rollout: Rollout, targets: int, only: int | None, page: Page) -> list[_Shown]:
    found, before = [], 0
    for number in range(1, len(rollout.stages) + 2):
        is_last = number > len(rollout.stages)
        until = targets if is_last else min(devices_until(rollout.stages, number - 1, targets), targets)
        first = min(before + page.offset, until)
        is_named = only is None or only == number
        found.append(
            _Shown(number, Ranks(before, until), Ranks(first, min(first + page.size, until) if is_named else first))
        )
        before = until
    return found


async def _names(context: Context, found: Targets, census: Census, stages: list[_Shown]) -> list[list[str]]:
    """The names of each stage, by a second look at the few slices where those devices are."""
    wanted = [census.slices_of(stage.named) for stage in stages]
    slices = frozenset(number for numbers, _ in wanted for number in numbers)
    there = [
        (candidate.place, candidate.device_id)
        async for chunk in context.store.previews.candidates(*found, slices)
        for candidate in chunk
        if candidate.is_target
    ]
    names: list[list[str]] = []
    for stage, (numbers, base) in zip(stages, wanted, strict=True):
        device_ids = of_ranks(there, numbers, stage.named, base)
        by_id = await context.store.previews.names(device_ids)
        names.append([by_id[device_id] for device_id in device_ids])
    return names


def _answer(
    draft: JobDraft, census: Census, times_ms: tuple[int, int], stages: list[tuple[_Shown, list[str]]]
) -> PreviewData:
    assert draft.rollout.seed is not None, "a preview has a seed"
    start_ms, end_ms = times_ms
    return PreviewData(
        x_seed=draft.rollout.seed,
        targets=census.targets,
        in_conflict=census.busy,
        offline=census.offline,
        at_dest_version=census.at_version,
        at_other_version=census.other_version,
        bytes_to_transfer=(census.targets - census.busy) * draft.size_bytes,
        assumed_minutes=UPGRADE_MINUTES,
        expected_minutes=-(-(end_ms - start_ms) // MINUTE_MS),
        utc_expected_end=utc_text(end_ms),
        stages=PreviewStageList(
            stage=[
                PreviewStage(
                    number=stage.number,
                    devices=stage.ranks.end - stage.ranks.first,
                    until_device=stage.ranks.end,
                    device_names=DeviceNames(device_name=names),
                )
                for stage, names in stages
            ]
        ),
    )
