"""GenerateOTAUploadURL through the signed door (api-contract 8.1, 12)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re

import pytest

from tests.operations.answers import camel, check_answer
from tests.operations.signed_door import NOW_MS, NOW_TEXT, PUBLIC_URL, UPLOAD_SECRET, SignedDoor
from whimbrel.domain.access import Permission
from whimbrel.rpc.dialect import Case

SUFFIXES = ["bin", "dav", "apk", "tar", "gz", "tar.gz", "zip", "gzip", "tar.xz", "pack"]
SPELLINGS = ["ossAccessKeyId", "oSSAccessKeyId", "OSSAccessKeyId"]


async def test_credentials_of_one_upload(door: SignedDoor, case: Case) -> None:
    """Host, key, signed policy and FirmwareUrl; the key id stands under all three spellings in lowerCamelCase."""
    answer = await door.call("GenerateOTAUploadURL", case=case)
    body = answer.json()
    given = body["data" if case is Case.CAMEL else "Data"]
    key, policy = given[_cased("Key", case)], given[_cased("Policy", case)]
    assert re.fullmatch(r"ota/firmware/[0-9a-f]{32}\.bin", key)
    mac = hmac.new(UPLOAD_SECRET.encode(), policy.encode(), hashlib.sha1)
    data = {
        "Host": PUBLIC_URL,
        "Key": key,
        "Policy": policy,
        "Signature": base64.b64encode(mac.digest()).decode(),
        "ObjectStorage": "OSS",
        "FirmwareUrl": f"{PUBLIC_URL}/{key}",
        "UtcCreate": NOW_TEXT,
    }
    names = SPELLINGS if case is Case.CAMEL else ["OSSAccessKeyId"]
    keys = {name: given.pop(name) for name in names}
    assert set(keys.values()) == {"whimbrel-upload"}
    check_answer(answer._replace(body=json.dumps(body).encode()), case, {"Data": data})


def _cased(name: str, case: Case) -> str:
    return next(iter(camel({name: None}))) if case is Case.CAMEL else name


async def test_the_policy_allows_one_key_and_one_minute(door: SignedDoor) -> None:
    """It expires after 60 s, holds the exact key, and bounds the file's length."""
    data = (await door.ok("GenerateOTAUploadURL"))["Data"]
    assert json.loads(base64.b64decode(data["Policy"])) == {
        "expiration": "2025-01-02T03:05:05.678Z",
        "conditions": [["content-length-range", 1, 1_048_576_000], ["eq", "$key", data["Key"]]],
    }


@pytest.mark.parametrize("after_ms", [0, 59_999, 60_000])
async def test_the_upload_may_start_within_a_minute_once(after_ms: int, door: SignedDoor) -> None:
    """The credentials are known to the store until the minute ends, for one use."""
    key = (await door.ok("GenerateOTAUploadURL"))["Data"]["Key"]
    async with door.store.transaction() as store:
        assert await store.uploads.begin(key, NOW_MS + after_ms)
        assert not await store.uploads.begin(key, NOW_MS + after_ms)


async def test_the_upload_may_not_start_later(door: SignedDoor) -> None:
    """A millisecond after the minute the credentials are over."""
    key = (await door.ok("GenerateOTAUploadURL"))["Data"]["Key"]
    async with door.store.transaction() as store:
        assert not await store.uploads.begin(key, NOW_MS + 60_001)


@pytest.mark.parametrize("suffix", [*SUFFIXES, "BIN", "Tar.Gz", ""])
async def test_suffixes(suffix: str, door: SignedDoor) -> None:
    """Each of the vendors' endings in any case; empty is the default."""
    key = (await door.ok("GenerateOTAUploadURL", FileSuffix=suffix))["Data"]["Key"]
    assert key.endswith(f".{suffix.lower() or 'bin'}")


@pytest.mark.parametrize("suffix", ["exe", ".bin", "bin/", "../x", "tar,gz", "ｂｉｎ", "bin ", "ZİP"])
async def test_other_suffixes(suffix: str, door: SignedDoor) -> None:
    """Anything else is refused, and no credentials are issued."""
    assert await door.refusal("GenerateOTAUploadURL", FileSuffix=suffix) == "iot.ota.InvalidParameter"


async def test_each_call_names_another_key(door: SignedDoor) -> None:
    """One call per file."""
    keys = {(await door.ok("GenerateOTAUploadURL"))["Data"]["Key"] for _ in range(5)}
    assert len(keys) == 5


async def test_without_permission(door: SignedDoor) -> None:
    """A key that may do everything else may not upload firmware."""
    key = await door.make_key(permissions=frozenset(Permission) - {Permission.FIRMWARE_WRITE})
    assert await door.refusal("GenerateOTAUploadURL", by=key) == "Forbidden.RAM"
