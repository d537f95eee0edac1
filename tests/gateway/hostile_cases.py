"""Generated devices that try to speak and listen in another's name: what they claim, ask for and publish, as raw bytes.

Names are made to be confused: prefixes and suffixes of each other, other case, names that are words of our own topics.
Topics start as a template with somebody's names and are bent up to three times. Seeded, so every case can be had again.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Final, NamedTuple

from whimbrel.domain.device_credential import DeviceIdentity, connect_fields
from whimbrel.gateway.frames import field, framed

REPORT_TEMPLATES: Final = (
    "/ota/device/inform/{}",
    "/ota/device/progress/{}",
    "/ota/device/request/{}",
    "/sys/{}/thing/ota/firmware/get",
    "/sys/{}/thing/file/download",
)
DELIVERY_TEMPLATES: Final = (
    "/ota/device/upgrade/{}",
    "/sys/{}/thing/ota/firmware/get_reply",
    "/sys/{}/thing/file/download_reply",
)

IDENTITIES: Final = tuple(
    DeviceIdentity(*names)
    for names in (
        *[("a1", "dev"), ("a1", "dev1"), ("a1", "dev11"), ("a1", "de"), ("a1", "DEV"), ("A1", "dev"), ("a11", "dev")],
        *[("a", "1"), ("1", "a"), ("a1", "1"), ("ota", "device"), ("device", "ota"), ("device", "upgrade")],
        *[("inform", "ota"), ("sys", "thing"), ("thing", "ota"), ("thing", "file"), ("firmware", "get")],
        *[
            ("a1", "dev."),
            ("a1", ".dev"),
            ("a1", "."),
            ("a1", ".."),
            ("a1", "-"),
            ("a1", "_"),
            ("a1", "@"),
            ("a1", ":"),
        ],
        *[("a1", "dev@a1"), ("a1", "dev:1"), ("share", "g"), ("SYS", "broker"), ("x" * 30, "y" * 32), ("a1", "pk")],
    )
)

SECRETS: Final = {identity: f"secret of {'/'.join(identity)}" for identity in IDENTITIES}

_Bend = Callable[[str, random.Random], str]


def _levels(change: Callable[[list[str], int], None]) -> _Bend:
    """Something done to one level of the topic."""

    def bend(topic: str, dice: random.Random) -> str:
        levels = topic.split("/")
        change(levels, dice.randrange(len(levels)))
        return "/".join(levels)

    return bend


def _set(text: str) -> Callable[[list[str], int], None]:
    return lambda levels, at: levels.__setitem__(at, text)


def _inserted(text: str) -> _Bend:
    def bend(topic: str, dice: random.Random) -> str:
        at = dice.randint(0, len(topic))
        return topic[:at] + text + topic[at:]

    return bend


BENDS: Final[dict[str, _Bend]] = {
    "plus": _levels(_set("+")),
    "hash": _levels(_set("#")),
    "cut at hash": lambda topic, dice: topic[: dice.randint(0, len(topic))] + "#",
    "all": lambda topic, dice: dice.choice(["#", "+", "/#", "/+/#", "+/+/+/+/+/+", "$SYS/#", "$share/g/#"]),
    "share": lambda topic, dice: f"$share/{dice.choice(['g', '', '+', 'g/'])}/{topic.lstrip('/')}",
    "queue": lambda topic, dice: dice.choice(["$queue", "$exclusive", "$delayed/1", "$SYS", "$P"]) + topic,
    "empty level": _levels(lambda levels, at: levels.insert(at, "")),
    "level less": _levels(lambda levels, at: levels.__delitem__(at)),
    "level twice": _levels(lambda levels, at: levels.insert(at, levels[at])),
    "swap levels": _levels(lambda levels, at: levels.insert(0, levels.pop(at))),
    "slash behind": lambda topic, dice: topic + "/",
    "slash before": lambda topic, dice: "/" + topic,
    "no first slash": lambda topic, dice: topic[1:],
    "upper": lambda topic, dice: topic.upper(),
    "swap case": lambda topic, dice: topic.swapcase(),
    "NUL": _inserted("\0"),
    "space": _inserted(" "),
    "new line": _inserted("\n"),
    "zero width": _inserted("\u200b"),
    "byte order mark": _inserted("\ufeff"),
    "right to left": _inserted("\u202e"),
    "combining": _inserted("\u0301"),
    "full width": lambda topic, dice: "".join(chr(ord(c) + 0xFEE0) if c.isalnum() and c < "~" else c for c in topic),
    "long s": lambda topic, dice: topic.replace("s", "\u017f").replace("k", "\u212a"),
    "percent": lambda topic, dice: topic.replace("/", "%2F", dice.randint(1, 3)),
    "backslash": lambda topic, dice: topic.replace("/", "\\", dice.randint(1, 3)),
    "dots": _levels(_set("..")),
    "letter less": lambda topic, dice: topic[:-1],
    "letter more": lambda topic, dice: topic + dice.choice("1a./"),
    "braces": lambda topic, dice: dice.choice(["/ota/device/inform/{pk}/{dn}", "/ota/device/upgrade/{pk}/{dn}"]),
    "long": lambda topic, dice: topic + "/x" * dice.choice([100, 2000]),
    "nothing": lambda topic, dice: "",
}


class Case(NamedTuple):
    """One attempt. `claimed` is who the attacker says it is; its password is made with its own secret."""

    level: int
    attacker: DeviceIdentity
    victim: DeviceIdentity
    claimed: DeviceIdentity
    connect: bytes
    topic: bytes
    publish: bytes
    topic_filter: bytes
    subscribe: bytes
    qos: int
    is_retained: bool
    is_meant_whole: bool
    bends: tuple[str, ...]


def make_case(dice: random.Random) -> Case:
    level = dice.choice((4, 5))
    attacker, victim = dice.sample(IDENTITIES, 2)
    claimed = victim if dice.random() < 0.05 else attacker
    bends: list[str] = []
    topic = _topic(dice, attacker, victim, bends)
    topic_filter = _topic(dice, attacker, victim, bends)
    qos, is_retained = dice.choice((0, 0, 1, 1, 1, 2, 3)), dice.random() < 0.1
    publish, is_meant_whole = _publish(dice, level, topic, qos, is_retained)
    return Case(
        level,
        attacker,
        victim,
        claimed,
        _connect(dice, level, attacker, claimed, victim),
        topic,
        publish,
        topic_filter,
        _subscribe(dice, level, topic_filter),
        qos,
        is_retained,
        is_meant_whole,
        tuple(bends),
    )


def _topic(dice: random.Random, attacker: DeviceIdentity, victim: DeviceIdentity, bends: list[str]) -> bytes:
    template = dice.choice(REPORT_TEMPLATES + DELIVERY_TEMPLATES)
    names = dice.choice(
        [
            *["/".join(attacker), "/".join(attacker), "/".join(victim), "/".join(victim)],
            *[f"{attacker[0]}/{victim[1]}", f"{victim[0]}/{attacker[1]}", f"{attacker[1]}/{attacker[0]}"],
            *["/".join(attacker + victim), "/".join(victim + attacker), f"{attacker[0]}/{attacker[1]}{victim[1]}"],
        ]
    )
    topic = template.format(names)
    for _ in range(dice.choice((0, 0, 1, 1, 2, 3))):
        bends.append(dice.choice(_BEND_NAMES))
        topic = BENDS[bends[-1]](topic, dice)
    raw = topic.encode()
    if dice.random() < 0.02:
        at = dice.randint(0, len(raw))
        raw = raw[:at] + dice.choice([b"\xff", b"\xc0\xaf", b"\xed\xa0\x80", b"\xf5\x80"]) + raw[at:]
        bends.append("not UTF-8")
    return raw[:60_000]


_BEND_NAMES: Final = tuple(BENDS)


def _connect(
    dice: random.Random, level: int, attacker: DeviceIdentity, claimed: DeviceIdentity, victim: DeviceIdentity
) -> bytes:
    fields = connect_fields(*claimed, SECRETS[attacker])
    flags, will = 0xC2, b""
    if dice.random() < 0.15:
        whose = dice.choice((attacker, victim))
        topic = dice.choice(REPORT_TEMPLATES).format("/".join(whose))
        flags |= 0x04 | dice.choice((0x00, 0x08, 0x20))
        will = (b"\0" if level == 5 else b"") + field(topic) + field(b"will")
    username = fields.username
    if dice.random() < 0.02:
        username = dice.choice([f"{username}&{victim[0]}", f"+&{victim[0]}", f"{victim[1]}/&{victim[0]}", "#&#", ""])
    properties = b"\0" if level == 5 else b""
    head = field("MQTT") + bytes((level, flags)) + (60).to_bytes(2, "big") + properties
    return framed(0x10, head + field(fields.client_id) + will + field(username) + field(fields.password))


def _publish(dice: random.Random, level: int, topic: bytes, qos: int, is_retained: bool) -> tuple[bytes, bool]:
    """The packet, and whether it is one that a session reads: the other half of "accepted exactly when own"."""
    is_whole = qos < 2
    properties = b""
    if level == 5:
        properties = b"\0"
        kind = dice.random()
        if kind < 0.05:
            properties, is_whole = b"\x03\x23\x00\x01", False  # a topic alias
        elif kind < 0.1:
            properties = b"\x07\x26\x00\x01a\x00\x01b"
        elif kind < 0.15:
            properties, is_whole = b"\x02\x0b\x01", False  # a subscription identifier
    packet_id = b"" if qos == 0 else (dice.randint(1, 65535)).to_bytes(2, "big")
    first = 0x30 | qos << 1 | is_retained
    return framed(first, field(topic) + packet_id + properties + b"attack"), is_whole


def _subscribe(dice: random.Random, level: int, topic_filter: bytes) -> bytes:
    properties = b""
    if level == 5:
        properties = b"\x02\x0b\x05" if dice.random() < 0.05 else b"\0"
    options = dice.choice((0, 1, 1, 2))
    if level == 5:
        options |= dice.choice((0x00, 0x04, 0x08, 0x10, 0x20))
    return framed(0x82, b"\0\x09" + properties + field(topic_filter) + bytes((options,)))
