"""The strict form of scheme V3's Authorization header (api-contract 4.1)."""

from __future__ import annotations

import pytest

from whimbrel import errors
from whimbrel.rpc.signature import read_call
from whimbrel.rpc.signed_call import RawRequest

SIGNATURE = "fd2ce67e921e2a65f9a9137d127816ebbee61a0e35859fc96330425b4ec55cfb"
HEADERS = {
    "host": "iot.example.test",
    "x-acs-action": "ListOTAFirmware",
    "x-acs-content-sha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "x-acs-date": "2024-11-19T09:47:43Z",
    "x-acs-signature-nonce": "nonce-0001",
    "x-acs-version": "2018-01-20",
}
SIGNED_HEADERS = "host;x-acs-action;x-acs-content-sha256;x-acs-date;x-acs-signature-nonce;x-acs-version"
REST = f"SignedHeaders={SIGNED_HEADERS},Signature={SIGNATURE}"


def request(authorization: str) -> RawRequest:
    headers = [(name.encode(), value.encode()) for name, value in HEADERS.items()]
    return RawRequest("GET", b"/", b"", [*headers, (b"authorization", authorization.encode())], b"")


@pytest.mark.parametrize(
    "value",
    [
        "ACS3-HMAC-SHA256",
        "ACS3-HMAC-SHA256 ",
        f"acs3-hmac-sha256 Credential=a,{REST}",
        f"ACS3-HMAC-SM3 Credential=a,{REST}",
        f"ACS3-HMAC-SHA256  Credential=a,{REST}",
        f"ACS3-HMAC-SHA256 Credential=,{REST}",
        f"ACS3-HMAC-SHA256 Credential=a b,{REST}",
        f"ACS3-HMAC-SHA256 Credential=传,{REST}",
        f"ACS3-HMAC-SHA256 Credential={'a' * 257},{REST}",
        f"ACS3-HMAC-SHA256 Credential=a,{REST}x",
        f"ACS3-HMAC-SHA256 Credential=a,{REST}\nx",
        f"ACS3-HMAC-SHA256 Credential=a,SignedHeaders={SIGNED_HEADERS};,Signature={SIGNATURE}",
        f"ACS3-HMAC-SHA256 Credential=a,SignedHeaders=Accept;{SIGNED_HEADERS},Signature={SIGNATURE}",
        f"ACS3-HMAC-SHA256 Credential=a,SignedHeaders=,Signature={SIGNATURE}",
        f"ACS3-HMAC-SHA256 Credential=a, SignedHeaders={SIGNED_HEADERS}, Signature={SIGNATURE}",
        f"ACS3-HMAC-SHA256 SignedHeaders={SIGNED_HEADERS},Credential=a,Signature={SIGNATURE}",
        f"ACS3-HMAC-SHA256 Credential=a,Credential=b,{REST}",
    ],
)
def test_malformed_authorization_headers_are_refused(value: str) -> None:
    """Anything but the contract's exact form is IncompleteSignature."""
    with pytest.raises(errors.IncompleteSignatureError, match="must read"):
        read_call(request(value))


@pytest.mark.parametrize("length", [1, 255, 256])
def test_length_of_an_access_key_id(length: int) -> None:
    """An AccessKeyId of 1 to 256 characters is read."""
    value = f"ACS3-HMAC-SHA256 Credential={'a' * length},{REST}"
    assert read_call(request(value)).access_key_id == "a" * length


@pytest.mark.parametrize("signature", [SIGNATURE.upper(), SIGNATURE[:-1], SIGNATURE + "0", ""])
def test_malformed_signatures_are_refused(signature: str) -> None:
    """A signature is 64 lower-case hex digits."""
    with pytest.raises(errors.IncompleteSignatureError):
        read_call(request(f"ACS3-HMAC-SHA256 Credential=a,SignedHeaders={SIGNED_HEADERS},Signature={signature}"))


@pytest.mark.parametrize("names", [sorted(HEADERS, reverse=True), [*sorted(HEADERS), "x-acs-version"]])
def test_signed_headers_are_ascending_and_unique(names: list[str]) -> None:
    """One list has one writing."""
    with pytest.raises(errors.IncompleteSignatureError, match="ascending"):
        read_call(request(f"ACS3-HMAC-SHA256 Credential=a,SignedHeaders={';'.join(names)},Signature={SIGNATURE}"))
