"""`whimbrel invite`: a link by which somebody comes into the console; also the way back in for who was locked out."""

from __future__ import annotations

import click

from whimbrel.cli.access import Access, with_access
from whimbrel.cli.api import Api, RefusedError
from whimbrel.domain.console_user import Role

_ROLES = [role.value.lower() for role in Role]


@click.command()
@click.argument("name")
@with_access
@click.option(
    "--role",
    type=click.Choice(_ROLES),
    help="What the user is for. Default: as it is, and of a new user viewer.",
)
def invite(name: str, access: Access, role: str | None) -> None:
    """Print a link by which NAME chooses a password for the console. It works once, and within a day.

    For somebody new, and for a user who has forgotten the password.

    \b
    Examples:
      whimbrel invite ann@example.org --role releaser
      whimbrel invite ann@example.org
    """
    parameters = {"Name": name} | ({} if role is None else {"Role": role.upper()})
    try:
        data = Api(access.server, access.credentials).ask("XInviteConsoleUser", parameters)["data"]
    except (RefusedError, ConnectionError) as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"{data['name']}, {data['role']}, until {data['utcExpire']}", err=True)
    click.echo(data["link"])
