"""`whimbrel import`: a live vendor account, another Whimbrel, or an export's folder into a server."""

from __future__ import annotations

import functools
import re
import sys
import tempfile
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import click

from whimbrel.cli.access import Access, Command, read_key, with_access
from whimbrel.cli.api import RefusedError
from whimbrel.cli.interrupting import heed_sigterm
from whimbrel.cli.migration.destination import Destination
from whimbrel.cli.migration.destination_firmware import FirmwareDestination, GroupDestination
from whimbrel.cli.migration.files import Files
from whimbrel.cli.migration.folder import FILES
from whimbrel.cli.migration.folder_source import FolderSource
from whimbrel.cli.migration.moving import Ends, Move
from whimbrel.cli.migration.paced_api import Manners, PacedApi
from whimbrel.cli.migration.state import StateFile
from whimbrel.cli.migration.telling import Telling
from whimbrel.cli.migration.vendor_source import VendorSource

#: The share of a vendor's quotas that is used: others of the account call too.
DEFAULT_PACE = 0.8
STATE_FILE, MAPPING_FILE = "whimbrel-import.state.json", "whimbrel-import.firmware.json"
INCOMPLETE_EXIT = 3
_REGION = re.compile(r"iot\.([a-z0-9-]+)\.")


class _Plan(NamedTuple):
    """The options that all imports share."""

    products: tuple[str, ...]
    is_dry: bool
    overwrites: bool
    firmware: str
    trusts: bool
    state: Path
    mapping: Path
    makes_secrets: bool = False

    @property
    def folder(self) -> Path | None:
        return None if self.firmware in ("download", "none") else Path(self.firmware)


@click.group(name="import")
def import_() -> None:
    """Move products, devices, modules, firmware and groups into a server, from elsewhere.

    Devices keep their ProductKey, DeviceName, DeviceSecret and IotId, so that a change of their address is all they
    need. What is there and equal is left alone; what differs is reported. A run that was interrupted goes on where it
    was when it is started again. The exit status is 0 when everything is there, 1 when the run was stopped, 2 when the
    command line is wrong, 3 when something differs, was refused or is missing.
    """


def _shared_options(command: Command) -> Command:
    """What all imports can be told; the command gets it as one argument `plan`."""

    @functools.wraps(command)
    def call(*, products: str | None, **others: Any) -> Any:
        plan = _Plan(
            products=tuple(key.strip() for key in (products or "").split(",") if key.strip()),
            is_dry=others.pop("dry_run"),
            overwrites=others.pop("overwrite"),
            firmware=others.pop("firmware", "none"),
            trusts=others.pop("trust_verified"),
            state=others.pop("state"),
            mapping=others.pop("mapping"),
        )
        return command(plan=plan, **others)

    path = click.Path(dir_okay=False, path_type=Path)
    for option in (
        click.option(
            "--mapping", type=path, default=MAPPING_FILE, help=f"Old to new FirmwareId. Default: {MAPPING_FILE}."
        ),
        click.option("--state", type=path, default=STATE_FILE, help=f"How far it is. Default: {STATE_FILE}."),
        click.option(
            "--trust-verified", is_flag=True, help="Firmware that was verified there needs no verify job here."
        ),
        click.option("--overwrite", is_flag=True, help="Names, descriptions and tags that differ become the source's."),
        click.option("--dry-run", is_flag=True, help="Read and compare; change nothing."),
        click.option("--products", metavar="KEY,KEY", help="Only these ProductKeys. Default: all."),
    ):
        call = option(call)
    return with_access(call)


def _vendor_options(command: Command) -> Command:
    """How a live account is read."""
    for option in (
        click.option("--tags/--no-tags", default=True, help="Devices' tags too: a call for each device. Default: yes."),
        click.option(
            "--pace",
            type=click.FloatRange(min=0, min_open=True),
            default=DEFAULT_PACE,
            metavar="SHARE",
            help=f"How much of the vendor's quotas to use. Default: {DEFAULT_PACE}.",
        ),
        click.option(
            "--firmware",
            default="download",
            metavar="FOLDER|download|none",
            help="Files of firmware: looked for in a folder, by digest, else downloaded; or only downloaded; or none.",
        ),
        click.option(
            "--from-key",
            type=click.Path(path_type=Path),
            required=True,
            metavar="FILE",
            help='The vendor\'s AccessKey: {"AccessKeyId": …, "AccessKeySecret": …}.',
        ),
        click.option("--from", "source", required=True, metavar="URL", help="The vendor's management API."),
    ):
        command = option(command)
    return command


