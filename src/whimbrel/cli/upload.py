"""`whimbrel upload`: one firmware file to the server by the vendors' form upload (api-contract 12), streamed."""

from __future__ import annotations

import hashlib
import http.client
import os
import secrets
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple
from urllib.parse import urlsplit

import click

from whimbrel.cli.access import Access, with_access
from whimbrel.cli.api import Api, ApiAnswer, not_answering, open_connection
from whimbrel.domain.firmware import FileSuffix

BLOCK_BYTES = 262_144


class _Form(NamedTuple):
    """The bytes before and after the file in a multipart body."""

    content_type: str
    head: bytes
    tail: bytes


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@with_access
@click.option("--suffix", metavar="SUFFIX", help="The file's kind, when its name does not end in it: bin, tar.gz, …")
def upload(file: Path, access: Access, suffix: str | None) -> None:
    """Upload FILE and print its FirmwareUrl, for CreateOTAFirmware within the hour.

    \b
    Example:
      whimbrel call CreateOTAFirmware FirmwareName=lamp-2 ProductKey=… DestVersion=2.0.0 \\
          FirmwareUrl="$(whimbrel upload lamp-2.bin)"
    """
    if file.stat().st_size == 0:
        raise click.UsageError(f"{file} is empty")
    try:
        grant = _ask(Api(access.server, access.credentials), suffix or suffix_of(file.name))
        answer, md5 = _post(grant, file)
    except ConnectionError as error:
        raise click.ClickException(str(error)) from None
    if answer.status != 200:
        raise click.ClickException(f"the upload was refused: {answer.body.decode('utf-8', 'replace').strip()}")
    click.echo(f"{file.stat().st_size} bytes, MD5 {md5}", err=True)
    click.echo(grant["firmwareUrl"])


def _ask(api: Api, suffix: str) -> Mapping[str, Any]:
    body = api.call("GenerateOTAUploadURL", {"FileSuffix": suffix})
    if body.get("success") is not True:
        raise click.ClickException(f"refused: {body.get('code')}: {body.get('errorMessage')}")
    grant: Mapping[str, Any] = body["data"]
    return grant


def suffix_of(file_name: str) -> str:
    """The longest suffix of the vendors' list that the name ends in; `bin` when there is none."""
    name = file_name.lower()
    found = [suffix.value for suffix in FileSuffix if name.endswith(f".{suffix.value}")]
    return max(found, key=len, default=FileSuffix.BIN.value)


def _form(grant: Mapping[str, Any]) -> _Form:
    boundary = f"whimbrel-{secrets.token_hex(16)}"
    fields = {
        "key": grant["key"],
        "policy": grant["policy"],
        "OSSAccessKeyId": grant["ossAccessKeyId"],
        "Signature": grant["signature"],
        "success_action_status": "200",
    }
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    ]
    # The file's own name stays here: the server stores content, not names.
    parts.append(
        f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="firmware"\r\n'
        "Content-Type: application/octet-stream\r\n\r\n"
    )
    return _Form(
        f"multipart/form-data; boundary={boundary}", "".join(parts).encode(), f"\r\n--{boundary}--\r\n".encode()
    )


def _post(grant: Mapping[str, Any], path: Path) -> tuple[ApiAnswer, str]:
    """The answer, and the MD5 of what was sent. Raises ConnectionError."""
    with path.open("rb") as file, closing(open_connection(grant["host"])) as connection:
        try:
            md5 = _send(_form(grant), file, connection, urlsplit(grant["host"]).path or "/")
            response = connection.getresponse()
            return ApiAnswer(response.status, response.read()), md5
        except (OSError, http.client.HTTPException) as error:
            raise not_answering(grant["host"], error) from None


def _send(form: _Form, file: BinaryIO, connection: http.client.HTTPConnection, path: str) -> str:
    digest = hashlib.md5(usedforsecurity=False)
    size_bytes = os.fstat(file.fileno()).st_size
    connection.putrequest("POST", path)
    connection.putheader("Content-Type", form.content_type)
    connection.putheader("Content-Length", str(len(form.head) + size_bytes + len(form.tail)))
    connection.endheaders()
    try:
        connection.send(form.head)
        for block in _shown(file, size_bytes):
            digest.update(block)
            connection.send(block)
        connection.send(form.tail)
    except (BrokenPipeError, ConnectionResetError):
        # A server that refuses early stops reading; its answer says why.
        pass
    return digest.hexdigest()


def _shown(file: BinaryIO, size_bytes: int) -> Iterator[bytes]:
    """The file's blocks, with a progress bar on a terminal."""
    with click.progressbar(
        length=size_bytes, label="Uploading", file=sys.stderr, hidden=not sys.stderr.isatty()
    ) as bar:
        left_bytes = size_bytes
        while left_bytes and (block := file.read(min(BLOCK_BYTES, left_bytes))):
            left_bytes -= len(block)
            yield block
            bar.update(len(block))
