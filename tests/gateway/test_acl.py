"""A17, I15: whatever a device claims, asks for or publishes, a spy sees nothing of it and no foreign report is taken.

Each generated case goes the whole way of the bytes: CONNECT, the proof of the claim, SUBSCRIBE, PUBLISH. Then every
session is offered a message for every device of the case, as by a router that has lost its mind. What may be
is written down here a second time, from the names alone, and has to agree in both directions.
"""

from __future__ import annotations

import random
from collections import Counter

import pytest

from tests.gateway.hostile_cases import (
    BENDS,
    DELIVERY_TEMPLATES,
    IDENTITIES,
    REPORT_TEMPLATES,
    SECRETS,
    Case,
    make_case,
)
from tests.gateway.playbook5 import read_all
from whimbrel.domain.device_credential import DeviceIdentity, connect_fields, password_matches
from whimbrel.gateway.commands import Authenticate, Close, Command, Report, Send
from whimbrel.gateway.packets import ConnackCode, Connect, PacketReader, Publish, SubAck, Subscribe, encode
from whimbrel.gateway.session import Session
from whimbrel.gateway.topics import TopicTable
from whimbrel.gateway.window import Message

CASES = 100_000
CASES_FUZZ = 1_000_000
SEED = 17

TABLE = TopicTable(
    {template.format("{pk}/{dn}"): template for template in REPORT_TEMPLATES},
    [template.format("{pk}/{dn}") for template in DELIVERY_TEMPLATES],
)
OWN_REPORTS = {me: {t.format("/".join(me)).encode(): t for t in REPORT_TEMPLATES} for me in IDENTITIES}
OWN_DELIVERIES = {me: [t.format("/".join(me)) for t in DELIVERY_TEMPLATES] for me in IDENTITIES}


class Heard:
    """What came out of one session, as the device and the ingest see it."""

    def __init__(self, level: int) -> None:
        self._level = level
        self.topics: list[str] = []
        self.verdicts: list[int] = []
        self.reports: list[Report] = []
        self.is_closed = False

    def take(self, commands: list[Command]) -> None:
        for command in commands:
            match command:
                case Report():
                    self.reports.append(command)
                case Close():
                    self.is_closed = True
                case Send(data):
                    self._read(data)

    def _read(self, data: bytes) -> None:
        for packet in read_all(data) if self._level == 5 else PacketReader().feed(data):
            if type(packet).__name__ in ("Publish", "PublishPacket"):
                self.topics.append(packet.topic)
            elif isinstance(packet, SubAck):
                self.verdicts += packet.codes
            elif type(packet).__name__ == "SubAckPacket":
                self.verdicts += map(int, packet.reason_codes)


def prove(session: Session, commands: list[Command]) -> list[Command]:
    """Answer Authenticate as the login desk does, from the secrets alone."""
    if not commands or not isinstance(commands[0], Authenticate):
        return commands
    credential, password = commands[0]
    secret = SECRETS.get(credential.identity, "nobody's")
    if password_matches(credential, password, secret):
        return session.authenticated(credential.identity)
    return session.refused(ConnackCode.BAD_CREDENTIAL)


def spies() -> dict[DeviceIdentity, Session]:
    """Every device, connected, and listening to all that it may."""
    sessions = {}
    for me in IDENTITIES:
        session = Session(TABLE, 0.0)
        fields = connect_fields(*me, SECRETS[me])
        prove(session, session.received(encode(Connect(*fields[:2], fields.password.encode(), 60)), 0.0))
        session.received(encode(Subscribe(1, tuple((topic, 0) for topic in OWN_DELIVERIES[me]))), 0.0)
        assert session.identity == me
        sessions[me] = session
    return sessions


def offer(session: Session, topic: str) -> list[Command]:
    try:
        return session.deliver(Message(topic, b"notice"))
    except AssertionError:
        return []


