"""Expressions of dynamic groups: what they describe, and what is refused."""

from __future__ import annotations

import pytest

from whimbrel.domain.group_expression import (
    CONDITIONS_MAX,
    EXPRESSION_LENGTH_MAX,
    GroupExpressionError,
    GroupRule,
    parse_group_expression,
)

PRODUCT = 'product_key = "a1lamp"'


@pytest.mark.parametrize(
    ("expression", "rule"),
    [
        (PRODUCT, GroupRule("a1lamp", "", True, "", "")),
        ("product_key='a1lamp'", GroupRule("a1lamp", "", True, "", "")),
        (f'{PRODUCT} and name LIKE "test%"', GroupRule("a1lamp", "test", True, "", "")),
        (f'name like "te_t%" AND {PRODUCT}', GroupRule("a1lamp", "te_t", True, "", "")),
        (f'{PRODUCT} and name = "test-1"', GroupRule("a1lamp", "test-1", False, "", "")),
        (
            f'{PRODUCT} and tag.tag_name = "room" and tag.tag_value = "会议 1"',
            GroupRule("a1lamp", "", True, "room", "会议 1"),
        ),
        (
            f'tag.tag_value="1" and name LIKE "t%" and {PRODUCT} and tag.tag_name="room"',
            GroupRule("a1lamp", "t", True, "room", "1"),
        ),
        (f"  {PRODUCT}\n", GroupRule("a1lamp", "", True, "", "")),
    ],
)
def test_what_expressions_describe(expression: str, rule: GroupRule) -> None:
    """Conditions in any order, words in any case, texts in either quotes; `_` stands for itself."""
    assert parse_group_expression(expression) == rule


@pytest.mark.parametrize(
    ("expression", "fault"),
    [
        ("", "at character 1 a field"),
        ('name = "test"', "product_key"),
        (f'{PRODUCT} or name = "test"', "at character 24 and is expected"),
        (f"{PRODUCT} and", "a field is expected"),
        (f"{PRODUCT} and {PRODUCT}", "twice"),
        (f'({PRODUCT}) and name = "x"', "at character 1 a field"),
        (f"not {PRODUCT}", "at character 1 product_key"),
        (f'{PRODUCT} and nickname = "x"', "product_key, name"),
        ("product_key = a1lamp", "a text in quotes"),
        ('product_key = "a1lamp', "a text in quotes"),
        ("product_key = \"a1lamp'", "a text in quotes"),
        ('product_key LIKE "a1%"', "= is expected"),
        ('product_key <> "a1lamp"', "= is expected"),
        ('product_key = "a1 lamp"', "letters and digits"),
        (f'{PRODUCT} and name LIKE "test"', "must end in %"),
        (f'{PRODUCT} and name LIKE "%test%"', "characters that device names have"),
        (f'{PRODUCT} and name LIKE "%"', "1 to 32"),
        (f'{PRODUCT} and name LIKE "{"x" * 33}%"', "1 to 32"),
        (f'{PRODUCT} and name = "a\\"b"', "a text in quotes"),
        (f'{PRODUCT} and tag.tag_name = "room"', "belong together"),
        (f'{PRODUCT} and tag.tag_value = "1"', "belong together"),
        (f'{PRODUCT} and tag.tag_name = "" and tag.tag_value = "1"', "not what a device's tag can be"),
        (f'{PRODUCT} and tag.tag_name = "abc" and tag.tag_value = "1"', "not what a device's tag can be"),
        (f"{PRODUCT} limit 10", "and is expected"),
        (f"{PRODUCT}; drop table device", "and is expected"),
    ],
)
def test_what_is_refused(expression: str, fault: str) -> None:
    """Everything outside the grammar, with words that say where."""
    with pytest.raises(GroupExpressionError, match=fault):
        parse_group_expression(expression)


@pytest.mark.parametrize("length", [EXPRESSION_LENGTH_MAX - 1, EXPRESSION_LENGTH_MAX])
def test_longest_expressions(length: int) -> None:
    """400 characters are read."""
    assert parse_group_expression(PRODUCT.ljust(length)).product_key == "a1lamp"


def test_longer_expressions() -> None:
    """401 are not."""
    with pytest.raises(GroupExpressionError, match="401 characters"):
        parse_group_expression(PRODUCT.ljust(EXPRESSION_LENGTH_MAX + 1))


def test_conditions_are_bounded() -> None:
    """A sixth condition is refused as such, before anything is said of it."""
    fields = ["product_key", "name", "tag.tag_name", "tag.tag_value", "name", "nothing"]
    assert len(fields) == CONDITIONS_MAX + 1
    expression = " and ".join(f'{field} = "x"' for field in fields)
    with pytest.raises(GroupExpressionError, match="more than 5 conditions"):
        parse_group_expression(expression)
