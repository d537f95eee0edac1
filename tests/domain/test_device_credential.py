"""Device credentials: the vectors of device-protocol 13, strict alphabets, and a password check for any bytes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whimbrel.domain.device_credential import (
    CID_CHARACTERS_MAX,
    CredentialFault,
    DeviceCredential,
    DeviceIdentity,
    RegistrationClaim,
    SecureMode,
    SignMethod,
    connect_fields,
    expected_password,
    parse_credential,
    parse_registration,
    password_matches,
    registration_matches,
    token_matches,
)
from whimbrel.domain.enrolment import token_digest

SECRET = "0123456789abcdef0123456789abcdef"

VECTORS = [
    pytest.param(
        "12345|securemode=3,signmethod=hmacsha1,timestamp=789|",
        "device&pk",
        "secret",
        "fafd82a3d602b37fb0fa8b7892f24a477f851a14",
        id="1-vendor-example",
    ),
    pytest.param(
        "a19mzPZ0001.dev-0001|timestamp=2524608000000,securemode=2,signmethod=hmacsha256|",
        "dev-0001&a19mzPZ0001",
        SECRET,
        "0db7471ae4cfdacdd8befc7cb4f3b0859afc6786fda18273ced9bde20b548800",
        id="2-sha256",
    ),
    pytest.param(
        "a19mzPZ0001&dev-0001|securemode=3,signmethod=hmacmd5|",
        "dev-0001&a19mzPZ0001",
        SECRET,
        "7ffe64cef2f037dd87bd08aff1c21b6b",
        id="3-no-timestamp",
    ),
    pytest.param(
        "gw:42|signmethod=hmacsha1,timestamp=1732009663000,securemode=2|",
        "dev@site:7&a19mzPZ0001",
        SECRET,
        "4a51ed1bff7add369e2e2da95618516c6852529f",
        id="4-hard-characters",
    ),
]

identities = st.builds(
    DeviceIdentity,
    product_key=st.from_regex(r"[A-Za-z0-9]{1,30}", fullmatch=True),
    device_name=st.from_regex(r"[A-Za-z0-9\-_@.:]{1,32}", fullmatch=True),
)


def parsed(client_id: str, username: str = "dev-0001&a19mzPZ0001") -> DeviceCredential:
    credential = parse_credential(client_id, username)
    assert isinstance(credential, DeviceCredential), credential
    return credential


@pytest.mark.parametrize(("client_id", "username", "secret", "password"), VECTORS)
def test_vectors_of_the_protocol(client_id: str, username: str, secret: str, password: str) -> None:
    """The passwords of device-protocol 13 are expected and accepted, upper case too; each other last digit is not."""
    credential = parsed(client_id, username)
    assert expected_password(credential, secret) == password
    assert password_matches(credential, password.encode(), secret)
    assert password_matches(credential, password.upper().encode(), secret)
    for digit in "0123456789abcdef":
        guess = password[:-1] + digit
        assert password_matches(credential, guess.encode(), secret) == (guess == password)


def test_every_field_is_read() -> None:
    """Keys in any order, unknown keys and empty entries passed over (the C SDK ends its list with a comma)."""
    client_id = "pk.d|timestamp=2524608000000,_ss=1,_v=sdk-c-4.1.0,securemode=2,signmethod=hmacsha256,ext=3,lan=C,|"
    assert parse_credential(client_id, "d&pk") == DeviceCredential(
        "pk", "d", "pk.d", SignMethod.HMACSHA256, SecureMode.TLS, "2524608000000"
    )
    assert parsed(client_id).identity == DeviceIdentity("a19mzPZ0001", "dev-0001")


def test_absent_keys_have_defaults() -> None:
    """Without signmethod it is hmacmd5, without timestamp none is signed, without securemode it is TCP."""
    for client_id in ("c||", "c|_v=1|"):
        credential = parsed(client_id)
        assert credential[2:] == ("c", SignMethod.HMACMD5, SecureMode.TCP, None, False)


@pytest.mark.parametrize("timestamp", ["0", "789", "2524608000000", "99999999999999999999"])
def test_timestamp_is_text_and_never_compared_with_a_clock(timestamp: str) -> None:
    """1970, 2050 and beyond are all taken, and signed as they were written."""
    credential = parsed(f"c|timestamp={timestamp}|")
    assert credential.timestamp == timestamp
    assert expected_password(credential, SECRET) != expected_password(credential._replace(timestamp=None), SECRET)


@pytest.mark.parametrize(
    "client_id",
    [
        "",
        "c",
        "c|",
        "|securemode=3|",
        "c|securemode=3",
        "c|securemode=3|x",
        "c|securemode=3||",
        "c|a|securemode=3|",
        "c|securemode=4|",
        "c|securemode=|",
        "c|securemode= 3|",
        "c|securemode=٣|",
        "c|signmethod=md5|",
        "c|signmethod=HMACMD5|",
        "c|signmethod=hmacsha512|",
        "c|timestamp=|",
        "c|timestamp=1_0|",
        "c|timestamp=-1|",
        "c|timestamp=١٠|",
        "c|timestamp=10\n|",
        "c|timestamp=123456789012345678901|",
        "c|timestamp=1,timestamp=1|",
        "c|signmethod=hmacmd5,signmethod=hmacsha1|",
        "c|securemode=2,securemode=3|",
        "c\n|securemode=3|",
        "c\x7f|securemode=3|",
        "c\u202e|securemode=3|",
        "c\ud800|securemode=3|",
    ],
)
def test_a_client_id_with_no_or_two_readings_is_refused(client_id: str) -> None:
    """A02, A16: one form, closed value lists, ASCII digits, no key twice, nothing unprintable."""
    assert parse_credential(client_id, "dev-0001&a19mzPZ0001") is CredentialFault.CLIENT_ID


@pytest.mark.parametrize("length", [0, 1, CID_CHARACTERS_MAX - 1, CID_CHARACTERS_MAX, CID_CHARACTERS_MAX + 1])
def test_cid_has_1_to_64_characters(length: int) -> None:
    """The limit holds at -1, 0 and +1."""
    is_parsed = isinstance(parse_credential("c" * length + "|securemode=3|", "d&pk"), DeviceCredential)
    assert is_parsed == (1 <= length <= 64)


@pytest.mark.parametrize(
    "username",
    [
        *[
            "",
            "&",
            "d",
            "d&",
            "&pk",
            "d&pk&pk",
            "d&p&k",
            "d&pk\n",
            "\nd&pk",
            " d&pk",
            "d&pk ",
            "d&p-k",
            "d&p_k",
            "d&pk\0",
        ],
        *[f"d{c}&pk" for c in "+#/$ \t\n\0\x1f\x7f|,=é設\u0661"],
        *[f"d&pk{c}" for c in "+#/$.:@\n\0é\u0661"],
    ],
)
def test_A16_an_identity_outside_its_alphabet_is_refused(username: str) -> None:
    """Wildcards, separators, control bytes and non-ASCII letters never become a device name or product key."""
    assert parse_credential("c|securemode=3|", username) is CredentialFault.USERNAME


@pytest.mark.parametrize(
    ("name_length", "key_length", "is_parsed"),
    [(31, 29, True), (32, 30, True), (33, 30, False), (32, 31, False), (1, 1, True), (0, 1, False), (1, 0, False)],
)
def test_name_lengths(name_length: int, key_length: int, is_parsed: bool) -> None:
    """Device names to 32 and product keys to 30 characters, at -1, 0 and +1."""
    credential = parse_credential("c|securemode=3|", "d" * name_length + "&" + "p" * key_length)
    assert isinstance(credential, DeviceCredential) == is_parsed


@given(identity=identities, sign_method=st.sampled_from(SignMethod), secret=st.text(st.characters(codec="utf-8")))
def test_what_a_simulated_device_sends_is_accepted(
    identity: DeviceIdentity, sign_method: SignMethod, secret: str
) -> None:
    """connect_fields and parse_credential agree for every identity and method, and only for that secret."""
    fields = connect_fields(identity.product_key, identity.device_name, secret, sign_method)
    credential = parsed(fields.client_id, fields.username)
    assert credential.identity == identity
    assert credential.sign_method is sign_method
    assert password_matches(credential, fields.password.encode(), secret)
    assert not password_matches(credential, fields.password.encode(), secret + "x")


@given(password=st.binary(max_size=200))
def test_any_bytes_can_be_offered_as_password(password: bytes) -> None:
    """Non-ASCII, empty and long passwords are wrong, not an exception."""
    credential = parsed("c|securemode=3|")
    assert password_matches(credential, password, SECRET) == (
        password.lower() == expected_password(credential, SECRET).encode()
    )


@pytest.mark.parametrize("password", [b"", b"\xff" * 32, "７ffe64cef2f037dd87bd08aff1c21b6b".encode(), b"\x00"])
def test_hostile_passwords_are_wrong(password: bytes) -> None:
    """Full-width digits, NUL and high bytes do not fold into hex."""
    credential = parsed("a19mzPZ0001&dev-0001|securemode=3,signmethod=hmacmd5|")
    assert not password_matches(credential, password, SECRET)


@given(client_id=st.text(max_size=100), username=st.text(max_size=80))
def test_parsing_never_raises(client_id: str, username: str) -> None:
    """Any two texts give a credential or name the field at fault."""
    assert isinstance(parse_credential(client_id, username), DeviceCredential | CredentialFault)


@given(identity=identities, extensions=st.text(alphabet="|,=-0123456789abcdehimnoprstu\n", max_size=60))
def test_A16_whatever_is_parsed_is_in_its_alphabet(identity: DeviceIdentity, extensions: str) -> None:
    """A parsed credential has the identity of the user name, and a timestamp of ASCII digits or none."""
    credential = parse_credential(f"c|{extensions}|", f"{identity.device_name}&{identity.product_key}")
    if isinstance(credential, DeviceCredential):
        assert credential.identity == identity
        assert credential.timestamp is None or (credential.timestamp.isascii() and credential.timestamp.isdigit())


# ---- registration and tokens (device-protocol 11) ----

REGISTER = "dev-0001.a19mzPZ0001|random=567345,authType={},securemode=2,signmethod=hmacsha256|"


@pytest.mark.parametrize(("auth_type", "wants_token"), [("register", False), ("regnwl", True)])
def test_a_registration(auth_type: str, wants_token: bool) -> None:
    """Both kinds are read, and proved by the product's secret in either case of hex; another last digit is no proof."""
    claim = parse_credential(REGISTER.format(auth_type), "dev-0001&a19mzPZ0001")
    assert claim == RegistrationClaim("a19mzPZ0001", "dev-0001", "567345", SignMethod.HMACSHA256, wants_token)
    sign = "d03d7ca7fca43ae165851bb4249709886db2192918daf407836f0c854990f0a7"
    assert registration_matches(claim, sign.upper().encode(), "productSecret01")
    for digit in "0123456789abcdef":
        guess = sign[:-1] + digit
        assert registration_matches(claim, guess.encode(), "productSecret01") == (guess == sign)
    assert not registration_matches(claim, "ü".encode(), "productSecret01")


