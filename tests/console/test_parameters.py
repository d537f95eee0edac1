"""From a body to the parameters of a call: one reading, or none (A02)."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whimbrel.console.parameters import JSON_DEPTH_MAX, flattened, read_json, read_parameters
from whimbrel.errors import InvalidParameterError, RequestTooLargeError
from whimbrel.rpc.parameters import FORM_PARAMETERS_MAX, FORM_SIZE_BYTES_MAX, VALUE_SIZE_BYTES_MAX, encode_pairs

JSON = "application/json; charset=utf-8"
FORM = "application/x-www-form-urlencoded"


@pytest.mark.parametrize(
    ("said", "read"),
    [
        ('{"ProductKey":"a1","PageSize":10}', {"ProductKey": "a1", "PageSize": "10"}),
        ('{"TargetDeviceName":["a","b"]}', {"TargetDeviceName.1": "a", "TargetDeviceName.2": "b"}),
        ('{"Tag":[{"TagKey":"k","TagValue":"v"}]}', {"Tag.1.TagKey": "k", "Tag.1.TagValue": "v"}),
        ('{"A.1":"x"}', {"A.1": "x"}),
        ('{"A":true,"B":false,"C":null,"D":"","E":[],"F":{}}', {"A": "true", "B": "false", "D": ""}),
        (
            '{"A":1.50,"B":-0,"C":12345678901234567890,"D":1e3}',
            {"A": "1.50", "B": "-0", "C": "12345678901234567890", "D": "1e3"},
        ),
        ('{"A":"灯 ☃ 😀"}', {"A": "灯 ☃ 😀"}),
        ("{}", {}),
    ],
)
def test_what_json_says(said: str, read: dict[str, str]) -> None:
    """As on the wire: lists from 1, members behind a dot, numbers digit for digit, null not given."""
    assert read_parameters(JSON, said.encode()) == read


@pytest.mark.parametrize(
    "said",
    [
        '{"a":1,"a":1}', '{"A.1":"x","A":["x"]}', '{"A":{"B":1},"A.B":2}', '{"A":NaN}', '{"A":Infinity}',
        '{"A":"\\u0000"}', '{"A":"x\\ny"}', '{"A":"\\u0085"}', '{"A":"\\udc00"}', '{"":1}', '{"a b":1}', '{"é":1}',
        '{"' + "x" * 257 + '":1}', "[]", '"x"', "1", "null", "", "{", '{"A":1}x', '{"A":' + "9" * 5000,
        "[" * 100_000, '{"A":' * 100_000,
    ],
)  # fmt: skip
def test_what_has_no_one_reading(said: str) -> None:
    """Refused with the fact."""
    with pytest.raises(InvalidParameterError):
        read_parameters(JSON, said.encode())


@pytest.mark.parametrize("kind", ["", "text/plain", "multipart/form-data; boundary=x", "application/jsonp"])
def test_other_kinds_of_body(kind: str) -> None:
    """Only what a page of ours sends; what any site's form can send is no JSON."""
    with pytest.raises(InvalidParameterError):
        read_parameters(kind, b"{}")


def nested(depth: int) -> dict[str, Any]:
    inner: Any = "x"
    for _ in range(depth):
        inner = {"a": inner}
    return dict(inner)


def test_I17_limits() -> None:
    """Depth, count, size of a value and of the body: at the limit taken, one more refused."""
    assert flattened(nested(JSON_DEPTH_MAX))
    with pytest.raises(InvalidParameterError):
        flattened(nested(JSON_DEPTH_MAX + 1))
    many = {f"N{number}": "" for number in range(FORM_PARAMETERS_MAX)}
    assert len(flattened(many)) == FORM_PARAMETERS_MAX
    with pytest.raises(RequestTooLargeError):
        flattened({**many, "more": ""})
    assert flattened({"A": "é" * (VALUE_SIZE_BYTES_MAX // 2)})
    with pytest.raises(RequestTooLargeError):
        flattened({"A": "é" * (VALUE_SIZE_BYTES_MAX // 2) + "x"})
    assert read_json(b"{}" + b" " * (FORM_SIZE_BYTES_MAX - 2)) == {}
    with pytest.raises(RequestTooLargeError):
        read_json(b"{}" + b" " * (FORM_SIZE_BYTES_MAX - 1))


@pytest.mark.parametrize("said", ['{"%s": [null]}', '{"A": {"%s": {}}}', '{"A": [{"%s": 1}]}'])
def test_I17_a_long_name_is_not_written_again_for_each_of_its_members(said: str) -> None:
    """It is refused where it stands, also when nothing in it is given."""
    with pytest.raises(InvalidParameterError):
        flattened(json.loads(said % ("x" * 257)))


def test_a_form_is_the_management_doors() -> None:
    """With its limits and refusals."""
    assert read_parameters(FORM, b"A=1&B=%e7%81%af") == {"A": "1", "B": "灯"}
    with pytest.raises(InvalidParameterError):
        read_parameters(FORM, b"A=1&A=1")


_NAMES = st.text("abcXYZ019_-", min_size=1, max_size=8)
_TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), max_size=20)


@given(st.dictionaries(_NAMES, _TEXTS, max_size=8))
def test_json_and_form_say_the_same(parameters: dict[str, str]) -> None:
    """Whatever the texts: which of the two bodies a page sends makes no difference."""
    as_json = read_parameters(JSON, json.dumps(parameters).encode())
    assert as_json == read_parameters(FORM, encode_pairs(parameters.items()).encode()) == parameters


@given(st.binary(max_size=60))
def test_any_bytes(body: bytes) -> None:
    """Read or refused, never anything else."""
    try:
        read = read_parameters(JSON, body)
    except InvalidParameterError:
        return
    assert all(isinstance(text, str) for text in read.values())
