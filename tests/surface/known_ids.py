"""What a caller knows of a server's objects: ids and names from its answers, put where requests ask for such.

Which parameter takes what is told by names alone, so operations that are added need nothing here: an answer's
`DeviceName` goes into `DeviceName`, `TargetDeviceName.1` and `Device.1.DeviceName`. What stood in one answer, or in the
request that it answers, belongs together and is used together: a device with its product, a job with its firmware.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any

#: Of the things known, the first few stay for ever, as what devices are connected for, and the newest for a while.
FIRST_KEPT, NEWEST_KEPT = 40, 120
GLANCES = 3
#: What must differ where something is made: a new value each time lets it succeed again.
FRESH_ENDS = ("Name", "Version")

Thing = dict[str, str]


class KnownIds:
    """Things that answers told of; a value that is `avoided` is never kept."""

    def __init__(self, asked: Iterable[str], avoided: Iterable[str]) -> None:
        self._asked = {leaf(name) for name in asked}
        self._avoided = frozenset(avoided)
        self._things: list[Thing] = []

    def learn(self, parameters: Mapping[str, Any], answer: Mapping[str, Any]) -> None:
        """Keep what a call that succeeded said and was answered."""
        said = {leaf(name): str(value) for name, value in parameters.items() if self._is_asked(leaf(name), value)}
        for found in _objects(answer):
            own = {name: str(value) for name, value in found.items() if self._is_asked(name, value)}
            self._keep({**said, **own})

    def put_into(self, parameters: Mapping[str, Any], random_: random.Random, share: float) -> dict[str, Any]:
        """The parameters, with known values in this share of those that can have one."""
        chosen = [name for name in parameters if random_.random() < share]
        known = self._known_for({leaf(name) for name in chosen}, random_)
        return {**parameters, **{name: known[leaf(name)] for name in chosen if leaf(name) in known}}

    def _known_for(self, names: set[str], random_: random.Random) -> Thing:
        """Values from as few things as will do, all of one product as far as they are of any."""
        found: Thing = {}
        product: str | None = None
        while missing := names - found.keys():
            things = [
                thing
                for thing in self._things
                if (product is None or thing.get("ProductKey", product) == product) and _fits(thing, missing)
            ]
            if not things:
                break
            best = max(random_.choices(things, k=GLANCES), key=lambda thing: _fits(thing, missing))
            found |= {name: value for name in sorted(missing) if (value := _fitting(name, best)) is not None}
            product = product or best.get("ProductKey")
        return found

    def _is_asked(self, name: str, value: Any) -> bool:
        is_id = isinstance(value, str) or (isinstance(value, int) and name.endswith("Id"))
        return (
            is_id and value != "" and value not in self._avoided and any(_takes(asked, name) for asked in self._asked)
        )

    def _keep(self, thing: Thing) -> None:
        if thing and thing not in self._things[-NEWEST_KEPT:]:
            self._things.append(thing)
            del self._things[FIRST_KEPT:-NEWEST_KEPT]


def leaf(parameter: str) -> str:
    """`DeviceName` of `Device.1.DeviceName`, `TargetDeviceName` of `TargetDeviceName.1`."""
    parts = [part for part in str(parameter).split(".") if not part.isdigit()]
    return parts[-1] if parts else ""


def freshened(parameters: Mapping[str, Any], random_: random.Random) -> dict[str, Any]:
    """The names and versions among the parameters, each a new one."""
    return {
        name: f"{value}{random_.randrange(10**6)}"
        for name, value in parameters.items()
        if "." not in name and name.endswith(FRESH_ENDS)
    }


def _objects(answer: Any) -> Iterator[Mapping[str, Any]]:
    """Every object of an answer, at any depth; those of a list of plain values one by one."""
    if isinstance(answer, dict):
        yield answer
        for name, value in answer.items():
            plain = value if isinstance(value, list) else []
            yield from ({name: item} for item in plain if not isinstance(item, dict | list))
            yield from _objects(value)
    elif isinstance(answer, list):
        for item in answer:
            yield from _objects(item)


def _fits(thing: Thing, names: Iterable[str]) -> int:
    """How many of the names the thing has a value for."""
    return sum(_fitting(name, thing) is not None for name in names)


def _fitting(asked: str, thing: Thing) -> str | None:
    """The thing's value for what is asked: of the same name, else of one that ends alike."""
    if asked in thing:
        return thing[asked]
    return next((value for name, value in thing.items() if _takes(asked, name)), None)


@cache
def _takes(asked: str, name: str) -> bool:
    return len(name) > 1 and len(asked) > 1 and (asked.endswith(name) or name.endswith(asked))
