"""A DDI device says what it is (ddi-protocol 9).

1. At most 100 attributes of a device are kept; a message that would exceed them changes nothing.
2. Where the product names an attribute that holds the version, its value is a version report of the module `default`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from whimbrel.domain.ddi import ATTRIBUTES_MAX, AttributeMode, merged
from whimbrel.domain.ota_module import DEFAULT_MODULE
from whimbrel.domain.version import is_reportable
from whimbrel.reports.ddi.verdict import Verdict
from whimbrel.reports.declaration import ReportContext
from whimbrel.reports.inform_version import take_version


class ConfigData(NamedTuple):
    """The message. `version_attribute`: the product's setting, empty when it has none."""

    mode: AttributeMode
    data: Mapping[str, str]
    version_attribute: str


async def described(message: ConfigData, context: ReportContext) -> Verdict:
    kept = await context.store.ddi_attributes.of_device(context.device_id)
    attributes = merged(kept, message.mode, dict(message.data))
    if len(attributes) > ATTRIBUTES_MAX:
        return Verdict.TOO_MANY
    await context.store.ddi_attributes.put(context.device_id, attributes, context.now_ms)
    version = message.data.get(message.version_attribute) if message.version_attribute else None
    if message.mode is AttributeMode.REMOVE or version is None or not is_reportable(version):
        return Verdict.TAKEN
    if not await take_version(context, DEFAULT_MODULE, version):
        return Verdict.TOO_MANY
    await context.store.ddi_actions.close_installed(context.device_id, context.now_ms)
    return Verdict.TAKEN
