"""Port: telling the engine that there is work, so that it need not ask. Adapters: `in_process`, `listen_notify`."""

from __future__ import annotations

from typing import Protocol


class Wakeup(Protocol):
    def notify(self) -> None:
        """There may be work. Calls between two waits count once; a lost one only delays (the engine also polls)."""
        ...

    async def wait(self, timeout_s: float) -> bool:
        """True when notified since the last wait, False after `timeout_s`."""
        ...
