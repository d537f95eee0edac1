"""The form upload's policy (api-contract 12, A13)."""

from __future__ import annotations

import base64
import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whimbrel.domain.form_upload import (
    CONDITIONS_MAX,
    DEVICE_LIST_BYTES_MAX,
    FILE_BYTES_MAX,
    FILE_BYTES_MIN,
    POLICY_CHARS_MAX,
    POLICY_SECONDS,
    UploadGrant,
    UploadPurpose,
    check_form,
    check_signature,
    encode_policy,
    make_object_key,
    make_policy,
    read_form,
    sign_policy,
)
from whimbrel.errors import UploadError

NOW_MS = 1_732_061_418_560
SECRET = "testAccessKeySecret"
KEY = make_object_key("0123456789abcdef" * 2, "bin")
VECTOR_POLICY = (
    "eyJleHBpcmF0aW9uIjoiMjAyNC0xMS0yMFQwMDoxMToxOC41NjBaIiwiY29uZGl0aW9ucyI6W1siY29udGVudC1sZW5ndGgtcmFuZ2UiLDAsMTA0"
    "ODU3NjAwMF0sWyJzdGFydHMtd2l0aCIsIiRrZXkiLCJvdGEvZmlybXdhcmUvIl1dfQ=="
)
VECTOR_EXPIRES_MS = 1_732_061_478_560


def encoded(document: object) -> str:
    text = document if isinstance(document, str) else json.dumps(document)
    return base64.b64encode(text.encode()).decode()


def form(policy: str | None = None, **changes: str | None) -> dict[str, str]:
    policy = encode_policy(make_policy(KEY, NOW_MS)) if policy is None else policy
    fields = {"key": KEY, "ossaccesskeyid": "id", "policy": policy, "signature": sign_policy(SECRET, policy)}
    named = {
        name.replace("_", "-") if name != "success_action_status" else name: text for name, text in changes.items()
    }
    return {name: text for name, text in (fields | named).items() if text is not None}


def checked(fields: dict[str, str], now_ms: int = NOW_MS) -> UploadGrant:
    claimed = read_form(fields)
    check_signature(claimed, SECRET)
    return check_form(claimed, fields, now_ms)


def refusal(fields: dict[str, str], now_ms: int = NOW_MS) -> str:
    with pytest.raises(UploadError) as caught:
        checked(fields, now_ms)
    return caught.value.code


def with_conditions(*conditions: object) -> str:
    return encoded({"expiration": "2099-01-01T00:00:00.000Z", "conditions": list(conditions)})


def test_vector_of_the_contract() -> None:
    """The contract's vector: this policy text and secret give this signature, and its policy covers such keys."""
    assert sign_policy(SECRET, VECTOR_POLICY) == "Mf0sM5iRMfE3NwZVvCCI4xIiZdA="
    assert checked(form(VECTOR_POLICY), VECTOR_EXPIRES_MS).size_bytes_max == FILE_BYTES_MAX


def test_own_policy() -> None:
    """Our policy pins the exact key and 1 to 1048576000 bytes, and lives a minute."""
    policy = make_policy(KEY, NOW_MS)
    assert json.loads(base64.b64decode(encode_policy(policy))) == {
        "expiration": "2024-11-20T00:11:18.560Z",
        "conditions": [["content-length-range", 1, 1_048_576_000], ["eq", "$key", KEY]],
    }
    assert policy.expires_ms == NOW_MS + POLICY_SECONDS * 1000 == VECTOR_EXPIRES_MS
    assert checked(form()) == UploadGrant(KEY, "id", FILE_BYTES_MIN, FILE_BYTES_MAX, None)


def test_smaller_limit() -> None:
    """A policy for a device list carries its own limit."""
    policy = encode_policy(make_policy(KEY, NOW_MS, 5_000_000))
    assert checked(form(policy)).size_bytes_max == 5_000_000


