"""Reads a `multipart/form-data` body as it arrives: fields into a bounded map, the file's bytes out (api-contract 12).

The form ends, for us, with its file: fields after it are ignored, a second file is refused. Nothing is kept of the file
but the bytes of the block fed last.
"""

from __future__ import annotations

import re

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from whimbrel.errors import UploadError

FIELD_NAME_BYTES_MAX = 8 * 1024
FIELD_VALUE_BYTES_MAX = 2 * 1024 * 1024
#: All that comes before the file, delimiters and part headers too, to within one fed block: room for one largest field.
FORM_BYTES_MAX = FIELD_VALUE_BYTES_MAX + 128 * 1024
FIELDS_MAX = 100
PART_HEADER_BYTES_MAX = FIELD_NAME_BYTES_MAX + 8 * 1024

_BOUNDARY = re.compile(rb"[A-Za-z0-9'()+_,./:=? -]{0,69}[A-Za-z0-9'()+_,./:=?-]")  # RFC 2046 5.1.1
_FILE = "file"


def read_boundary(content_type: str | None) -> bytes:
    """The delimiter that a form's Content-Type names. Raises UploadError when it is no form's."""
    media_type, options = parse_options_header(content_type)
    boundary = options.get(b"boundary", b"")
    if media_type != b"multipart/form-data" or not _BOUNDARY.fullmatch(boundary):
        raise UploadError(
            "MalformedPOSTRequest", "an upload is multipart/form-data with a boundary of 1 to 70 characters"
        )
    return boundary


class FormReader:
    """One form. `feed` it blocks; look at `fields` once `is_file_started`, `take` the file's bytes after each block."""

    def __init__(self, boundary: bytes) -> None:
        self.fields: dict[str, str] = {}
        self.is_file_started = False
        self.is_complete = False
        """The closing delimiter has been read: only then is the file whole."""
        self._form_bytes = 0
        self._headers: dict[bytes, bytes] = {}
        self._header_name = bytearray()
        self._header_value = bytearray()
        self._part_name = ""
        self._value = bytearray()
        self._file_pieces: list[bytes] = []
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._begin_part,
                "on_header_field": lambda data, start, end: self._header_name.extend(data[start:end]),
                "on_header_value": lambda data, start, end: self._header_value.extend(data[start:end]),
                "on_header_end": self._end_header,
                "on_headers_finished": self._end_headers,
                "on_part_data": self._add_data,
                "on_part_end": self._end_part,
                "on_end": self._end_form,
            },
            max_header_size=PART_HEADER_BYTES_MAX,
        )

    def feed(self, block: bytes) -> None:
        """Raises UploadError: FieldItemTooLong, InvalidArgument, MalformedPOSTRequest, a second file."""
        try:
            self._parser.write(block)
        except FormParserError as error:
            raise UploadError(
                "MalformedPOSTRequest", "the body is not a well-formed multipart/form-data form"
            ) from error
        if not self.is_file_started:
            self._form_bytes += len(block)
            if self._form_bytes > FORM_BYTES_MAX:
                raise UploadError("FieldItemTooLong", f"the form without its file is over {FORM_BYTES_MAX} bytes")

    def take(self) -> list[bytes]:
        """The file's bytes that were fed since the last call."""
        pieces, self._file_pieces = self._file_pieces, []
        return pieces

    # ---- what the parser calls ----

    def _begin_part(self) -> None:
        self._headers = {}

    def _end_header(self) -> None:
        self._headers[bytes(self._header_name).lower()] = bytes(self._header_value)
        self._header_name.clear()
        self._header_value.clear()

    def _end_headers(self) -> None:
        self._part_name = self._read_part_name()
        is_file = self._part_name == _FILE
        if is_file and self.is_file_started:
            raise UploadError("IncorrectNumberOfFilesInPOSTRequest", "the form has more than one file")
        if is_file:
            self.is_file_started = True
        elif not self.is_file_started and (self._part_name in self.fields or len(self.fields) == FIELDS_MAX):
            # Two values of one name would be two readings of one form.
            raise UploadError("InvalidArgument", f"a field is repeated, or there are more than {FIELDS_MAX}")

    def _add_data(self, data: bytes, start: int, end: int) -> None:
        if self._part_name == _FILE:
            self._file_pieces.append(data[start:end])
        elif not self.is_file_started:
            if len(self._value) + end - start > FIELD_VALUE_BYTES_MAX:
                raise UploadError("FieldItemTooLong", f"a field's value is over {FIELD_VALUE_BYTES_MAX} bytes")
            self._value += data[start:end]

    def _end_part(self) -> None:
        if not self.is_file_started:
            self.fields[self._part_name] = _text(bytes(self._value))
            self._value.clear()

    def _end_form(self) -> None:
        self.is_complete = True

    def _read_part_name(self) -> str:
        kind, options = parse_options_header(self._headers.get(b"content-disposition", b""))
        name = options.get(b"name", b"")
        if kind != b"form-data" or not name:
            raise UploadError("MalformedPOSTRequest", "each part needs Content-Disposition: form-data and a name")
        if len(name) > FIELD_NAME_BYTES_MAX:
            raise UploadError("FieldItemTooLong", f"a field's name is over {FIELD_NAME_BYTES_MAX} bytes")
        return _text(name).lower()


def _text(raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        raise UploadError("InvalidArgument", "names and values of fields are UTF-8") from error
