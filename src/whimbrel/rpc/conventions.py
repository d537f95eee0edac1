"""What every call has in common, as the OpenAPI description says it: conventions, common parameters, signatures."""

from __future__ import annotations

from typing import Any

from whimbrel.rpc.dialect import Case, ResponseFormat, Scheme
from whimbrel.rpc.signature import TIMESTAMP_WINDOW_MS
from whimbrel.rpc.signed_call import NONCE_CHARACTERS_MAX, VERSIONS

CONVENTIONS = """\
Every action is `GET` or `POST` on `/`, with its name in `Action` (signature 1.0) or in the header `x-acs-action` (V3).
Parameters stand in the query, in a form body, or in both; a parameter that is given twice is refused, one that is not
known is ignored. This description has one `POST` for each action, all of whose parameters are in the form body, and a
path of its own, `/?Action=…`, that is sent as it stands. With signature V3 leave the query out.

**Common parameters.** Signature 1.0 adds `AccessKeyId`, `SignatureMethod`, `SignatureNonce`, `Timestamp` and
`Signature` to every call; `Version`, `SignatureVersion` and `Format` may be added. Whatever signs the request adds
them, so the operations below do not list them again.

**Lists** are parameters `Name.1`, `Name.2`, …, and lists of structures `Name.1.Member`. The request schemas describe
them by patterns of names; `x-lists` shows the same lists as arrays. Of a list of structures the first entries are
described by name; the server takes as many as `x-lists` says.

**Names in answers.** The schemas are in PascalCase, which `X-Response-Case: pascal` asks for, and so does any `x-acs-`
or `x-sdk-` header, `RegionId` or `SignatureType`. Without them names are lowerCamelCase: the schemas
`…ResponseCamel`. `Format=XML` asks for XML, in PascalCase.

**Refusals.** What an operation refuses is HTTP 200 with `Success` false, a `Code` and an `ErrorMessage`. What the gate
refuses is HTTP 4xx or 5xx. Either way nothing was changed.

**Paging.** Paged lists take `CurrentPage`, from 1, and `PageSize`; they answer `Total` (rows on all pages),
`PageCount`, `PageSize` and `CurrentPage`, which some lists call `Page`. A page beyond the end is empty.
"""

_SIGNATURE_V1 = """\
Signature version 1.0, HMAC-SHA1 over all parameters of the query and the form body but `Signature`:

1. Sort them by name, in the order of bytes.
2. Percent-encode each name and value as UTF-8 by RFC 3986 (a space is `%20`), and join them: `Name=value&Name=value`.
3. The string to sign is `POST&%2F&` (or `GET&%2F&`) and that text, percent-encoded once more.
4. `Signature` is Base64(HMAC-SHA1(AccessKeySecret + `&`, string to sign)).

A request is accepted once: each needs a `SignatureNonce` of its own.
"""
_SIGNATURE_V3 = """\
Signature V3 of the newer SDKs: `Authorization: ACS3-HMAC-SHA256 Credential=…,SignedHeaders=…,Signature=…` with the
headers `x-acs-action`, `x-acs-version`, `x-acs-date`, `x-acs-signature-nonce` and `x-acs-content-sha256`, all of them
signed, and none of the parameters of signature 1.0.
"""

SECURITY_SCHEMES: dict[str, Any] = {
    "SignatureV1": {"type": "apiKey", "in": "query", "name": "Signature", "description": _SIGNATURE_V1},
    "SignatureV3": {"type": "http", "scheme": str(Scheme.V3), "description": _SIGNATURE_V3},
}


def _parameter(name: str, meaning: str, *, required: bool, **schema: Any) -> dict[str, Any]:
    return {
        "name": name,
        "in": "query",
        "required": required,
        "description": meaning,
        "schema": {"type": "string", **schema},
    }


_MINUTES = TIMESTAMP_WINDOW_MS // 60_000

#: Of signature 1.0; V3 says them in headers.
COMMON_PARAMETERS: dict[str, Any] = {
    declared["name"]: declared
    for declared in (
        _parameter("AccessKeyId", "Who signs.", required=True, minLength=1),
        _parameter("Signature", "Computed last, over all other parameters.", required=True, contentEncoding="base64"),
        _parameter("SignatureMethod", "How it is signed.", required=True, const=str(Scheme.V1)),
        _parameter("SignatureVersion", "May be left out.", required=False, const="1.0"),
        _parameter(
            "SignatureNonce",
            f"New for every request; a repeated one is refused within {2 * _MINUTES} minutes.",
            required=True,
            minLength=1,
            maxLength=NONCE_CHARACTERS_MAX,
        ),
        _parameter(
            "Timestamp",
            f"Now, in UTC; at most {_MINUTES} minutes from the server's clock.",
            required=True,
            format="date-time",
            pattern="^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$",
            examples=["2025-01-02T03:04:05Z"],
        ),
        _parameter("Version", "The API's version.", required=False, enum=list(VERSIONS), default=VERSIONS[0]),
        _parameter(
            "Format",
            "The answer's form, in any case.",
            required=False,
            enum=list(ResponseFormat),
            default=str(ResponseFormat.JSON),
        ),
    )
}

#: Required, so that clients made from the description get the names that its schemas have.
RESPONSE_CASE: dict[str, Any] = {
    "name": "X-Response-Case",
    "in": "header",
    "required": True,
    "description": "The case of names in the answer: `pascal` as described, `camel` for the schemas `…ResponseCamel`. "
    "The server does not insist on it, but without it other hints decide.",
    "schema": {"type": "string", "const": str(Case.PASCAL)},
}
