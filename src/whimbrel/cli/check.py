"""`whimbrel check`: are the invariants true of this store? It only reads, and may run beside the server."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from whimbrel.errors import WhimbrelError
from whimbrel.settings import Settings, load_settings

if TYPE_CHECKING:
    from whimbrel.inspection import Finding

OFFENDERS_SHOWN = 5
NOT_CHECKED = 2


@click.command()
@click.option("--data", metavar="DIR", help="The data folder, of a running server or a copy. [WHIMBREL_DATA]")
@click.option("--database", metavar="URL", help="The database, where it is a PostgreSQL. [WHIMBREL_DATABASE]")
@click.option("--skip-firmware", is_flag=True, help="Do not read the firmware files.")
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
def check(data: str | None, database: str | None, skip_firmware: bool, as_json: bool) -> None:
    """Check that what must always be true is true of a store, without changing it.

    The exit status is 0 when every rule holds, 1 when one is broken, 2 when the store cannot be checked.
    """
    try:
        settings = load_settings({"data": data, "database": database}, os.environ, Path.cwd())
        findings = asyncio.run(_check(settings, reads_firmware=not skip_firmware))
    except WhimbrelError as error:
        click.echo(f"Error: {error.message}", err=True)
        sys.exit(NOT_CHECKED)
    click.echo(_as_json(findings) if as_json else _table(findings), nl=as_json)
    sys.exit(0 if all(finding.holds for finding in findings) else 1)


async def _check(settings: Settings, *, reads_firmware: bool) -> list[Finding]:
    # Imported here: the other commands start without a server's parts.
    from whimbrel.inspection import check as find

    return await find(settings, reads_firmware=reads_firmware)


def _table(findings: list[Finding]) -> str:
    out = click.HelpFormatter(width=110)
    for rule, offenders in findings:
        verdict = "ok" if not offenders else f"{len(offenders)} VIOLATIONS"
        out.write(f"{verdict:>16}  {rule.invariant:5}  {rule.name}\n")
        if offenders:
            out.write(f"{'':25}{rule.meaning}\n")
        for offender in offenders[:OFFENDERS_SHOWN]:
            words = ", ".join(f"{name} {value}" for name, value in offender.items())
            out.write(f"{'':25}- {words}\n")
    broken = sum(not finding.holds for finding in findings)
    out.write(f"\n{len(findings)} rules, {f'{broken} broken' if broken else 'all hold'}\n")
    return out.getvalue()


def _as_json(findings: list[Finding]) -> str:
    rows = [{**rule._asdict(), "offenders": offenders} for rule, offenders in findings]
    return json.dumps({"holds": all(finding.holds for finding in findings), "rules": rows}, indent=2)
