"""The management API in process: the real door on a real store, nonces and sealer, called with signed requests.

`open_signed_door` composes it as app.py does, with a clock that stands still, seeded randomness, and an engine that
moves only by `await door.engine.settle()`.
"""

from __future__ import annotations

import json
import random
import string
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

from tests.operations.databases import Database, Nonces, Rows, Store, new_database
from whimbrel.adapters.device_channel.sessions import SessionChannel
from whimbrel.adapters.sealing.aes_gcm import AesGcmSealer
from whimbrel.adapters.wakeup.in_process import InProcessWakeup
from whimbrel.domain.access import EVERYTHING, AccessKey, Permission, Policy
from whimbrel.domain.notice import LinkMaker
from whimbrel.engine.execute import Engine
from whimbrel.engine.orders import OrderDelivery
from whimbrel.engine.registering import Registering
from whimbrel.operations.declaration import Services
from whimbrel.operations.registry import load_operations
from whimbrel.rpc.dialect import Case
from whimbrel.rpc.hall import Ambience, Hall
from whimbrel.rpc.server import RpcDoor
from whimbrel.rpc.signed_call import RawRequest
from whimbrel.rpc.signing_caller import Credentials, sign_request_v1, timestamp_text
from whimbrel.rpc.throttle import Refusals

NOW_MS = 1_735_787_045_678
NOW_TEXT = "2025-01-02T03:04:05.678Z"
PUBLIC_URL = "https://ota.example.com"
UPLOAD_KEY_ID, UPLOAD_SECRET, LINK_KEY = "whimbrel-upload", "the secret of form uploads", bytes(32)
OPERATIONS = load_operations()
SYSTEM_EXCEPTION = "iot.system.SystemException"

_ALPHABET = string.ascii_letters + string.digits
_PASCAL_HEADER = (b"x-response-case", b"pascal")


NODE = "main"


class SetClock:
    """Stands still until `at_ms` is set."""

    def __init__(self, at_ms: int) -> None:
        self.at_ms = at_ms

    def now_ms(self) -> int:
        return self.at_ms

    def monotonic_s(self) -> float:
        return self.at_ms / 1000


class SeededRandomness:
    """The same names in every run."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    @property
    def state(self) -> object:
        """Where in its run it is; set it to go on from there."""
        return self._random.getstate()

    @state.setter
    def state(self, state: Any) -> None:
        self._random.setstate(state)

    def text(self, length: int) -> str:
        return "".join(self._random.choices(_ALPHABET, k=length))

    def hex(self, length: int) -> str:
        return "".join(self._random.choices("0123456789abcdef", k=length))


class Answer(NamedTuple):
    """What came back."""

    status: int
    headers: dict[bytes, bytes]
    body: bytes

    def json(self) -> dict[str, Any]:
        document: dict[str, Any] = json.loads(self.body)
        return document

    @property
    def code(self) -> str:
        """The error's code, in either dialect; empty on success."""
        body = self.json()
        code: str = body["Code"] if "Code" in body else body["code"]
        return code


class Ports(NamedTuple):
    """What the door stands on, for tests that look or reach behind it."""

    store: Store
    nonces: Nonces
    channel: SessionChannel
    wakeup: InProcessWakeup
    clock: SetClock
    randomness: SeededRandomness
    links: LinkMaker
    database: Database


class _Stand:
    """What the one Hall of this process stands on: the ports of the SignedDoor that is open.

    The hall derives its readers and writers when it is made, which takes longer than most tests; so it is made once.
    """

    def __init__(self) -> None:
        self.ports: Ports | None = None

    @property
    def _open(self) -> Ports:
        assert self.ports is not None, "no door is open"
        return self.ports

    def snapshot(self) -> Any:
        return self._open.store.snapshot()

    def transaction(self) -> Any:
        return self._open.store.transaction()

    async def use(self, access_key_id: str, nonce: str, now_ms: int) -> bool:
        return await self._open.nonces.use(access_key_id, nonce, now_ms)

    def notify(self) -> None:
        self._open.wakeup.notify()

    def now_ms(self) -> int:
        return self._open.clock.now_ms()

    def text(self, length: int) -> str:
        return self._open.randomness.text(length)

    def hex(self, length: int) -> str:
        return self._open.randomness.hex(length)


_STAND: Any = _Stand()


