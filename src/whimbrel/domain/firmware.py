"""Firmware: an immutable file of one product's module, and its verification status (api-contract 6.1, 7.1, 7.2)."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from enum import IntEnum, StrEnum
from typing import NamedTuple

from whimbrel.domain.characters import CJK, LETTERS_DIGITS

NAME = re.compile(f"[{LETTERS_DIGITS}{CJK}][{LETTERS_DIGITS}_(){CJK}-]{{0,39}}")
DESCRIPTION_LENGTH_MAX = 100
UDI_LENGTH_MAX = 4096
FILES_MAX = 20  # in one firmware (api-contract 14); the C SDK takes no more (device-protocol 4)
FILE_NAME_LENGTH_MAX = 32
FILE_TO_FIRMWARE_SECONDS_MAX = 3600  # an uploaded file becomes firmware within an hour, or is swept (api-contract 8.1)


class FirmwareStatus(IntEnum):
    """Package status of the wire (api-contract 6.1)."""

    NO_VERIFICATION = -1
    UNVERIFIED = 0
    VERIFIED = 1
    VERIFYING = 2
    VERIFICATION_FAILED = 3


#: From each status, the statuses that may follow. Nothing else decides (api-contract 6.1).
TRANSITIONS: dict[FirmwareStatus, frozenset[FirmwareStatus]] = {
    FirmwareStatus.NO_VERIFICATION: frozenset(),
    FirmwareStatus.UNVERIFIED: frozenset({FirmwareStatus.VERIFYING}),
    FirmwareStatus.VERIFICATION_FAILED: frozenset({FirmwareStatus.VERIFYING}),
    FirmwareStatus.VERIFYING: frozenset(
        {FirmwareStatus.VERIFIED, FirmwareStatus.VERIFICATION_FAILED, FirmwareStatus.UNVERIFIED}
    ),
    FirmwareStatus.VERIFIED: frozenset(),
}

#: Firmware that may leave for any device (I10).
RELEASABLE = frozenset({FirmwareStatus.VERIFIED, FirmwareStatus.NO_VERIFICATION})


class FirmwareType(IntEnum):
    FULL = 0
    DIFFERENCE = 1


class SignMethod(StrEnum):
    """Digest that devices check. Devices read `Md5`, the API writes `MD5` (device-protocol 4)."""

    MD5 = "MD5"
    SHA256 = "SHA256"


class FileSuffix(StrEnum):
    """Endings of files that may be uploaded (api-contract 6.6); from SWU on ours, which DDI clients look for."""

    BIN = "bin"
    DAV = "dav"
    APK = "apk"
    TAR = "tar"
    GZ = "gz"
    TAR_GZ = "tar.gz"
    ZIP = "zip"
    GZIP = "gzip"
    TAR_XZ = "tar.xz"
    PACK = "pack"
    SWU = "swu"
    RAUCB = "raucb"
    ZCK = "zck"
    IMG = "img"
    SIGNED_BIN = "signed.bin"


class FirmwareFile(NamedTuple):
    """One of the files of firmware that was made with MultiFiles; numbered from 1 in the order given. Immutable."""

    number: int
    name: str
    sha256: str
    md5: str
    size_bytes: int
    object_key: str

    def sign(self, sign_method: str) -> str:
        """Its digest by the firmware's sign method, lower-case hex."""
        return self.md5 if sign_method == SignMethod.MD5 else self.sha256


class FirmwareDraft(NamedTuple):
    """Firmware about to be stored; digests and size are the stored file's own, never the caller's words.

    With two files or more `sha256` is their `list_digest`, `size_bytes` their sum, and there is no `md5`.
    """

    account_id: int
    product_id: int
    module_name: str
    name: str
    dest_version: str
    src_version: str
    type: int
    status: int
    sign_method: str
    sha256: str
    md5: str
    size_bytes: int
    description: str
    udi: str
    object_key: str
    created_ms: int
    files: tuple[FirmwareFile, ...] = ()


class Firmware(NamedTuple):
    """Stored firmware with its product's names.

    `file_count` is 0 when it was made of one FirmwareUrl, else the number of its MultiFiles. `files` holds those when
    the firmware was asked for by itself; rows of lists do without.
    """

    id: int
    account_id: int
    product_id: int
    product_key: str
    product_name: str
    module_name: str
    name: str
    dest_version: str
    src_version: str
    type: int
    status: int
    sign_method: str
    sha256: str
    md5: str
    size_bytes: int
    description: str
    udi: str
    object_key: str
    created_ms: int
    modified_ms: int
    file_count: int = 0
    files: tuple[FirmwareFile, ...] = ()

    @property
    def is_one_object(self) -> bool:
        """Whether `sha256`, `md5` and `size_bytes` are those of its only file, which devices get in the older form."""
        return self.file_count < 2

    @property
    def sign(self) -> str:
        """The digest by the firmware's sign method, lower-case hex; empty where each file has its own."""
        if not self.is_one_object:
            return ""
        return self.md5 if self.sign_method == SignMethod.MD5 else self.sha256


class UploadedFile(NamedTuple):
    """A file that an upload left, waiting to become firmware."""

    object_key: str
    sha256: str
    md5: str
    size_bytes: int
    stored_ms: int
    is_used: bool


def list_digest(files: Sequence[FirmwareFile]) -> str:
    """The SHA-256 that stands for all bytes of several files, in their order and under their names (I10)."""
    rows = [[file.name, file.sha256, file.md5, file.size_bytes] for file in files]
    return hashlib.sha256(json.dumps(rows, separators=(",", ":")).encode("ascii")).hexdigest()


def status_after_verification(succeeded: int, failed: int) -> FirmwareStatus:
    """The verdict once every task of a verify job has ended (api-contract 6.1).

    At least one success and no failure verifies; neither (all cancelled) puts it back to unverified; else it failed.
    """
    if succeeded == 0 and failed == 0:
        return FirmwareStatus.UNVERIFIED
    return FirmwareStatus.VERIFIED if failed == 0 else FirmwareStatus.VERIFICATION_FAILED
