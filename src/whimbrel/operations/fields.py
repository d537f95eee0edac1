"""How a request or response field is declared: its sentence, its limits and its spelling on the wire.

The wire name is derived from the attribute's name (`product_key` is `ProductKey` and `productKey`); only an irregular
spelling is written down here (style-anchors 3.3).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from whimbrel.errors import BusinessError, OtaInvalidParameterError


@dataclass(frozen=True)
class Field:
    """Annotated metadata of one field. Lengths count characters; `items_max` bounds a list.

    A value outside its limits raises `error`, an `iot.…` business error (api-contract 5.3: a missing required
    parameter is refused by the gate with HTTP 400, a bad value by the operation with HTTP 200).
    """

    meaning: str
    minimum: int | None = None
    maximum: int | None = None
    length_min: int | None = None
    length_max: int | None = None
    pattern: re.Pattern[str] | None = None
    items_max: int | None = None
    any_case: bool = False  # an enumeration whose spelling on the wire varies in case
    is_secret: bool = False
    wire: str | None = None  # the PascalCase spelling where it is irregular
    camel: tuple[str, ...] = ()  # the lowerCamelCase spellings where they are irregular
    error: type[BusinessError] = OtaInvalidParameterError
    items_error: type[BusinessError] = OtaInvalidParameterError  # for a list with more than `items_max` entries


def wire_name(attribute: str) -> str:
    """`product_key` to `ProductKey`."""
    return "".join(part.capitalize() for part in attribute.split("_"))


def camel_name(attribute: str) -> str:
    """`product_key` to `productKey`."""
    first, *rest = attribute.split("_")
    return first + "".join(part.capitalize() for part in rest)
