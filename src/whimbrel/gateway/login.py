"""Whether a device may come in: its claim against the store, and what the door answers when it may not.

The secret of an unknown device is checked all the same, so that a stranger measures nothing (A04); and nobody is told
"bad credential" because the store is slow (threat-model part 4).
"""

from __future__ import annotations

import logging

from whimbrel.domain.device_credential import password_matches
from whimbrel.errors import WhimbrelError
from whimbrel.gateway.commands import Authenticate
from whimbrel.gateway.packets import ConnackCode
from whimbrel.ports.store import DeviceLogin, Store

log = logging.getLogger(__name__)

_UNKNOWN_DEVICE_SECRET = "checked all the same so that an unknown device takes as long (A04)"  # noqa: S105


class LoginDesk:
    """One for all connections of a process."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def check(self, command: Authenticate) -> DeviceLogin | ConnackCode:
        """The device's login when its claim is proved; else the code to refuse it with."""
        credential = command.credential
        try:
            async with self._store.snapshot() as store:
                login = await store.devices.login(credential.product_key, credential.device_name)
        except WhimbrelError as error:
            # A device that reads "bad credential" would forget its secret.
            log.warning("a device cannot be authenticated now: %s", error)
            return ConnackCode.SERVER_UNAVAILABLE
        secret = login.device_secret if login else _UNKNOWN_DEVICE_SECRET
        is_right = password_matches(credential, command.password, secret)
        if login is None or not is_right:
            return ConnackCode.BAD_CREDENTIAL
        return ConnackCode.NOT_AUTHORIZED if login.is_disabled else login