@import_.command()
@_shared_options
@_vendor_options
@click.option("--region", metavar="NAME", help="RegionId. Default: as the address says.")
@click.option("--instance", metavar="ID", help="IotInstanceId, for accounts that have instances.")
def aliyun(access: Access, plan: _Plan, source: str, region: str | None, instance: str | None, **reading: Any) -> None:
    """Read an account of Alibaba Cloud's IoT Platform.

    \b
    Example:
      whimbrel import aliyun --from https://iot.cn-shanghai.aliyuncs.com --from-key aliyun.json --dry-run
    """
    found = _REGION.search(urlsplit(source).hostname or "")
    region = region or (found[1] if found else "")
    if not region:
        raise click.UsageError("give --region; the address does not say it")
    words = {"RegionId": region, **({"IotInstanceId": instance} if instance else {})}
    # The vendor's own SDKs send this one call by GET (api-contract 1.1).
    _import_live(access, plan, source, Manners(words, gets=("ListOTAModuleByProduct",)), reading)


@import_.command()
@_shared_options
@_vendor_options
def tuya(access: Access, plan: _Plan, source: str, **reading: Any) -> None:
    """Read an account of Tuya's IoT Core.

    Where it does not list its products, name them with --products.

    \b
    Example:
      whimbrel import tuya --from https://HOST:8686 --from-key tuya.json --products k1nhvyl0001
    """
    _import_live(access, plan, source, Manners({}, gets_all=True), reading)


@import_.command()
@_shared_options
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
def whimbrel(access: Access, plan: _Plan, folder: Path) -> None:
    """Read the FOLDER that `whimbrel export` wrote.

    \b
    Example:
      whimbrel import whimbrel backup-2025-01-02
    """
    with closing(FolderSource(folder, plan.products)) as source:
        if not source.has_secrets:
            click.echo("This export has no secrets: devices that are new here get new ones and must be told.", err=True)
        plan = plan._replace(firmware=str(folder / FILES), makes_secrets=not source.has_secrets)
        _import(access, plan, source, folder.resolve().as_uri())


def _import_live(access: Access, plan: _Plan, url: str, manners: Manners, reading: Mapping[str, Any]) -> None:
    key = read_key(reading["from_key"])
    api = PacedApi(url, key, manners._replace(share=reading["pace"]))
    with closing(VendorSource(api, plan.products, with_tags=reading["tags"])) as source:
        _import(access, plan, source, url)


def _import(access: Access, plan: _Plan, source: VendorSource | FolderSource, name: str) -> None:
    heed_sigterm()
    telling = Telling(is_dry=plan.is_dry)
    state = StateFile(None if plan.is_dry else plan.state, name, access.server)
    with tempfile.TemporaryDirectory(prefix="whimbrel-import-") as work:
        move = Move(source, _ends(access, plan, telling, Path(work)), state, telling)
        stop_at_refusals(lambda: move.run(None if plan.is_dry else plan.mapping), telling)
    sys.exit(0 if telling.is_complete else INCOMPLETE_EXIT)


def _ends(access: Access, plan: _Plan, telling: Telling, work: Path) -> Ends:
    main = Destination(
        PacedApi(access.server, access.credentials, Manners({})),
        telling,
        overwrites=plan.overwrites,
        is_dry=plan.is_dry,
        makes_secrets=plan.makes_secrets,
    )
    may_download = plan.firmware != "none"
    files = Files(work, plan.folder, may_download=may_download) if may_download else None
    firmware = FirmwareDestination(main, files, trusts=plan.trusts)
    return Ends(main, firmware, GroupDestination(main))


def stop_at_refusals(run: Callable[[], None], telling: Telling) -> None:
    """Run, and say in numbers what became of it. Raises click.ClickException for what stops it."""
    try:
        run()
    except (RefusedError, ConnectionError) as error:
        telling.summary()
        raise click.ClickException(f"{error}. Run it again to go on from here.") from None
    except KeyboardInterrupt:
        telling.summary()
        raise click.ClickException("interrupted. Run it again to go on from here.") from None
    except OSError as error:
        raise click.ClickException(f"a file cannot be written: {error}") from None
    telling.summary()
