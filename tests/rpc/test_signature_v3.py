"""Reading calls signed by scheme V3 (api-contract 4, threat-model 3)."""

from __future__ import annotations

import hashlib
import hmac
from urllib.parse import parse_qsl, quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from whimbrel import errors
from whimbrel.rpc.dialect import Case, ResponseFormat, Scheme
from whimbrel.rpc.signature import read_call, signature_matches
from whimbrel.rpc.signature_v3 import canonical_request_v3, sign_v3, string_to_sign_v3
from whimbrel.rpc.signed_call import RawRequest

SECRET = "testAccessKeySecret"
EMPTY_SHA256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
FORM_TYPE = "application/x-www-form-urlencoded"
HEADERS_D = {
    "accept": "application/json",
    "host": "iot.example.test",
    "user-agent": "vector-test/1.0",
    "x-acs-action": "ListOTAFirmware",
    "x-acs-content-sha256": EMPTY_SHA256,
    "x-acs-date": "2024-11-19T09:47:43Z",
    "x-acs-signature-nonce": "3ee8c1b8-83d3-44af-a94f-4e0ad82fd6cf",
    "x-acs-version": "2018-01-20",
}
QUERY_D = "CurrentPage=1&DestVersion=4.0.0&PageSize=10&ProductKey=a19mzPZ0001"
SIGNATURE_D = "fd2ce67e921e2a65f9a9137d127816ebbee61a0e35859fc96330425b4ec55cfb"
CANONICAL_D = f"""POST
/
CurrentPage=1&DestVersion=4.0.0&PageSize=10&ProductKey=a19mzPZ0001
accept:application/json
host:iot.example.test
user-agent:vector-test/1.0
x-acs-action:ListOTAFirmware
x-acs-content-sha256:{EMPTY_SHA256}
x-acs-date:2024-11-19T09:47:43Z
x-acs-signature-nonce:3ee8c1b8-83d3-44af-a94f-4e0ad82fd6cf
x-acs-version:2018-01-20

accept;host;user-agent;x-acs-action;x-acs-content-sha256;x-acs-date;x-acs-signature-nonce;x-acs-version
{EMPTY_SHA256}"""
BODY_E = b"DeviceName.1=dev+one%2A~&DeviceName.2=a%2Bb%2Fc%3Dd%26e%3Af%40g"
BODY_E_SHA256 = "2e27faf87c067dd42974e3e018d605849f7ed0fb0d17fdd291cb0a065583b2cb"
SIGNATURE_E = "76302778c7f9076b5d81f141a583357599df224e2269a91d9cb6c29f0d8fc685"
HEADERS_E = {
    "content-type": FORM_TYPE,
    "host": "iot.example.test",
    "x-acs-action": "BatchCheckDeviceNames",
    "x-acs-content-sha256": BODY_E_SHA256,
    "x-acs-date": "2024-11-19T09:47:43Z",
    "x-acs-signature-nonce": "nonce-0001",
    "x-acs-version": "2018-01-20",
}


def request(
    headers: dict[str, str], authorization: str, *, method: str = "POST", query: str = QUERY_D, body: bytes = b""
) -> RawRequest:
    raw_headers = [(name.encode(), value.encode()) for name, value in headers.items()]
    return RawRequest(method, b"/", query.encode(), [*raw_headers, (b"authorization", authorization.encode())], body)


def authorization(names: list[str], signature: str, key_id: str = "testAccessKeyId") -> str:
    return f"ACS3-HMAC-SHA256 Credential={key_id},SignedHeaders={';'.join(names)},Signature={signature}"


