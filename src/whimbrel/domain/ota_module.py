"""OTA modules: the parts of a device that are upgraded apart from each other (api-contract 9).

Every product has the module `default`, which is no row and never changes. Devices may report versions for any module
name, also for one that is created later (device-protocol 3).
"""

from __future__ import annotations

import re
from typing import NamedTuple

from whimbrel.domain.characters import CJK, LETTERS_DIGITS

DEFAULT_MODULE = "default"
MODULE_NAME = re.compile(r"[A-Za-z0-9._-]{1,64}")
ALIAS_NAME = re.compile(f"[{LETTERS_DIGITS}._{CJK}-]{{1,64}}")
MODULE_DESCRIPTION_LENGTH_MAX = 100
MODULES_PER_DEVICE_MAX = 64  # ours: a device that invents module names must not grow the store without bound (I17)
MODULES_PER_PRODUCT_MAX = 256  # ours: their list has no pages; the vendor's quota of 10 is a setting (api-contract 14)


class OtaModuleDraft(NamedTuple):
    """A module about to be stored."""

    product_id: int
    name: str
    alias: str
    description: str
    created_ms: int


class OtaModule(NamedTuple):
    """A module that was created for a product."""

    id: int
    product_id: int
    name: str
    alias: str
    description: str
    created_ms: int
    modified_ms: int


def folded_name(name: str) -> str:
    """What must be unique in a product: `scanner` and `Scanner` cannot both be (api-contract 9.1)."""
    return name.lower()
