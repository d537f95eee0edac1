"""The firmware of a release: found by its bytes or made of uploaded files, then verified on devices.

Each step looks first at what an earlier run has done, so that a run that was killed anywhere is gone on with.
"""

from __future__ import annotations

import hashlib
import http.client
import re
from collections.abc import Iterator, Mapping
from contextlib import closing
from functools import partial
from typing import Any, NamedTuple
from urllib.parse import urlsplit, urlunsplit

from whimbrel.cli.api import RefusedError, not_answering, open_connection
from whimbrel.cli.following import EndedError, Patience, watch
from whimbrel.cli.form_upload import upload_firmware
from whimbrel.cli.lookup import Product
from whimbrel.cli.release_events import FirmwareReady, Outcome, Uploaded, Verified, Verifying
from whimbrel.cli.release_plan import READ_BYTES, Plan, ReleaseFile
from whimbrel.domain.characters import CJK

FIRMWARE_PAGE = 100
JOBS_PAGE = 200
NAME_LENGTH_MAX = 40
NOT_VERIFIED, VERIFIED, VERIFYING, VERIFY_FAILED, NEEDS_NONE = 0, 1, 2, 3, -1
_NOT_IN_NAMES = re.compile(rf"[^A-Za-z0-9_(){CJK}-]")


class Verification(NamedTuple):
    """How the firmware may become fit to be rolled out; `again` also after a trial that failed."""

    device_names: tuple[str, ...]
    is_needed: bool
    again: bool
    timeout_minutes: int | None

    @property
    def is_said(self) -> bool:
        """Whether the command line says anything of it, as new firmware needs."""
        return bool(self.device_names) or not self.is_needed


def pages(
    patience: Patience, action: str, parameters: Mapping[str, str], page_size: int
) -> Iterator[Mapping[str, Any]]:
    """Every page of a list. Raises as Patience.ask."""
    number = page_count = 1
    while number <= page_count:
        paging = {"CurrentPage": str(number), "PageSize": str(page_size)}
        page = patience.ask(action, {**parameters, **paging})
        yield page
        number, page_count = number + 1, page["pageCount"]


def jobs_of(patience: Patience, firmware_id: str, job_type: str) -> list[Mapping[str, Any]]:
    """The firmware's jobs of one type, newest first. Raises as Patience.ask."""
    found = pages(patience, "ListOTAJobByFirmware", {"FirmwareId": firmware_id}, JOBS_PAGE)
    return [row for page in found for row in page["data"]["simpleOTAJobInfo"] if row["jobType"] == job_type]


def token_of(*parts: object) -> str:
    """A ClientToken: the same for the same things (I14)."""
    return hashlib.sha256("\n".join(map(str, parts)).encode()).hexdigest()


def bring_firmware(patience: Patience, plan: Plan, product: Product, verification: Verification) -> Mapping[str, Any]:
    """The server's firmware with the plan's bytes, found or made (QueryOTAFirmware's answer).

    Raises EndedError when the version is there with other bytes, and as Patience.ask.
    """
    found = _find(patience, plan, product)
    if found is not None:
        _compare(plan, found)
        patience.display.tell(FirmwareReady(found["firmwareId"], is_new=False))
        return found
    if not verification.is_said:
        raise EndedError(
            Outcome.REFUSED, "this is new firmware: say --verify-on DEVICE,… to try it first, or --no-verify"
        )
    firmware_id = _make(patience, plan, product, verification)
    patience.display.tell(FirmwareReady(firmware_id, is_new=True))
    return _query(patience, firmware_id)


def verify(patience: Patience, firmware: Mapping[str, Any], verification: Verification) -> None:
    """Returns when the firmware may be rolled out. Raises EndedError when its trial failed, and as Patience.ask."""
    firmware_id, status = firmware["firmwareId"], firmware["status"]
    if status in (NOT_VERIFIED, VERIFY_FAILED):
        if status == VERIFY_FAILED and not verification.again:
            last = jobs_of(patience, firmware_id, "VERIFY_FIRMWARE")
            raise EndedError(
                Outcome.VERIFY_FAILED,
                "its verification has failed; --again tries once more",
                last[0]["jobId"] if last else None,
            )
        _start(patience, firmware, verification)
        status = VERIFYING
    elif status == VERIFYING:
        for row in jobs_of(patience, firmware_id, "VERIFY_FIRMWARE")[:1]:
            patience.display.tell(Verifying(row["jobId"], is_new=False))
    if status == VERIFYING:
        status = _await_verdict(patience, firmware_id)
    if status not in (VERIFIED, NEEDS_NONE):
        last = jobs_of(patience, firmware_id, "VERIFY_FIRMWARE")
        raise EndedError(Outcome.VERIFY_FAILED, "the verification has failed", last[0]["jobId"] if last else None)
    patience.display.tell(Verified(firmware_id, status))


def _find(patience: Patience, plan: Plan, product: Product) -> Mapping[str, Any] | None:
    wanted = {"ProductKey": product.key, "DestVersion": plan.version}
    for page in pages(patience, "ListOTAFirmware", wanted, FIRMWARE_PAGE):
        for row in page["firmwareInfo"]["simpleFirmwareInfo"]:
            if row["moduleName"] == plan.module and row["type"] == 0:
                return _query(patience, row["firmwareId"])
    return None


def _query(patience: Patience, firmware_id: str) -> Mapping[str, Any]:
    firmware: Mapping[str, Any] = patience.ask("QueryOTAFirmware", {"FirmwareId": firmware_id})["firmwareInfo"]
    return firmware


