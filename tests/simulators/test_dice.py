"""The decisions of a device."""

from hypothesis import given
from hypothesis import strategies as st

from whimbrel.simulator.dice import Dice


@given(seed=st.integers(), number=st.integers(0, 50_000), nth=st.integers(0, 1_000))
def test_a_draw_depends_on_what_is_asked_and_on_nothing_else(seed: int, number: int, nth: int) -> None:
    """The same question has the same answer, whatever was asked before it; answers lie in [0, 1)."""
    dice = Dice(seed, number)
    answer = dice.fraction("flap", nth)
    dice.fraction("latency", nth)
    assert Dice(seed, number).fraction("flap", nth) == answer
    assert 0 <= answer < 1


def test_draws_are_spread() -> None:
    """Devices, questions and repetitions of a question draw apart from each other, over the whole range."""
    by_device = [Dice(1, number).fraction("flap") for number in range(1_000)]
    by_turn = [Dice(1, 0).fraction("flap", nth) for nth in range(1_000)]
    for draws in (by_device, by_turn):
        assert len(set(draws)) == 1_000
        assert 0.45 < sum(draws) / 1_000 < 0.55
    assert Dice(1, 0).fraction("flap") != Dice(1, 0).fraction("latency")


def test_choices_and_bounds() -> None:
    """Choices are among the choices, each of them at times; bounds hold."""
    dice = [Dice(3, number) for number in range(200)]
    assert {one.choose("abc", "letter") for one in dice} == set("abc")
    waits = [one.between((2.0, 4.0), "wait") for one in dice]
    assert 2 <= min(waits) < 2.5 < 3.5 < max(waits) < 4
