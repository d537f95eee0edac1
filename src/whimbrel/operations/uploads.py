"""Uploads as operations give and take them: credentials for one form upload, and the file that it left.

Shared by GenerateOTAUploadURL and GenerateDeviceNameListURL, and by the operations that name the file afterwards
(api-contract 8.1, 10.10, 12; threat-model A13).
"""

from __future__ import annotations

from typing import NamedTuple

from whimbrel.domain.firmware import FILE_TO_FIRMWARE_SECONDS_MAX, UploadedFile
from whimbrel.domain.form_upload import UploadPurpose, encode_policy, make_object_key, make_policy, sign_policy
from whimbrel.operations.declaration import Context

OBJECT_KEY_RANDOM_LENGTH = 32


class UploadCredentials(NamedTuple):
    """What one upload of one file needs, as the vendors' answers have it."""

    host: str
    key: str
    access_key_id: str
    policy: str
    signature: str
    url: str


async def issue_credentials(context: Context, suffix: str, purpose: UploadPurpose) -> UploadCredentials:
    """Credentials for one file of that purpose, good for one upload that starts within a minute."""
    services = context.services
    key = make_object_key(services.randomness.hex(OBJECT_KEY_RANDOM_LENGTH), suffix, purpose)
    policy = make_policy(key, context.now_ms, purpose.size_bytes_max)
    policy_text = encode_policy(policy)
    await context.store.uploads.issue(context.caller.account_id, key, policy.expires_ms, context.now_ms, purpose)
    return UploadCredentials(
        host=services.public_url,
        key=key,
        access_key_id=services.upload_key_id,
        policy=policy_text,
        signature=sign_policy(services.upload_secret, policy_text),
        url=f"{services.public_url}/{key}",
    )


async def find_upload(context: Context, url: str, purpose: UploadPurpose) -> UploadedFile | None:
    """The caller's file of that URL and purpose, uploaded in the last hour or used since. No URL is ever fetched."""
    prefix = f"{context.services.public_url}/"
    key = url.removeprefix(prefix) if url.startswith(prefix) else ""
    file = await context.store.uploads.by_key(context.caller.account_id, key, purpose)
    is_late = file is not None and file.stored_ms < context.now_ms - FILE_TO_FIRMWARE_SECONDS_MAX * 1000
    return None if file is None or (is_late and not file.is_used) else file
