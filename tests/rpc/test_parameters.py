"""Parsing and writing of query strings and form bodies (threat-model 3, A02; api-contract 1.1 and 3.1)."""

from __future__ import annotations

from urllib.parse import quote, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whimbrel.errors import GatewayError, InvalidParameterError, RequestTooLargeError
from whimbrel.rpc import parameters as module
from whimbrel.rpc.parameters import (
    FORM,
    FORM_PARAMETERS_MAX,
    FORM_SIZE_BYTES_MAX,
    PARAMETERS_MAX,
    QUERY,
    QUERY_SIZE_BYTES_MAX,
    VALUE_SIZE_BYTES_MAX,
    encode_pairs,
    merge_pairs,
    parse_pairs,
    percent_encode,
    resolve_aliases,
)

NAMES = st.text("abcXYZ019._-", min_size=1, max_size=12)
VALUES = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=40)
MAPS = st.dictionaries(NAMES, VALUES, max_size=12)
ALIASES = {"FirmwareID": "FirmwareId", "FirmwareUid": "FirmwareId"}


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"", {}),
        (b"a=1", {"a": "1"}),
        (b"a=1&b=2", {"a": "1", "b": "2"}),
        (b"SignatureType=&a=1", {"SignatureType": "", "a": "1"}),
        (b"a", {"a": ""}),
        (b"&a=1&&b=2&", {"a": "1", "b": "2"}),
        (b"a=1+2", {"a": "1 2"}),
        (b"a=1%2B2", {"a": "1+2"}),
        (b"a=b=c==", {"a": "b=c=="}),
        (b"a=%3a%3A", {"a": "::"}),
        (b"a=%253A", {"a": "%3A"}),
        (b"a=x%26b=1", {"a": "x&b=1"}),
        (b"%41.1=x", {"A.1": "x"}),
        (b"a=1;b=2", {"a": "1;b=2"}),
        (b"a=%E4%BC%A0", {"a": "传"}),
        ("a=传".encode(), {"a": "传"}),
        (b"a=%7E~", {"a": "~~"}),
        (b"a=1&A=2", {"a": "1", "A": "2"}),
    ],
)
def test_reads_form_encoding(raw: bytes, expected: dict[str, str]) -> None:
    """Blank values stay, `+` is a space, escapes are UTF-8, the first `=` divides, only `&` separates."""
    assert parse_pairs(raw, QUERY) == expected
    assert parse_pairs(raw, FORM) == expected


@pytest.mark.parametrize(
    ("raw", "name", "fact"),
    [
        (b"a=1&a=1", None, "a is given again at byte 4 of the query"),
        (b"a=1&b=2&%61=3", None, "a is given again at byte 8 of the query"),
        (b"a&a", None, "a is given again at byte 2 of the query"),
        (b"a=1&b=%", None, "byte 6 of the query is a % without two hex digits"),
        (b"a=%4", None, "byte 2 of the query is a %"),
        (b"a=%G1", None, "byte 2 of the query is a %"),
        (b"a=%u4f20", None, "byte 2 of the query is a %"),
        (b"a=%+1", None, "byte 2 of the query is a %"),
        (b"a=%\xd9\xa1\xd9\xa1", None, "byte 2 of the query is a %"),
        (b"%4=1", None, "byte 0 of the query is a %"),
        (b"=1", None, "the parameter name at byte 0 of the query is empty"),
        (b"b=1&=", None, "the parameter name at byte 4 of the query is empty"),
        (b"a[0]=1", None, "the parameter name at byte 0 of the query has characters other than"),
        (b"a+b=1", None, "has characters other than"),
        (b"a%00b=1", None, "has characters other than"),
        (b"a%0A=1", None, "has characters other than"),
        (b"a\n=1", None, "has characters other than"),
        ("名=1".encode(), None, "has characters other than"),
        ("a.１=1".encode(), None, "has characters other than"),
        (b"%ff=1", None, "the parameter name at byte 0 of the query is not valid UTF-8"),
        (b"a=%ff", "a", "the value of a is not valid UTF-8"),
        (b"a=%fe", "a", "the value of a is not valid UTF-8"),
        (b"a=\xff", "a", "the value of a is not valid UTF-8"),
        (b"a=%C0%AF", "a", "the value of a is not valid UTF-8"),
        (b"a=%ED%A0%80", "a", "the value of a is not valid UTF-8"),
        (b"a=%F4%90%80%80", "a", "the value of a is not valid UTF-8"),
        (b"a=%E4%BC", "a", "the value of a is not valid UTF-8"),
        (b"a=%00", "a", "the value of a has a control character"),
        (b"a=x%0d%0ay", "a", "the value of a has a control character"),
        (b"a=%09", "a", "the value of a has a control character"),
        (b"a=x\n", "a", "the value of a has a control character"),
        (b"a=\x00", "a", "the value of a has a control character"),
        (b"a=%1F", "a", "the value of a has a control character"),
        (b"a=%7F", "a", "the value of a has a control character"),
        (b"a=%C2%80", "a", "the value of a has a control character"),
        (b"a=%C2%9F", "a", "the value of a has a control character"),
    ],
)
def test_A02_refuses_what_has_two_readings(raw: bytes, name: str | None, fact: str) -> None:
    """Repeated names, broken escapes, invalid UTF-8, control characters and odd names are refused, saying where."""
    with pytest.raises(InvalidParameterError) as caught:
        parse_pairs(raw)
    assert caught.value.parameter == name
    assert fact in caught.value.message


