"""Reads `NAME=SHARE` from the command line of `whimbrel simulate`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

import click

from whimbrel.simulator.family import Family
from whimbrel.simulator.fate import MODEL_WORDS, Mix, Model

_Kind = TypeVar("_Kind", Family, Model)

#: The list of models for `--help`.
MODELS_HELP = "\n".join(
    f"  {model.value:14s} {words}" for model, words in MODEL_WORDS.items() if model is not Model.GOOD
)


def read_mix(families: Sequence[str], models: Sequence[str], more: Mapping[Model, float]) -> Mix:
    """The mix that `--family` and `--model` ask for; `more` are shares that have options of their own.

    A single family without a share is everybody. Raises click.UsageError.
    """
    read_models = _read("--model", models, list(Model))
    for model, share in more.items():
        read_models[model] = read_models.get(model, 0.0) + share
    return Mix(_read("--family", families, list(Family)) or {Family.MQTT: 1.0}, read_models)


def read_modules(texts: Sequence[str]) -> dict[str, str]:
    """Versions by module, from `NAME=VERSION`. Raises click.UsageError."""
    modules = {}
    for text in texts:
        name, _, version = text.partition("=")
        if not name or not version:
            raise click.UsageError(f"--module must be NAME=VERSION, given was {text}")
        modules[name] = version
    return modules


def _read(option: str, texts: Sequence[str], kinds: Sequence[_Kind]) -> dict[_Kind, float]:
    shares: dict[_Kind, float] = {}
    for text in texts:
        name, separator, share = text.partition("=")
        kind = next((kind for kind in kinds if kind.value == name), None)
        if kind is None or kind in shares:
            names = ", ".join(kind.value for kind in kinds)
            raise click.UsageError(f"{option} must be NAME=SHARE, each NAME once and one of {names}; given was {text}")
        try:
            shares[kind] = float(share) if separator else 1.0
        except ValueError:
            raise click.UsageError(f"{option} must be NAME=SHARE with a number from 0 to 1, given was {text}") from None
    return shares
