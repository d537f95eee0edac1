"""What moves, as values: what every source tells, what an export's files hold, and what the destination is given.

An empty text, or None, says that the source does not tell. Times are left behind: the destination has its own (A08).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple, Protocol

import msgspec

from whimbrel.domain.firmware import FirmwareStatus, FirmwareType, SignMethod
from whimbrel.domain.group import GroupType
from whimbrel.domain.product import AuthType, NetType


class ProductRecord(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    product_key: str
    product_name: str
    product_secret: str = ""
    node_type: int = 0
    data_format: int | None = None
    net_type: str = NetType.WIFI
    auth_type: str = AuthType.SECRET
    protocol_type: str = ""
    commodity_code: str = ""
    description: str = ""
    category_key: str = ""
    validate_type: int = 1
    device_count: int = 0


class ModuleRecord(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    product_key: str
    module_name: str
    alias_name: str = ""
    desc: str = ""


class DeviceRecord(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    device_name: str
    device_secret: str = ""
    iot_id: str = ""
    nickname: str = ""
    is_disabled: bool = False
    tags: dict[str, str] = msgspec.field(default_factory=dict)


class FileRecord(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A file of firmware. At least one digest, or the size, says which bytes are meant; `url` is where they are now."""

    name: str = ""
    md5: str = ""
    sha256: str = ""
    size_bytes: int | None = None
    url: str = ""
    suffix: str = ""


class FirmwareRecord(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    firmware_id: str
    product_key: str
    firmware_name: str
    dest_version: str
    src_version: str = ""
    module_name: str
    type: int = FirmwareType.FULL
    status: int = FirmwareStatus.UNVERIFIED
    sign_method: str = SignMethod.MD5
    description: str = ""
    udi: str = ""
    has_several_files: bool = False
    files: tuple[FileRecord, ...] = ()

    @property
    def identity(self) -> tuple[str, str, int, str]:
        """What is unique among a product's firmware (api-contract 7.1)."""
        return (self.module_name, self.dest_version, self.type, self.src_version)


class GroupRecord(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A group; `super_group_id` is the source's id of the one above, which comes before it in every list."""

    group_id: str
    group_name: str
    description: str = ""
    group_type: str = GroupType.STATIC
    super_group_id: str = ""
    expression: str = ""


class MemberRecord(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    group_id: str
    product_key: str
    device_name: str


class DevicePage(NamedTuple):
    """Some devices of a product, and where to go on after them; an empty cursor after the last ones."""

    devices: list[DeviceRecord]
    cursor: str
    total: int


class Source(Protocol):
    """Where an account is read from. What it yields is bounded by a page, whatever the account holds.

    All raise RefusedError and ConnectionError.
    """

    def products(self) -> Iterator[ProductRecord]:
        """Those wanted, oldest first."""
        ...

    def modules(self, product_key: str) -> list[ModuleRecord]:
        """Without `default`, which every product has."""
        ...

    def device_pages(self, product_key: str, cursor: str) -> Iterator[DevicePage]:
        """From the beginning, or after a page's cursor. Raises CursorLostError for one that is no longer good."""
        ...

    def firmware(self, product_keys: list[str]) -> Iterator[FirmwareRecord]:
        """Of these products, oldest first."""
        ...

    def groups(self) -> list[GroupRecord]: ...
    def members(self, group: GroupRecord) -> Iterator[list[MemberRecord]]:
        """A static group's devices, page by page."""
        ...


class CursorLostError(Exception):
    """The source does not know the place any more: begin anew, which costs time and changes nothing."""
