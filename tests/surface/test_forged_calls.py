"""Requests of every action, rightly signed in every way and then changed once: what was not signed is never done (A02).

They go through the door itself. Behind it stand operations that do nothing but write down what they were told to do.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec
import pytest

from tests.operations.signed_door import (
    LINK_KEY,
    NOW_MS,
    OPERATIONS,
    PUBLIC_URL,
    UPLOAD_KEY_ID,
    UPLOAD_SECRET,
    Answer,
    SignedDoor,
    ask,
)
from tests.surface.forger import heard
from tests.surface.long_run import CI, CI_SEED, FUZZ, Count, fuzz_seed, told
from tests.surface.one_change import CHANGES, Booty, one_change
from tests.surface.signing import LAYOUTS, Stamp, signed_request
from whimbrel.domain.access import Permission
from whimbrel.operations.declaration import Context, Operation, Services
from whimbrel.rpc.hall import Ambience, Hall
from whimbrel.rpc.server import RpcDoor
from whimbrel.rpc.signed_call import RawRequest
from whimbrel.rpc.signing_caller import Credentials, timestamp_text
from whimbrel.rpc.wire import RequestReader

NONCE_USED = b"SignatureNonceUsed"


class Deed(NamedTuple):
    """What an operation was told to do, and in whose name."""

    action: str
    access_key_id: str
    request: msgspec.Struct


class Signed(NamedTuple):
    """A request that is right, what it is to do, and who signed it."""

    raw: RawRequest
    deed: Deed
    key: Credentials


class Scribe:
    """Operations that write down what they are told, and answer with their example.

    All of them pass for reads: what is proved lies before the transactions, whose commits would take most of the time.
    """

    def __init__(self) -> None:
        self.deeds: list[Deed] = []
        self.operations = {action: self._idle(operation) for action, operation in OPERATIONS.items()}

    def take(self) -> list[Deed]:
        """What was done since the last time."""
        deeds, self.deeds = self.deeds, []
        return deeds

    def _idle(self, operation: Operation) -> Operation:
        async def handle(request: Any, context: Context) -> msgspec.Struct:
            self.deeds.append(Deed(operation.action, context.caller.access_key_id, request))
            return operation.example.response

        noun = operation.permission.partition(":")[0]
        return operation._replace(handle=handle, permission=Permission(f"{noun}:read"))


class Keys(NamedTuple):
    """The keys of the store. The forger has `mine` to sign with and knows the ids of all."""

    mine: tuple[Credentials, ...]
    ids: tuple[str, ...]


class Forging:
    """Signed requests of all actions, each changed once, and what the door makes of them."""

    def __init__(self, door: SignedDoor, keys: Keys, seed: int) -> None:
        self._scribe = Scribe()
        self._rpc = self._open(door)
        self._keys = keys
        self._random = random.Random(seed)
        self._readers = {action: RequestReader(operation) for action, operation in OPERATIONS.items()}
        self._stamped = 0
        self.let_through: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()

    def _open(self, door: SignedDoor) -> RpcDoor:
        ports = door.ports
        actions = frozenset(OPERATIONS)
        services = Services(ports.randomness, PUBLIC_URL, UPLOAD_KEY_ID, UPLOAD_SECRET, LINK_KEY, actions=actions)
        ambience = Ambience(ports.clock, ports.wakeup, services)
        return RpcDoor(Hall(self._scribe.operations, ports.store, ambience), ports.nonces)

    async def send(self, request: RawRequest) -> Answer:
        """The door's answer."""
        return await ask(self._rpc, request)

    def signed(self, action: str) -> Signed:
        """The action's example, rightly signed by one of the keys in some way."""
        self._stamped += 1
        key = self._random.choice(self._keys.mine)
        stamp = Stamp(key, f"nonce-{self._stamped}", timestamp_text(NOW_MS))
        parameters = OPERATIONS[action].example.request
        layout = self._random.choice(list(LAYOUTS.values()))
        deed = Deed(action, key.access_key_id, self._readers[action].read(parameters))
        return Signed(signed_request(action, parameters, stamp, layout), deed, key)

    async def forge(self, action: str, count: Count) -> None:
        """One request with one change. What it does is what was signed, and it does that once."""
        signed, other = self.signed(action), self.signed(self._random.choice(list(OPERATIONS)))
        booty = Booty(other.raw, signed.key, self._keys.ids)
        name, changed = one_change(signed.raw, booty, self._random)
        while changed == signed.raw:
            name, changed = one_change(signed.raw, booty, self._random)
        answer = await self.judged(name, changed, signed, other)
        count.requests += 1
        if answer.status == 200:
            self.let_through[name] += 1
            again = await self.send(changed)
            count.requests += 1
            assert NONCE_USED in again.body, f"let through twice: {changed}"
            assert self._scribe.take() == [], f"done twice: {changed}"
        else:
            self.refused[name] += 1

    async def judged(self, name: str, changed: RawRequest, *signed: Signed) -> Answer:
        """The door's answer. What is done is what one of the signed requests says; what says so is done."""
        answer = await self.send(changed)
        deeds, now = self._scribe.take(), heard(changed, *self._keys.mine)
        if answer.status == 200:
            meant = [right.deed for right in signed if now is not None and heard(right.raw, right.key) == now]
            fault = "" if meant and deeds == meant else "forged"
        elif answer.status >= 500:
            fault = "a fault"
        elif deeds:
            fault = "refused, and done all the same"
        else:
            fault = "" if now is None else "refused, although it says what was signed"
        assert not fault, f"{fault}: {name} of {signed[0].raw} changed to {changed}, answered {answer}"
        return answer