def signed(
    headers: dict[str, str],
    *,
    unsigned: tuple[str, ...] = (),
    method: str = "POST",
    query: str = QUERY_D,
    body: bytes = b"",
) -> RawRequest:
    """A request signed by api-contract 4.2 word by word, from the standard library alone."""
    headers = {**headers, "x-acs-content-sha256": headers.get("x-acs-content-sha256", hashlib.sha256(body).hexdigest())}
    names = sorted(name for name in headers if name not in unsigned)
    canonical_query = "&".join(
        f"{quote(name, safe='')}={quote(value, safe='')}"
        for name, value in sorted(parse_qsl(query, keep_blank_values=True))
    )
    canonical_headers = "".join(f"{name}:{headers[name].strip()}\n" for name in names)
    canonical = "\n".join(
        [method, "/", canonical_query, canonical_headers, ";".join(names), hashlib.sha256(body).hexdigest()]
    )
    text = "ACS3-HMAC-SHA256\n" + hashlib.sha256(canonical.encode()).hexdigest()
    signature = hmac.new(SECRET.encode(), text.encode(), hashlib.sha256).hexdigest()
    return request(headers, authorization(names, signature), method=method, query=query, body=body)


MINIMAL = {
    name: value for name, value in HEADERS_D.items() if name not in ("accept", "user-agent", "x-acs-content-sha256")
}


# ---- vectors --------------------------------------------------------------------------------------------------------


def test_the_vendors_own_example() -> None:
    """The example of the vendor's document, reproduced by the algorithm alone (its Version is another product's)."""
    query = {"ImageId": "win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd", "RegionId": "cn-shanghai"}
    headers = {
        b"host": b"ecs.cn-shanghai.aliyuncs.com",
        b"x-acs-action": b"RunInstances",
        b"x-acs-content-sha256": EMPTY_SHA256.encode(),
        b"x-acs-date": b"2023-10-26T10:22:32Z",
        b"x-acs-signature-nonce": b"3156853299f313e23d1673dc12e1703d",
        b"x-acs-version": b"2014-05-26",
    }
    text = string_to_sign_v3(canonical_request_v3("POST", query, headers, EMPTY_SHA256))
    assert sign_v3("YourAccessKeySecret", text) == "06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0"


def test_vector_D_canonical_request() -> None:
    """api-contract 4.3 D: canonical request, its hash and the signature, byte by byte."""
    headers = {name.encode(): value.encode() for name, value in HEADERS_D.items()}
    query = dict(parse_qsl(QUERY_D))
    canonical = canonical_request_v3("POST", dict(reversed(query.items())), headers, EMPTY_SHA256)
    assert canonical.decode() == CANONICAL_D
    text = string_to_sign_v3(canonical)
    assert text == "ACS3-HMAC-SHA256\n01f0824143bcb1b41fac3e50739ac094170af9885c7c1fa7243bd4d2f2fba923"
    assert sign_v3(SECRET, text) == SIGNATURE_D


def test_vector_D_as_a_request() -> None:
    """A query-only POST as the newer SDKs send it."""
    call = read_call(request(HEADERS_D, authorization(sorted(HEADERS_D), SIGNATURE_D)))
    assert call.scheme is Scheme.V3
    assert call.action == "ListOTAFirmware"
    assert call.version == "2018-01-20"
    assert call.access_key_id == "testAccessKeyId"
    assert call.nonce == "3ee8c1b8-83d3-44af-a94f-4e0ad82fd6cf"
    assert call.timestamp == "2024-11-19T09:47:43Z"
    assert call.parameters == dict(parse_qsl(QUERY_D))
    assert call.response_case is Case.PASCAL
    assert call.response_format is ResponseFormat.JSON
    assert signature_matches(call, SECRET)
    assert not signature_matches(call, "other")


def test_vector_E_as_a_request() -> None:
    """A form body: its parameters are in the map and are covered by the body hash."""
    raw = request(HEADERS_E, authorization(sorted(HEADERS_E), SIGNATURE_E), query="ProductKey=a19mzPZ0001", body=BODY_E)
    call = read_call(raw)
    assert call.parameters == {
        "ProductKey": "a19mzPZ0001",
        "DeviceName.1": "dev one*~",
        "DeviceName.2": "a+b/c=d&e:f@g",
    }
    assert signature_matches(call, SECRET)


