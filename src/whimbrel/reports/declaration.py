"""What a device report is: one message of a device, its topics, and what it does. The doors derive from it."""

from __future__ import annotations

import typing
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

import msgspec

from whimbrel.domain.notice import LinkMaker, UpgradeNotice
from whimbrel.errors import ReportError
from whimbrel.ports.store import Transaction


class Message(msgspec.Struct, frozen=True):
    """The vendors' envelope; `id` is answered in the type it came in (device-protocol 2)."""

    id: str | int | None = None


class ReportContext(NamedTuple):
    """One report: from which device, when, and the open transaction.

    `node_id` is this process's life, which lasts as long as the transaction; '' where nobody asks for one.
    `takes_notices`: whether its door can push.
    """

    device_id: int
    now_ms: int
    store: Transaction
    links: LinkMaker
    node_id: str = ""
    takes_notices: bool = True


class Pull(NamedTuple):
    """The answer to a device that asked: the notice, or None when there is nothing to do."""

    id: str | int | None
    notice: UpgradeNotice | None


class Outcome(NamedTuple):
    """What leaves for the device once the transaction is durable; with `ends_session` it is sent away."""

    notices: tuple[UpgradeNotice, ...] = ()
    pull: Pull | None = None
    ends_session: bool = False


class Report(NamedTuple):
    """One kind of message. `topic` is its template; `reply_topic` where a `Pull` goes, None when there is none."""

    name: str
    topic: str
    reply_topic: str | None
    message: type[msgspec.Struct]
    handle: Callable[[Any, ReportContext], Awaitable[Outcome]]

    def read(self, payload: bytes) -> msgspec.Struct:
        """The message. Raises ReportError for anything that is not its form: not JSON, wrong types, missing members."""
        try:
            return msgspec.json.decode(payload, type=self.message)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise ReportError(f"the message on {self.topic} is not of the form wanted; {error}") from None


def report(
    *, topic: str, reply_topic: str | None = None
) -> Callable[[Callable[[Any, ReportContext], Awaitable[Outcome]]], Report]:
    """Declares the decorated `handle(message, context) -> Outcome` as the report of its module's name."""

    def declare(handle: Callable[[Any, ReportContext], Awaitable[Outcome]]) -> Report:
        name = handle.__module__.rpartition(".")[2]
        return Report(name, topic, reply_topic, typing.get_type_hints(handle)["message"], handle)

    return declare
