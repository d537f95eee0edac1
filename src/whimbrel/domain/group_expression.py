"""What devices a dynamic group holds, from the expression of CreateDeviceDynamicGroup (api-contract 13.3).

    expression = condition { "and" condition }
    condition  = "product_key" "=" text                 needed, once
               | "name" ( "=" text | "LIKE" text )      once; the text of LIKE ends in its only %
               | "tag.tag_name" "=" text "and" "tag.tag_value" "=" text     once; the two in any place
    text       = '"' characters without quotes '"', or the same in single quotes

Words are read in any case. Bounded: characters, conditions; there is no nesting, no `or` and no escape to get wrong.
What is outside this grammar is refused with the place where it begins, never guessed.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from whimbrel.domain.device_tag import is_valid_key, is_valid_value
from whimbrel.domain.product import PRODUCT_KEY

EXPRESSION_LENGTH_MAX = 400  # the vendor's limit of such texts, as is the next
CONDITIONS_MAX = 5
PREFIX_MARK = "%"
_TOKEN = re.compile(r"\s*(?:(?P<word>[A-Za-z_.]{1,32})|(?P<sign>=)|(?P<quote>[\"'])(?P<text>[^\"'\\]*)(?P=quote))")
_NAME = re.compile(r"[A-Za-z0-9\-_@.:]{1,32}")


class GroupRule(NamedTuple):
    """Devices of the product whose name is, or begins with, `name`, and that have the tag unless `tag_key` is empty."""

    product_key: str
    name: str
    is_prefix: bool
    tag_key: str
    tag_value: str

    @property
    def is_whole_product(self) -> bool:
        return self.is_prefix and not self.name and not self.tag_key


EVERY_DEVICE = GroupRule("", "", True, "", "")


class GroupExpressionError(ValueError):
    """The expression is outside the grammar; the text says where and what was expected."""


class _Condition(NamedTuple):
    field: str
    operator: str
    text: str


def parse_group_expression(expression: str) -> GroupRule:
    """The rule that the expression describes. Raises GroupExpressionError."""
    if len(expression) > EXPRESSION_LENGTH_MAX:
        raise GroupExpressionError(f"it has {len(expression)} characters, at most {EXPRESSION_LENGTH_MAX} are allowed")
    given: dict[str, _Condition] = {}
    for condition in _conditions(expression):
        if condition.field in given:
            raise GroupExpressionError(f"{condition.field} has a condition twice")
        given[condition.field] = condition
    if "product_key" not in given:
        raise GroupExpressionError('a condition product_key = "..." is needed')
    if ("tag.tag_name" in given) != ("tag.tag_value" in given):
        raise GroupExpressionError("tag.tag_name and tag.tag_value belong together")
    name, is_prefix = _name(given.get("name"))
    tag_key, tag_value = (given[field].text if field in given else "" for field in ("tag.tag_name", "tag.tag_value"))
    if "tag.tag_name" in given and not (is_valid_key(tag_key) and is_valid_value(tag_value)):
        raise GroupExpressionError("tag.tag_name or tag.tag_value is not what a device's tag can be")
    product_key = given["product_key"].text
    if PRODUCT_KEY.fullmatch(product_key) is None:
        raise GroupExpressionError("product_key must have letters and digits only")
    return GroupRule(product_key, name, is_prefix, tag_key, tag_value)


def _name(condition: _Condition | None) -> tuple[str, bool]:
    if condition is None:
        return "", True
    is_prefix = condition.operator == "like"
    text = condition.text
    if is_prefix:
        if not text.endswith(PREFIX_MARK):
            raise GroupExpressionError(f"the text after LIKE must end in {PREFIX_MARK}")
        text = text[:-1]
    if _NAME.fullmatch(text) is None:
        raise GroupExpressionError("name must have 1 to 32 of the characters that device names have")
    return text, is_prefix


def _conditions(expression: str) -> list[_Condition]:
    found: list[_Condition] = []
    at = 0
    while True:
        if len(found) == CONDITIONS_MAX:
            raise GroupExpressionError(f"it has more than {CONDITIONS_MAX} conditions")
        condition, at = _condition(expression, at)
        found.append(condition)
        if not expression[at:].strip():
            return found
        start = at
        word, at = _take(expression, at, "word", "and")
        if word.lower() != "and":
            raise _unexpected(expression, start, "and")


def _condition(expression: str, at: int) -> tuple[_Condition, int]:
    start = at
    field, at = _take(expression, at, "word", "a field")
    field = field.lower()
    if field not in ("product_key", "name", "tag.tag_name", "tag.tag_value"):
        raise _unexpected(expression, start, "product_key, name, tag.tag_name or tag.tag_value")
    operator, at = _operator(expression, at, may_like=field == "name")
    text, at = _take(expression, at, "text", "a text in quotes")
    return _Condition(field, operator, text), at


def _operator(expression: str, at: int, *, may_like: bool) -> tuple[str, int]:
    expected = "= or LIKE" if may_like else "="
    match = _TOKEN.match(expression, at)
    if match is not None and match["sign"]:
        return "=", match.end()
    if match is not None and may_like and (match["word"] or "").lower() == "like":
        return "like", match.end()
    raise _unexpected(expression, at, expected)


def _take(expression: str, at: int, kind: str, expected: str) -> tuple[str, int]:
    match = _TOKEN.match(expression, at)
    if match is None or match[kind] is None:
        raise _unexpected(expression, at, expected)
    return match[kind], match.end()


def _unexpected(expression: str, at: int, expected: str) -> GroupExpressionError:
    at += len(expression[at:]) - len(expression[at:].lstrip())
    return GroupExpressionError(f"at character {at + 1} {expected} is expected")
