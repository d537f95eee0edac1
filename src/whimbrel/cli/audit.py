"""`whimbrel audit verify`: is the audit trail what was entered, nothing changed, left out or put in? It only reads."""

from __future__ import annotations

import asyncio
import json
import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from whimbrel.domain.audit import ChainHead
from whimbrel.errors import WhimbrelError
from whimbrel.settings import Settings, load_settings

if TYPE_CHECKING:
    from whimbrel.inspection import ChainFinding

NOT_VERIFIED = 2
_KEPT = re.compile(r"([^:]+):([0-9]{1,18}):([0-9a-f]{64})")


class _KeptHead(click.ParamType[tuple[str, ChainHead]]):
    """ACCOUNT:NUMBER:HASH, as a run prints it."""

    name = "ACCOUNT:NUMBER:HASH"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, ChainHead]:
        found = _KEPT.fullmatch(value)
        if found is None:
            self.fail(f"{value} is not ACCOUNT:NUMBER:HASH as an earlier run printed it", param, ctx)
        return found[1], ChainHead(int(found[2]), found[3])


@click.group()
def audit() -> None:
    """The audit trail: who changed what."""


@audit.command()
@click.option("--data", metavar="DIR", help="The data folder, of a running server or a copy. [WHIMBREL_DATA]")
@click.option("--database", metavar="URL", help="The PostgreSQL database, where that is the store. [WHIMBREL_DATABASE]")
@click.option(
    "--expect",
    "kept",
    type=_KeptHead(),
    multiple=True,
    help="A head that an earlier run printed: it must still be in its chain. May be given several times.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
def verify(data: str | None, database: str | None, kept: tuple[tuple[str, ChainHead], ...], as_json: bool) -> None:
    """Prove that each account's audit trail is what was entered, and print its head.

    Keep the heads elsewhere: entries that were cut off at the very end are found by --expect alone. The exit status is
    0 when every chain is whole, 1 when one is broken, 2 when the store cannot be read.
    """
    try:
        settings = load_settings({"data": data, "database": database}, os.environ, Path.cwd())
        findings = asyncio.run(_verify(settings, kept))
    except WhimbrelError as error:
        click.echo(f"Error: {error.message}", err=True)
        sys.exit(NOT_VERIFIED)
    click.echo(_as_json(findings) if as_json else _table(findings))
    sys.exit(1 if any(finding.fault for finding in findings) else 0)


async def _verify(settings: Settings, kept: tuple[tuple[str, ChainHead], ...]) -> list[ChainFinding]:
    # Imported here: the other commands start without a server's parts.
    from whimbrel.inspection import Kept, verify_audit

    return await verify_audit(settings, [Kept(account, head) for account, head in kept])


def _table(findings: list[ChainFinding]) -> str:
    lines = []
    for account, head, fault in findings:
        verdict = "BROKEN" if fault else "ok"
        lines.append(f"{verdict:>6}  {head.number:>10} entries  {account}:{head.number}:{head.hash}")
        if fault:
            lines.append(f"{'':8}{fault}")
    broken = sum(finding.fault is not None for finding in findings)
    lines.append(f"{len(findings)} accounts, {f'{broken} broken' if broken else 'all chains are whole'}")
    return "\n".join(lines)


def _as_json(findings: list[ChainFinding]) -> str:
    rows = [{"account": account, **head._asdict(), "fault": fault} for account, head, fault in findings]
    return json.dumps({"holds": not any(finding.fault for finding in findings), "accounts": rows}, indent=2)
