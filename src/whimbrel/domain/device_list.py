"""The file of GenerateDeviceNameListURL: names of devices, one a line, read as a stream (api-contract 10.10).

CSV in UTF-8, a byte order mark tolerated; the first column counts; a first line `DeviceName` is a header; blank lines
are skipped. A name that no device can have is a fault of the file, a name that no device has is not.
"""

from __future__ import annotations

from typing import NamedTuple

from whimbrel.domain.device import DEVICE_NAME
from whimbrel.errors import DeviceListFileError

LIST_NAMES_MAX = 1_000_000
PART_NAMES_MAX = 500  # what one step of the engine resolves
LINE_LENGTH_MAX = 4096  # ours: a line has a name and columns that nobody reads
HEADER = "DeviceName"
_BOM = b"\xef\xbb\xbf"


class ListPart(NamedTuple):
    """Some names of a list, each padded with blanks to `width`: no name has a blank."""

    number: int
    width: int
    n: int
    names: str


class DeviceListReader:
    """Takes the file in blocks of any size and gives the parts that became whole."""

    def __init__(self) -> None:
        self.names = 0
        self._rest = b""
        self._line_number = 0
        self._waiting: list[str] = []
        self._part_number = 0

    def take(self, block: bytes) -> list[ListPart]:
        """Raises DeviceListFileError."""
        *lines, self._rest = (self._rest + block).split(b"\n")
        for line in lines:
            self._read(line)
        _check_length(self._rest, self._line_number + 1)
        return self._parts(PART_NAMES_MAX)

    def finish(self) -> list[ListPart]:
        """The last part. Raises DeviceListFileError, also for a file without names."""
        if self._rest:
            self._read(self._rest)
        if self.names == 0:
            raise DeviceListFileError("the file has no device name")
        return self._parts(1)

    def _read(self, line: bytes) -> None:
        self._line_number += 1
        _check_length(line, self._line_number)
        if self._line_number == 1:
            line = line.removeprefix(_BOM)
        name = _first_column(line, self._line_number)
        if not name or (self.names == 0 and name == HEADER):
            return
        if DEVICE_NAME.fullmatch(name) is None:
            raise DeviceListFileError(
                f"line {self._line_number} is no DeviceName: 4 to 32 of letters, digits, - _ @ . :"
            )
        self.names += 1
        if self.names > LIST_NAMES_MAX:
            raise DeviceListFileError(f"the file has more than {LIST_NAMES_MAX} names")
        self._waiting.append(name)

    def _parts(self, names_min: int) -> list[ListPart]:
        parts = []
        while len(self._waiting) >= names_min:
            names, self._waiting = self._waiting[:PART_NAMES_MAX], self._waiting[PART_NAMES_MAX:]
            self._part_number += 1
            width = max(map(len, names))
            parts.append(ListPart(self._part_number, width, len(names), "".join(name.ljust(width) for name in names)))
        return parts


def _check_length(line: bytes, number: int) -> None:
    if len(line) > LINE_LENGTH_MAX:
        raise DeviceListFileError(f"line {number} has more than {LINE_LENGTH_MAX} bytes")


def _first_column(line: bytes, number: int) -> str:
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError:
        raise DeviceListFileError(f"line {number} is not UTF-8") from None
    return text.partition(",")[0].strip().strip('"').strip()