# ---- A02 ------------------------------------------------------------------------------------------------------------

VALUES = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=20)
MAPS = st.dictionaries(st.from_regex(r"X[A-Za-z0-9._-]{0,8}", fullmatch=True), VALUES, max_size=6)


def encoded(pairs: dict[str, str]) -> str:
    return "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in pairs.items())


@given(MAPS, MAPS)
def test_A02_what_was_signed_is_what_is_read(query: dict[str, str], form: dict[str, str]) -> None:
    """Any query and form body, CJK and reserved characters included, are read back and the signature is right."""
    form = {f"F{name}": value for name, value in form.items()}
    headers = {**MINIMAL, "content-type": FORM_TYPE}
    call = read_call(signed(headers, query=encoded(query), body=encoded(form).encode()))
    assert call.parameters == {**query, **form}
    assert signature_matches(call, SECRET)


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_get_and_post_without_parameters(method: str) -> None:
    """An empty query is an empty line of the canonical request."""
    assert signature_matches(read_call(signed(MINIMAL, method=method, query="")), SECRET)


@given(st.data())
@settings(max_examples=200)
def test_a_changed_byte_is_refused(data: st.DataObject) -> None:
    """One changed byte of query, body, Authorization or any header value breaks the signature or the request."""
    raw = signed({**MINIMAL, "content-type": FORM_TYPE}, query="ProductKey=a1%E4%BC%A0", body=BODY_E)
    part = data.draw(st.integers(-2, len(raw.headers) - 1))
    text = raw.query if part == -2 else raw.body if part == -1 else raw.headers[part][1]
    index = data.draw(st.integers(0, len(text) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda byte: byte != text[index]))
    changed = text[:index] + bytes((byte,)) + text[index + 1 :]
    if part == -2:
        tampered = raw._replace(query=changed)
    elif part == -1:
        tampered = raw._replace(body=changed)
    else:
        headers = list(raw.headers)
        headers[part] = (headers[part][0], changed)
        tampered = raw._replace(headers=headers)
    try:
        call = read_call(tampered)
    except errors.GatewayError:
        return
    same_query = call.parameters == read_call(raw).parameters and part == -2  # %e4 for %E4 is the same reading
    # The id in Credential is not signed: a changed one names another key, whose secret does not match.
    names_another_key = call.access_key_id != read_call(raw).access_key_id
    assert same_query or names_another_key or not signature_matches(call, SECRET)


def test_another_body_is_a_wrong_signature() -> None:
    """A body that does not hash to x-acs-content-sha256 never matches, even when the last line was signed for it."""
    raw = signed(HEADERS_E, query="ProductKey=a19mzPZ0001", body=BODY_E)
    assert signature_matches(read_call(raw), SECRET)
    assert not signature_matches(read_call(raw._replace(body=BODY_E + b"&X=1")), SECRET)
    inconsistent = signed({**HEADERS_E, "x-acs-content-sha256": EMPTY_SHA256}, body=BODY_E)
    assert not signature_matches(read_call(inconsistent), SECRET)


def test_values_are_signed_without_surrounding_blanks() -> None:
    """api-contract 4.2, step 2: blanks around a header value do not count."""
    raw = signed({**MINIMAL, "user-agent": " a  b\t"})
    assert signature_matches(read_call(raw), SECRET)


def test_non_ascii_header_values_are_signed_as_bytes() -> None:
    """A user agent in UTF-8 is no reason to fail."""
    assert signature_matches(read_call(signed({**MINIMAL, "user-agent": "客户端"})), SECRET)


# ---- what must be signed --------------------------------------------------------------------------------------------

REQUIRED = ["x-acs-action", "x-acs-version", "x-acs-date", "x-acs-signature-nonce", "x-acs-content-sha256"]


