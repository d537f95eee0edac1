"""Which devices a list shows, and along which list of the store they are looked for (ADR 0059).

Every list of devices is ordered by the id of the device, so a place in one is a place in all: which of them is walked
may change from page to page.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from whimbrel.domain.device import DeviceStatus
from whimbrel.domain.group_expression import GroupRule
from whimbrel.domain.ota_module import DEFAULT_MODULE

LOOKED_MAX = 20_000  # devices looked at in one call, one by one: some 60 ms on SQLite, in pieces of 2 to 6 ms
NAMES_MAX = 10_000  # of names with a prefix, or of devices with a tag's key: as many are put in order for each page
NAMED_PRODUCTS_MAX = 1_000  # of an account with more, names are not looked up product by product
SEARCH_TAGS_MAX = 2  # one of the call, one of a dynamic group's rule


class SearchTag(NamedTuple):
    """A tag that a device must have; `value` None for any value."""

    key: str
    value: str | None


class DeviceSearch(NamedTuple):
    """What must hold of a device; None and empty narrow nothing.

    `name`: what the device's name begins with, or is, with `is_whole_name`. `text`: a part of its name or nickname, in
    any case. `quiet_ms`: not connected and not heard since then. `version` and `never_reported` are of `module_name`.
    """

    account_id: int
    product_id: int | None = None
    status: DeviceStatus | None = None
    name: str | None = None
    is_whole_name: bool = False
    text: str | None = None
    module_name: str = DEFAULT_MODULE
    version: str | None = None
    never_reported: bool = False
    group_row_id: int | None = None
    tags: tuple[SearchTag, ...] = ()
    quiet_ms: int | None = None

    @property
    def narrows(self) -> frozenset[str]:
        """The filters that narrow it, besides the account."""
        given = self._asdict()
        for always in ("account_id", "module_name", "is_whole_name"):
            del given[always]
        return frozenset(name for name, value in given.items() if value not in (None, (), False))

    def narrowed_by(self, rule: GroupRule) -> DeviceSearch | None:
        """Only what a dynamic group's rule holds too, besides its product; None when nothing can."""
        search = self._with_name(rule)
        return search and search._with_tag(rule)

    def _with_name(self, rule: GroupRule) -> DeviceSearch | None:
        mine = self.name or ""
        if not rule.is_prefix:
            return self._replace(name=rule.name, is_whole_name=True) if rule.name.startswith(mine) else None
        if mine.startswith(rule.name):
            return self
        return self._replace(name=rule.name) if rule.name.startswith(mine) else None

    def _with_tag(self, rule: GroupRule) -> DeviceSearch | None:
        if not rule.tag_key:
            return self
        same = next((tag for tag in self.tags if tag.key == rule.tag_key), None)
        if same is not None and same.value not in (None, rule.tag_value):
            return None
        others = tuple(tag for tag in self.tags if tag.key != rule.tag_key)
        return self._replace(tags=(SearchTag(rule.tag_key, rule.tag_value), *others))


class Way(StrEnum):
    """A list that the store keeps in the order of ids, which a search may walk. Its devices are counted, but for NAMES
    and TAG_KEY, which are only taken while they are short.
    """

    ACCOUNT = "account"
    ACCOUNT_STATE = "account_state"
    PRODUCT = "product"
    PRODUCT_STATE = "product_state"
    VERSION = "version"
    GROUP = "group"
    TAG = "tag"
    NAMES = "names"
    ACCOUNT_NAMES = "account_names"
    TAG_KEY = "tag_key"


#: What each counted way holds of a search already. A search that asks for nothing else is the list itself.
HELD = {
    Way.ACCOUNT: frozenset[str](),
    Way.ACCOUNT_STATE: frozenset({"status"}),
    Way.PRODUCT: frozenset({"product_id"}),
    Way.PRODUCT_STATE: frozenset({"product_id", "status"}),
    Way.VERSION: frozenset({"product_id", "version"}),
    Way.GROUP: frozenset({"group_row_id"}),
    Way.TAG: frozenset({"tags"}),
}


def counted_ways(search: DeviceSearch) -> list[Way]:
    """Those that lead past every device of the search, and say how many there are to pass."""
    narrows, has_whole_tag = search.narrows, any(tag.value is not None for tag in search.tags)
    return [way for way, held in HELD.items() if held <= narrows and (way is not Way.TAG or has_whole_tag)]


def collected_way(search: DeviceSearch) -> Way | None:
    """The one that must be looked at to know how long it is: the names of one product or of all, or a tag's key."""
    if search.name is not None:
        return Way.NAMES if search.product_id is not None else Way.ACCOUNT_NAMES
    return Way.TAG_KEY if any(tag.value is None for tag in search.tags) else None


def is_the_list(search: DeviceSearch, way: Way) -> bool:
    """Whether every device of the way is found, and no other."""
    is_one_tag = len(search.tags) < SEARCH_TAGS_MAX and all(tag.value is not None for tag in search.tags)
    return search.narrows == HELD.get(way) and is_one_tag