@pytest.mark.parametrize(
    ("client_id", "username"),
    [
        ("c|authType=register,signmethod=hmacsha256|", "dev-0001&pk"),
        ("c|authType=register,random=|", "dev-0001&pk"),
        ("c|authType=register,random=" + "x" * 65 + "|", "dev-0001&pk"),
        ("c|authType=register,random=1,random=2|", "dev-0001&pk"),
        ("c|authType=register,random=1,authType=regnwl|", "dev-0001&pk"),
        ("c|authType=register,random=1productKey|", "dev-0001&pk"),
        ("c|authType=register,random=1,signmethod=hmacsha512|", "dev-0001&pk"),
        ("c|authType=regnwl,random=1|", "dev&pk"),
    ],
)
def test_registrations_with_a_fault(client_id: str, username: str) -> None:
    """Without one random of the right form, or with a name that no device can have, it is none."""
    assert parse_credential(client_id, username) is CredentialFault.CLIENT_ID


@pytest.mark.parametrize(
    "change",
    [
        {"deviceName": "dev"},
        {"deviceName": "dev-0001&pk"},
        {"productKey": ""},
        {"productKey": "p-k"},
        {"random": ""},
        {"random": "a b"},
        {"signMethod": "md5"},
        {"signMethod": "hmacsha512"},
    ],
)
def test_forms_with_a_fault(change: dict[str, str]) -> None:
    """A form is held to the same rules; what is missing or of another alphabet makes it none."""
    fields = {"productKey": "pk", "deviceName": "dev-0001", "random": "1", "signMethod": "hmacsha1"}
    assert parse_registration(fields) == RegistrationClaim("pk", "dev-0001", "1", SignMethod.HMACSHA1)
    assert parse_registration(fields | change) is None
    missing = {name: value for name, value in fields.items() if name not in change}
    assert (parse_registration(missing) is None) == (change.keys() != {"signMethod"})


def test_a_token_login() -> None:
    """`connwl` has the token for its password and the client id that came with it; each alone is not enough."""
    credential = parsed("cid-1|authType=connwl,securemode=-2,_ss=1,ext=3,lan=Python,_v=1|")
    assert credential.has_token
    digest = token_digest(b"token")
    assert token_matches(credential, b"token", digest, "cid-1")
    assert not token_matches(credential, b"Token", digest, "cid-1")
    assert not token_matches(credential, b"token", digest, "cid-2")
    assert not parsed("cid-1|securemode=-2|").has_token
