"""Writes an account into a folder, page by page, with bounded memory."""

from __future__ import annotations

from pathlib import Path

import click
import msgspec

from whimbrel.cli.migration.files import FileMissingError, Files, FoundFile, fetched
from whimbrel.cli.migration.folder import (
    FILES,
    FIRMWARE,
    FORMAT,
    FORMAT_VERSION,
    GROUPS,
    MANIFEST,
    MEMBERS,
    MODULES,
    PRODUCTS,
    UNFINISHED,
    Lines,
    ListedFile,
    Manifest,
    devices_file,
    replace_file,
)
from whimbrel.cli.migration.records import FileRecord, FirmwareRecord, Source
from whimbrel.cli.migration.telling import Kind, Outcome, Telling
from whimbrel.domain.group import GroupType


def prepare(folder: Path) -> None:
    """A new folder, or one that an interrupted export left. Raises click.ClickException for any other."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if (folder / MANIFEST).exists():
        raise click.ClickException(f"{folder} holds an export already; give a new folder")
    if any(folder.iterdir()) and not (folder / UNFINISHED).exists():
        raise click.ClickException(f"{folder} is not empty; give a new folder")
    replace_file(folder / UNFINISHED, b"")
    (folder / FILES).mkdir(mode=0o700, exist_ok=True)


class Export:
    """One export. Without secrets, devices that are imported from it must be given new ones."""

    def __init__(self, source: Source, folder: Path, telling: Telling, *, with_secrets: bool) -> None:
        self._source = source
        self._folder = folder
        self._telling = telling
        self._with_secrets = with_secrets
        self._files = Files(folder, folder / FILES, may_download=True)
        self._listed: dict[str, ListedFile] = {}

    def run(self) -> None:
        """Raises RefusedError, ConnectionError, OSError; then there is no manifest, and the same call begins anew."""
        product_keys = self._write_products()
        for key in product_keys:
            self._write_devices(key)
        self._write_firmware(product_keys)
        self._write_groups(product_keys)
        manifest = Manifest(format=FORMAT, version=FORMAT_VERSION, has_secrets=self._with_secrets, files=self._listed)
        replace_file(self._folder / MANIFEST, msgspec.json.format(msgspec.json.encode(manifest)))
        (self._folder / UNFINISHED).unlink()

    def _write_products(self) -> list[str]:
        products, modules = Lines(self._folder / PRODUCTS), Lines(self._folder / MODULES)
        keys = []
        for product in self._source.products():
            secret = product.product_secret if self._with_secrets else ""
            products.write(msgspec.structs.replace(product, product_secret=secret))
            keys.append(product.product_key)
            for module in self._source.modules(product.product_key):
                modules.write(module)
                self._telling.tell(Kind.MODULE, Outcome.WRITTEN, module.module_name, product.product_key)
            self._telling.tell(Kind.PRODUCT, Outcome.WRITTEN, product.product_key)
        self._listed |= {PRODUCTS: products.close(), MODULES: modules.close()}
        return keys

    def _write_devices(self, product_key: str) -> None:
        lines = Lines(self._folder / devices_file(product_key))
        with self._telling.devices(product_key) as bar:
            for page in self._source.device_pages(product_key, ""):
                for device in page.devices:
                    secret = device.device_secret if self._with_secrets else ""
                    if self._with_secrets and not secret:
                        name = f"{product_key}/{device.device_name}"
                        self._telling.tell(Kind.DEVICE, Outcome.MISSING, name, "this key is not shown its secret")
                    lines.write(msgspec.structs.replace(device, device_secret=secret))
                self._telling.count(Kind.DEVICE, Outcome.WRITTEN, len(page.devices))
                bar.move(len(page.devices), page.total)
        self._listed[devices_file(product_key)] = lines.close()

    def _write_firmware(self, product_keys: list[str]) -> None:
        lines = Lines(self._folder / FIRMWARE)
        for firmware in self._source.firmware(product_keys):
            try:
                with fetched(self._files, firmware.files) as found:
                    lines.write(_exported(firmware, [self._keep(file) for file in found]))
            except FileMissingError as error:
                lines.write(_exported(firmware, []))
                self._telling.tell(Kind.FIRMWARE, Outcome.MISSING, firmware.firmware_name, str(error))
            else:
                self._telling.tell(Kind.FIRMWARE, Outcome.WRITTEN, firmware.firmware_name)
        self._listed[FIRMWARE] = lines.close()

    def _keep(self, found: FoundFile) -> FoundFile:
        kept = self._folder / FILES / found.sha256
        if found.path != kept:
            found.path.chmod(0o600)
            found.path.rename(kept)
        return found._replace(path=kept)

    def _write_groups(self, product_keys: list[str]) -> None:
        wanted = frozenset(product_keys)
        groups, members = Lines(self._folder / GROUPS), Lines(self._folder / MEMBERS)
        for group in self._source.groups():
            groups.write(group)
            self._telling.tell(Kind.GROUP, Outcome.WRITTEN, group.group_name)
            for page in self._source.members(group) if group.group_type == GroupType.STATIC else ():
                for member in page:
                    if member.product_key in wanted:
                        members.write(member)
                        self._telling.count(Kind.MEMBER, Outcome.WRITTEN, 1)
        self._listed |= {GROUPS: groups.close(), MEMBERS: members.close()}


def _exported(firmware: FirmwareRecord, found: list[FoundFile]) -> FirmwareRecord:
    """With both digests of each file, and without links, which end after a day."""
    files = [msgspec.structs.replace(file, url="") for file in firmware.files]
    for number, one in enumerate(found):
        files[number] = FileRecord(
            name=files[number].name,
            md5=one.md5,
            sha256=one.sha256,
            size_bytes=one.size_bytes,
            suffix=one.name,
        )
    return msgspec.structs.replace(firmware, files=tuple(files))
