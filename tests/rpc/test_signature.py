"""Signature scheme 1.0: vectors, and that what was signed is what is read (api-contract 3, threat-model A02)."""

from __future__ import annotations

import base64
import hashlib
import hmac
from urllib.parse import quote, quote_plus, urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from whimbrel import errors
from whimbrel.rpc.dialect import Case, ResponseFormat, Scheme
from whimbrel.rpc.signature import read_call, sign_v1, signature_matches, string_to_sign_v1
from whimbrel.rpc.signed_call import RawRequest, SignedCall

SECRET = "testAccessKeySecret"
FORM_HEADER = (b"content-type", b"application/x-www-form-urlencoded")

COMMON = {
    "AccessKeyId": "testAccessKeyId",
    "SignatureMethod": "HMAC-SHA1",
    "Timestamp": "2024-11-19T09:47:43Z",
}
VECTOR_A = {
    "Action": "ListOTAFirmware",
    **COMMON,
    "SignatureNonce": "9e6189124f5a4716ad2de849467b0001",
    "CurrentPage": "1",
    "PageSize": "10",
    "ProductKey": "k1nhvyl0001",
    "DestVersion": "1.0.0",
}
SDK_COMMON = {
    **COMMON,
    "Format": "JSON",
    "Version": "2018-01-20",
    "RegionId": "cn-shanghai",
    "SignatureType": "",
    "SignatureVersion": "1.0",
    "SignatureNonce": "3ee8c1b8-83d3-44af-a94f-4e0ad82fd6cf",
}
VECTOR_B = {
    "Action": "ListOTAFirmware",
    "CurrentPage": "1",
    "PageSize": "10",
    "ProductKey": "a19mzPZ0001",
    "DestVersion": "4.0.0",
    **SDK_COMMON,
}
VECTOR_C_QUERY = {"Action": "BatchCheckDeviceNames", "ProductKey": "a19mzPZ0001", **SDK_COMMON}
VECTOR_C_FORM = {"DeviceName.1": "dev one*~", "DeviceName.2": "a+b/c=d&e:f@g", "DeviceName.3": '传感器"1"'}
VECTOR_C_BODY = (
    b"DeviceName.1=dev+one%2A~&DeviceName.2=a%2Bb%2Fc%3Dd%26e%3Af%40g&DeviceName.3=%E4%BC%A0%E6%84%9F%E5%99%A8%221%22"
)
STRING_A = (
    "GET&%2F&AccessKeyId%3DtestAccessKeyId%26Action%3DListOTAFirmware%26CurrentPage%3D1%26DestVersion%3D1.0.0"
    "%26PageSize%3D10%26ProductKey%3Dk1nhvyl0001%26SignatureMethod%3DHMAC-SHA1"
    "%26SignatureNonce%3D9e6189124f5a4716ad2de849467b0001%26Timestamp%3D2024-11-19T09%253A47%253A43Z"
)
STRING_B = (
    "POST&%2F&AccessKeyId%3DtestAccessKeyId%26Action%3DListOTAFirmware%26CurrentPage%3D1%26DestVersion%3D4.0.0"
    "%26Format%3DJSON%26PageSize%3D10%26ProductKey%3Da19mzPZ0001%26RegionId%3Dcn-shanghai"
    "%26SignatureMethod%3DHMAC-SHA1%26SignatureNonce%3D3ee8c1b8-83d3-44af-a94f-4e0ad82fd6cf%26SignatureType%3D"
    "%26SignatureVersion%3D1.0%26Timestamp%3D2024-11-19T09%253A47%253A43Z%26Version%3D2018-01-20"
)
STRING_C = (
    "POST&%2F&AccessKeyId%3DtestAccessKeyId%26Action%3DBatchCheckDeviceNames"
    "%26DeviceName.1%3Ddev%2520one%252A~%26DeviceName.2%3Da%252Bb%252Fc%253Dd%2526e%253Af%2540g"
    "%26DeviceName.3%3D%25E4%25BC%25A0%25E6%2584%259F%25E5%2599%25A8%25221%2522%26Format%3DJSON"
    "%26ProductKey%3Da19mzPZ0001%26RegionId%3Dcn-shanghai%26SignatureMethod%3DHMAC-SHA1"
    "%26SignatureNonce%3D3ee8c1b8-83d3-44af-a94f-4e0ad82fd6cf%26SignatureType%3D%26SignatureVersion%3D1.0"
    "%26Timestamp%3D2024-11-19T09%253A47%253A43Z%26Version%3D2018-01-20"
)