@cache
def _hall() -> Hall:
    services = Services(_STAND, PUBLIC_URL, UPLOAD_KEY_ID, UPLOAD_SECRET, LINK_KEY, actions=frozenset(OPERATIONS))
    return Hall(OPERATIONS, _STAND, Ambience(_STAND, _STAND, services))


class SignedDoor:
    """The door, and a back end that holds the AccessKey `root` of the account `default`."""

    def __init__(self, ports: Ports) -> None:
        self.ports = ports
        self.store, self.clock = ports.store, ports.clock
        self.engine = Engine(ports.store, ports.channel, ports.wakeup, ports.clock, ports.links)
        self.engine.take_on(
            OrderDelivery(ports.store, ports.channel, ports.clock, ports.links, lambda: NODE),
            Registering(ports.store, ports.clock, ports.randomness),
        )
        self.hall = _hall()
        self.rpc = RpcDoor(self.hall, _STAND)
        # Keys of different doors have the same names, and one key's refusals are entered so often an hour only.
        self.hall._refusals = Refusals()
        self._nonces = 0
        self.root = Credentials("", "")

    async def make_key(
        self, account: str = "default", permissions: frozenset[Permission] | None = None, *, is_active: bool = True
    ) -> Credentials:
        """A new AccessKey; without `permissions` it may do everything."""
        policy = EVERYTHING if permissions is None else Policy.of_permissions(permissions)
        return await self.make_key_of(policy, account, is_active=is_active)

    async def make_key_of(self, policy: Policy, account: str = "default", *, is_active: bool = True) -> Credentials:
        """A new AccessKey with this policy."""
        key = Credentials(self.ports.randomness.text(24), self.ports.randomness.text(32))
        async with self.store.transaction() as store:
            account_id = await store.accounts.id_of(account)
            if account_id is None:
                account_id = await store.accounts.add(account, self.clock.at_ms)
            await store.keys.put(AccessKey(account_id, *key, is_active, policy), self.clock.at_ms)
        return key

    async def account_id(self) -> int:
        """The account `default`, as rows name it."""
        async with self.store.snapshot() as store:
            account_id = await store.accounts.id_of("default")
        assert account_id is not None
        return account_id

    async def check_consistency(self) -> None:
        """Every invariant that `whimbrel check` proves holds: counters count their rows, one open task a device, ..."""
        broken = [finding for finding in await self.ports.database.findings() if not finding.holds]
        assert not broken

    def signed(self, action: str, parameters: Mapping[str, Any], method: str = "GET") -> dict[str, str]:
        """The parameters of one request of `root`, with a nonce of its own, as on the wire."""
        return self.signed_by(self.root, {"Action": action, **flat(parameters)}, method)

    def signed_by(self, key: Credentials, parameters: Mapping[str, str], method: str = "GET") -> dict[str, str]:
        """As `signed`, by any key and with any common parameters."""
        self._nonces += 1
        return sign_request_v1(parameters, key, f"nonce-{self._nonces}", timestamp_text(self.clock.at_ms), method)

    async def send(self, request: RawRequest) -> Answer:
        return await ask(self.rpc, request)

    async def send_parameters(self, signed: Mapping[str, str]) -> Answer:
        """A GET with these parameters as they are, answered in PascalCase."""
        return await self.send(get(signed, _PASCAL_HEADER))

    async def call(
        self, action: str, *, by: Credentials | None = None, case: Case = Case.PASCAL, **parameters: Any
    ) -> Answer:
        """One signed GET."""
        signed = self.signed_by(by or self.root, {"Action": action, **flat(parameters)})
        return await self.send(get(signed, *([_PASCAL_HEADER] if case is Case.PASCAL else [])))

    async def ok(self, action: str, *, by: Credentials | None = None, **parameters: Any) -> dict[str, Any]:
        """The PascalCase body of a call that must succeed."""
        answer = await self.call(action, by=by, **parameters)
        body = answer.json()
        assert (answer.status, body.get("Success")) == (200, True), f"{action} {parameters}: {answer.body!r}"
        return body

    async def refusal(self, action: str, *, by: Credentials | None = None, **parameters: Any) -> str:
        """The code of a call that must fail without any effect: HTTP 200 for a business code, 400 and more for others.

        That no row of the database has changed, and that the operation declares the code, is checked each time.
        """
        before = self.rows()
        answer = await self.call(action, by=by, **parameters)
        body = answer.json()
        assert body["Code"], f"{action} {parameters}: {answer.body!r}"
        assert body["Code"] != SYSTEM_EXCEPTION, f"{action} {parameters} failed inside"
        if body["Code"].startswith(("iot.", "whimbrel.")):
            assert answer.status == 200
            assert body.keys() == {"Code", "ErrorMessage", "RequestId", "Success"}
            assert body["Success"] is False
            assert body["ErrorMessage"]
            declared = {error.code for error in OPERATIONS[action].errors}
            assert body["Code"] in declared, f"{action} answers {body['Code']} and does not declare it"
        else:
            assert 400 <= answer.status < 500
            assert body.keys() == {"Code", "HostId", "Message", "RequestId", "Recommend"}
        after = self.rows()
        if answer.status == 403:
            before, after = without_audit(before), without_audit(after)
        assert after == before, f"{action} {parameters} was refused and changed the database all the same"
        code: str = body["Code"]
        return code

    def rows(self) -> Rows:
        """Every row of the database, by table."""
        return self.ports.database.rows()


