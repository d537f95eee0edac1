"""What devices log in with, read for many at a time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from whimbrel.adapters.store.repositories.padding import padded
from whimbrel.adapters.store.session import Session
from whimbrel.domain.device import DeviceStatus
from whimbrel.errors import StoreUnavailableError
from whimbrel.ports.sealer import Sealer
from whimbrel.ports.store import DeviceLogin, DeviceToken, LoginClaim

PRODUCT_KEY_WIDTH, DEVICE_NAME_WIDTH = 30, 32  # as the statement cuts them


class DeviceLoginRepository:
    def __init__(self, session: Session, sealer: Sealer) -> None:
        self._session = session
        self._sealer = sealer

    async def many(self, claims: Sequence[LoginClaim]) -> list[DeviceLogin | StoreUnavailableError | None]:
        if not claims:
            return []
        rows = await self._session.all(
            "device_logins",
            n=len(claims),
            product_keys=padded([claim.product_key for claim in claims], PRODUCT_KEY_WIDTH),
            device_names=padded([claim.device_name for claim in claims], DEVICE_NAME_WIDTH),
        )
        found = {number: self._login(*row) for number, *row in rows}
        for _ in range(len(claims) - len(found)):
            # Sealing takes what opening takes, so that nobody hears from the time whether a device exists (A04).
            self._sealer.seal("nobody's", "nobody")
        return [found.get(number) for number in range(len(claims))]

    def _login(self, device_id: int, account_id: int, iot_id: str, *rest: Any) -> DeviceLogin | StoreUnavailableError:
        sealed, state, digest, client_id = rest
        try:
            secret = self._sealer.open(sealed, f"device:{iot_id}")
        except StoreUnavailableError as error:
            return error
        token = None if digest is None else DeviceToken(bytes(digest), client_id)
        return DeviceLogin(device_id, account_id, secret, DeviceStatus(state) is DeviceStatus.DISABLE, token)