def reference_signature(method: str, parameters: dict[str, str], secret: str = SECRET) -> str:
    """api-contract 3.1 word by word, from the standard library alone."""
    canonical = "&".join(
        f"{quote(name, safe='')}={quote(parameters[name], safe='')}"
        for name in sorted(parameters, key=lambda name: name.encode())
    )
    text = f"{method}&%2F&{quote(canonical, safe='')}"
    return base64.b64encode(hmac.new(f"{secret}&".encode(), text.encode(), hashlib.sha1).digest()).decode()


def signed(parameters: dict[str, str], method: str = "GET") -> dict[str, str]:
    return {**parameters, "Signature": reference_signature(method, parameters)}


def get(parameters: dict[str, str], *headers: tuple[bytes, bytes]) -> RawRequest:
    return RawRequest("GET", b"/", urlencode(parameters, quote_via=quote).encode(), headers, b"")


def post(query: dict[str, str], body: bytes, *headers: tuple[bytes, bytes]) -> RawRequest:
    return RawRequest("POST", b"/", urlencode(query).encode(), headers or (FORM_HEADER,), body)


# ---- vectors of the contract ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "parameters", "text", "signature"),
    [
        ("GET", VECTOR_A, STRING_A, "bGyBn27SVWvJ+tTqbloaAqa0hj8="),
        ("POST", VECTOR_B, STRING_B, "ILySXvRdg4eHr282nisKuCFdjNE="),
        ("POST", {**VECTOR_C_QUERY, **VECTOR_C_FORM}, STRING_C, "97JDdyvp5g0m84bSDczYdr/7UyM="),
    ],
    ids=["A", "B", "C"],
)
def test_vectors_of_the_contract(method: str, parameters: dict[str, str], text: str, signature: str) -> None:
    """api-contract 3.5: string to sign and signature, byte by byte."""
    assert string_to_sign_v1(method, parameters) == text
    assert sign_v1(SECRET, text) == signature
    assert reference_signature(method, parameters) == signature


def test_vector_A_as_a_request() -> None:
    """The seed's request, without Version, Format and SignatureVersion, is read and its signature is right."""
    query = urlencode(VECTOR_A, quote_via=quote) + "&Signature=bGyBn27SVWvJ%2BtTqbloaAqa0hj8%3D"
    call = read_call(RawRequest("GET", b"/", query.encode(), [(b"host", b"iot.example.test")], b""))
    assert call == SignedCall(
        scheme=Scheme.V1,
        action="ListOTAFirmware",
        version="2018-01-20",
        access_key_id="testAccessKeyId",
        nonce="9e6189124f5a4716ad2de849467b0001",
        timestamp="2024-11-19T09:47:43Z",
        string_to_sign=STRING_A,
        signature=b"bGyBn27SVWvJ+tTqbloaAqa0hj8=",
        parameters=VECTOR_A,
        response_case=Case.CAMEL,
        response_format=ResponseFormat.JSON,
    )
    assert signature_matches(call, SECRET)


def test_vector_B_as_a_request() -> None:
    """A POST with everything in the query, an empty body and a blank SignatureType, as the SDK sends it."""
    call = read_call(post({**VECTOR_B, "Signature": "ILySXvRdg4eHr282nisKuCFdjNE="}, b""))
    assert call.string_to_sign == STRING_B
    assert call.parameters == VECTOR_B
    assert call.response_case is Case.PASCAL
    assert signature_matches(call, SECRET)