@pytest.mark.parametrize("name", REQUIRED)
@pytest.mark.parametrize("is_empty", [False, True])
def test_required_headers_are_missed_by_name(name: str, is_empty: bool) -> None:
    """A required header that is absent or empty is MissingParameter and named."""
    raw = signed(MINIMAL)
    headers = [header for header in raw.headers if header[0] != name.encode()]
    if is_empty:
        headers.append((name.encode(), b" "))
    with pytest.raises(errors.MissingParameterError, match=name) as caught:
        read_call(raw._replace(headers=headers))
    assert caught.value.code == "MissingParameter"


@pytest.mark.parametrize("name", ["host", *REQUIRED])
def test_required_headers_must_be_signed(name: str) -> None:
    """api-contract 4.2: a required header outside SignedHeaders is refused, although the signature is right."""
    with pytest.raises(errors.IncompleteSignatureError, match=f"lacks {name}"):
        read_call(signed(MINIMAL, unsigned=(name,)))


def test_every_x_acs_header_must_be_signed() -> None:
    """threat-model 3: SignedHeaders covers every x-acs-* that was sent."""
    headers = {**MINIMAL, "x-acs-credentials-provider": "static_ak"}
    assert signature_matches(read_call(signed(headers)), SECRET)
    with pytest.raises(errors.IncompleteSignatureError, match="lacks x-acs-credentials-provider"):
        read_call(signed(headers, unsigned=("x-acs-credentials-provider",)))


def test_the_content_type_of_a_body_must_be_signed() -> None:
    """A02: it decides whether the body holds parameters; without a body it decides nothing."""
    headers = {**MINIMAL, "content-type": FORM_TYPE}
    with pytest.raises(errors.IncompleteSignatureError, match="lacks content-type"):
        read_call(signed(headers, unsigned=("content-type",), body=b"X=1"))
    assert signature_matches(read_call(signed(headers, unsigned=("content-type",))), SECRET)


def test_a_signed_header_must_be_there() -> None:
    """A name in SignedHeaders without a header is refused."""
    raw = signed({**MINIMAL, "accept": "*/*"})
    without = [header for header in raw.headers if header[0] != b"accept"]
    with pytest.raises(errors.IncompleteSignatureError, match="names accept"):
        read_call(raw._replace(headers=without))


def test_a_request_without_host_is_refused() -> None:
    """A host that was signed but not sent is refused like any other signed header."""
    raw = signed(MINIMAL)
    with pytest.raises(errors.IncompleteSignatureError, match="names host, which was not sent"):
        read_call(raw._replace(headers=[header for header in raw.headers if header[0] != b"host"]))


@pytest.mark.parametrize("name", ["host", "x-acs-action", "x-acs-extra", "accept", "authorization", "content-type"])
def test_repeated_headers_are_refused(name: str) -> None:
    """threat-model 3: no repeated headers, equal or not."""
    raw = signed({**MINIMAL, "accept": "*/*", "x-acs-extra": "1", "content-type": FORM_TYPE})
    header = next(header for header in raw.headers if header[0] == name.encode())
    with pytest.raises(errors.IncompleteSignatureError, match=f"{name} is given twice"):
        read_call(raw._replace(headers=[*raw.headers, header]))


@pytest.mark.parametrize("name", [b"x-forwarded-for", b"forwarded", b"via"])
def test_headers_that_proxies_repeat(name: bytes) -> None:
    """Two proxies may each add a line of their own; but such a header cannot be signed."""
    raw = signed(MINIMAL)
    assert signature_matches(read_call(raw._replace(headers=[*raw.headers, (name, b"a"), (name, b"b")])), SECRET)
    raw = signed({**MINIMAL, name.decode(): "a"})
    with pytest.raises(errors.IncompleteSignatureError, match="which was not sent"):
        read_call(raw._replace(headers=[*raw.headers, (name, b"b")]))


