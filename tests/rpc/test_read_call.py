"""What `read_call` accepts as a request, and the order and errors of its checks (api-contract 3.2, threat-model 3)."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whimbrel import errors
from whimbrel.rpc.dialect import Case, ResponseFormat
from whimbrel.rpc.parameters import FORM_SIZE_BYTES_MAX, QUERY_SIZE_BYTES_MAX
from whimbrel.rpc.signature import answer_style, read_call, sign_v1, signature_matches, string_to_sign_v1
from whimbrel.rpc.signed_call import RawRequest

SECRET = "testAccessKeySecret"
FORM_HEADER = (b"content-type", b"application/x-www-form-urlencoded")
CALL = {
    "Action": "ListOTAFirmware",
    "AccessKeyId": "testAccessKeyId",
    "SignatureMethod": "HMAC-SHA1",
    "Timestamp": "2024-11-19T09:47:43Z",
    "SignatureNonce": "9e6189124f5a4716ad2de849467b0001",
    "PageSize": "10",
}


def signed(parameters: dict[str, str], method: str = "GET") -> dict[str, str]:
    return {**parameters, "Signature": sign_v1(SECRET, string_to_sign_v1(method, parameters))}


def get(parameters: dict[str, str], *headers: tuple[bytes, bytes]) -> RawRequest:
    return RawRequest("GET", b"/", urlencode(parameters).encode(), headers, b"")


def post(query: dict[str, str], body: bytes, *headers: tuple[bytes, bytes]) -> RawRequest:
    return RawRequest("POST", b"/", urlencode(query).encode(), headers or (FORM_HEADER,), body)


# ---- bodies ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("content_type", [b"application/json", b"text/xml", b"application/x-www-form-urlencodedx"])
def test_other_bodies_are_no_part_of_the_call(content_type: bytes) -> None:
    """A JSON or XML body is neither signed nor read (api-contract 3.1)."""
    call = read_call(post(signed(CALL, "POST"), b"PageSize=99", (b"content-type", content_type)))
    assert call.parameters == CALL
    assert signature_matches(call, SECRET)


def test_a_body_without_content_type_is_no_part_of_the_call() -> None:
    """Without a content type nothing says that the body is a form."""
    call = read_call(post(signed(CALL, "POST"), b"PageSize=99", (b"host", b"x")))
    assert call.parameters == CALL


def test_A02_two_content_types_are_refused() -> None:
    """A body that is a form by one header and none by another has two readings."""
    headers = (FORM_HEADER, (b"content-type", b"text/plain"))
    with pytest.raises(errors.InvalidParameterError, match="Content-Type"):
        read_call(post(signed(CALL, "POST"), b"X=1", *headers))


@pytest.mark.parametrize("content_type", [FORM_HEADER[1], b"application/json"])
def test_size_of_a_body_is_limited(content_type: bytes) -> None:
    """1 MiB is read, one byte more is refused, whatever the body is."""
    start = b"".join(b"X%d=%s&" % (index, b"v" * 8_000) for index in range(130))
    header = (b"content-type", content_type)
    query = signed(CALL, "POST")
    for size in (FORM_SIZE_BYTES_MAX - 1, FORM_SIZE_BYTES_MAX):
        read_call(post(query, start + b"X=" + b"v" * (size - len(start) - 2), header))
    with pytest.raises(errors.RequestTooLargeError):
        read_call(post(query, start + b"X=" + b"v" * (FORM_SIZE_BYTES_MAX - len(start) - 1), header))


def test_size_of_a_query_is_limited() -> None:
    """A query beyond 64 KiB is refused as a whole."""
    with pytest.raises(errors.RequestTooLargeError):
        read_call(get({})._replace(query=b"a" * (QUERY_SIZE_BYTES_MAX + 1)))


# ---- order and errors of the checks ---------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["HEAD", "PUT", "DELETE", "OPTIONS", "PATCH", "get", "Post", ""])
def test_other_methods_are_refused(method: str) -> None:
    """Only GET and POST run anything; HEAD does not."""
    with pytest.raises(errors.UnsupportedMethodError):
        read_call(get(signed(CALL))._replace(method=method))


def test_a_get_with_a_body_is_refused() -> None:
    """A body that a GET carries would be outside the signature."""
    with pytest.raises(errors.UnsupportedMethodError):
        read_call(get(signed(CALL), FORM_HEADER)._replace(body=b"X=1"))


@pytest.mark.parametrize("path", [b"", b"//", b"/x", b"/.", b"/%2F", b"*"])
def test_other_paths_are_refused(path: bytes) -> None:
    """The management API is on exactly `/`."""
    with pytest.raises(errors.InvalidActionError):
        read_call(get(signed(CALL))._replace(path=path))


MANDATORY = ["Action", "AccessKeyId", "SignatureMethod", "SignatureNonce", "Timestamp", "Signature"]


@pytest.mark.parametrize("name", MANDATORY)
@pytest.mark.parametrize("value", [None, ""])
def test_mandatory_parameters_are_missed_by_name(name: str, value: str | None) -> None:
    """An absent or empty common parameter is `Missing<Name>`; the first in the contract's order is named."""
    parameters = signed(CALL)
    later = MANDATORY[MANDATORY.index(name) :]
    for removed in ([name], later):
        rest = {key: text for key, text in parameters.items() if key not in removed}
        if value is not None:
            rest |= dict.fromkeys(removed, value)
        with pytest.raises(errors.MissingParameterError) as caught:
            read_call(get(rest))
        assert caught.value.code == f"Missing{name}"


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"Format": "YAML"}, errors.InvalidParameterError),
        ({"Version": "2014-05-26"}, errors.InvalidVersionError),
        ({"Version": "2018-01-20 "}, errors.InvalidVersionError),
        ({"SignatureMethod": "HMAC-SHA256"}, errors.InvalidSignatureMethodError),
        ({"SignatureMethod": "hmac-sha1"}, errors.InvalidSignatureMethodError),
        ({"SignatureVersion": "2.0"}, errors.InvalidSignatureMethodError),
        ({"SignatureVersion": "１.0"}, errors.InvalidSignatureMethodError),
        ({"SignatureType": "BEARERTOKEN"}, errors.InvalidSignatureMethodError),
        ({"SecurityToken": "CAIS"}, errors.InvalidSecurityTokenError),
    ],
)
def test_common_values_are_checked(change: dict[str, str], error: type[errors.GatewayError]) -> None:
    """Values outside their closed lists get their own error, signed rightly or not."""
    with pytest.raises(error):
        read_call(get(signed({**CALL, **change})))