def test_vector_C_as_a_request() -> None:
    """Common parameters in the query, a list with hard characters in the form body."""
    call = read_call(post({**VECTOR_C_QUERY, "Signature": "97JDdyvp5g0m84bSDczYdr/7UyM="}, VECTOR_C_BODY))
    assert call.string_to_sign == STRING_C
    assert call.parameters == {**VECTOR_C_QUERY, **VECTOR_C_FORM}
    assert signature_matches(call, SECRET)


def test_everything_in_the_form_body() -> None:
    """pop-core's POST: every parameter, Signature included, is in the body; a charset does not matter."""
    body = urlencode(signed(VECTOR_B, "POST")).encode()
    request = post({}, body, (b"content-type", b"Application/X-WWW-Form-Urlencoded; charset=utf-8"))
    assert signature_matches(read_call(request), SECRET)


def test_a_plus_in_the_query_is_a_space() -> None:
    """api-contract 3.1: both `+` and `%20` are the space that was signed."""
    parameters = signed({**VECTOR_A, "DestVersion": "1 0"})
    for quote_via in (quote, quote_plus):
        request = get({})._replace(query=urlencode(parameters, quote_via=quote_via).encode())
        assert signature_matches(read_call(request), SECRET)


# ---- A02: no two readings -------------------------------------------------------------------------------------------

NAMES = st.from_regex(r"X[A-Za-z0-9._-]{0,10}", fullmatch=True)
VALUES = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=30) | st.sampled_from(
    ["a b+c%2B", "/?#[]@!$&'()*+,;=", "传感器", "~._-", "%", "%zz", "٣", ""]
)


@given(st.dictionaries(NAMES, VALUES, max_size=8), st.sampled_from(["GET", "POST", "split"]))
def test_A02_what_was_signed_is_what_is_read(extra: dict[str, str], way: str) -> None:
    """Signed by the contract's words, sent by any encoder, every map is read back and its signature is right."""
    parameters = {**VECTOR_A, **extra}
    if way == "GET":
        request = get(signed(parameters))
    elif way == "POST":
        request = post({}, urlencode(signed(parameters, "POST")).encode())
    else:
        signature = reference_signature("POST", parameters)
        request = post({**VECTOR_A, "Signature": signature}, urlencode(extra).encode())
    call = read_call(request)
    assert call.parameters == parameters
    assert signature_matches(call, SECRET)


def test_list_names_are_sorted_by_bytes() -> None:
    """api-contract 3.1, step 2: `DeviceName.1`, `DeviceName.10`, `DeviceName.2`; upper case before lower case."""
    text = string_to_sign_v1("GET", {"b": "", "DeviceName.2": "", "DeviceName.10": "", "DeviceName.1": "", "B": ""})
    assert text == "GET&%2F&B%3D%26DeviceName.1%3D%26DeviceName.10%3D%26DeviceName.2%3D%26b%3D"


def test_names_are_encoded_too() -> None:
    """A caller's odd names are encoded as the contract says (the server itself accepts none)."""
    assert string_to_sign_v1("GET", {"a:b": "1"}) == "GET&%2F&a%253Ab%3D1"
    assert string_to_sign_v1("GET", {"a&b": ":"}) == "GET&%2F&a%2526b%3D%253A"


def test_the_signed_map_is_the_handlers_map() -> None:
    """Unknown parameters and blank ones are in the map; Signature, which signs it, is not."""
    call = read_call(get(signed({**VECTOR_A, "Unknown": "1", "SrcVersion": ""})))
    assert call.parameters == {**VECTOR_A, "Unknown": "1", "SrcVersion": ""}


def test_an_alias_is_signed_as_sent_and_handled_by_its_name() -> None:
    """`FirmwareID` stays in the string to sign; the handler sees `FirmwareId`."""
    call = read_call(get(signed({**VECTOR_A, "FirmwareID": "167"})), {"FirmwareID": "FirmwareId"})
    assert "%26FirmwareID%3D167" in call.string_to_sign
    assert call.parameters == {**VECTOR_A, "FirmwareId": "167"}
    assert signature_matches(call, SECRET)


