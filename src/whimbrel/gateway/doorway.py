"""What every connection of a process uses; made once by `app.py`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from whimbrel.gateway.blocks import BlockDesk
from whimbrel.gateway.ingest import Ingest
from whimbrel.gateway.login import LoginDesk
from whimbrel.gateway.node import Node
from whimbrel.ports.clock import Clock
from whimbrel.ports.device_channel import Sessions
from whimbrel.ports.store import Store
from whimbrel.reports.declaration import Report


class Doorway(NamedTuple):
    node: Node
    store: Store
    ingest: Ingest
    sessions: Sessions
    clock: Clock
    reports: Mapping[str, Report]
    login: LoginDesk
    blocks: BlockDesk
