"""What becomes of each device when it is told to upgrade, drawn from a seed: equal seeds give equal fleets."""

from __future__ import annotations

import random
from collections.abc import Hashable, Mapping
from enum import StrEnum
from typing import Final, NamedTuple, TypeVar

from whimbrel.simulator.family import Family

FAILURE_STEPS = (-2, -3, -4)
"""Download failed, checksum failed, burning failed (device-protocol 5)."""

SHARE_FAULT_MAX: Final = 1e-9
"""Three shares of a third are a whole, though floating point says 0.9999999999999999."""


class Model(StrEnum):
    """How a device misbehaves. Each has one sentence in MODEL_WORDS."""

    GOOD = "good"
    FAILS = "fails"
    SILENT = "silent"
    BOOT_LOOPS = "boot-loops"
    LIES = "lies"
    WRONG_VERSION = "wrong-version"
    REPEATS = "repeats"
    REORDERS = "reorders"
    SLOW = "slow"
    FLAPS = "flaps"
    DIES_LATE = "dies-late"
    ROLLS_BACK = "rolls-back"


MODEL_WORDS: Final[Mapping[Model, str]] = {
    Model.GOOD: "does as it is told",
    Model.FAILS: "reports that the download, the checksum or burning failed",
    Model.SILENT: "says nothing more after its first progress, as a brick does",
    Model.BOOT_LOOPS: "installs, then starts again and again with the old version",
    Model.LIES: "says that it has the new version and never downloaded it",
    Model.WRONG_VERSION: "installs, then reports a version that nobody sent",
    Model.REPEATS: "sends every report two or three times",
    Model.REORDERS: "sends its progress out of order, and the last of it after the version",
    Model.SLOW: "downloads slowly and reports late",
    Model.FLAPS: "loses its connection at random, in the middle of downloads too",
    Model.DIES_LATE: "succeeds, and falls silent some seconds later",
    Model.ROLLS_BACK: "succeeds, and reports the old version some seconds later",
}


class Fate(NamedTuple):
    """`failure_step` is what a device that FAILS reports instead of its new version."""

    model: Model = Model.GOOD
    family: Family = Family.MQTT
    failure_step: int | None = None


GOOD = Fate()


class Mix(NamedTuple):
    """Which parts of a fleet, 0 to 1 each, are of which family and behave by which model.

    Families are everybody together. Whoever has no other model is GOOD.
    """

    families: Mapping[Family, float] = {Family.MQTT: 1.0}
    models: Mapping[Model, float] = {}


def draw_fates(devices: int, mix: Mix, seed: int) -> list[Fate]:
    """A fate for each device by its number; the shares are kept to the nearest device. Raises ValueError.

    Families and models are drawn apart: another share of families leaves the models of the devices as they are.
    """
    if abs(sum(mix.families.values()) - 1) > SHARE_FAULT_MAX:
        raise ValueError("the shares of the families must be 1 together")
    families = _apportion(devices, mix.families, next(iter(mix.families)))
    models = _apportion(devices, mix.models, Model.GOOD)
    random.Random(f"{seed}/families").shuffle(families)  # noqa: S311  (a draw to be repeated, not a secret)
    dice = random.Random(f"{seed}/models")  # noqa: S311
    dice.shuffle(models)
    steps = [dice.choice(FAILURE_STEPS) if model is Model.FAILS else None for model in models]
    return [Fate(*drawn) for drawn in zip(models, families, steps, strict=True)]


_Kind = TypeVar("_Kind", bound=Hashable)


def _apportion(devices: int, shares: Mapping[_Kind, float], rest: _Kind) -> list[_Kind]:
    """One kind a device, as many of each as its share says to the nearest device; whoever is left is of kind `rest`."""
    if any(not 0 <= share <= 1 for share in shares.values()) or sum(shares.values()) > 1 + SHARE_FAULT_MAX:
        raise ValueError("shares are 0 to 1 each and at most 1 together")
    kinds: list[_Kind] = []
    for kind, share in shares.items():
        kinds += [kind] * min(round(devices * share), devices - len(kinds))
    return kinds + [rest] * (devices - len(kinds))
