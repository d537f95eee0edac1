"""Groups of devices (api-contract 13.3). A static group holds the devices that were put into it, of any product of the
account; a dynamic one those that its expression describes (`group_expression.py`).
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import NamedTuple

from whimbrel.domain.characters import CJK, LETTERS_DIGITS, counted_length
from whimbrel.domain.group_expression import EVERY_DEVICE, GroupRule

NAME_LENGTH_MIN, NAME_LENGTH_MAX = 4, 30
DESCRIPTION_LENGTH_MAX = 100
GROUP_ID_LENGTH = 16
GROUP_ID_LENGTH_MAX = 64  # longer texts are not looked for; the vendor's ids have 12 to 25
BATCH_DEVICES_MAX = 200
GROUPS_PER_DEVICE_MAX = 10
#: Ours, so that a list of groups, also by a part of their names, is one bounded walk. The vendor allows 1,000.
GROUPS_PER_ACCOUNT_MAX = 10_000
DYNAMIC_GROUPS_PER_ACCOUNT_MAX = 10  # the vendor's; it bounds what asking for a device's groups costs
NESTING_MAX = 5  # ours: a group has at most four above it
#: The vendor's most devices of a group. Larger ones are served, without what has to be counted device by device.
COUNTED_DEVICES_MAX = 20_000
#: A dynamic group of more is not listed and not counted: looking at 10,000 devices takes some 10 ms of the event loop.
MATCHED_DEVICES_MAX = 10_000
_NAME = re.compile(f"[{LETTERS_DIGITS}_{CJK}]+")


class GroupType(StrEnum):
    STATIC = "LINK_PLATFORM"
    DYNAMIC = "LINK_PLATFORM_DYNAMIC"


class GroupDraft(NamedTuple):
    """A group about to be stored. `expression` and `rule` say something of dynamic groups only."""

    account_id: int
    group_id: str
    name: str
    description: str
    super_group_id: str  # empty: a group of the first level
    group_type: GroupType
    created_ms: int
    expression: str = ""
    rule: GroupRule = EVERY_DEVICE


class Group(NamedTuple):
    """A stored group. `id` is the row's, `group_id` what clients name."""

    id: int
    account_id: int
    group_id: str
    name: str
    description: str
    super_group_id: str
    group_type: GroupType
    created_ms: int
    expression: str
    rule: GroupRule

    @property
    def is_dynamic(self) -> bool:
        return self.group_type is GroupType.DYNAMIC


class GroupFilter(NamedTuple):
    """Which groups a list shows: of these types, below this group, with this part in their names in any case."""

    types: frozenset[GroupType] = frozenset({GroupType.STATIC})
    super_group_id: str | None = None
    name_part: str | None = None


class GroupCounts(NamedTuple):
    """How many devices a group has. None: too many to be looked at one by one."""

    devices: int | None
    active: int | None
    online: int | None


def is_valid_name(name: str) -> bool:
    """4 to 30 of letters, digits, `_` and CJK, a CJK character counting 2 (api-contract 13.3)."""
    return _NAME.fullmatch(name) is not None and NAME_LENGTH_MIN <= counted_length(name) <= NAME_LENGTH_MAX
