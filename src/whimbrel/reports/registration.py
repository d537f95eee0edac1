"""A device asks for its credentials: dynamic registration (device-protocol 11). No topic carries it and no session
exists.

1. The claim is proved with the product's secret before anything is looked up about the device; a stranger costs one
   read, takes as long for any names, and hears the same (A04).
2. Whether the device may register is `domain/enrolment.py`; a random that was answered is never answered again (A16).
3. That the device has registered is durable before its answer leaves (I1). When the answer is lost, the device asks
   again with a new random, as the domain's rule allows.
"""

from __future__ import annotations

from typing import NamedTuple

from whimbrel.crash_points import crash_here
from whimbrel.domain.device import DEVICE_SECRET_LENGTH, IOT_ID_LENGTH, DeviceDraft
from whimbrel.domain.device_credential import RegistrationClaim, registration_matches
from whimbrel.domain.enrolment import CLIENT_ID_LENGTH, TOKEN_LENGTH, Entrance, entrance, proof_digest, token_digest
from whimbrel.errors import EnrolmentFullError, StoreConflictError
from whimbrel.ports.clock import Clock
from whimbrel.ports.randomness import Randomness
from whimbrel.ports.store import DeviceToken, EnrollingProduct, Store, Transaction

TRIES_MAX = 3  # for a registration that another process stood in the way of

_UNKNOWN_PRODUCT_SECRET = "checked all the same so that an unknown product takes as long (A04)"  # noqa: S105


class Registered(NamedTuple):
    """What the device is answered: its secret, or else a token with the client id to use it with."""

    device_secret: str = ""
    device_token: str = ""
    client_id: str = ""


class Registrar:
    """One for all doors of a process."""

    def __init__(self, store: Store, clock: Clock, randomness: Randomness) -> None:
        self._store = store
        self._clock = clock
        self._randomness = randomness

    async def register(self, claim: RegistrationClaim, sign: bytes) -> Registered | Entrance:
        """The credentials, or why there are none. Raises StoreUnavailableError, StoreFullError."""
        async with self._store.snapshot() as store:
            product = await store.enrolment.product(claim.product_key)
            secret = product.product_secret if product else _UNKNOWN_PRODUCT_SECRET
            if not registration_matches(claim, sign, secret) or product is None:
                return Entrance.NOT_PROVED
            found = await self._entrance(store, product, claim)
        if not found.is_open:
            return found
        return await self._answer(product, claim)

    async def _answer(self, product: EnrollingProduct, claim: RegistrationClaim) -> Registered | Entrance:
        for _ in range(TRIES_MAX - 1):
            try:
                return await self._commit(product, claim)
            except StoreConflictError:
                continue
        return await self._commit(product, claim)

    async def _commit(self, product: EnrollingProduct, claim: RegistrationClaim) -> Registered | Entrance:
        try:
            async with self._store.transaction() as store:
                # One registration of a name at a time, so that what is decided is still true when it is written.
                await store.hold(f"registration:{product.product_id}:{claim.device_name}")
                answer = await self._register(store, product, claim)
                crash_here("registration.written")
        except EnrolmentFullError:
            return Entrance.FULL
        crash_here("registration.committed")
        return answer

    async def _register(
        self, store: Transaction, product: EnrollingProduct, claim: RegistrationClaim
    ) -> Registered | Entrance:
        now_ms = self._clock.now_ms()
        found = await self._entrance(store, product, claim)
        if not found.is_open:
            return found
        digest = proof_digest(claim.device_name, claim.random)
        if not await store.enrolment.use_proof(product.product_id, digest, now_ms):
            return Entrance.REPEATED
        if found is Entrance.MAKE:
            await store.enrolment.make_device(self._draft(product, claim, now_ms))
        device = await store.enrolment.device(product.product_id, claim.device_name)
        assert device is not None, "it was found or made in this transaction"
        if not claim.wants_token:
            await store.enrolment.enrolled(device, None, now_ms)
            return Registered(device_secret=device.device_secret)
        answer = Registered(
            device_token=self._randomness.text(TOKEN_LENGTH), client_id=self._randomness.text(CLIENT_ID_LENGTH)
        )
        token = DeviceToken(token_digest(answer.device_token.encode()), answer.client_id)
        await store.enrolment.enrolled(device, token, now_ms)
        return answer

    async def _entrance(self, store: Transaction, product: EnrollingProduct, claim: RegistrationClaim) -> Entrance:
        policy = await store.enrolment.policy(product.product_id)
        device = await store.enrolment.device(product.product_id, claim.device_name)
        return entrance(policy, device, self._clock.now_ms())

    def _draft(self, product: EnrollingProduct, claim: RegistrationClaim, now_ms: int) -> DeviceDraft:
        return DeviceDraft(
            account_id=product.account_id,
            product_id=product.product_id,
            device_name=claim.device_name,
            iot_id=self._randomness.hex(IOT_ID_LENGTH),
            device_secret=self._randomness.text(DEVICE_SECRET_LENGTH),
            nickname="",
            created_ms=now_ms,
        )
