"""Which MQTT topics a device has, derived from its authenticated identity and from nothing it says (A17).

Topics are compared as whole texts. No wildcard is ever understood, so there is no pattern to get wrong.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from whimbrel.domain.device_credential import DeviceIdentity


def topic_of(template: str, identity: DeviceIdentity) -> str:
    """`/ota/device/upgrade/{pk}/{dn}` with the names filled in; the names' alphabets have no braces."""
    return template.replace("{pk}", identity.product_key).replace("{dn}", identity.device_name)


class TopicTable:
    """Which topics exist, as templates around `/{pk}/{dn}`; one table serves all sessions.

    `reports`: template to the kind of Report a message on it becomes. `deliveries`: templates the server publishes to.
    Raises ValueError for a template that two devices could share.
    """

    __slots__ = ("_deliveries", "_reports")

    def __init__(self, reports: Mapping[str, str], deliveries: Collection[str]) -> None:
        for template in (*reports, *deliveries):
            if "/{pk}/{dn}/" not in f"{template}/" or "+" in template or "#" in template:
                raise ValueError(f"the topic template {template} must contain /{{pk}}/{{dn}} and no wildcard")
        self._reports = dict(reports)
        self._deliveries = tuple(deliveries)

    def kind_by_topic(self, identity: DeviceIdentity) -> dict[str, str]:
        """The topics the device may publish to."""
        return {topic_of(template, identity): kind for template, kind in self._reports.items()}

    def is_delivery(self, topic: str, identity: DeviceIdentity) -> bool:
        """Whether the device may subscribe to the topic: exactly, so no wildcard or `$share` ever is (A17)."""
        return any(topic == topic_of(template, identity) for template in self._deliveries)


def names_device(topic: str, identity: DeviceIdentity) -> bool:
    """Whether the topic names the device, product key and device name as whole levels."""
    return f"/{identity.product_key}/{identity.device_name}/" in f"{topic}/"
