"""What the tests of AccessKeys share: keys that are made and looked at through the signed door."""

from __future__ import annotations

from typing import Any

from tests.operations.signed_door import SignedDoor
from whimbrel.rpc.signing_caller import Credentials

EVERYTHING = {"Actions": "*", "Access": "write", "Products": "*", "Groups": "*"}


async def make(door: SignedDoor, *statements: dict[str, str], **parameters: Any) -> Credentials:
    """A key with these statements, made by the API."""
    data = (await door.ok("XCreateAccessKey", Statement=statements, **parameters))["Data"]
    return Credentials(data["AccessKeyId"], data["AccessKeySecret"])


async def look(door: SignedDoor, key: Credentials, **parameters: Any) -> dict[str, Any]:
    """XGetAccessKey's Data."""
    data: dict[str, Any] = (await door.ok("XGetAccessKey", UserAccessKeyId=key.access_key_id, **parameters))["Data"]
    return data


async def statements_of(door: SignedDoor, key: Credentials, **parameters: Any) -> list[dict[str, str]]:
    """Its policy as answers show it."""
    found: list[dict[str, str]] = (await look(door, key, **parameters))["Statements"]["Statement"]
    return found


async def ids(door: SignedDoor, page: int = 1, size: int = 100, **parameters: Any) -> list[str]:
    """The ids that XListAccessKeys shows."""
    body = await door.ok("XListAccessKeys", CurrentPage=page, PageSize=size, **parameters)
    return [row["AccessKeyId"] for row in body["Data"]["AccessKey"]]