# ---- the other scheme, values ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["Signature", "SignatureMethod", "SignatureNonce", "SignatureVersion", "Action", "AccessKeyId", "Timestamp"]
)
def test_both_schemes_at_once_are_refused(name: str) -> None:
    """Parameters of scheme 1.0 next to an ACS3 Authorization header are IncompleteSignature, in query or body."""
    with pytest.raises(errors.IncompleteSignatureError, match="sign it one way"):
        read_call(signed(MINIMAL, query=f"{name}=x"))
    with pytest.raises(errors.IncompleteSignatureError, match="sign it one way"):
        read_call(signed({**MINIMAL, "content-type": FORM_TYPE}, query="", body=f"{name}=x".encode()))


def test_an_acs3_header_behind_another_authorization_header_is_seen() -> None:
    """Hiding the second scheme behind a first Authorization header does not work."""
    raw = signed(MINIMAL)
    with pytest.raises(errors.IncompleteSignatureError):
        read_call(raw._replace(headers=[(b"authorization", b"Basic eDp5"), *raw.headers]))


@pytest.mark.parametrize("version", ["2014-05-26", "2018-01-20x"])
def test_other_versions_are_refused(version: str) -> None:
    """Version is from the same closed list as in scheme 1.0."""
    with pytest.raises(errors.InvalidVersionError):
        read_call(signed({**MINIMAL, "x-acs-version": version}))


def test_security_tokens_are_refused() -> None:
    """No temporary credentials are issued; an empty token is none."""
    with pytest.raises(errors.InvalidSecurityTokenError):
        read_call(signed({**MINIMAL, "x-acs-security-token": "CAIS"}))
    with pytest.raises(errors.InvalidSecurityTokenError):
        read_call(signed(MINIMAL, query="SecurityToken=CAIS"))
    assert signature_matches(read_call(signed({**MINIMAL, "x-acs-security-token": ""})), SECRET)


def test_length_of_a_nonce_is_limited() -> None:
    """1, 127 and 128 characters are accepted, 129 are not."""
    for length in (1, 127, 128):
        assert len(read_call(signed({**MINIMAL, "x-acs-signature-nonce": "传" * length})).nonce) == length
    with pytest.raises(errors.InvalidParameterError, match="more than 128 characters"):
        read_call(signed({**MINIMAL, "x-acs-signature-nonce": "n" * 129}))


@pytest.mark.parametrize("value", [b"\xff", b"a\x00b", b"a\x7f", b"a\xc2\x85b"])
@pytest.mark.parametrize("name", [b"x-acs-action", b"x-acs-signature-nonce", b"x-acs-date"])
def test_header_texts_are_clean_utf8(name: bytes, value: bytes) -> None:
    """Header values that become texts obey the rules of parameter values."""
    raw = signed(MINIMAL)
    headers = [(key, value if key == name else old) for key, old in raw.headers]
    with pytest.raises(errors.InvalidParameterError) as caught:
        read_call(raw._replace(headers=headers))
    assert caught.value.parameter == name.decode()


def test_format_and_accept() -> None:
    """XML only when asked for: by Format, or by an Accept header that starts with it."""
    assert read_call(signed({**MINIMAL, "accept": "application/xml"})).response_format is ResponseFormat.XML
    assert read_call(signed(MINIMAL, query="Format=xml")).response_format is ResponseFormat.XML
    assert read_call(signed(MINIMAL)).response_format is ResponseFormat.JSON
    with pytest.raises(errors.InvalidParameterError):
        read_call(signed(MINIMAL, query="Format=YAML"))


def test_aliases_are_resolved() -> None:
    """The signed query keeps the alias, the handler sees the real name."""
    call = read_call(signed(MINIMAL, query="FirmwareID=167"), {"FirmwareID": "FirmwareId"})
    assert call.parameters == {"FirmwareId": "167"}
    assert signature_matches(call, SECRET)


def test_the_string_to_sign_has_no_colon() -> None:
    """api-contract 5.4: the message of SignatureDoesNotMatch is split at its first colon."""
    assert ":" not in read_call(signed(MINIMAL)).string_to_sign
