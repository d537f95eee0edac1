"""What DDI devices send, read strictly where it matters and leniently where clients differ (ddi-protocol 1, 5, 9).

Members that are not named here are ignored: `id`, `time` and `timestamp` come as numbers, texts and blanks.
"""

from __future__ import annotations

from typing import Literal, TypeVar

import msgspec

from whimbrel.domain.ddi import AttributeMode
from whimbrel.domain.ddi_access import ATTRIBUTE_LENGTH_MAX
from whimbrel.domain.ddi_feedback import Execution, Feedback, Finished, joined_words, percent_of, printable
from whimbrel.domain.version import is_reportable
from whimbrel.gateway.ddi import cbor
from whimbrel.gateway.ddi.answers import DdiRefusedError
from whimbrel.gateway.ddi.exchange import DdiRequest
from whimbrel.reports.ddi.confirmation import Consent

INT32_MAX = 2**31 - 1
REMARK_LENGTH_MAX = 512  # hawkBit's limit of who confirms beforehand, and why

Shape = TypeVar("Shape")


class _Progress(msgspec.Struct, frozen=True):
    cnt: int | float | None = None
    of: int | float | None = None


class _Result(msgspec.Struct, frozen=True):
    finished: Finished
    progress: _Progress | None = None


class _Status(msgspec.Struct, frozen=True):
    execution: Execution
    result: _Result
    code: int | None = None
    details: list[str | None] | str | None = None


class _FeedbackBody(msgspec.Struct, frozen=True):
    status: _Status


class ConfigDataBody(msgspec.Struct, frozen=True):
    data: dict[str, str]
    mode: AttributeMode | None = None


class _ConsentBody(msgspec.Struct, frozen=True):
    confirmation: Literal["confirmed", "denied"]
    code: int | None = None
    details: list[str | None] | str | None = None


class _AutoConfirmBody(msgspec.Struct, frozen=True):
    initiator: str | None = None
    remark: str | None = None


class _InstalledBody(msgspec.Struct, frozen=True):
    name: str
    version: str


def read_body(request: DdiRequest, shape: type[Shape]) -> Shape:
    """The body. Raises DdiRefusedError (400)."""
    try:
        if request.is_cbor:
            return msgspec.convert(cbor.decode(request.body), shape)
        return msgspec.json.decode(request.body, type=shape)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise DdiRefusedError(400, "InvalidBody", f"the body is not of the form wanted; {error}") from None


def read_feedback(request: DdiRequest) -> Feedback:
    """Raises DdiRefusedError (400)."""
    status = read_body(request, _FeedbackBody).status
    progress = status.result.progress or _Progress()
    percent = percent_of(_whole(progress.cnt), _whole(progress.of))
    return Feedback(status.execution, status.result.finished, percent, _words(status.details, status.code))


def read_consent(request: DdiRequest) -> Consent:
    """Raises DdiRefusedError (400)."""
    body = read_body(request, _ConsentBody)
    return Consent(body.confirmation == "confirmed", _words(body.details, body.code))


def read_auto_confirm(request: DdiRequest) -> dict[str, str]:
    """Who confirms beforehand and why, as far as that was said. Raises DdiRefusedError (400)."""
    body = read_body(request, _AutoConfirmBody) if request.body else _AutoConfirmBody()
    given = {"initiator": body.initiator, "remark": body.remark}
    return {name: printable(text[:REMARK_LENGTH_MAX]) for name, text in given.items() if text is not None}


def read_installed(request: DdiRequest) -> tuple[str, str]:
    """A firmware's name and version. Raises DdiRefusedError (400)."""
    body = read_body(request, _InstalledBody)
    if not is_reportable(body.version) or not is_reportable(body.name):
        raise DdiRefusedError(400, "InvalidBody", "name and version have 1 to 64 printable characters")
    return body.name, body.version


def read_config_data(request: DdiRequest) -> tuple[AttributeMode, dict[str, str]]:
    """Raises DdiRefusedError (400)."""
    body = read_body(request, ConfigDataBody)
    if not body.data:
        raise DdiRefusedError(400, "InvalidBody", "data must hold at least one attribute")
    for name, content in body.data.items():
        is_short = 0 < len(name) <= ATTRIBUTE_LENGTH_MAX and len(content) <= ATTRIBUTE_LENGTH_MAX
        if not is_short or "\0" in name or "\0" in content:
            raise DdiRefusedError(
                400, "InvalidBody", f"names and values of attributes have up to {ATTRIBUTE_LENGTH_MAX} characters"
            )
    return body.mode or AttributeMode.MERGE, body.data


def _words(details: list[str | None] | str | None, code: int | None) -> str:
    entries = [details] if isinstance(details, str) else details or []
    is_code = code is not None and -INT32_MAX <= code <= INT32_MAX
    return joined_words([entry for entry in entries if entry is not None], code if is_code else None)


def _whole(number: int | float | None) -> int | None:
    """A count; what is no number that can be counted with says nothing."""
    if number is None or not -INT32_MAX <= number <= INT32_MAX:
        return None
    return int(number)