@pytest.mark.parametrize(("after_ms", "is_over"), [(-1, False), (0, False), (1, True)])
def test_A13_expiry(after_ms: int, is_over: bool) -> None:
    """An upload may start up to the policy's last millisecond."""
    now_ms = NOW_MS + POLICY_SECONDS * 1000 + after_ms
    if is_over:
        assert refusal(form(), now_ms) == "AccessDenied"
    else:
        assert checked(form(), now_ms).object_key == KEY


@pytest.mark.parametrize("missing", ["ossaccesskeyid", "policy", "signature"])
@pytest.mark.parametrize("text", [None, ""])
def test_incomplete_credentials(missing: str, text: str | None) -> None:
    """Credentials that are not all given are InvalidArgument."""
    fields = form()
    fields.pop(missing)
    if text is not None:
        fields[missing] = text
    assert refusal(fields) == "InvalidArgument"


def test_missing_key() -> None:
    """A form without key is told as the object store tells it."""
    assert refusal(form(key=None)) == "IncorrectNumberOfFilesInPOSTRequest"


def test_wrong_signature() -> None:
    """Another secret's signature, or another policy under this signature, does not match."""
    assert (
        refusal(form(signature=sign_policy("other", encode_policy(make_policy(KEY, NOW_MS)))))
        == "SignatureDoesNotMatch"
    )
    assert refusal(form(policy=VECTOR_POLICY) | {"policy": VECTOR_POLICY + "\n"}) == "SignatureDoesNotMatch"
    assert refusal(form(signature="ünsigned")) == "SignatureDoesNotMatch"


def test_unknown_access_key() -> None:
    """An unknown AccessKeyId is told so, whatever the signature."""
    for fields in (form(), form(signature=sign_policy("no such key", form()["policy"]))):
        with pytest.raises(UploadError) as caught:
            check_signature(read_form(fields), None)
        assert caught.value.code == "InvalidAccessKeyId"


def test_A13_another_key() -> None:
    """Credentials of one file cannot write another one."""
    assert refusal(form(key=make_object_key("f" * 32, "bin"))) == "AccessDenied"


@pytest.mark.parametrize("key", ["ota/firmware/${filename}", KEY + "${filename}"])
def test_A13_file_name_never_becomes_a_key(key: str) -> None:
    """`${filename}` is refused, under our policy and under one that would allow it."""
    assert refusal(form(key=key)) == "AccessDenied"
    assert refusal(form(VECTOR_POLICY, key=key)) == "AccessDenied"


def test_A13_fields_outside_the_policy() -> None:
    """A field that the contract does not know needs a condition; the known ones and x-oss-meta-* do not."""
    assert refusal(form(callback="http://elsewhere")) == "AccessDenied"
    assert refusal(form(x_oss_object_acl="public-read")) == "AccessDenied"
    allowed = form(x_oss_meta_note="x", success_action_status="201", content_type="text/plain", name="a.bin")
    assert checked(allowed).object_key == KEY
    policy = with_conditions(["eq", "$key", KEY], {"callback": "a"})
    assert checked(form(policy, callback="a")).object_key == KEY


@pytest.mark.parametrize(
    ("condition", "is_met"),
    [
        (["eq", "$success_action_status", "201"], True),
        (["eq", "$Success_Action_Status", "201"], True),
        (["eq", "$success_action_status", "20"], False),
        (["starts-with", "$success_action_status", "20"], True),
        (["starts-with", "$success_action_status", ""], True),
        (["starts-with", "$success_action_status", "21"], False),
        ({"SUCCESS_ACTION_STATUS": "201"}, True),
        ({"success_action_status": "200"}, False),
        (["eq", "$bucket", "b"], False),
        (["starts-with", "$content-type", ""], False),
    ],
)
def test_conditions(condition: object, is_met: bool) -> None:
    """Conditions compare form fields, their names without case; an absent field meets none."""
    fields = form(with_conditions(["eq", "$key", KEY], condition), success_action_status="201")
    if is_met:
        assert checked(fields).object_key == KEY
    else:
        assert refusal(fields) == "AccessDenied"


