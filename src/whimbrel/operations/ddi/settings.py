"""How answers show a product's DDI settings."""

from __future__ import annotations

from typing import Annotated

import msgspec

from whimbrel.domain.ddi_access import DdiSettings, polling_text
from whimbrel.operations.fields import Field

NONE = "-"  # in a request: nothing of what was set; an empty value counts as not given


class DdiData(msgspec.Struct, frozen=True, kw_only=True):
    product_key: Annotated[str, Field("The product.")]
    polling_interval: Annotated[str, Field("How often its devices ask, `HH:MM:SS`.")]
    accept_target_tokens: Annotated[bool, Field("Whether a device's own token proves who it is.")]
    has_gateway_token: Annotated[bool, Field("Whether there is a token that speaks for any device of the product.")]
    authorities: Annotated[
        str, Field("Issuers of device certificates that a trusted proxy may name, separated by commas.")
    ]
    version_attribute: Annotated[str, Field("The attribute that counts as a version report; empty: none.")]
    is_default: Annotated[bool, Field("Whether the tenant `DEFAULT` stands for this product of the account.")]


EXAMPLE_DDI_DATA = DdiData(
    product_key="kabcdefgh01",
    polling_interval="00:05:00",
    accept_target_tokens=True,
    has_gateway_token=False,
    authorities="",
    version_attribute="sw_version",
    is_default=True,
)


def ddi_data(product_key: str, settings: DdiSettings) -> DdiData:
    return DdiData(
        product_key=product_key,
        polling_interval=polling_text(settings.polling_s),
        accept_target_tokens=settings.accepts_target_tokens,
        has_gateway_token=settings.has_gateway_token,
        authorities=",".join(settings.authorities),
        version_attribute=settings.version_attribute,
        is_default=settings.is_default,
    )
