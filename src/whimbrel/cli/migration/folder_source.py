"""An account that is read from an export's folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from whimbrel.cli.migration.folder import (
    FIRMWARE,
    GROUPS,
    MANIFEST,
    MEMBERS,
    MODULES,
    PRODUCTS,
    devices_file,
    read_lines,
    read_manifest,
)
from whimbrel.cli.migration.records import (
    DevicePage,
    DeviceRecord,
    FirmwareRecord,
    GroupRecord,
    MemberRecord,
    ModuleRecord,
    ProductRecord,
)

DEVICES_PER_PAGE = 250


class FolderSource:
    """A cursor is an offset in the product's file."""

    def __init__(self, folder: Path, product_keys: tuple[str, ...]) -> None:
        """Raises click.ClickException for a folder that is no whole export."""
        self._folder = folder
        self._wanted = frozenset(product_keys)
        self._manifest = read_manifest(folder)
        self._offsets: dict[str, int] | None = None

    @property
    def has_secrets(self) -> bool:
        """Whether devices come with what proves them."""
        return self._manifest.has_secrets

    def close(self) -> None:
        """Nothing is held."""

    def products(self) -> Iterator[ProductRecord]:
        for product, _ in read_lines(self._folder / PRODUCTS, ProductRecord):
            if not self._wanted or product.product_key in self._wanted:
                yield product

    def modules(self, product_key: str) -> list[ModuleRecord]:
        rows = read_lines(self._folder / MODULES, ModuleRecord)
        return [module for module, _ in rows if module.product_key == product_key]

    def device_pages(self, product_key: str, cursor: str) -> Iterator[DevicePage]:
        name = devices_file(product_key)
        if name not in self._manifest.files:
            raise click.ClickException(f"{self._folder / MANIFEST} is damaged: it does not name {name}")
        total = self._manifest.files[name].lines
        page: list[DeviceRecord] = []
        end = 0
        for device, end in read_lines(self._folder / name, DeviceRecord, int(cursor or 0)):
            page.append(device)
            if len(page) == DEVICES_PER_PAGE:
                yield DevicePage(page, str(end), total)
                page = []
        yield DevicePage(page, "", total)

    def firmware(self, product_keys: list[str]) -> Iterator[FirmwareRecord]:
        for record, _ in read_lines(self._folder / FIRMWARE, FirmwareRecord):
            if record.product_key in product_keys:
                yield record

    def groups(self) -> list[GroupRecord]:
        return [group for group, _ in read_lines(self._folder / GROUPS, GroupRecord)]

    def members(self, group: GroupRecord) -> Iterator[list[MemberRecord]]:
        page: list[MemberRecord] = []
        offset = self._members_offsets().get(group.group_id)
        rows = iter(()) if offset is None else read_lines(self._folder / MEMBERS, MemberRecord, offset)
        for member, _ in rows:
            if member.group_id != group.group_id:
                break
            if not self._wanted or member.product_key in self._wanted:
                page.append(member)
            if len(page) == DEVICES_PER_PAGE:
                yield page
                page = []
        yield page

    def _members_offsets(self) -> dict[str, int]:
        """Where each group's members begin: they stand together, as they were written."""
        if self._offsets is None:
            self._offsets = {}
            begin = 0
            for member, end in read_lines(self._folder / MEMBERS, MemberRecord):
                self._offsets.setdefault(member.group_id, begin)
                begin = end
        return self._offsets