def test_A13_policy_must_speak_of_the_key() -> None:
    """A policy without a condition on the key allows nothing."""
    assert refusal(form(with_conditions(["content-length-range", 1, 10]))) == "AccessDenied"


def test_length_ranges_only_narrow() -> None:
    """Several ranges hold together, and none widens the server's own limits."""
    policy = with_conditions(
        {"key": KEY},
        ["content-length-range", 0, 10**15],
        ["content-length-range", 5, 90],
        ["content-length-range", 0, 80],
    )
    assert checked(form(policy))[2:4] == (5, 80)
    wide = with_conditions({"key": KEY}, ["content-length-range", 0, 10**15])
    assert checked(form(wide))[2:4] == (FILE_BYTES_MIN, FILE_BYTES_MAX)


@pytest.mark.parametrize(
    "policy",
    [
        "%%%",
        "ünreadable",
        "abc",
        encoded("[]"),
        encoded("{}"),
        encoded("null"),
        encoded('{"expiration":"2099-01-01T00:00:00Z"}'),
        encoded('{"expiration":1,"conditions":[]}'),
        encoded('{"expiration":"2099-01-01T00:00:00Z","conditions":{}}'),
        encoded('{"expiration":"2099-01-01T00:00:00Z","expiration":"2099-01-01T00:00:00Z","conditions":[]}'),
        encoded({"expiration": "2099-13-01T00:00:00Z", "conditions": []}),
        encoded({"expiration": "2099-1-1T0:0:0Z", "conditions": []}),
        encoded({"expiration": "2099-01-01T00:00:00Z\n", "conditions": []}),
        encoded({"expiration": "٢٠٩٩-01-01T00:00:00Z", "conditions": []}),
        base64.b64encode(b'{"a":"\xff"}').decode(),
        encoded("[" * 5000),
        encoded("9" * 5000),
    ]
    + [
        with_conditions(condition)
        for condition in (
            [],
            {},
            "eq",
            ["eq", "key", "v"],
            ["eq", "$key", 1],
            ["eq", "$key"],
            ["ne", "$key", "v"],
            {"key": 1},
            ["content-length-range", "0", "9"],
            ["content-length-range", True, 9],
            ["content-length-range", 0, 9.5],
            ["content-length-range", 0],
        )
    ],
)
def test_unreadable_policy(policy: str) -> None:
    """A signed policy that is no policy is InvalidPolicyDocument."""
    assert refusal(form(policy)) == "InvalidPolicyDocument"


@pytest.mark.parametrize(
    ("count", "is_read"), [(CONDITIONS_MAX - 1, True), (CONDITIONS_MAX, True), (CONDITIONS_MAX + 1, False)]
)
def test_number_of_conditions(count: int, is_read: bool) -> None:
    """Sixty-four conditions are read."""
    fields = form(with_conditions(*[{"key": KEY}] * count))
    if is_read:
        assert checked(fields).object_key == KEY
    else:
        assert refusal(fields) == "InvalidPolicyDocument"


@pytest.mark.parametrize(("excess_bytes", "is_read"), [(-3, True), (0, True), (3, False)])
def test_length_of_policy(excess_bytes: int, is_read: bool) -> None:
    """A policy text over the limit is not decoded; Base64 grows by four characters for three bytes."""
    text = base64.b64decode(with_conditions({"key": KEY})).decode()
    fields = form(encoded(text.ljust(POLICY_CHARS_MAX // 4 * 3 + excess_bytes)))
    if is_read:
        assert checked(fields).object_key == KEY
    else:
        assert refusal(fields) == "InvalidPolicyDocument"


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_any_signed_policy_is_read_safely(raw: bytes) -> None:
    """Whatever bytes a holder of the secret signs, the answer is an UploadError."""
    assert refusal(form(base64.b64encode(raw).decode())) in {"InvalidPolicyDocument", "InvalidArgument"}


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from(["eq", "starts-with", "$key", KEY, "content-length-range"]),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["key", "policy", "x"]), inner, max_size=3)
    ),
    max_leaves=12,
)


