"""How happy answers are compared with the contract: every key, every value, and the JSON type of each."""

from __future__ import annotations

import json
import re
from typing import Any

from tests.operations.signed_door import Answer
from whimbrel.rpc.dialect import Case

_REQUEST_ID = {
    Case.CAMEL: re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"),
    Case.PASCAL: re.compile(r"[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}"),
}


def check_answer(answer: Answer, case: Case, expected: dict[str, Any]) -> None:
    """The answer is HTTP 200 with the envelope of api-contract 1.4 and exactly `expected` (PascalCase) beside it."""
    assert answer.status == 200, answer.body
    assert answer.headers[b"content-type"] == b"application/json;charset=utf-8"
    body = answer.json()
    request_id = body.pop("RequestId" if case is Case.PASCAL else "requestId")
    assert _REQUEST_ID[case].fullmatch(request_id)
    assert answer.headers[b"x-acs-request-id"] == request_id.encode()
    wanted = {"Success": True, "Code": "", **expected}
    # As text, because 1 == True == 1.0 in Python, and because "1" must not pass for 1.
    assert _text(body) == _text(wanted if case is Case.PASCAL else camel(wanted))


def camel(value: Any) -> Any:
    """The value with the first letter of each key lowered: the whole difference of the dialects (api-contract 1.3)."""
    if isinstance(value, dict):
        return {key[0].lower() + key[1:]: camel(inner) for key, inner in value.items()}
    return [camel(item) for item in value] if isinstance(value, list) else value


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True, indent=1, ensure_ascii=False)
