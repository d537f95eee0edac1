"""`whimbrel export`: an account of a server into a folder, for `whimbrel import whimbrel`."""

from __future__ import annotations

import sys
from contextlib import closing
from pathlib import Path

import click

from whimbrel.cli.access import Access, with_access
from whimbrel.cli.import_ import INCOMPLETE_EXIT, stop_at_refusals
from whimbrel.cli.interrupting import heed_sigterm
from whimbrel.cli.migration.exporting import Export, prepare
from whimbrel.cli.migration.paced_api import Manners, PacedApi
from whimbrel.cli.migration.telling import Telling
from whimbrel.cli.migration.vendor_source import VendorSource


@click.command()
@with_access
@click.option("--to", "folder", type=click.Path(file_okay=False, path_type=Path), required=True, metavar="FOLDER")
@click.option("--products", metavar="KEY,KEY", help="Only these ProductKeys. Default: all.")
@click.option("--with-secrets", is_flag=True, help="Also the secrets of products and devices. Keep the folder safe.")
@click.option("--tags/--no-tags", default=True, help="Devices' tags too: a call for each device. Default: yes.")
def export(access: Access, folder: Path, products: str | None, with_secrets: bool, tags: bool) -> None:
    """Write products, devices, modules, firmware with its files, and groups into FOLDER, which must be new.

    Without --with-secrets, devices that are imported from it elsewhere must be given new secrets. An export that was
    interrupted has no manifest.json and is no export; start it again. The exit status is 3 when a file is missing.

    \b
    Example:
      whimbrel export --with-secrets --to backup-2025-01-02
    """
    wanted = tuple(key.strip() for key in (products or "").split(",") if key.strip())
    heed_sigterm()
    prepare(folder)
    telling = Telling()
    api = PacedApi(access.server, access.credentials, Manners({}))
    with closing(VendorSource(api, wanted, with_tags=tags)) as source:
        stop_at_refusals(Export(source, folder, telling, with_secrets=with_secrets).run, telling)
    sys.exit(0 if telling.is_complete else INCOMPLETE_EXIT)
