"""The gate's test: waves, the evidence, and that it is right however often one looks (F21)."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whimbrel.domain.gate import (
    ALPHA,
    RATES,
    Evidence,
    Wave,
    failures_to_halt,
    log_evidence,
    settled,
    tripping,
    wave_after,
    wave_end,
    weighed,
)
from whimbrel.domain.rollout import LIMIT_BASIS_POINTS_MAX, LIMIT_BASIS_POINTS_MIN

DEVICES_MAX = 3_000_000
limits = st.integers(LIMIT_BASIS_POINTS_MIN, LIMIT_BASIS_POINTS_MAX)
counts = st.integers(0, 60)
waves = st.lists(st.tuples(st.integers(1, 400), st.floats(0, 1), st.floats(0, 1)), max_size=12).map(
    lambda found: [
        Wave(number, started, int(started * bad), int((started - int(started * bad)) * waits))
        for number, (started, bad, waits) in enumerate(found, 1)
    ]
)


class TestWaves:
    def test_a_wave_has_room_for_who_starts_in_it(self) -> None:
        """The end of a wave lies beyond the device that starts in it, up to millions, so that a pace never stands
        still because its wave is full.
        """
        number, started = 0, 0
        while started < DEVICES_MAX:
            number, end = wave_after(started), wave_end(wave_after(started))
            assert end > started
            assert wave_after(end - 1) in (number, number - 1) or end - started == 1
            assert wave_after(end) > number
            started = end

    @given(st.integers(0, DEVICES_MAX))
    def test_waves_come_in_order(self, started: int) -> None:
        """One device more is in the same wave or the next one that there is."""
        assert 0 <= wave_after(started + 1) - wave_after(started) <= 1
        assert wave_end(wave_after(started)) > started

    def test_there_are_few_waves(self) -> None:
        """A million devices make some seventy: what every look reads is small."""
        assert wave_after(1_000_000) == 71


class TestEvidence:
    @given(counts, counts, limits)
    def test_it_is_the_mixture(self, healthy: int, failing: int, limit: int) -> None:
        """The logarithm is that of the mean likelihood ratio, computed slowly as the definition says."""
        p0 = limit / 10_000
        exact = math.fsum(
            (p / p0) ** failing * ((1 - p) / (1 - p0)) ** healthy
            for p in (p0 ** (1 - (i + 0.5) / RATES) for i in range(RATES))
        )
        assert log_evidence(healthy + failing, failing, limit) == pytest.approx(
            math.log(exact / RATES) if exact else -math.inf, rel=1e-6, abs=1e-6
        )

    @pytest.mark.parametrize("limit", [1, 300, 1_000, 5_000])
    @pytest.mark.parametrize("devices", [1, 2, 7, 30])
    def test_its_mean_is_one(self, devices: int, limit: int) -> None:
        """At the limit itself the e-value is 1 on average, after any number of devices: that is what makes it one."""
        p0 = Fraction(limit, 10_000)
        mean = math.fsum(
            math.comb(devices, k) * float(p0**k * (1 - p0) ** (devices - k)) * math.exp(log_evidence(devices, k, limit))
            for k in range(devices + 1)
        )
        assert mean == pytest.approx(1, rel=1e-9)

    @given(st.integers(1, 2_000), st.floats(0, 1), limits)
    def test_below_the_limit_it_is_less(self, devices: int, share: float, limit: int) -> None:
        """For a rate below the limit the mean only falls: each ratio's mean per device is at most 1."""
        p0, p = limit / 10_000, share * limit / 10_000
        for i in range(0, RATES, 37):
            rate = p0 ** (1 - (i + 0.5) / RATES)
            assert p * rate / p0 + (1 - p) * (1 - rate) / (1 - p0) <= 1 + 1e-12

    @given(st.integers(1, 5_000), limits)
    def test_the_fewest_failures_that_halt(self, started: int, limit: int) -> None:
        """One less is not enough evidence, and more devices never need fewer failures."""
        fewest = failures_to_halt(started, limit)
        enough = -math.log(ALPHA)
        assert fewest > started * limit // 10_000 or fewest > started
        assert log_evidence(started, fewest, limit) >= enough
        if fewest > started * limit / 10_000 + 1:
            assert log_evidence(started, fewest - 1, limit) < enough
        assert failures_to_halt(started + 1, limit) >= fewest

    @pytest.mark.parametrize(("started", "fewest"), [(1, 2), (2, 2), (10, 4), (100, 11), (1_000, 53), (10_000, 371)])
    def test_at_the_default_limit(self, started: int, fewest: int) -> None:
        """What the documentation's table says of 3 %."""
        assert failures_to_halt(started, 300) == fewest