def without_audit(rows: Rows) -> Rows:
    """The rows without the audit trail: that a key has no right to an action is entered there (threat-model 4)."""
    kept = {
        table: found for table, found in rows.items() if not table.startswith("audit_") and table != "sqlite_sequence"
    }
    kept["list_count"] = [row for row in kept["list_count"] if not row[0].startswith("audit:")]
    return kept


@asynccontextmanager
async def open_signed_door(folder: Path, kind: str = "sqlite") -> AsyncIterator[SignedDoor]:
    """The door on a new database (files in `folder`); that its store is consistent is checked when a test ends."""
    clock, randomness = SetClock(NOW_MS), SeededRandomness(7)
    sealer = AesGcmSealer(bytes(range(32)))
    faults: list[str] = []
    database = new_database(kind, folder)
    store, nonces = await database.open(sealer, faults, NOW_MS)
    links = LinkMaker(LINK_KEY, PUBLIC_URL)
    ports = Ports(store, nonces, SessionChannel(), InProcessWakeup(), clock, randomness, links, database)
    assert _STAND.ports is None, "one door is open at a time"
    _STAND.ports = ports
    door = SignedDoor(ports)
    try:
        door.root = await door.make_key()
        yield door
        await door.check_consistency()
    finally:
        _STAND.ports = None
        await nonces.close()
        await store.close()
        database.drop()
    assert not faults


def flat(parameters: Mapping[str, Any]) -> dict[str, str]:
    """Parameters as SDKs put them on the wire: lists as `Name.1`, lists of values with members as `Name.1.Member`."""
    found: dict[str, str] = {}
    for name, value in parameters.items():
        if isinstance(value, list | tuple):
            found |= flat({f"{name}.{number}": item for number, item in enumerate(value, 1)})
        elif isinstance(value, dict):
            found |= flat({f"{name}.{member}": item for member, item in value.items()})
        elif value is not None:
            found[name] = str(value).lower() if isinstance(value, bool) else str(value)
    return found


def query_bytes(parameters: Mapping[str, str]) -> bytes:
    """Parameters as a query string or form body, each byte that is not unreserved escaped."""
    return "&".join(f"{quote(name, safe='')}={quote(text, safe='')}" for name, text in parameters.items()).encode()


def get(parameters: Mapping[str, str], *headers: tuple[bytes, bytes]) -> RawRequest:
    """A GET with these signed parameters in the query."""
    return RawRequest("GET", b"/", query_bytes(parameters), headers, b"")


async def ask(application: RpcDoor, request: RawRequest) -> Answer:
    """One request through the ASGI application, its body in two pieces."""
    half = len(request.body) // 2
    pieces = [
        {"type": "http.request", "body": request.body[:half], "more_body": True},
        {"type": "http.request", "body": request.body[half:], "more_body": False},
    ]
    sent: list[Any] = []

    async def receive() -> Any:
        return pieces.pop(0)

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": request.method,
        "path": request.path.decode(),
        "raw_path": request.path,
        "query_string": request.query,
        "headers": [*request.headers, (b"content-length", b"%d" % len(request.body))],
    }
    await application(scope, receive, send)
    start, body = sent
    return Answer(start["status"], dict(start["headers"]), body["body"])
