"""`whimbrel call`: one signed call of the management API; its help is derived from the operations themselves."""

from __future__ import annotations

import difflib
import html
import json
import re
import sys
from collections.abc import Mapping
from typing import NamedTuple

import click

from whimbrel.cli.access import Access, with_access
from whimbrel.cli.api import Api, ApiAnswer
from whimbrel.cli.completions import complete_actions
from whimbrel.cli.plain_text import plain, table_width
from whimbrel.operations.declaration import Operation

#: Parameters of every call (api-contract 2): never a misspelt one of an operation.
PUBLIC_PARAMETERS = frozenset({"Format", "Version", "RegionId", "SecurityToken", "SignatureVersion", "SignatureType"})
_XML_FIELD = re.compile(r"<(Success|Code|ErrorMessage|Message)>([^<]*)</")


class _Verdict(NamedTuple):
    is_success: bool
    code: str
    message: str


@click.command(add_help_option=False)
@click.argument("action", required=False, shell_complete=complete_actions)
@click.argument("pairs", nargs=-1, metavar="[Name=Value]...")
@with_access
@click.option("--list", "lists", is_flag=True, help="List all actions with a sentence each.")
@click.option("--openapi", "describes", is_flag=True, help="Print the OpenAPI description of all actions.")
@click.option("--raw", is_flag=True, help="Print the answer as it came, on one line.")
@click.option("--xml", is_flag=True, help="Ask for XML.")
@click.option("-h", "--help", "helps", is_flag=True, help="Explain this command, or with an ACTION that action.")
@click.pass_context
def call(context: click.Context, /, action: str | None, pairs: tuple[str, ...], access: Access, **flags: bool) -> None:
    """Sign and send one call of the management API, and print the answer.

    Entries of a list are given as `TargetDeviceName.1=lamp-0001 TargetDeviceName.2=…`. The exit status is 0 when the
    call succeeded, 1 when it was refused, 2 when the command line is wrong.

    \b
    Examples:
      whimbrel call --list
      whimbrel call --openapi > openapi.json
      whimbrel call ListOTAFirmware --help
      whimbrel call ListOTAFirmware CurrentPage=1 PageSize=10
    """
    # Imported here: every other command starts without them.
    from whimbrel.cli.describe import explain, list_actions
    from whimbrel.operations.registry import load_operations

    operations = load_operations()
    if flags["lists"]:
        click.echo(list_actions(operations, table_width()), nl=False)
    elif flags["describes"]:
        # Imported here: no other call needs it.
        from whimbrel.rpc.openapi import openapi_document

        click.echo(json.dumps(openapi_document(operations, access.server), indent=1, ensure_ascii=False))
    elif action is None and flags["helps"]:
        click.echo(context.get_help())
    elif action is None:
        raise click.UsageError("which ACTION? `whimbrel call --list` lists them all.")
    elif flags["helps"]:
        if action not in operations:
            raise click.UsageError(_unknown_action(action, operations))
        click.echo(explain(operations[action], table_width()), nl=False)
    else:
        parameters = read_pairs(pairs)
        warn(action, parameters, operations)
        if flags["xml"]:
            parameters["Format"] = "XML"
        sys.exit(_call(access, action, parameters, flags["raw"]))


def read_pairs(pairs: tuple[str, ...]) -> dict[str, str]:
    """`Name=Value` words as a map. Raises click.UsageError for a word without `=` and for a name given twice."""
    parameters: dict[str, str] = {}
    for pair in pairs:
        name, is_pair, value = pair.partition("=")
        if not is_pair or not name:
            raise click.UsageError(f"parameters are Name=Value, given was {pair}")
        if name in parameters:
            raise click.UsageError(f"the parameter {name} is given twice")
        parameters[name] = value
    return parameters


def warn(action: str, parameters: Mapping[str, str], operations: Mapping[str, Operation]) -> None:
    """Say what looks misspelt; the call is sent all the same, for the server may be newer than this command."""
    from whimbrel.cli.describe import parameters_of

    operation = operations.get(action)
    if operation is None:
        click.echo(f"Warning: {_unknown_action(action, operations)}", err=True)
        return
    known = {words.first_part: words.name for words in parameters_of(operation)}
    for name in parameters:
        first, has_index, _ = name.partition(".")
        if first in known and bool(has_index) != ("." in known[first]):
            click.echo(f"Warning: {action} reads {known[first]}, not {name}", err=True)
        elif first not in known and name not in PUBLIC_PARAMETERS:
            nearest = difflib.get_close_matches(first, known, n=1)
            hint = f"; did you mean {nearest[0]}?" if nearest else f"; `whimbrel call {action} --help` lists them"
            click.echo(f"Warning: {action} has no parameter {name}{hint}", err=True)


def _unknown_action(action: str, operations: Mapping[str, Operation]) -> str:
    nearest = difflib.get_close_matches(action, operations, n=1)
    return f"no action {action} is known" + (f"; did you mean {nearest[0]}?" if nearest else "")


def _call(access: Access, action: str, parameters: dict[str, str], raw: bool) -> int:
    try:
        answer = Api(access.server, access.credentials).send(action, parameters)
    except ConnectionError as error:
        raise click.ClickException(str(error)) from None
    text = answer.body.decode("utf-8", "replace")
    verdict = _judge(answer, text)
    click.echo(_shown(text, raw))
    if not verdict.is_success:
        click.echo(f"Refused: {plain(verdict.code)}: {plain(verdict.message)}", err=True)
    return 0 if verdict.is_success else 1


def _judge(answer: ApiAnswer, text: str) -> _Verdict:
    """Whether the call succeeded; a body in neither dialect nor XML is a refusal with its HTTP status."""
    try:
        document = json.loads(text)
        fields = {name.lower(): value for name, value in document.items()}
    except (ValueError, AttributeError):
        fields = {name.lower(): html.unescape(value) for name, value in _XML_FIELD.findall(text)}
        fields["success"] = fields.get("success") == "true"
    return _Verdict(
        is_success=answer.status == 200 and fields.get("success") is True,
        code=str(fields.get("code") or f"HTTP {answer.status}"),
        message=str(fields.get("errormessage") or fields.get("message") or "no reason was given"),
    )


def _shown(text: str, raw: bool) -> str:
    """JSON stays JSON with what cannot be seen escaped; other text is left alone where a program reads it."""
    try:
        document = json.loads(text)
    except ValueError:
        return plain(text) if sys.stdout.isatty() else text
    return plain(text if raw else json.dumps(document, indent=2, ensure_ascii=False))