def run(case: Case, all_spies: dict[DeviceIdentity, Session]) -> Heard:
    """One attempt; AssertionError where anything foreign passes, or anything own does not."""
    session, heard = Session(TABLE, 0.0), Heard(case.level)
    heard.take(prove(session, session.received(case.connect, 0.0)))
    assert session.identity in (None, case.attacker), "a claim in another's name was believed"
    is_in = session.identity is not None and not heard.is_closed

    heard.take(session.received(case.subscribe, 0.0))
    may_listen = case.topic_filter.decode(errors="replace") in OWN_DELIVERIES[case.attacker]
    assert not any(verdict < 0x80 for verdict in heard.verdicts) or may_listen, "a foreign subscription was granted"

    is_open = not heard.is_closed
    heard.take(session.received(case.publish, 0.0))
    kind = OWN_REPORTS[case.attacker].get(case.topic)
    may_speak = is_in and is_open and kind is not None and case.is_meant_whole and not case.is_retained
    assert [report.kind for report in heard.reports] == ([kind] if may_speak else []), "foreign, or own and lost"

    for topic in (*OWN_DELIVERIES[case.victim], *OWN_DELIVERIES[case.attacker]):
        heard.take(offer(session, topic))
        spy_heard = Heard(4)
        spy_heard.take(offer(all_spies[case.victim], topic))
        assert spy_heard.topics == ([topic] if topic in OWN_DELIVERIES[case.victim] else [])
    is_listening = is_in and not heard.is_closed
    assert heard.topics == (OWN_DELIVERIES[case.attacker] if is_listening else []), "a foreign message, or a lost one"
    heard.take(session.tick(1e9))
    assert len(heard.reports) == may_speak, "a will became a report"
    return heard


def prove_many(count: int, seed: int) -> None:
    dice, all_spies = random.Random(seed), spies()
    seen: Counter[str] = Counter()
    for number in range(count):
        case = make_case(dice)
        try:
            heard = run(case, all_spies)
        except Exception as error:
            error.add_note(f"case {number} of seed {seed}: {case}")
            raise
        seen.update(case.bends)
        seen["reports"] += len(heard.reports)
        seen["granted"] += sum(verdict < 0x80 for verdict in heard.verdicts)
        seen["refused"] += sum(verdict >= 0x80 for verdict in heard.verdicts)
        seen["claims"] += case.claimed != case.attacker
        seen["deliveries"] += len(heard.topics)
    # The proof would be empty if nothing were hostile, or nothing honest.
    assert all(seen[bend] > count / 500 for bend in BENDS), seen
    assert seen["reports"] > count / 80, seen
    assert seen["granted"] > count / 80, seen
    assert seen["refused"] > count / 4, seen
    assert seen["claims"] > count / 50, seen
    assert seen["deliveries"] > count / 2, seen


def test_A17_I15_generated_cases_reach_nobody_else() -> None:
    """100,000 cases of identity, claim, filter, topic, retain, will, version, QoS: 0 foreign messages and reports."""
    prove_many(CASES, SEED)


@pytest.mark.fuzz
@pytest.mark.parametrize("seed", [random.SystemRandom().getrandbits(32)])
def test_A17_I15_a_million_cases_reach_nobody_else(seed: int) -> None:
    """The same with a new seed each time, which a failure names."""
    prove_many(CASES_FUZZ, seed)


@pytest.mark.parametrize("level", [4, 5])
def test_A17_the_proof_sees_a_hole(level: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a table that compares without regard to case, as one might write it, the cases find the hole."""

    def kind_of(self: TopicTable, topic: str, identity: DeviceIdentity) -> str | None:
        own = {name.decode().lower(): kind for name, kind in OWN_REPORTS[identity].items()}
        return own.get(topic.lower())

    monkeypatch.setattr(TopicTable, "kind_of", kind_of)
    dice, all_spies = random.Random(SEED), spies()
    cases = [case for case in (make_case(dice) for _ in range(20_000)) if case.level == level]
    with pytest.raises(AssertionError, match="foreign"):
        [run(case, all_spies) for case in cases]


def test_A17_publish_decoding_is_the_same_for_the_spy() -> None:
    """The spies read what they are sent: an own message arrives at each."""
    for me, session in spies().items():
        for topic in OWN_DELIVERIES[me]:
            [command] = session.deliver(Message(topic, b"x"))
            assert isinstance(command, Send)
            assert PacketReader().feed(command.data) == [Publish(topic, b"x")]
