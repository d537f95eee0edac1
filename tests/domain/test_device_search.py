"""Which list a search walks, and what a dynamic group adds to it."""

from __future__ import annotations

from typing import Any

import pytest

from whimbrel.domain.device import DeviceStatus
from whimbrel.domain.device_search import DeviceSearch, SearchTag, Way, collected_way, counted_ways, is_the_list
from whimbrel.domain.group_expression import GroupRule

ONLINE = DeviceStatus.ONLINE
WHOLE, ANY = SearchTag("ring", "early"), SearchTag("hall", None)


@pytest.mark.parametrize(
    ("given", "ways", "is_list_of"),
    [
        ({}, "account", "account"),
        ({"status": ONLINE}, "account account_state", "account_state"),
        ({"product_id": 1}, "account product", "product"),
        ({"product_id": 1, "status": ONLINE}, "account account_state product product_state", "product_state"),
        ({"product_id": 1, "version": "1"}, "account product version", "version"),
        ({"group_row_id": 1}, "account group", "group"),
        ({"tags": (WHOLE,)}, "account tag", "tag"),
        ({"tags": (ANY,)}, "account", None),
        ({"tags": (WHOLE, ANY)}, "account tag", None),
        ({"tags": (WHOLE, SearchTag("hall", "7"))}, "account tag", None),
        ({"text": "x"}, "account", None),
        ({"never_reported": True}, "account", None),
        ({"product_id": 1, "group_row_id": 1}, "account product group", None),
    ],
)
def test_ways(given: dict[str, Any], ways: str, is_list_of: str | None) -> None:
    """Every list that holds all devices of the search may be walked; one alone may be the search itself."""
    search = DeviceSearch(1, **given)
    found = counted_ways(search)
    assert " ".join(found) == ways
    assert [way for way in Way if is_the_list(search, way)] == ([Way(is_list_of)] if is_list_of else [])


@pytest.mark.parametrize(
    ("given", "way"),
    [
        ({}, None),
        ({"name": "a"}, Way.ACCOUNT_NAMES),
        ({"name": "a", "product_id": 1}, Way.NAMES),
        ({"tags": (ANY,)}, Way.TAG_KEY),
        ({"tags": (WHOLE,)}, None),
        ({"tags": (ANY,), "name": "a"}, Way.ACCOUNT_NAMES),
    ],
)
def test_collected_way(given: dict[str, Any], way: Way | None) -> None:
    """Names and keys of tags may be few; nobody counts them beforehand."""
    assert collected_way(DeviceSearch(1, **given)) is way


@pytest.mark.parametrize(
    ("name", "rule_name", "is_prefix", "expected"),
    [
        (None, "", True, (None, False)),
        (None, "lamp-", True, ("lamp-", False)),
        ("lamp-1", "lamp-", True, ("lamp-1", False)),
        ("la", "lamp-", True, ("lamp-", False)),
        ("plug", "lamp-", True, None),
        (None, "lamp-1", False, ("lamp-1", True)),
        ("lamp-", "lamp-1", False, ("lamp-1", True)),
        ("lamp-12", "lamp-1", False, None),
    ],
)
def test_names_of_a_rule(
    name: str | None, rule_name: str, is_prefix: bool, expected: tuple[str | None, bool] | None
) -> None:
    """The narrower of two prefixes holds, a whole name must begin with the prefix; else nothing can be found."""
    found = DeviceSearch(1, name=name).narrowed_by(GroupRule("k", rule_name, is_prefix, "", ""))
    assert (found and (found.name, found.is_whole_name)) == expected


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ((), (WHOLE,)),
        ((ANY,), (WHOLE, ANY)),
        ((WHOLE,), (WHOLE,)),
        ((SearchTag("ring", None),), (WHOLE,)),
        ((SearchTag("ring", "late"),), None),
    ],
)
def test_tags_of_a_rule(tags: tuple[SearchTag, ...], expected: tuple[SearchTag, ...] | None) -> None:
    """The rule's tag holds besides that of the call; one key cannot have two values."""
    found = DeviceSearch(1, tags=tags).narrowed_by(GroupRule("k", "", True, "ring", "early"))
    assert (found and found.tags) == expected
