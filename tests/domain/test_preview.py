"""Counting a preview by slices, and finding its devices again (domain/preview.py)."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from whimbrel.domain.gray import KEYS
from whimbrel.domain.preview import Candidate, Census, Ranks, of_ranks

PLACES = st.one_of(st.integers(0, KEYS - 1), st.sampled_from((0, 1, KEYS - 1, (1 << 19) - 1, 1 << 19)))


def target(device_id: int, place: int) -> Candidate:
    return Candidate(device_id, place, is_at_version=False, is_source=True, is_busy=False, is_offline=True)


@given(st.lists(PLACES, max_size=60), st.integers(0, 60), st.integers(0, 60))
def test_ranks_are_found_again(places: list[int], first: int, size: int) -> None:
    """Any range of the order, whatever the slices hold, devices that share a place included."""
    census = Census()
    census.take(target(number, place) for number, place in enumerate(places))
    order = [device_id for _, device_id in sorted((place, number) for number, place in enumerate(places))]
    first = min(first, len(places))
    ranks = Ranks(first, min(first + size, len(places)))
    there, base = census.slices_of(ranks)
    found = [(place, number) for number, place in enumerate(places)]
    assert of_ranks(found, there, ranks, base) == order[ranks.first : ranks.end]


def test_reasons() -> None:
    """Who has the version is left out for that, whatever it upgrades from; the others for their source version."""
    census = Census()
    census.take(
        [
            Candidate(1, 1, is_at_version=True, is_source=False, is_busy=True, is_offline=True),
            Candidate(2, 2, is_at_version=False, is_source=False, is_busy=True, is_offline=True),
            Candidate(3, 3, is_at_version=False, is_source=True, is_busy=True, is_offline=False),
            Candidate(4, 4, is_at_version=False, is_source=True, is_busy=False, is_offline=True),
        ]
    )
    found = (census.targets, census.at_version, census.other_version, census.busy, census.offline)
    assert found == (2, 1, 1, 1, 1)
