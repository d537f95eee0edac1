"""Tags of devices: Props read strictly, and what keys and values may be."""

from __future__ import annotations

import pytest

from whimbrel.domain.device_tag import DeviceTag, PropsError, is_valid_key, is_valid_value, parse_props, props_text


def test_props() -> None:
    """A JSON object of texts, in its order; the answer is one, too."""
    tags = parse_props('{"b":"2", "a" : "\\u4e2d"}')
    assert tags == (DeviceTag("b", "2"), DeviceTag("a", "中"))
    assert props_text(dict(tags)) == '{"a":"中","b":"2"}'
    assert parse_props("{}") == ()
    assert props_text({}) == "{}"


@pytest.mark.parametrize(
    "props",
    [
        "",
        "x",
        "null",
        "[]",
        '"a"',
        '{"a":1}',
        '{"a":null}',
        '{"a":true}',
        '{"a":NaN}',
        '{"a":{"b":"c"}}',
        '{"a":{}}',
        '{"a":["b"]}',
        '{"a":"1","a":"1"}',
        '{"a":"1","\\u0061":"2"}',
        '{"a":"1"}{',
        '{"a":"1",}',
        "{'a':'1'}",
        "[" * 2_500,
        '{"a":' * 1_000,
        '{"a":' + "9" * 5_000 + "}",
    ],
)
def test_what_is_not_props(props: str) -> None:
    """Anything else, a key twice, and what a parser could stumble over."""
    with pytest.raises(PropsError):
        parse_props(props)


@pytest.mark.parametrize(
    ("key", "is_valid"),
    [
        ("a", True),
        ("A.b_c-9", True),
        ("x" * 32, True),
        ("x" * 33, False),
        ("", False),
        ("abc", False),
        ("abcd", True),
        ("a b", False),
        ("a:b", False),
        ("颜色", False),
        ("a\n", False),
    ],
)
def test_keys(key: str, is_valid: bool) -> None:
    """1 to 32 letters, digits and `. _ -`, but not the reserved `abc`."""
    assert is_valid_key(key) is is_valid


@pytest.mark.parametrize(
    ("value", "is_valid"),
    [
        ("", False),
        ("1", True),
        ("a b:c/d'e\"f", True),
        ("x" * 128, True),
        ("x" * 129, False),
        ("红" * 64, True),
        ("红" * 64 + "x", False),
        ("a\nb", False),
        ("\x00", False),
        ("\ud800", False),
        ("\u202e", False),
    ],
)
def test_values(value: str, is_valid: bool) -> None:
    """1 to 128 printable characters, one beyond ASCII counting 2."""
    assert is_valid_value(value) is is_valid