def test_the_first_wrong_value_in_the_contracts_order_is_named() -> None:
    """api-contract 3.2: presence, then Format, Version, SignatureMethod."""
    wrong = {**CALL, "Signature": "x", "Format": "Y", "Version": "1", "SignatureMethod": "M"}
    with pytest.raises(errors.MissingParameterError):
        read_call(get({**wrong, "SignatureNonce": ""}))
    with pytest.raises(errors.InvalidParameterError):
        read_call(get(wrong))
    with pytest.raises(errors.InvalidVersionError):
        read_call(get({**wrong, "Format": "json"}))
    with pytest.raises(errors.InvalidSignatureMethodError):
        read_call(get({**wrong, "Format": "json", "Version": "2022-01-01"}))


@pytest.mark.parametrize(
    "change",
    [{"Format": ""}, {"Version": ""}, {"Version": "2022-01-01"}, {"SignatureVersion": ""}, {"SecurityToken": ""}],
)
def test_optional_common_parameters_may_be_empty(change: dict[str, str]) -> None:
    """An empty optional parameter counts as not given, and is signed."""
    call = read_call(get(signed({**CALL, **change})))
    assert call.version == (change.get("Version") or "2018-01-20")
    assert signature_matches(call, SECRET)


@pytest.mark.parametrize("character", ["n", "传", "😀"])
def test_length_of_a_nonce_is_limited(character: str) -> None:
    """1, 127 and 128 characters are accepted, 129 are not."""
    for length in (1, 127, 128):
        assert read_call(get(signed({**CALL, "SignatureNonce": character * length}))).nonce == character * length
    with pytest.raises(errors.InvalidParameterError) as caught:
        read_call(get(signed({**CALL, "SignatureNonce": character * 129})))
    assert caught.value.code == "InvalidParameter.SignatureNonce"


def test_other_authorization_headers_are_not_ours() -> None:
    """What a proxy or browser puts into Authorization does not disturb scheme 1.0."""
    assert signature_matches(read_call(get(signed(CALL), (b"authorization", b"Basic eDp5"))), SECRET)


# ---- answers to refused requests ------------------------------------------------------------------------------------


def test_refused_requests_are_answered_in_their_dialect() -> None:
    """Parameters that could be read still decide case and format; unreadable ones leave the headers."""
    assert answer_style(get({"RegionId": "x", "Format": "xml"})) == (Case.PASCAL, ResponseFormat.XML)
    assert answer_style(get({"RegionId": "x", "Format": "YAML"})) == (Case.PASCAL, ResponseFormat.JSON)
    assert answer_style(get({})) == (Case.CAMEL, ResponseFormat.JSON)
    broken = get({}, (b"x-sdk-client", b"x"))._replace(query=b"Format=XML&a=%")
    assert answer_style(broken) == (Case.PASCAL, ResponseFormat.JSON)
    v3 = get({}, (b"authorization", b"ACS3-HMAC-SHA256 x"), (b"accept", b"text/xml"))
    assert answer_style(v3) == (Case.PASCAL, ResponseFormat.XML)


@given(
    st.sampled_from(["GET", "POST"]),
    st.binary(max_size=60),
    st.lists(
        st.tuples(st.sampled_from([b"authorization", b"content-type", b"accept"]), st.binary(max_size=30)), max_size=3
    ),
    st.binary(max_size=60),
)
def test_any_request_is_read_or_refused(
    method: str, query: bytes, headers: list[tuple[bytes, bytes]], body: bytes
) -> None:
    """No bytes raise anything but a gateway error, and every refused request can be answered."""
    request = RawRequest(method, b"/", query, headers, body)
    with pytest.raises(errors.GatewayError):
        read_call(request)
    answer_style(request)