@given(st.lists(JSON, max_size=5))
def test_any_conditions_are_read_safely(conditions: list[object]) -> None:
    """Whatever JSON stands in the conditions, the answer is a grant within our limits or an UploadError."""
    code = None
    try:
        grant = checked(form(with_conditions(*conditions)))
        assert (grant.size_bytes_min >= FILE_BYTES_MIN, grant.size_bytes_max <= FILE_BYTES_MAX) == (True, True)
    except UploadError as error:
        code = error.code
    assert code in {None, "InvalidPolicyDocument", "AccessDenied"}


def test_content_md5() -> None:
    """Content-MD5 is the Base64 text of sixteen bytes."""
    digest = hashlib.md5(b"abc")
    assert checked(form(content_md5=base64.b64encode(digest.digest()).decode())).content_md5 == digest.hexdigest()
    for text in ("", "x", digest.hexdigest(), "AAAA", "ü"):
        assert refusal(form(content_md5=text)) == "InvalidDigest"


@pytest.mark.parametrize("suffix", ["bin", "dav", "apk", "tar", "gz", "tar.gz", "tar.xz", "zip", "gzip", "pack"])
def test_object_keys(suffix: str) -> None:
    """Every FileSuffix of api-contract 6.6 makes a key of the vendors' shape."""
    key = make_object_key("0" * 32, suffix)
    assert key == f"ota/firmware/{'0' * 32}.{suffix}"


@pytest.mark.parametrize(
    ("random_hex", "suffix"),
    [("0" * 31, "bin"), ("0" * 33, "bin"), ("A" * 32, "bin"), ("0" * 32, ""), ("0" * 32, "../x"), ("0" * 32, "bin\n")],
)
def test_I11_only_our_own_keys_are_made(random_hex: str, suffix: str) -> None:
    """A key never takes a path or a caller's text."""
    with pytest.raises(ValueError, match="an object key"):
        make_object_key(random_hex, suffix)


@pytest.mark.parametrize(
    ("purpose", "folder", "size_bytes_max"),
    [
        (UploadPurpose.FIRMWARE, "ota/firmware", FILE_BYTES_MAX),
        (UploadPurpose.DEVICE_LIST, "ota/devices", DEVICE_LIST_BYTES_MAX),
    ],
)
def test_purposes(purpose: UploadPurpose, folder: str, size_bytes_max: int) -> None:
    """Each purpose has keys and a largest size of its own: 1000 MiB for firmware, 5 MiB for a list of devices."""
    assert make_object_key("0" * 32, "csv", purpose) == f"{folder}/{'0' * 32}.csv"
    assert purpose.size_bytes_max == size_bytes_max
    assert DEVICE_LIST_BYTES_MAX == 5_242_880


@pytest.mark.parametrize(
    ("ids", "code"),
    [
        ({"ossaccesskeyid": None, "accesskeyid": "id"}, None),
        ({"accesskeyid": "id"}, None),
        ({"accesskeyid": ""}, None),
        ({"accesskeyid": "other"}, "InvalidArgument"),
        ({"ossaccesskeyid": None}, "InvalidArgument"),
        ({"ossaccesskeyid": None, "accesskeyid": ""}, "InvalidArgument"),
    ],
)
def test_the_key_id_has_two_names(ids: dict[str, str | None], code: str | None) -> None:
    """OSSAccessKeyId, or AccessKeyId as GenerateDeviceNameListURL calls it; not one of each."""
    fields = form(**ids)
    if code is None:
        assert checked(fields).access_key_id == "id"
    else:
        assert refusal(fields) == code
