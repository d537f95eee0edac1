"""`whimbrel upload`: one firmware file to the server."""

from __future__ import annotations

from pathlib import Path

import click

from whimbrel.cli.access import Access, with_access
from whimbrel.cli.api import Api, RefusedError
from whimbrel.cli.form_upload import UploadRefusedError, upload_firmware


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
        uploaded = upload_firmware(Api(access.server, access.credentials), file, suffix)
    except (ConnectionError, RefusedError, UploadRefusedError) as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"{file.stat().st_size} bytes, MD5 {uploaded.md5}", err=True)
    click.echo(uploaded.url)