def _make(patience: Patience, plan: Plan, product: Product, verification: Verification) -> str:
    urls = []
    for file in plan.files:
        urls.append(patience.repeat(partial(upload_firmware, patience.api, file.path)).url)
        patience.display.tell(Uploaded(file.path.name, file.size_bytes))
    parameters = {
        "FirmwareName": plan.name or _name(plan, product),
        "ProductKey": product.key,
        "DestVersion": plan.version,
        "SignMethod": plan.sign_method,
        "NeedToVerify": str(verification.is_needed).lower(),
        **({} if plan.module == "default" else {"ModuleName": plan.module}),
        **_files(plan, urls),
    }
    parameters["ClientToken"] = token_of(*sorted(parameters.items()))
    try:
        made = patience.ask("CreateOTAFirmware", parameters)
    except RefusedError as error:
        # Another run may have been faster; else the name is taken, and the refusal says so.
        found = _find(patience, plan, product) if error.code == "iot.ota.FirmwareAlreadyExist" else None
        if found is None:
            raise
        _compare(plan, found)
        return str(found["firmwareId"])
    return str(made["data"]["firmwareId"])


def _files(plan: Plan, urls: list[str]) -> dict[str, str]:
    """With digests: were a file changed since it was read, the server refuses it."""
    if len(urls) == 1:
        file = plan.files[0]
        return {"FirmwareUrl": urls[0], "FirmwareSign": _sign(plan, file), "FirmwareSize": str(file.size_bytes)}
    parameters: dict[str, str] = {}
    for number, (file, url) in enumerate(zip(plan.files, urls, strict=True), 1):
        members = {"Name": file.path.name, "Url": url, "Size": str(file.size_bytes), "SignValue": _sign(plan, file)}
        parameters |= {f"MultiFiles.{number}.{member}": content for member, content in members.items()}
    return parameters


def _sign(plan: Plan, file: ReleaseFile) -> str:
    return file.md5 if plan.sign_method == "MD5" else file.sha256


def _name(plan: Plan, product: Product) -> str:
    """Product, module and version; where that is too long, with a digest, so that it stays unique."""
    parts = [product.name, *([] if plan.module == "default" else [plan.module]), plan.version]
    name = _NOT_IN_NAMES.sub("-", "-".join(parts)).lstrip("_()-") or "firmware"
    if len(name) <= NAME_LENGTH_MAX:
        return name
    return f"{name[: NAME_LENGTH_MAX - 9]}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def _compare(plan: Plan, firmware: Mapping[str, Any]) -> None:
    """Raises EndedError when the bytes differ. SHA-256 decides: where the server answers MD5, the file is fetched."""
    if "multiFiles" in firmware:
        there = [(row["size"], row["signValue"], row["url"]) for row in firmware["multiFiles"]]
    else:
        there = [(firmware["firmwareSize"], firmware["firmwareSign"], firmware["firmwareUrl"])]
    is_same = len(there) == len(plan.files)
    for file, (size_bytes, sign, url) in zip(plan.files, there, strict=False):
        has_sha256 = firmware["signMethod"] == "SHA256"
        is_same = is_same and size_bytes == file.size_bytes and sign == (file.sha256 if has_sha256 else file.md5)
        is_same = is_same and (has_sha256 or _fetched_sha256(url) == file.sha256)
    if not is_same:
        raise EndedError(
            Outcome.REFUSED,
            f"version {plan.version} is there already with other bytes (firmware {firmware['firmwareId']}): "
            "a version never changes, give a new one",
        )


def _fetched_sha256(url: str) -> str:
    digest = hashlib.sha256()
    parts = urlsplit(url)
    with closing(open_connection(url)) as connection:
        try:
            connection.request("GET", urlunsplit(("", "", parts.path, parts.query, "")))
            answer = connection.getresponse()
            while block := answer.read(READ_BYTES):
                digest.update(block)
        except (OSError, http.client.HTTPException) as error:
            raise not_answering(url.partition("?")[0], error) from None
    if answer.status != http.HTTPStatus.OK:
        raise ConnectionError(f"the firmware cannot be fetched to compare it (HTTP {answer.status})")
    return digest.hexdigest()


def _start(patience: Patience, firmware: Mapping[str, Any], verification: Verification) -> None:
    firmware_id = firmware["firmwareId"]
    if not verification.device_names:
        needed = "" if verification.is_needed else " (--no-verify counts when firmware is made, and this one was made)"
        raise EndedError(Outcome.REFUSED, f"firmware {firmware_id} is not verified: say --verify-on DEVICE,…{needed}")
    parameters = {"FirmwareId": firmware_id, "ProductKey": firmware["productKey"]}
    for number, device_name in enumerate(verification.device_names, 1):
        parameters[f"TargetDeviceName.{number}"] = device_name
    if verification.timeout_minutes is not None:
        parameters["TimeoutInMinutes"] = str(verification.timeout_minutes)
    trials = len(jobs_of(patience, firmware_id, "VERIFY_FIRMWARE"))
    parameters["ClientToken"] = token_of(*sorted(parameters.items()), trials)
    try:
        job_id = patience.ask("CreateOTAVerifyJob", parameters)["data"]["jobId"]
    except RefusedError as error:
        if error.code not in ("iot.ota.FirmwareVerifying", "iot.ota.FirmwareAlreadyVerified"):
            raise
        return  # another run was faster
    patience.display.tell(Verifying(job_id, is_new=True))


def _await_verdict(patience: Patience, firmware_id: str) -> int:
    """The status after the newest verify job, told of on the way."""
    status: int = VERIFYING
    jobs = jobs_of(patience, firmware_id, "VERIFY_FIRMWARE")
    if jobs:

        def is_over(_: Mapping[str, Any]) -> bool:
            nonlocal status
            status = _query(patience, firmware_id)["status"]
            return bool(status != VERIFYING)

        watch(patience, jobs[0]["jobId"], is_over)
    return status
