"""The upgrade job of a release: found by its seed, or previewed, confirmed and made."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from functools import partial
from typing import Any, NamedTuple

import click

from whimbrel.cli.api import RefusedError
from whimbrel.cli.following import EndedError, Patience
from whimbrel.cli.form_upload import upload_device_list
from whimbrel.cli.lookup import find_group
from whimbrel.cli.release_events import Outcome, Preview, RollingOut
from whimbrel.cli.release_firmware import jobs_of, token_of
from whimbrel.cli.release_plan import Plan


class Consent(NamedTuple):
    """What the person has agreed to beforehand. `expected` is how many devices; None when they did not say."""

    is_given: bool
    expected: int | None
    again: bool
    previews_only: bool


def bring_job(patience: Patience, plan: Plan, firmware: Mapping[str, Any], consent: Consent) -> str:
    """The id of the release's job, an earlier run's or a new one.

    Raises EndedError where the release ends before a job: after a preview, without devices, without consent.
    """
    seed = plan.seed(firmware["productKey"])
    before = _jobs_of_seed(patience, firmware["firmwareId"], seed)
    if before and not (consent.again and before[0]["jobStatus"] in ("COMPLETED", "CANCELED")):
        job_id: str = before[0]["jobId"]
        patience.display.tell(RollingOut(job_id, is_new=False))
        if consent.previews_only:
            raise EndedError(Outcome.PREVIEWED, f"nothing would be made: job {job_id} is there", job_id)
        return job_id
    parameters = _parameters(patience, plan, firmware, seed)
    preview = _preview(patience, parameters)
    patience.display.tell(preview)
    if consent.previews_only:
        raise EndedError(Outcome.PREVIEWED, "nobody is told: this was the preview")
    if preview.targets == 0:
        raise EndedError(Outcome.COMPLETED, "no device is left to be told")
    _confirm(plan, preview, consent)
    if plan.is_at_once and not consent.is_given:
        # Typing takes its time: whoever was registered meanwhile is not in the number.
        _expect(preview.targets, _preview(patience, parameters))
    job = _make(patience, parameters, seed, len(before))
    patience.display.tell(job)
    return job.job_id


def _make(patience: Patience, parameters: Mapping[str, str], seed: int, jobs_before: int) -> RollingOut:
    """The job, made once though several run this at once: how they want it to go out, or where their lists are, is no
    part of the token, so that the second is refused for it and follows the first.
    """
    firmware_id = parameters["FirmwareId"]
    token = token_of(firmware_id, seed, jobs_before)
    try:
        made = patience.ask("CreateOTAStaticUpgradeJob", {**parameters, "ClientToken": token})
    except RefusedError as error:
        if error.code != "IdempotentParameterMismatch":
            raise
        found = _jobs_of_seed(patience, firmware_id, seed)
        if len(found) <= jobs_before:
            raise
        return RollingOut(found[0]["jobId"], is_new=False)
    return RollingOut(made["data"]["jobId"], is_new=True)


def _jobs_of_seed(patience: Patience, firmware_id: str, seed: int) -> list[Mapping[str, Any]]:
    found = []
    for row in jobs_of(patience, firmware_id, "UPGRADE_FIRMWARE"):
        policy = patience.ask("XQueryOTARollout", {"JobId": row["jobId"]})["data"]["policy"]
        if policy.get("xSeed") == seed:
            found.append(row)
    return found


def _parameters(patience: Patience, plan: Plan, firmware: Mapping[str, Any], seed: int) -> dict[str, str]:
    parameters = {
        "FirmwareId": firmware["firmwareId"],
        "ProductKey": firmware["productKey"],
        "XSeed": str(seed),
        **plan.policy,
        **_selection(patience, plan),
    }
    for number, version in enumerate(plan.source_versions, 1):
        parameters[f"SrcVersion.{number}"] = version
    return parameters


def _selection(patience: Patience, plan: Plan) -> dict[str, str]:
    target = plan.target
    parameters = {"TargetSelection": target.selection}
    for number, device_name in enumerate(target.device_names, 1):
        parameters[f"TargetDeviceName.{number}"] = device_name
    if target.list_path is not None:
        parameters["DnListFileUrl"] = patience.repeat(partial(upload_device_list, patience.api, target.list_path))
    if target.group:
        parameters["GroupId"] = find_group(patience.api, target.group)
    if target.percent:
        parameters["GrayPercent"] = target.percent
    return parameters


def _preview(patience: Patience, parameters: Mapping[str, str]) -> Preview:
    data = patience.ask("XPreviewOTAJob", parameters)["data"]
    stages = [row["devices"] for row in data.get("stages", {}).get("stage", [])]
    return Preview(
        targets=data["targets"],
        in_conflict=data["inConflict"],
        offline=data["offline"],
        at_dest_version=data["atDestVersion"],
        at_other_version=data["atOtherVersion"],
        bytes_to_transfer=data["bytesToTransfer"],
        expected_minutes=data["expectedMinutes"],
        stages=tuple(stages),
    )


def _expect(devices: int, preview: Preview) -> None:
    """Raises EndedError when another number would be told."""
    if devices != preview.targets:
        raise EndedError(
            Outcome.REFUSED, f"{devices} devices were expected, {preview.targets} would be told: nobody is"
        )


def _confirm(plan: Plan, preview: Preview, consent: Consent) -> None:
    """Raises EndedError unless somebody means it. A push to all at once needs the exact number (threat-model 6)."""
    if consent.expected is not None:
        _expect(consent.expected, preview)
    if consent.is_given:
        return
    if not sys.stdin.isatty():
        raise EndedError(Outcome.REFUSED, "nobody is here to agree: give --yes")
    if plan.is_at_once:
        asked = f"All {preview.targets} devices are told at once. Type their number"
        typed = click.prompt(asked, default="", show_default=False, err=True).strip()
        is_meant = typed == str(preview.targets)
    else:
        is_meant = click.confirm(f"Roll out to {preview.targets} devices?", err=True)
    if not is_meant:
        raise EndedError(Outcome.REFUSED, "not confirmed: nobody is told")