@pytest.mark.parametrize("character", ["%20", "%7E", "%C2%A0"])
def test_neighbours_of_control_characters_are_text(character: str) -> None:
    """The characters just outside the C0, DEL and C1 ranges are accepted."""
    assert len(parse_pairs(f"a={character}".encode())["a"]) == 1


def test_errors_do_not_echo_unbounded_input() -> None:
    """A name of up to 64 characters is repeated in an error, a longer one is only counted; a value never."""
    with pytest.raises(InvalidParameterError) as caught:
        parse_pairs(b"n" * 64 + b"=secret%00")
    assert caught.value.parameter == "n" * 64
    assert "secret" not in caught.value.message
    with pytest.raises(InvalidParameterError) as caught:
        parse_pairs(b"n" * 65 + b"=secret%00")
    assert caught.value.parameter is None
    assert "a parameter whose name has 65 characters" in caught.value.message


@pytest.mark.parametrize("separator", [b"&", b"=1&"])
@pytest.mark.parametrize(("source", "count_max"), [(QUERY, PARAMETERS_MAX), (FORM, FORM_PARAMETERS_MAX)])
def test_number_of_parameters_is_limited(separator: bytes, source: module.Source, count_max: int) -> None:
    """A query has at most 2,000 parameters, a form body 20,100, which is 10,000 names with nicknames and some more."""
    for count in (count_max - 1, count_max):
        raw = separator.join(b"p%d" % index for index in range(count))
        assert len(parse_pairs(raw, source)) == count
    raw = separator.join(b"p%d" % index for index in range(count_max + 1))
    with pytest.raises(RequestTooLargeError, match=f"more than {count_max} parameters"):
        parse_pairs(raw, source)


def test_number_of_parameters_is_limited_over_query_and_form() -> None:
    """100 in the query and 20,000 in the form body are read, one more is refused."""
    query = {f"q{index}": "" for index in range(100)}
    form = {f"f{index}": "" for index in range(20_000)}
    assert len(merge_pairs(query, dict(list(form.items())[1:]))) == FORM_PARAMETERS_MAX - 1
    assert len(merge_pairs(query, form)) == FORM_PARAMETERS_MAX
    with pytest.raises(RequestTooLargeError, match="together"):
        merge_pairs(query, {**form, "one.more": ""})


@pytest.mark.parametrize("unit", [b"x", b"%78", b"+"])
def test_size_of_a_value_is_limited(unit: bytes) -> None:
    """A value of 8 KiB after decoding is read, however it was escaped; one byte more is refused."""
    for size in (VALUE_SIZE_BYTES_MAX - 1, VALUE_SIZE_BYTES_MAX):
        assert len(parse_pairs(b"a=" + unit * size)["a"]) == size
    with pytest.raises(RequestTooLargeError, match="the value of a is longer than 8192 bytes"):
        parse_pairs(b"a=" + unit * (VALUE_SIZE_BYTES_MAX + 1))


def test_size_of_a_value_counts_utf8_bytes() -> None:
    """2,730 three-byte characters are 8,190 bytes and fit with two letters more, not with three."""
    text = "传" * 2_730
    assert parse_pairs(f"a={text}xx".encode())["a"] == f"{text}xx"
    with pytest.raises(RequestTooLargeError):
        parse_pairs(f"a={text}xxx".encode())


