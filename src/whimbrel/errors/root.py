"""The root of the tree."""

from __future__ import annotations


class WhimbrelError(Exception):
    """The root. `code` is what clients match on; `message` is for a person."""

    code = "iot.system.SystemException"
    default_message = "the server failed; the request id tells the operator where"

    def __init__(self, message: str | None = None) -> None:
        self.message = message if message is not None else self.default_message
        super().__init__(f"{self.code}: {self.message}")
