"""Which MQTT topics a device has, derived from its authenticated identity and from nothing it says (A17).

Topics are compared as whole texts. No wildcard is ever understood, so there is no pattern to get wrong.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import NamedTuple

from whimbrel.domain.device_credential import DeviceIdentity
from whimbrel.gateway.packets import Subscribe, SubscriptionRefusal

_NAMES = "/{pk}/{dn}"


def topic_of(template: str, identity: DeviceIdentity) -> str:
    """`/ota/device/upgrade/{pk}/{dn}` with the names filled in; the names' alphabets have no braces."""
    return template.replace("{pk}", identity.product_key).replace("{dn}", identity.device_name)


class _Template(NamedTuple):
    """A template cut at the names, and what it stands for."""

    before: str
    after: str
    meaning: str


class TopicTable:
    """Which topics exist, as templates around `/{pk}/{dn}`; one table serves all sessions.

    `reports`: template to the kind of Report a message on it becomes. `deliveries`: templates the server publishes to.
    Raises ValueError for a template that two devices could share.
    """

    __slots__ = ("_deliveries", "_reports")

    def __init__(self, reports: Mapping[str, str], deliveries: Collection[str]) -> None:
        for template in (*reports, *deliveries):
            if f"{_NAMES}/" not in f"{template}/" or template.count("{") != 2 or "+" in template or "#" in template:
                raise ValueError(f"the topic template {template} must contain /{{pk}}/{{dn}} once and no wildcard")
        self._reports = _by_length(reports)
        self._deliveries = _by_length({template: template for template in deliveries})

    def kind_of(self, topic: str, identity: DeviceIdentity) -> str | None:
        """The kind of Report that a message of the device on the topic is; None for any topic that is not its own."""
        return _match(self._reports, topic, identity)

    def is_delivery(self, topic: str, identity: DeviceIdentity) -> bool:
        """Whether the device may subscribe to the topic: exactly, so no wildcard or `$share` ever is (A17)."""
        return _match(self._deliveries, topic, identity) is not None

    def verdicts(self, packet: Subscribe, identity: DeviceIdentity) -> list[int]:
        """For each filter the QoS granted, 0 or 1, or a SubscriptionRefusal."""
        if packet.has_identifier:
            return [SubscriptionRefusal.IDENTIFIER] * len(packet.filters)
        return [
            min(qos, 1) if self.is_delivery(topic_filter, identity) else _refusal_of(topic_filter)
            for topic_filter, qos in packet.filters
        ]


def _by_length(meanings: Mapping[str, str]) -> dict[int, tuple[_Template, ...]]:
    """By the length of what is not the names: a topic is compared with the few templates that could be as long."""
    found: dict[int, tuple[_Template, ...]] = {}
    for template, meaning in meanings.items():
        before, _, after = template.partition(_NAMES)
        length = len(before) + len(after)
        found[length] = (*found.get(length, ()), _Template(before, after, meaning))
    return found


def _match(templates: Mapping[int, tuple[_Template, ...]], topic: str, identity: DeviceIdentity) -> str | None:
    # Not a dict of its topics for each device: that took half the memory of a session to save 0.3 us a message.
    product_key, device_name = identity
    names = f"/{product_key}/{device_name}"
    for before, after, meaning in templates.get(len(topic) - len(names), ()):
        if topic == f"{before}{names}{after}":
            return meaning
    return None


def names_device(topic: str, identity: DeviceIdentity) -> bool:
    """Whether the topic names the device, product key and device name as whole levels."""
    return f"/{identity.product_key}/{identity.device_name}/" in f"{topic}/"


def _refusal_of(topic_filter: str) -> SubscriptionRefusal:
    """Why a filter is refused that is no delivery topic of the device; what it asks for, as MQTT 5 can say it."""
    if topic_filter.startswith("$share/"):
        return SubscriptionRefusal.SHARED
    if "+" in topic_filter or "#" in topic_filter:
        return SubscriptionRefusal.WILDCARD
    return SubscriptionRefusal.NOT_AUTHORIZED
