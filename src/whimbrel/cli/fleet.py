"""`whimbrel fleet`: how the devices of an account do, what is being rolled out, and what needs somebody."""

from __future__ import annotations

import json
import time

import click

from whimbrel.cli.access import Access, with_access
from whimbrel.cli.api import Api, RefusedError
from whimbrel.cli.completions import complete_products
from whimbrel.cli.fleet_view import fleet_table, look_at_fleet
from whimbrel.cli.lookup import find_product
from whimbrel.cli.plain_text import plain

WATCH_S = 5.0


@click.command()
@with_access
@click.option("--product", metavar="NAME|KEY", shell_complete=complete_products, help="Only this one's. Default: all.")
@click.option("--watch", "watches", is_flag=True, help="Show it again every few seconds, until Ctrl-C.")
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON; with --watch one object a line.")
def fleet(access: Access, product: str | None, watches: bool, as_json: bool) -> None:
    """Show devices by state and version, running rollouts, and what needs attention.

    With --watch it does not look for devices that were lost after an upgrade.
    """
    api = Api(access.server, access.credentials)
    try:
        found = find_product(api, product) if product else None
        while True:
            seen = look_at_fleet(api, found, with_health=not watches)
            if as_json:
                click.echo(plain(json.dumps(seen.as_json(), indent=None if watches else 2, ensure_ascii=False)))
            else:
                if watches:
                    click.clear()
                click.echo(fleet_table(seen), nl=False)
            if not watches:
                return
            time.sleep(WATCH_S)
    except (RefusedError, ConnectionError) as error:
        raise click.ClickException(str(error)) from None
