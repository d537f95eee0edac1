"""Uploads a firmware file the way the vendor's guide shows: an HTML form posted with `requests`, the file last.

Configuration: `{}`. Request: `{"host": …, "fields": {…}, "path": …, "streamed": false}`. `requests` builds the whole
form in memory; with `"streamed": true` the same form leaves block by block under a Content-Length, as curl does it.
"""

import io
import os
from collections.abc import Iterator
from typing import BinaryIO

import requests
from json_lines import JsonObject, answer_each, read_configuration
from urllib3.filepost import encode_multipart_formdata

BOUNDARY = "whimbrel-story-form-boundary"
BLOCK_BYTES = 256 * 1024
FILE_MARK = b"<the file stands here>"


class StreamedForm:
    """A multipart form whose file part is read from disk while it is sent.

    `requests` streams what can be iterated and takes the Content-Length from `len`; a file object that cannot tell its
    position would leave in chunks instead.
    """

    def __init__(self, fields: dict[str, str], file: BinaryIO, file_name: str) -> None:
        form, self.content_type = encode_multipart_formdata(
            [*fields.items(), ("file", (file_name, FILE_MARK))], boundary=BOUNDARY
        )
        head, tail = form.split(FILE_MARK)
        self._parts: list[BinaryIO] = [io.BytesIO(head), file, io.BytesIO(tail)]
        self._size_bytes = len(head) + os.fstat(file.fileno()).st_size + len(tail)

    def __len__(self) -> int:
        return self._size_bytes

    def __iter__(self) -> Iterator[bytes]:
        while block := self.read(BLOCK_BYTES):
            yield block

    def read(self, size: int = -1) -> bytes:
        """The next bytes of the form, empty at its end."""
        while self._parts:
            block = self._parts[0].read(size)
            if block:
                return block
            self._parts.pop(0)
        return b""


def upload(request: JsonObject) -> JsonObject:
    """Post one form and describe the store's answer."""
    with open(request["path"], "rb") as file:
        if request["streamed"]:
            form = StreamedForm(request["fields"], file, os.path.basename(request["path"]))
            headers = {"Content-Type": form.content_type}
            response = requests.post(request["host"], data=form, headers=headers, timeout=300)
        else:
            response = requests.post(request["host"], data=request["fields"], files={"file": file}, timeout=300)
    headers_received = {name.lower(): value for name, value in response.headers.items()}
    return {"http_status": response.status_code, "headers": headers_received, "body": response.text}


def main() -> None:
    """Upload until stdin ends."""
    read_configuration()
    answer_each(upload, lambda error: {"kind": type(error).__name__, "message": str(error)})


if __name__ == "__main__":
    main()
