"""`whimbrel why`: what keeps a device from updating, in words."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import Any, NamedTuple

import click

from whimbrel.cli.access import Access, with_access
from whimbrel.cli.api import Api, RefusedError
from whimbrel.cli.completions import complete_devices, complete_jobs, complete_products
from whimbrel.cli.lookup import Product, find_product, products
from whimbrel.cli.plain_text import plain

_NOT_THERE = ("iot.device.NotExistedDevice", "iot.prod.NotExistedProduct", "iot.ota.JobNotFound")


class _Question(NamedTuple):
    device_name: str
    more: Mapping[str, str]


@click.command()
@click.argument("device", shell_complete=complete_devices)
@with_access
@click.option(
    "--product", metavar="NAME|KEY", shell_complete=complete_products, help="Its product. Default: look in all."
)
@click.option("--job", metavar="JOB", shell_complete=complete_jobs, help="Only as to this job.")
@click.option("--module", metavar="M", help="Only as to this module.")
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
def why(device: str, access: Access, as_json: bool, **options: str | None) -> None:
    """Say why DEVICE is not updating, what has to be cleared first on top.

    The exit status is 0 when nothing is in the way, 1 when something is, 2 when there is no such device or several
    products have one of this name. docs/reference/findings.md explains the codes.
    """
    more = {"JobId": options["job"], "ModuleName": options["module"]}
    question = _Question(device, {name: text for name, text in more.items() if text is not None})
    try:
        answer = _answer(Api(access.server, access.credentials), question, options["product"])
    except (RefusedError, ConnectionError) as error:
        click.echo(f"Error: {error}", err=True)
        sys.exit(2)
    findings = answer["findings"]["finding"]
    click.echo(plain(json.dumps(answer, indent=2, ensure_ascii=False) if as_json else "\n".join(map(_words, findings))))
    sys.exit(1 if answer["isInTheWay"] else 0)


def _answer(api: Api, question: _Question, product: str | None) -> Mapping[str, Any]:
    """XExplainOTADevice's of the one device. Raises click.UsageError, RefusedError, ConnectionError."""
    if product is not None:
        return _explained(api, find_product(api, product), question)
    found = [(other, answer) for other in products(api) if (answer := _asked(api, other, question)) is not None]
    if not found:
        raise click.UsageError(f"no product has a device {question.device_name}, or the key may not see it")
    if len(found) > 1:
        names = ", ".join(f"{other.name} ({other.key})" for other, _ in found)
        raise click.UsageError(f"several products have a device {question.device_name}; give --product: {names}")
    return found[0][1]


def _asked(api: Api, product: Product, question: _Question) -> Mapping[str, Any] | None:
    try:
        return _explained(api, product, question)
    except RefusedError as error:
        if error.code not in _NOT_THERE:
            raise
        return None


def _explained(api: Api, product: Product, question: _Question) -> Mapping[str, Any]:
    named = {"ProductKey": product.key, "DeviceName": question.device_name}
    data: Mapping[str, Any] = api.ask("XExplainOTADevice", {**named, **question.more})["data"]
    return data


def _words(finding: Mapping[str, Any]) -> str:
    about = [
        f"{meaning} {finding[member]}"
        for member, meaning in (("jobId", "job"), ("utcSince", "since"), ("utcUntil", "until"))
        if finding.get(member)
    ]
    return f"{finding['code']}: {finding['words']}" + (f"\n    {', '.join(about)}" if about else "")