async def make_keys(door: SignedDoor) -> Keys:
    """Two keys to sign with, of two accounts, and others: one that may read only, one that is switched off."""
    mine = (door.root, await door.make_key("another"))
    reader = await door.make_key(permissions=frozenset(p for p in Permission if p.is_read))
    inactive = await door.make_key(is_active=False)
    ids = (*(key.access_key_id for key in (*mine, reader, inactive)), "nobody")
    return Keys(mine, ids)


async def run(door: SignedDoor, requests: int, seed: int, count: Count) -> Forging:
    """As many requests, action after action."""
    forging = Forging(door, await make_keys(door), seed)
    while count.requests < requests:
        for action in OPERATIONS:
            await forging.forge(action, count)
    return forging


def check(forging: Forging) -> None:
    """Each kind of change was refused at times, and where a change can say the same, it was let through at times."""
    assert forging.refused.keys() == CHANGES.keys()
    assert {"another spelling", "a parameter elsewhere", "a header", "a parameter"} <= forging.let_through.keys()


async def test_A02_no_change_makes_an_unsigned_call(door: SignedDoor, capfd: pytest.CaptureFixture[str]) -> None:
    """Of a hundred thousand changed requests each is refused, or does what was signed, once."""
    with told("forged requests", CI_SEED, capfd) as count:
        check(await run(door, CI.forged, CI_SEED, count))


@pytest.mark.fuzz
async def test_A02_no_change_makes_an_unsigned_call_at_large(
    door: SignedDoor, capfd: pytest.CaptureFixture[str]
) -> None:
    """The same with a million."""
    seed = fuzz_seed()
    with told("forged requests", seed, capfd) as count:
        check(await run(door, FUZZ.forged, seed, count))


@pytest.mark.parametrize("layout", LAYOUTS)
async def test_what_was_signed_is_done(door: SignedDoor, layout: str) -> None:
    """Each action's example, signed in each way and not changed, is done: the forger starts from what is right."""
    scribe, stamp_of = Forging(door, await make_keys(door), CI_SEED), _stamps(door.root)
    for action, operation in OPERATIONS.items():
        answer = await scribe.send(signed_request(action, operation.example.request, stamp_of(), LAYOUTS[layout]))
        assert (answer.status, answer.code) == (200, ""), answer.body


async def test_a_forgery_would_be_seen(door: SignedDoor) -> None:
    """A call that is signed anew and says something else is called a forgery: the test can fail."""
    forging = Forging(door, await make_keys(door), CI_SEED)
    with pytest.raises(AssertionError, match=r"^forged: a graft"):
        await forging.judged("a graft", forging.signed("DeleteProduct").raw, forging.signed("QueryProduct"))


def _stamps(key: Credentials) -> Callable[[], Stamp]:
    numbers = iter(range(1_000_000))
    return lambda: Stamp(key, f"plain-{next(numbers)}", timestamp_text(NOW_MS))