class TestTripping:
    @pytest.mark.parametrize(("failing", "halts"), [(10, False), (11, True), (12, True)])
    def test_the_limit_of_a_hundred(self, failing: int, halts: bool) -> None:
        """Ten failures of a hundred may be chance at 3 %, eleven are not."""
        assert tripping([Wave(1, 100, failing)], 300) == (Evidence(100, failing) if halts else None)

    def test_early_devices_are_not_drowned(self) -> None:
        """A thousand that have just begun do not hide what the first hundred came to."""
        assert tripping([Wave(1, 100, 11), Wave(2, 10_000, 0)], 300) == Evidence(100, 11)
        assert tripping([Wave(1, 10_100, 11)], 300) is None

    def test_the_widest_evidence_is_told(self) -> None:
        """Of several looks that halt the one over the most devices says most."""
        assert tripping([Wave(1, 2, 2), Wave(2, 98, 98), Wave(3, 400, 0)], 300) == Evidence(500, 100)

    def test_what_people_are_told(self) -> None:
        """The evidence that halts; while there is none, all devices that started."""
        assert weighed([Wave(1, 2, 2), Wave(2, 1, 0)], 300) == Evidence(2, 2)
        assert weighed([Wave(1, 2, 1), Wave(2, 1, 0)], 300) == Evidence(3, 1)
        assert weighed([], 300) == Evidence(0, 0)

    @given(waves, limits)
    def test_only_a_failure_is_new_evidence(self, found: list[Wave], limit: int) -> None:
        """Devices that start, and devices that succeed, never make a gate halt that did not."""
        if tripping(found, limit) is not None:
            return
        later = Wave(len(found) + 1, 50, 0, 50)
        last = [*found[:-1], found[-1]._replace(started=found[-1].started + 5)] if found else []
        assert tripping([*found, later], limit) is None
        assert tripping(last, limit) is None
        assert tripping([wave._replace(waiting=0) for wave in found], limit) is None

    @given(waves, limits)
    def test_the_order_is_that_of_the_waves(self, found: list[Wave], limit: int) -> None:
        """In whatever order they are given."""
        assert tripping(found[::-1], limit) == tripping(found, limit)


class TestSettled:
    def test_who_is_through_counts(self) -> None:
        """Without doubt about a wave, all of it that succeeded counts."""
        assert settled([], 300) == 0
        assert settled([Wave(1, 100, 0, 0)], 300) == 100
        assert settled([Wave(1, 100, 2, 3)], 300) == 95

    @pytest.mark.parametrize(("waiting", "through"), [(10, 90), (11, 0), (100, 0)])
    def test_a_wave_in_doubt_proves_nothing(self, waiting: int, through: int) -> None:
        """While so many wait that the gate would halt if they failed, those that succeeded are no proof."""
        assert settled([Wave(1, 100, 0, waiting)], 300) == through

    def test_nor_does_any_after_it(self) -> None:
        """Later waves go on from what the first ones prove."""
        assert settled([Wave(1, 100, 0, 0), Wave(2, 400, 0, 300), Wave(3, 400, 0, 0)], 300) == 100

    @given(waves, limits)
    def test_it_is_never_more_than_succeeded(self, found: list[Wave], limit: int) -> None:
        """And a wave on which the gate halts is never among them."""
        succeeded = sum(wave.started - wave.failing - wave.waiting for wave in found)
        assert 0 <= settled(found, limit) <= succeeded
        if found and tripping(found[:1], limit) is not None:
            assert settled(found, limit) == 0