@pytest.mark.parametrize(
    ("source", "size_max"), [(QUERY, QUERY_SIZE_BYTES_MAX), (FORM, FORM_SIZE_BYTES_MAX)], ids=["query", "form"]
)
def test_size_of_a_source_is_limited(source: module.Source, size_max: int) -> None:
    """A query of 64 KiB and a form body of 1 MiB are read; one byte more is refused."""
    pieces = [b"p%03d=%s&" % (index, b"v" * 7_000) for index in range(size_max // 7_010)]
    start = b"".join(pieces)
    for size in (size_max - 1, size_max):
        raw = start + b"last=" + b"v" * (size - len(start) - 5)
        assert len(raw) == size
        assert len(parse_pairs(raw, source)) == len(pieces) + 1
    with pytest.raises(RequestTooLargeError, match=f"the {source.name} has more than {size_max} bytes"):
        parse_pairs(start + b"last=" + b"v" * (size_max + 1 - len(start) - 5), source)


def test_merging_refuses_a_name_in_query_and_form() -> None:
    """The same name in query and form body is refused, even with the same value."""
    assert merge_pairs({"a": "1"}, {"b": "2"}) == {"a": "1", "b": "2"}
    assert merge_pairs({"a": "1"}, {}) == {"a": "1"}
    with pytest.raises(InvalidParameterError, match="a is in the query and again in the form body"):
        merge_pairs({"a": "1"}, {"b": "2", "a": "1"})


def test_duplicate_names_have_the_contracts_code() -> None:
    """api-contract 1.1: a parameter present twice is `InvalidParameter`, without a suffix."""
    with pytest.raises(InvalidParameterError) as in_the_query:
        parse_pairs(b"a=1&a=2")
    with pytest.raises(InvalidParameterError) as in_both:
        merge_pairs({"a": "1"}, {"a": "1"})
    with pytest.raises(InvalidParameterError) as by_alias:
        resolve_aliases({"FirmwareID": "1", "FirmwareId": "1"}, ALIASES)
    for caught in (in_the_query, in_both, by_alias):
        assert caught.value.code == "InvalidParameter"


def test_aliases_are_resolved_and_the_signed_map_is_left_alone() -> None:
    """The handler's map has the real name, the signed map the name as sent."""
    signed = {"Action": "X", "FirmwareID": "167"}
    assert resolve_aliases(signed, ALIASES) == {"Action": "X", "FirmwareId": "167"}
    assert signed == {"Action": "X", "FirmwareID": "167"}
    assert resolve_aliases({"FirmwareId": "1"}, ALIASES) == {"FirmwareId": "1"}


@pytest.mark.parametrize(
    "names", [("FirmwareID", "FirmwareId"), ("FirmwareId", "FirmwareID"), ("FirmwareID", "FirmwareUid")]
)
def test_A02_a_parameter_under_two_of_its_names_is_refused(names: tuple[str, str]) -> None:
    """A name and its alias, or two aliases of one name, are a duplicate."""
    with pytest.raises(InvalidParameterError, match="FirmwareId is given twice"):
        resolve_aliases(dict.fromkeys(names, "1"), ALIASES)


@given(MAPS)
def test_reads_back_what_was_encoded(pairs: dict[str, str]) -> None:
    """Any map survives RFC 3986 encoding and form encoding, CJK and reserved characters included."""
    assert parse_pairs(encode_pairs(pairs.items()).encode()) == pairs
    assert parse_pairs(urlencode(pairs).encode(), FORM) == pairs


@given(VALUES)
def test_percent_encode_is_rfc_3986(text: str) -> None:
    """Only unreserved characters stay; `/`, `*`, `+` and the space are escaped."""
    assert percent_encode(text) == quote(text, safe="")


def test_percent_encode_of_the_contracts_characters() -> None:
    """api-contract 3.1, step 3."""
    assert percent_encode("aZ09-_.~ */+传") == "aZ09-_.~%20%2A%2F%2B%E4%BC%A0"
    assert percent_encode("a\n") == "a%0A"
    assert percent_encode("١") == "%D9%A1"


PIECES = b"a B . = & % %3A %2b %26 %E4%BC%A0 %ff %00 + / \n \xff".split(b" ")
RAW = st.lists(st.sampled_from(PIECES), max_size=16).map(b"".join)


@given(RAW | st.binary(max_size=40))
def test_any_bytes_are_read_or_refused(raw: bytes) -> None:
    """No input raises anything but a gateway error; what is read has legal names and no control characters."""
    try:
        pairs = parse_pairs(raw)
    except GatewayError:
        return
    for name, value in pairs.items():
        assert module._is_name(name)
        assert not module.has_control_character(value)
        value.encode("utf-8")


@given(RAW)
def test_the_fast_path_reads_what_the_careful_one_reads(raw: bytes) -> None:
    """Both paths give the same map wherever the fast one gives one."""
    pairs = module._parse_plain(raw)
    if pairs is not None:
        assert pairs == module._parse_carefully(raw, QUERY)


def test_the_fast_path_takes_the_calls_that_are_common() -> None:
    """The seed's call with its escaped Timestamp and Signature is read on the fast path."""
    raw = b"Action=ListOTAFirmware&Timestamp=2024-11-19T09%3A47%3A43Z&Signature=bGyBn27SVWvJ%2BtTqbloaAqa0hj8%3D&P=a+b"
    assert module._parse_plain(raw) == {
        "Action": "ListOTAFirmware",
        "Timestamp": "2024-11-19T09:47:43Z",
        "Signature": "bGyBn27SVWvJ+tTqbloaAqa0hj8=",
        "P": "a b",
    }
