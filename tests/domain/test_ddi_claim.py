"""Whether a DDI device is who it says it is (ddi-protocol 2; threat-model A04, A15)."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from whimbrel.domain import ddi_claim
from whimbrel.domain.ddi_access import gateway_token_digest, target_token_digest
from whimbrel.domain.ddi_claim import Claim, Contact, Newcomer, Refusal, Standing, Verdict, judge
from whimbrel.domain.ddi_controller_id import device_name_of
from whimbrel.domain.device import DeviceStatus

NAME = "dev-0007"
STANDING = Standing(
    product_id=3,
    account_id=2,
    product_key="k1",
    has_plug_and_play=True,
    has_room=True,
    polling_s=60,
    accepts_target_tokens=True,
    gateway_digest=gateway_token_digest("gateway"),
    authorities=frozenset({"ca:01", "ca:02"}),
    version_attribute="v",
    device_id=7,
    status=DeviceStatus.UNACTIVE,
    target_digest=target_token_digest(NAME, "target"),
)
NOBODY = STANDING._replace(device_id=None, status=None, target_digest=None)
UUID, UUID_NAME = "123e4567-e89b-42d3-a456-426614174000", device_name_of("123e4567-e89b-42d3-a456-426614174000")
LONG_NAME = device_name_of("d" * 64)
OF_UUID = STANDING._replace(target_digest=target_token_digest(UUID_NAME, "target"))
CONTACT = Contact(7, 2, 3, "k1", NAME, 60, "v")
BY_TARGET, BY_GATEWAY = "TargetToken target", "GatewayToken gateway"


def claim(authorization: str | None = None, **changes: object) -> Claim:
    return Claim("k1", NAME, authorization)._replace(**changes)


def certificate(*authorities: str, asserted_id: str = NAME, **changes: object) -> Claim:
    return claim(authorities=authorities, asserted_id=asserted_id, **changes)


@pytest.mark.parametrize(
    ("given", "standing", "verdict"),
    [
        (claim(BY_TARGET), STANDING, CONTACT),
        (claim(BY_GATEWAY), STANDING, CONTACT),
        (certificate("ca:02"), STANDING, CONTACT),
        (certificate("other", "ca:01"), STANDING, CONTACT),
        # Any one proof is enough, whatever the others are.
        (certificate("ca:01", authorization="TargetToken wrong"), STANDING, CONTACT),
        (certificate("other", authorization=BY_TARGET), STANDING, CONTACT),
        # A proof that is none.
        (claim(), STANDING, Refusal.UNPROVED),
        (claim("TargetToken wrong"), STANDING, Refusal.UNPROVED),
        (claim("GatewayToken wrong"), STANDING, Refusal.UNPROVED),
        (claim("GatewayToken target"), STANDING, Refusal.UNPROVED),
        (claim("TargetToken gateway"), STANDING, Refusal.UNPROVED),
        (claim(BY_TARGET, controller_id="dev-0008"), STANDING, Refusal.UNPROVED),
        (certificate("other"), STANDING, Refusal.UNPROVED),
        (certificate(), STANDING, Refusal.UNPROVED),
        (certificate("ca:01", asserted_id="dev-0008"), STANDING, Refusal.UNPROVED),
        (claim(authorities=("ca:01",)), STANDING, Refusal.UNPROVED),
        # What is not there or switched off.
        (claim(BY_TARGET), STANDING._replace(accepts_target_tokens=False), Refusal.UNPROVED),
        (claim(BY_TARGET), STANDING._replace(target_digest=None), Refusal.UNPROVED),
        (claim(BY_GATEWAY), STANDING._replace(gateway_digest=None), Refusal.UNPROVED),
        (certificate("ca:01"), STANDING._replace(authorities=frozenset()), Refusal.UNPROVED),
        (claim(BY_GATEWAY), STANDING._replace(accepts_target_tokens=False), CONTACT),
        # A stranger is told nothing of what exists (A04).
        (claim(BY_TARGET), None, Refusal.UNPROVED),
        (claim(BY_GATEWAY), None, Refusal.UNPROVED),
        (certificate("ca:01"), None, Refusal.UNPROVED),
        (claim(BY_TARGET), NOBODY, Refusal.UNPROVED),
        (claim("GatewayToken wrong", may_register=True), NOBODY, Refusal.UNPROVED),
        (claim(BY_TARGET, may_register=True), NOBODY, Refusal.UNPROVED),
        # Who speaks for the whole product may know that it has no such device, or make it.
        (claim(BY_GATEWAY), NOBODY, Refusal.UNKNOWN_DEVICE),
        (certificate("ca:01"), NOBODY, Refusal.UNKNOWN_DEVICE),
        (claim(BY_GATEWAY, may_register=True), NOBODY, Newcomer(NOBODY, NAME)),
        (certificate("ca:01", may_register=True), NOBODY, Newcomer(NOBODY, NAME)),
        (claim(BY_GATEWAY, may_register=True), NOBODY._replace(has_plug_and_play=False), Refusal.UNPROVED),
        (claim(BY_GATEWAY, may_register=True), NOBODY._replace(has_room=False), Refusal.QUOTA_FULL),
        (claim("GatewayToken wrong", may_register=True), NOBODY._replace(has_room=False), Refusal.UNPROVED),
        (claim(BY_GATEWAY), STANDING._replace(has_room=False), CONTACT),
        (claim(BY_GATEWAY, may_register=True, controller_id="d/"), NOBODY, Refusal.UNPROVED),
        # A long id is judged under the name that is derived from it; a certificate is for the id as it is.
        (claim(BY_TARGET, controller_id=UUID), OF_UUID, CONTACT._replace(device_name=UUID_NAME)),
        (claim(BY_TARGET, controller_id=UUID_NAME), OF_UUID, CONTACT._replace(device_name=UUID_NAME)),
        (claim(BY_TARGET, controller_id=UUID), STANDING, Refusal.UNPROVED),
        (certificate("ca:01", asserted_id=UUID, controller_id=UUID), STANDING, CONTACT._replace(device_name=UUID_NAME)),
        (certificate("ca:01", asserted_id=UUID_NAME, controller_id=UUID), STANDING, Refusal.UNPROVED),
        (claim(BY_GATEWAY, may_register=True, controller_id=UUID), NOBODY, Newcomer(NOBODY, UUID_NAME)),
        (claim(BY_GATEWAY, may_register=True, controller_id="d" * 64), NOBODY, Newcomer(NOBODY, LONG_NAME, "d" * 64)),
    ],
)
def test_claims(given: Claim, standing: Standing | None, verdict: Verdict) -> None:
    """Each proof lets in what it is a proof of, and nothing else does."""
    assert judge(given, standing) == verdict


@pytest.mark.parametrize("given", [claim(BY_TARGET), claim(BY_GATEWAY), certificate("ca:01")])
def test_A15_a_disabled_device(given: Claim) -> None:
    """Whatever proves it, it is refused as a stranger is; in every other status it is let in."""
    for status in DeviceStatus:
        verdict = judge(given, STANDING._replace(status=status))
        assert verdict == (Refusal.UNPROVED if status is DeviceStatus.DISABLE else CONTACT)


@pytest.mark.parametrize("header", [None, BY_TARGET, BY_GATEWAY, "TargetToken wrong", "GatewayToken wrong"])
def test_A04_what_a_claim_costs(header: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    """A claim is compared as often, at the same length, however much of what it names exists."""
    compared: list[tuple[int, int]] = []

    def compare(left: str, right: str) -> bool:
        compared.append((len(left), len(right)))
        return left == right

    monkeypatch.setattr(ddi_claim, "hmac", SimpleNamespace(compare_digest=compare))
    work = []
    for standing in (None, NOBODY, STANDING, STANDING._replace(gateway_digest=None, target_digest=None)):
        compared.clear()
        judge(claim(header), standing)
        work.append(tuple(compared))
    assert set(work) == {((64, 64), (64, 64))}
