"""What a back end's own error handling sees: the vendors' SDKs read our gateway and business errors as the vendor's."""

from typing import Any

import pytest

from tests.story.sdk_processes import SDKS, BackEnd
from tests.story.servers import AccessKey, WhimbrelServer


@pytest.mark.parametrize(
    ("sdk_name", "code"),
    [
        # The classic SDK compares the string to sign in our message with its own: equal, so only the secret is wrong.
        ("classic", "InvalidAccessKeySecret"),
        ("tea-v3", "SignatureDoesNotMatch"),
        ("tea-v2", "SignatureDoesNotMatch"),
        ("pop-core-get", "SignatureDoesNotMatch"),
        ("pop-core-post", "SignatureDoesNotMatch"),
    ],
)
def test_wrong_secret(sdk_name: str, code: str, server: WhimbrelServer, open_back_end: Any) -> None:
    """A wrong secret is HTTP 400 with the code that the SDK's documentation promises (api-contract 5.4)."""
    wrong = server.access_key._replace(secret="0123456789abcdef0123456789abcd")
    error = open_back_end(sdk_name, wrong).error("ListOTAFirmware", CurrentPage=1, PageSize=10)
    assert error.code == code
    assert error.described["http_status"] == 400
    assert error.described["request_id"]


@pytest.mark.parametrize("sdk_name", sorted(SDKS))
def test_unknown_access_key(sdk_name: str, open_back_end: Any) -> None:
    """An unknown AccessKeyId is HTTP 404 InvalidAccessKeyId.NotFound."""
    error = open_back_end(sdk_name, AccessKey("nobody", "secret")).error("ListOTAFirmware", CurrentPage=1, PageSize=10)
    assert error.code == "InvalidAccessKeyId.NotFound"
    assert error.described["http_status"] == 404


def test_unknown_action(back_end: BackEnd) -> None:
    """An action that does not exist is HTTP 404 InvalidAction.NotFound."""
    error = back_end.error("MakeCoffee", Cups=2)
    assert error.code == "InvalidAction.NotFound"
    assert error.described["http_status"] == 404


def test_missing_required_parameter(back_end: BackEnd) -> None:
    """A required parameter that is absent is a gateway error, HTTP 400, whose message names it (api-contract 5.3)."""
    error = back_end.error("ListOTAFirmware", CurrentPage=1)
    assert error.code is not None
    assert error.code.startswith("Missing")
    assert "PageSize" in error.code + error.described["message"]
    assert error.described["http_status"] == 400


@pytest.mark.parametrize(
    ("action", "parameters", "code"),
    [
        ("QueryOTAFirmware", {"FirmwareId": "404"}, "iot.ota.FirmwareNotFound"),
        ("QueryOTAJob", {"JobId": "404"}, "iot.ota.JobNotFound"),
        ("QueryProduct", {"ProductKey": "k0000000404"}, "iot.prod.NotExistedProduct"),
        ("ListOTAFirmware", {"CurrentPage": 1, "PageSize": 101}, "iot.common.InvalidPageParams"),
        ("ConfirmOTATask", {"TaskId": ["404"]}, "iot.ota.TaskNotFound"),
    ],
)
def test_business_failure(action: str, parameters: dict[str, Any], code: str, back_end: BackEnd) -> None:
    """A business failure is HTTP 200 with Success false; pop-core makes an exception of its Code."""
    assert back_end.refusal(action, **parameters) == code


def test_many_calls_of_one_sdk_object(back_end: BackEnd) -> None:
    """An SDK object that is kept and used again makes a fresh nonce for every call, and no call is refused."""
    answers = [back_end.succeed("QueryProductList", CurrentPage=1, PageSize=10) for _ in range(20)]
    assert len({answer["RequestId"] for answer in answers}) == 20
