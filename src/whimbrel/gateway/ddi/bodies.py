"""What DDI devices send, read strictly where it matters and leniently where clients differ (ddi-protocol 1, 5, 9).

Members that are not named here are ignored: `id`, `time` and `timestamp` come as numbers, texts and blanks.
"""

from __future__ import annotations

from typing import TypeVar

import msgspec

from whimbrel.domain.ddi import AttributeMode
from whimbrel.domain.ddi_access import ATTRIBUTE_LENGTH_MAX
from whimbrel.domain.ddi_feedback import Execution, Feedback, Finished, joined_words, percent_of
from whimbrel.gateway.ddi.answers import DdiRefusedError
from whimbrel.gateway.ddi.exchange import DdiRequest

INT32_MAX = 2**31 - 1

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


def read_body(request: DdiRequest, shape: type[Shape]) -> Shape:
    """The body. Raises DdiRefusedError (400)."""
    try:
        return msgspec.json.decode(request.body, type=shape)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise DdiRefusedError(400, "InvalidBody", f"the body is not of the form wanted; {error}") from None


def read_feedback(request: DdiRequest) -> Feedback:
    """Raises DdiRefusedError (400)."""
    status = read_body(request, _FeedbackBody).status
    details = [status.details] if isinstance(status.details, str) else status.details or []
    code = status.code if status.code is not None and abs(status.code) <= INT32_MAX else None
    words = joined_words([entry for entry in details if entry is not None], code)
    progress = status.result.progress or _Progress()
    return Feedback(
        status.execution, status.result.finished, percent_of(_whole(progress.cnt), _whole(progress.of)), words
    )


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


def _whole(number: int | float | None) -> int | None:
    """A count; what is no number that can be counted with says nothing."""
    if number is None or not -INT32_MAX <= number <= INT32_MAX:
        return None
    return int(number)
