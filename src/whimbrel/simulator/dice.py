"""Every decision of a device, as a function of the seed, the device and the question: no order of events changes it."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from typing import NamedTuple, TypeVar

_Choice = TypeVar("_Choice")


class Dice(NamedTuple):
    """The dice of device `number` of a fleet with this seed.

    They keep no state, so they are small, and a draw that one run makes earlier than another is the same draw. `nth`
    counts how often the device comes to one question.
    """

    seed: int
    number: int

    def fraction(self, question: str, nth: int = 0) -> float:
        """From 0 to below 1."""
        text = f"{self.seed}/{self.number}/{question}/{nth}".encode()
        return int.from_bytes(blake2b(text, digest_size=6).digest(), "big") / 2**48

    def between(self, bounds: tuple[float, float], question: str, nth: int = 0) -> float:
        """Somewhere between two bounds."""
        low, high = bounds
        return low + (high - low) * self.fraction(question, nth)

    def choose(self, choices: Sequence[_Choice], question: str, nth: int = 0) -> _Choice:
        """One of these."""
        return choices[int(len(choices) * self.fraction(question, nth))]
