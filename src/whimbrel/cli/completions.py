"""What the shell offers behind a word: products, devices, firmware and jobs of the server, and the names of actions.

It is asked while a person types: an answer is late after a second, and whatever goes wrong offers nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import islice
from typing import Any

import click
from click.shell_completion import CompletionItem

from whimbrel.cli.access import Access
from whimbrel.cli.api import Api, RefusedError
from whimbrel.cli.lookup import find_product, products

ANSWER_S_MAX = 1.0
OFFERED_MAX = 200
ROWS_ASKED = 100

Offers = list[CompletionItem]
_Offered = Iterable[tuple[str, str]]


def _offer(found: Callable[[Api, click.Context, str], _Offered]) -> Callable[..., Offers]:
    """A completion of what `found` yields, word and explanation, as far as it begins like what was typed."""

    def complete(context: click.Context, parameter: click.Parameter, incomplete: str) -> Offers:
        given = {name: context.params.get(name) for name in ("server", "data", "key_file", "profile")}
        access = Access(given["server"], given["data"], given["key_file"], given["profile"])
        try:
            api = Api(access.server, access.credentials, ANSWER_S_MAX)
            matching = (offer for offer in found(api, context, incomplete) if offer[0].startswith(incomplete))
            return [CompletionItem(word, help=meaning) for word, meaning in islice(matching, OFFERED_MAX)]
        except (click.ClickException, RefusedError, ConnectionError):
            return []

    return complete


def _products(api: Api, _: click.Context, __: str) -> _Offered:
    for product in products(api):
        yield product.name, product.key


def _device_names(api: Api, context: click.Context, incomplete: str) -> _Offered:
    named = context.params.get("product")
    wanted = {"PageSize": str(ROWS_ASKED)}
    if incomplete:
        wanted["NamePrefix"] = incomplete
    if named:
        wanted["ProductKey"] = find_product(api, named).key
    for row in api.ask("XListDevices", wanted)["data"]["devices"]:
        yield row["deviceName"], row["productName"]


def _device_lists(api: Api, context: click.Context, incomplete: str) -> _Offered:
    before, comma, last = incomplete.rpartition(",")
    for name, key in _device_names(api, context, last):
        if name in before.split(","):
            continue
        yield f"{before}{comma}{name}", key


def _jobs(*states: str) -> Callable[[Api, click.Context, str], _Offered]:
    wanted = {f"State.{number}": state for number, state in enumerate(states, 1)}

    def found(api: Api, _: click.Context, __: str) -> _Offered:
        for row in api.ask("XListOTAJobs", {**wanted, "PageSize": str(ROWS_ASKED)})["data"]["jobs"]:
            yield row["jobId"], f"{row['productName']} {row['destVersion']}, {row['state']}"

    return found


complete_products = _offer(_products)
complete_devices = _offer(_device_names)
complete_device_lists = _offer(_device_lists)
complete_jobs = _offer(_jobs())
complete_held_jobs = _offer(_jobs("PAUSED", "HALTED"))
complete_waiting_jobs = _offer(_jobs("AWAITING_APPROVAL"))


def complete_actions(context: click.Context, parameter: click.Parameter, incomplete: str) -> Offers:
    """Names of actions, from the operations themselves; no server is asked."""
    # Imported here: every other completion starts without them.
    from whimbrel.operations.registry import load_operations
    from whimbrel.rpc.declared import summary_of

    operations: dict[str, Any] = dict(load_operations())
    return [
        CompletionItem(action, help=summary_of(operation))
        for action, operation in operations.items()
        if action.lower().startswith(incomplete.lower())
    ]
