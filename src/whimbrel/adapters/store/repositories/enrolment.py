"""Devices that make themselves or fetch their credentials."""

from __future__ import annotations

from whimbrel.adapters.store.repositories.devices import DeviceRepository
from whimbrel.adapters.store.session import Session
from whimbrel.domain.device import DeviceDraft, DeviceStatus
from whimbrel.domain.enrolment import DynamicRegistration, EnrolledDevice, EnrolmentPolicy
from whimbrel.errors import DeviceNameTakenError, EnrolmentFullError, StoreConflictError
from whimbrel.ports.sealer import Sealer
from whimbrel.ports.store import DeviceToken, EnrollingProduct

_CODES = tuple(DynamicRegistration)


class EnrolmentRepository:
    def __init__(self, session: Session, sealer: Sealer) -> None:
        self._session = session
        self._sealer = sealer

    async def policy(self, product_id: int) -> EnrolmentPolicy:
        row = await self._session.one("enrolment_policy", product_id=product_id)
        return EnrolmentPolicy() if row is None else _policy(*row)

    async def set_policy(self, product_id: int, policy: EnrolmentPolicy) -> None:
        changed = await self._session.run(
            "set_enrolment_policy",
            product_id=product_id,
            dynamic_registration=_CODES.index(policy.dynamic_registration),
            plug_and_play=int(policy.plug_and_play),
            self_made_max=policy.self_made_max,
        )
        if not changed:
            raise StoreConflictError("the product was deleted meanwhile; nothing was done")

    async def product(self, product_key: str) -> EnrollingProduct | None:
        row = await self._session.one("enrolling_product", product_key=product_key)
        if row is None:
            # Sealing takes what opening takes, so that nobody hears from the time whether there is a product (A04).
            self._sealer.seal("nobody's", "nobody")
            return None
        product_id, account_id, sealed, *switches = row
        secret = self._sealer.open(sealed, f"product:{product_key}")
        return EnrollingProduct(product_id, account_id, secret, _policy(*switches))

    async def device(self, product_id: int, device_name: str) -> EnrolledDevice | None:
        row = await self._session.one("enrolled_device", product_id=product_id, device_name=device_name)
        if row is None:
            return None
        device_id, sealed, iot_id, state, *rest, is_reopened = row
        secret = self._sealer.open(sealed, f"device:{iot_id}")
        is_disabled = DeviceStatus(state) is DeviceStatus.DISABLE
        return EnrolledDevice._make((device_id, secret, is_disabled, *rest, bool(is_reopened)))

    async def make_device(self, draft: DeviceDraft) -> int:
        if not await self._session.run("take_self_made", product_id=draft.product_id):
            raise EnrolmentFullError
        try:
            return await DeviceRepository(self._session, self._sealer).add(draft)
        except DeviceNameTakenError:
            await self._session.run("give_back_self_made", product_id=draft.product_id)
            raise

    async def use_proof(self, product_id: int, digest: bytes, now_ms: int) -> bool:
        used = await self._session.run("use_proof", product_id=product_id, digest=digest, now_ms=now_ms)
        return used == 1

    async def enrolled(self, device: EnrolledDevice, token: DeviceToken | None, now_ms: int) -> None:
        changed = await self._session.run(
            "mark_enrolled", device_id=device.device_id, enrolments=device.enrolments, now_ms=now_ms
        )
        if not changed:
            raise StoreConflictError("the device registered or was deleted meanwhile; nothing was done")
        if token is not None:
            await self._session.run("set_device_token", device_id=device.device_id, **token._asdict())


def _policy(dynamic_registration: int, plug_and_play: int, self_made_max: int, self_made: int) -> EnrolmentPolicy:
    return EnrolmentPolicy(_CODES[dynamic_registration], bool(plug_and_play), self_made_max, self_made)