@pytest.mark.parametrize(
    "query",
    ["{}&Action=DeleteOTAFirmware", "{}&action%00=1", "{}&X=%ff", "{}&X=%", "{}&X=%0a", "{}&FirmwareID=1&FirmwareId=1"],
)
def test_A02_unreadable_requests_are_refused(query: str) -> None:
    """Duplicates, also by alias, and broken encodings end in InvalidParameter before anything is checked."""
    request = get({})._replace(query=query.format(urlencode(signed(VECTOR_A))).encode())
    with pytest.raises(errors.InvalidParameterError):
        read_call(request, {"FirmwareID": "FirmwareId"})


def test_A02_a_name_in_query_and_body_is_refused() -> None:
    """The same parameter in query and form body is refused even when both say the same."""
    with pytest.raises(errors.InvalidParameterError, match="PageSize is in the query and again"):
        read_call(post(signed(VECTOR_A, "POST"), b"PageSize=10"))


@given(st.data())
@settings(max_examples=200)
def test_a_changed_character_is_refused(data: st.DataObject) -> None:
    """Changing one character of any name or value, the signature's included, breaks the signature or the request."""
    parameters = signed({**VECTOR_A, "FirmwareDesc": "传 a+b"})
    name = data.draw(st.sampled_from(sorted(parameters)))
    changes_name = data.draw(st.booleans())
    text = name if changes_name else parameters[name]
    index = data.draw(st.integers(0, len(text) - 1))
    new = data.draw(st.characters(exclude_categories=["Cs"], exclude_characters=text[index]))
    changed = text[:index] + new + text[index + 1 :]
    tampered = {(changed if changes_name else key) if key == name else key: value for key, value in parameters.items()}
    if not changes_name:
        tampered[name] = changed
    try:
        call = read_call(get(tampered))
    except errors.GatewayError:
        return
    assert not signature_matches(call, SECRET)


@pytest.mark.parametrize(
    "change",
    [
        {"SrcVersion": ""},
        {"DestVersion": ""},
        {"Signature": "x"},
        {"Signature": "bGyBn27SVWvJ+tTqbloaAqa0hj8"},
        {"Signature": "bGyBn27SVWvJ+tTqbloaAqa0hj9="},
        {"Signature": "bGyBn27SVWvJ tTqbloaAqa0hj8="},
        {"Signature": "签名"},
    ],
)
def test_other_signatures_are_wrong(change: dict[str, str]) -> None:
    """Added or emptied parameters, cut, equivalent or non-ASCII Base64: never a match, never an exception."""
    assert not signature_matches(read_call(get({**signed(VECTOR_A), **change})), SECRET)


@pytest.mark.parametrize("secret", ["", "testAccessKeySecre", "testAccessKeySecret ", "传"])
def test_other_secrets_do_not_match(secret: str) -> None:
    """Only the secret itself matches; any text can be tried, for the dummy check of unknown keys."""
    assert not signature_matches(read_call(get(signed(VECTOR_A))), secret)


def test_the_method_is_signed() -> None:
    """A GET's signature is wrong for a POST of the same parameters."""
    assert not signature_matches(read_call(post(signed(VECTOR_A, "GET"), b"")), SECRET)


def test_a_method_override_header_changes_nothing() -> None:
    """X-HTTP-Method-Override is not looked at: the real method is the signed one."""
    call = read_call(get(signed(VECTOR_A), (b"x-http-method-override", b"POST")))
    assert call.string_to_sign == STRING_A


def test_the_mismatch_message_ends_in_the_string_to_sign() -> None:
    """api-contract 5.4: the SDK splits at the first colon and compares what follows with its own string to sign."""
    call = read_call(post({**VECTOR_C_QUERY, "Signature": "x"}, VECTOR_C_BODY))
    message = errors.SignatureDoesNotMatchError(call.string_to_sign).message
    head, _, tail = message.partition(":")
    assert head.endswith("server string to sign is")
    assert tail == STRING_C
    assert ":" not in call.string_to_sign
