"""Products: the type of hardware that devices, modules and firmware belong to (api-contract 13.1)."""

from __future__ import annotations

import re
from enum import IntEnum, StrEnum
from typing import NamedTuple

from whimbrel.domain.characters import CJK, LETTERS_DIGITS, counted_length

NAME_LENGTH_MIN, NAME_LENGTH_MAX = 4, 30
DESCRIPTION_LENGTH_MAX = 100
PRODUCT_KEY_LENGTH = 11
_NAME = re.compile(f"[{LETTERS_DIGITS}_{CJK}]+")
RESOURCE_GROUP_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
PRODUCT_KEY = re.compile("[A-Za-z0-9]{1,30}")


class NodeType(IntEnum):
    DEVICE = 0
    GATEWAY = 1


class DataFormat(IntEnum):
    CUSTOM = 0
    ALINK_JSON = 1


class NetType(StrEnum):
    """How its devices reach the network. QueryProduct answers with a number, see `NET_TYPE_NUMBERS`."""

    WIFI = "WIFI"
    CELLULAR = "CELLULAR"
    ETHERNET = "ETHERNET"
    OTHER = "OTHER"


NET_TYPE_NUMBERS = {NetType.WIFI: 3, NetType.CELLULAR: 6, NetType.ETHERNET: 7, NetType.OTHER: 8}


class AuthType(StrEnum):
    SECRET = "secret"  # noqa: S105  a word of the wire
    ID2 = "id2"
    X509 = "x509"


class ProtocolType(StrEnum):
    MODBUS = "modbus"
    OPC_UA = "opc-ua"
    CUSTOMIZE = "customize"
    BLE = "ble"
    ZIGBEE = "zigbee"


class ProductDraft(NamedTuple):
    """A product about to be stored; the optional vendor fields are kept as given and answered back."""

    account_id: int
    product_key: str
    product_secret: str
    name: str
    node_type: int
    data_format: int | None
    net_type: str
    auth_type: str
    protocol_type: str
    commodity_code: str
    description: str
    category_key: str
    validate_type: int
    created_ms: int
    resource_group_id: str = ""


class Product(NamedTuple):
    """A stored product. `device_count` is maintained with the rows it counts."""

    id: int
    account_id: int
    product_key: str
    product_secret: str
    name: str
    node_type: int
    data_format: int | None
    net_type: str
    auth_type: str
    protocol_type: str
    commodity_code: str
    description: str
    category_key: str
    validate_type: int
    created_ms: int
    resource_group_id: str
    device_count: int


def is_valid_name(name: str) -> bool:
    """4 to 30 of letters, digits, `_` and CJK, a CJK character counting 2 (api-contract 13.1)."""
    return _NAME.fullmatch(name) is not None and NAME_LENGTH_MIN <= counted_length(name) <= NAME_LENGTH_MAX
