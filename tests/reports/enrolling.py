"""What the tests of dynamic registration share: open switches, and claims signed as a device signs them."""

from __future__ import annotations

from tests.engine.world import Place
from whimbrel.domain.device_credential import RegistrationClaim, SignMethod
from whimbrel.domain.enrolment import DynamicRegistration, EnrolmentPolicy, registration_sign
from whimbrel.ports.store import Store

PRODUCT_SECRET = "s" * 16
REGISTERED_NAMES = EnrolmentPolicy(DynamicRegistration.REGISTERED_NAMES)
ANY_NAME = EnrolmentPolicy(DynamicRegistration.ANY_NAME, self_made_max=100)


async def allow(store: Store, place: Place, policy: EnrolmentPolicy) -> None:
    """Set a product's switches."""
    async with store.transaction() as transaction:
        await transaction.enrolment.set_policy(place.product_id, policy)


def claim_of(
    place: Place, name: str = "dev-0000", random: str = "567345", *, wants_token: bool = False
) -> RegistrationClaim:
    """A device asks to be registered."""
    return RegistrationClaim(place.product_key, name, random, SignMethod.HMACSHA256, wants_token)


def sign_of(claim: RegistrationClaim, secret: str = PRODUCT_SECRET) -> bytes:
    """What proves the claim."""
    digest_name = claim.sign_method.removeprefix("hmac")
    return registration_sign(claim.identity, claim.random, secret, digest_name).encode()


async def reset(store: Store, place: Place, name: str = "dev-0000", now_ms: int = 1) -> None:
    """What ResetThing does."""
    async with store.transaction() as transaction:
        device = await transaction.devices.by_name(place.account_id, place.product_key, name)
        assert device is not None
        await transaction.device_changes.reset_enrolment(device, now_ms)
