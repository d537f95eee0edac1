"""GenerateDeviceNameListURL through the signed door (api-contract 10.10)."""

from __future__ import annotations

import base64
import json

from tests.operations.group.keys import key_without
from tests.operations.signed_door import NOW_TEXT, PUBLIC_URL, UPLOAD_KEY_ID, UPLOAD_SECRET, SignedDoor
from whimbrel.domain.access import Permission
from whimbrel.domain.form_upload import sign_policy
from whimbrel.rpc.dialect import Case

ACTION = "GenerateDeviceNameListURL"


async def test_credentials(door: SignedDoor, case: Case) -> None:
    """Credentials for one CSV file of at most 5 MB under exactly the key named; AccessKeyId has no prefix here."""
    body = (await door.call(ACTION, case=case)).json()
    data = {
        name[0].upper() + name[1:]: value for name, value in body["Data" if case is Case.PASCAL else "data"].items()
    }
    policy = json.loads(base64.b64decode(data["Policy"]))
    assert data.pop("Signature") == sign_policy(UPLOAD_SECRET, data.pop("Policy"))
    key = data.pop("Key")
    assert key.startswith("ota/devices/")
    assert key.endswith(".csv")
    assert data == {
        "Host": PUBLIC_URL,
        "AccessKeyId": UPLOAD_KEY_ID,
        "ObjectStorage": "OSS",
        "FileUrl": f"{PUBLIC_URL}/{key}",
        "UtcCreate": NOW_TEXT,
    }
    assert ["eq", "$key", key] in policy["conditions"]
    limits = next(item for item in policy["conditions"] if item[0] == "content-length-range")
    assert limits[2] == 5 * 1024 * 1024


async def test_each_has_its_own_key(door: SignedDoor) -> None:
    """Two calls name two keys."""
    assert len({(await door.ok(ACTION))["Data"]["Key"] for _ in range(2)}) == 2


async def test_without_permission(door: SignedDoor) -> None:
    """The action needs the right to make jobs."""
    assert await door.refusal(ACTION, by=await key_without(door, Permission.JOB_WRITE)) == "Forbidden.RAM"
