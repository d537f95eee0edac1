"""How a simulation ended, for machines."""

from __future__ import annotations

from collections import defaultdict
from typing import Any, NamedTuple

from whimbrel.simulator.enrolment import EnrolledProduct
from whimbrel.simulator.family import Family
from whimbrel.simulator.fate import Model
from whimbrel.simulator.tally import DeviceState, Tally
from whimbrel.simulator.witness import Violation, Witness


class Summary(NamedTuple):
    """What the fleet came to, and what it saw."""

    product: EnrolledProduct
    seconds: float
    tally: Tally
    witness: Witness

    def as_json(self) -> dict[str, Any]:
        """The summary for machines."""
        tally = self.tally
        return {
            "product_key": self.product.key,
            "product_name": self.product.name,
            "devices": tally.devices,
            "is_done": tally.is_done,
            "seconds": round(self.seconds, 3),
            "states": {state.value: tally.by_state[state] for state in DeviceState},
            "versions": _present(tally.by_version),
            "told_versions": _present(tally.by_told_version),
            "families": _by_family(tally),
            "models": _by_model(tally),
            "notices_per_device": {
                str(count): devices for count, devices in sorted(tally.by_notices.items()) if devices
            },
            "notices": tally.notices,
            "repeated_notices": tally.repeated_notices,
            "needless_notices": tally.needless_notices,
            "reports": tally.reports,
            "requests": tally.requests,
            "retries": tally.retries,
            "reconnects": tally.reconnects,
            "refused_connects": tally.refused_connects,
            "downloaded_bytes": tally.downloaded_bytes,
            "violations": {violation.value: self.witness.counts[violation] for violation in Violation},
            "violation_examples": self.witness.examples,
        }


def _present(counts: dict[str, int]) -> dict[str, int]:
    return {name: count for name, count in sorted(counts.items()) if count}


def _by_family(tally: Tally) -> dict[str, dict[str, int]]:
    """States by family, of the families that the fleet has."""
    found: dict[str, dict[str, int]] = {}
    for family in Family:
        counts: defaultdict[str, int] = defaultdict(int)
        for (of_family, _, state), count in tally.by_group.items():
            counts[state.value] += count if of_family is family else 0
        if any(counts.values()):
            found[family.value] = _present(counts)
    return found


def _by_model(tally: Tally) -> dict[str, dict[str, int]]:
    """States by model, of the models that the fleet has."""
    found: dict[str, dict[str, int]] = {}
    for model in Model:
        counts: defaultdict[str, int] = defaultdict(int)
        for (_, of_model, state), count in tally.by_group.items():
            counts[state.value] += count if of_model is model else 0
        if any(counts.values()):
            found[model.value] = _present(counts)
    return found
