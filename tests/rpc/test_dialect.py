"""Which case and which format an answer has (api-contract 1.3 and 2)."""

from __future__ import annotations

import pytest

from whimbrel.errors import InvalidParameterError
from whimbrel.rpc.dialect import Case, Headers, ResponseFormat, Scheme, response_case, response_format

PLAIN: Headers = [(b"host", b"iot.example.test"), (b"user-agent", b"curl/8"), (b"accept", b"*/*")]


@pytest.mark.parametrize(
    ("header", "parameters", "expected"),
    [
        ((b"accept", b"*/*"), {}, Case.CAMEL),
        ((b"accept", b"*/*"), {"RegionId": "cn-shanghai"}, Case.PASCAL),
        ((b"accept", b"*/*"), {"RegionId": ""}, Case.PASCAL),
        ((b"accept", b"*/*"), {"SignatureType": ""}, Case.PASCAL),
        ((b"accept", b"*/*"), {"regionId": "cn-shanghai"}, Case.CAMEL),
        ((b"x-acs-action", b"ListOTAFirmware"), {}, Case.PASCAL),
        ((b"x-sdk-client", b"python/2.0.0"), {}, Case.PASCAL),
        ((b"x-acsaction", b"x"), {}, Case.CAMEL),
        ((b"x-response-case", b"pascal"), {}, Case.PASCAL),
        ((b"x-response-case", b"camel"), {"RegionId": "x", "SignatureType": ""}, Case.CAMEL),
        ((b"x-response-case", b" Camel "), {"RegionId": "x"}, Case.CAMEL),
        ((b"x-response-case", b"snake"), {}, Case.CAMEL),
        ((b"x-response-case", b"snake"), {"RegionId": "x"}, Case.PASCAL),
    ],
)
def test_first_matching_rule_decides_the_case(
    header: tuple[bytes, bytes], parameters: dict[str, str], expected: Case
) -> None:
    """api-contract 1.3: own header, SDK header, parameters, default, in this order."""
    assert response_case([*PLAIN, header], parameters, Scheme.V1) is expected


def test_own_header_wins_over_sdk_headers_wherever_it_stands() -> None:
    """X-Response-Case is rule 1, whether it comes before or after an SDK's header."""
    own, sdk = (b"x-response-case", b"camel"), (b"x-acs-version", b"2018-01-20")
    assert response_case([own, sdk], {}, Scheme.V1) is Case.CAMEL
    assert response_case([sdk, own], {}, Scheme.V1) is Case.CAMEL
    assert response_case([own], {}, Scheme.V3) is Case.CAMEL


def test_v3_callers_are_sdks() -> None:
    """Scheme V3 cannot be spoken without x-acs headers, so its answers are PascalCase."""
    assert response_case([], {}, Scheme.V3) is Case.PASCAL


@pytest.mark.parametrize("scheme", list(Scheme))
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (None, ResponseFormat.JSON),
        ("", ResponseFormat.JSON),
        ("JSON", ResponseFormat.JSON),
        ("json", ResponseFormat.JSON),
        ("XML", ResponseFormat.XML),
        ("xMl", ResponseFormat.XML),
    ],
)
def test_format_parameter(scheme: Scheme, text: str | None, expected: ResponseFormat) -> None:
    """Format is read in any case; absent or empty means JSON."""
    assert response_format(PLAIN, {} if text is None else {"Format": text}, scheme) is expected


@pytest.mark.parametrize("text", ["YAML", "JSON ", "XMLX", "ſ", "jſon", "0", "J" * 8192])
def test_other_formats_are_refused(text: str) -> None:
    """`InvalidParameter.Format`, also for letters that only upper() makes ASCII, and without an echo."""
    with pytest.raises(InvalidParameterError) as caught:
        response_format(PLAIN, {"Format": text}, Scheme.V1)
    assert caught.value.code == "InvalidParameter.Format"
    assert len(caught.value.message) < 100


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        (b"application/xml", ResponseFormat.XML),
        (b"Text/XML;charset=utf-8, application/json", ResponseFormat.XML),
        (b"application/json", ResponseFormat.JSON),
        (b"application/json, application/xml", ResponseFormat.JSON),
        (b"text/html,application/xml;q=0.9,*/*;q=0.8", ResponseFormat.JSON),
        (b"*/*", ResponseFormat.JSON),
        (b"", ResponseFormat.JSON),
    ],
)
def test_accept_decides_for_v3_without_a_format(accept: bytes, expected: ResponseFormat) -> None:
    """Scheme V3 asks by Accept; only a header that starts with XML asks for XML, and Format wins over it."""
    headers = [(b"accept", accept)]
    assert response_format(headers, {}, Scheme.V3) is expected
    assert response_format(headers, {"Format": "JSON"}, Scheme.V3) is ResponseFormat.JSON
    assert response_format(headers, {"Format": "XML"}, Scheme.V3) is ResponseFormat.XML
    assert response_format(headers, {}, Scheme.V1) is ResponseFormat.JSON
