"""One import from beginning to end: products with their modules and devices, firmware, groups with their members."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from whimbrel.cli.migration.destination import DEVICES_PER_CALL, Destination
from whimbrel.cli.migration.destination_firmware import FirmwareDestination, GroupDestination
from whimbrel.cli.migration.folder import replace_file
from whimbrel.cli.migration.records import CursorLostError, DeviceRecord, Source
from whimbrel.cli.migration.state import StateFile
from whimbrel.cli.migration.telling import Telling
from whimbrel.domain.group import GroupType


class Ends(NamedTuple):
    """The destination in its three parts."""

    main: Destination
    firmware: FirmwareDestination
    groups: GroupDestination


class Move:
    """Goes on where the state says. Raises RefusedError, ConnectionError; whatever is raised, the state is good."""

    def __init__(self, source: Source, ends: Ends, state_file: StateFile, telling: Telling) -> None:
        self._source = source
        self._ends = ends
        self._file = state_file
        self._state = state_file.state
        self._telling = telling
        telling.was_open = state_file.state.is_incomplete

    def run(self, mapping: Path | None) -> None:
        """`mapping`: where to write which firmware is which."""
        keys = []
        for product in self._source.products():
            if not self._ends.main.put_product(product):
                continue
            keys.append(product.product_key)
            self._ends.main.put_modules(product.product_key, self._source.modules(product.product_key))
            if product.product_key not in self._state.products_done:
                self._move_devices(product.product_key)
        self._move_firmware(keys, mapping)
        self._move_groups()
        self._state.is_finished = True
        self._save()

    def _save(self) -> None:
        self._state.is_incomplete = not self._telling.is_complete
        self._file.save()

    def _move_devices(self, product_key: str) -> None:
        with self._telling.devices(product_key) as bar:
            try:
                self._pages(product_key, bar.move)
            except CursorLostError:
                self._state.cursors.pop(product_key, None)
                self._pages(product_key, bar.move)
        self._state.products_done.append(product_key)
        self._state.cursors.pop(product_key, None)
        self._save()

    def _pages(self, product_key: str, moved: Callable[[int, int], None]) -> None:
        waiting: list[DeviceRecord] = []
        for page in self._source.device_pages(product_key, self._state.cursors.get(product_key, "")):
            waiting += page.devices
            if len(waiting) < DEVICES_PER_CALL and page.cursor:
                continue
            self._ends.main.put_devices(product_key, waiting)
            self._state.cursors[product_key] = page.cursor
            self._save()
            moved(len(waiting), page.total)
            waiting = []

    def _move_firmware(self, product_keys: list[str], mapping: Path | None) -> None:
        for firmware in self._source.firmware(product_keys):
            here = self._ends.firmware.put(firmware)
            if here is not None:
                self._state.firmware[firmware.firmware_id] = here
                self._save()
        if mapping is not None:
            text = json.dumps(self._state.firmware, indent=2) + "\n"
            replace_file(mapping, text.encode())

    def _move_groups(self) -> None:
        for group in self._source.groups():
            here = self._ends.groups.put(group, self._state.groups)
            if here is None:
                continue
            self._state.groups[group.group_id] = here
            if group.group_type == GroupType.STATIC and group.group_id not in self._state.groups_done:
                if not self._ends.main.is_dry:
                    for members in self._source.members(group):
                        self._ends.groups.put_members(here, members)
                self._state.groups_done.append(group.group_id)
            self._save()
