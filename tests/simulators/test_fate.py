"""Which devices of a simulated fleet are of which family, and misbehave by which model."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whimbrel.simulator.family import Family
from whimbrel.simulator.fate import FAILURE_STEPS, GOOD, MODEL_WORDS, Fate, Mix, Model, draw_fates


@given(devices=st.integers(0, 500), failing=st.floats(0, 1), part=st.floats(0, 1), seed=st.integers())
def test_shares_are_kept_to_the_nearest_device(devices: int, failing: float, part: float, seed: int) -> None:
    """There is one fate a device; as many fail and fall silent as the shares say, and a step of failure is drawn."""
    silent = part * (1 - failing)
    fates = draw_fates(devices, Mix(models={Model.FAILS: failing, Model.SILENT: silent}), seed)
    assert len(fates) == devices
    assert sum(fate.model is Model.FAILS for fate in fates) == round(devices * failing)
    assert abs(sum(fate.model is Model.SILENT for fate in fates) - devices * silent) <= 1
    assert all((fate.failure_step in FAILURE_STEPS) == (fate.model is Model.FAILS) for fate in fates)


def test_families_are_shared_out_too() -> None:
    """Every device has a family, as many as the shares say; thirds are a whole."""
    fates = draw_fates(100, Mix({Family.MQTT: 0.5, Family.DDI: 0.3, Family.HTTPS: 0.2}), 1)
    assert [sum(fate.family is family for fate in fates) for family in Family] == [50, 20, 30]
    assert len(draw_fates(10, Mix(dict.fromkeys(Family, 1 / 3)), 1)) == 10


def test_equal_seeds_give_equal_fleets() -> None:
    """The seed alone decides: the same gives the same fates, another one others."""
    mix = Mix({Family.MQTT: 0.5, Family.DDI: 0.5}, {Model.FAILS: 0.3, Model.SLOW: 0.2})
    assert draw_fates(100, mix, 1) == draw_fates(100, mix, 1)
    assert draw_fates(100, mix, 1) != draw_fates(100, mix, 2)


def test_families_leave_the_models_as_they_are() -> None:
    """A fleet that is moved to another family misbehaves as before, device by device."""
    models = {Model.FAILS: 0.3, Model.SLOW: 0.2}
    over_mqtt, over_ddi = draw_fates(50, Mix(models=models), 7), draw_fates(50, Mix({Family.DDI: 1.0}, models), 7)
    assert [fate._replace(family=Family.MQTT) for fate in over_ddi] == over_mqtt


@pytest.mark.parametrize(("share", "expected"), [(0.0, {GOOD}), (1.0, {Fate(Model.SILENT)})])
def test_whole_fleets_share_one_fate(share: float, expected: set[object]) -> None:
    """A share of nothing spares all, a share of everything spares none."""
    assert set(draw_fates(10, Mix(models={Model.SILENT: share}), 1)) == expected


@pytest.mark.parametrize("shares", [(-0.1, 0), (0, -0.1), (0.6, 0.5), (1.1, 0)])
def test_shares_that_cannot_be_are_refused(shares: tuple[float, float]) -> None:
    """Negative shares and more than everybody are refused."""
    with pytest.raises(ValueError, match="at most 1 together"):
        draw_fates(10, Mix(models=dict(zip((Model.FAILS, Model.SILENT), shares, strict=True))), 1)


@pytest.mark.parametrize("share", [0.9, 1.1])
def test_families_must_be_everybody(share: float) -> None:
    """A fleet of which a part is of no family, or of two, is refused."""
    with pytest.raises(ValueError, match="1 together"):
        draw_fates(10, Mix({Family.MQTT: share}), 1)


def test_every_model_has_its_sentence() -> None:
    """What `--help` lists is complete."""
    assert set(MODEL_WORDS) == set(Model)
