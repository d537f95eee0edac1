"""Sets up a product's DDI devices: how often they ask, and what proves who they are. What is not given stays.

1. PollingInterval: `HH:MM:SS`, 00:00:30 to 23:59:59. Devices learn it at their next poll.
2. AcceptTargetTokens false: devices' own tokens prove nothing; they are kept.
3. Authorities: up to 20 issuers as the trusted proxies name them, separated by commas, case does not matter; `-`: none.
   They are believed only from the proxies of the setting `trusted-proxies`.
4. VersionAttribute: a device's attribute whose value counts as its version of the module `default`; `-`: none.
5. IsDefault true: the tenant `DEFAULT` stands for this product in the account, and no longer for another one.

Source: ours; ddi-protocol 2, 3; threat-model A15.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from whimbrel.domain.access import Permission
from whimbrel.domain.ddi_access import (
    ATTRIBUTE_NAME,
    AUTHORITIES_MAX,
    AUTHORITY,
    AUTHORITY_LENGTH_MAX,
    DdiSettings,
    read_polling,
)
from whimbrel.domain.product import PRODUCT_KEY
from whimbrel.errors import InvalidFormattedProductKeyError, OtaInvalidParameterError, ProductNotFoundError
from whimbrel.operations.ddi.settings import EXAMPLE_DDI_DATA, NONE, DdiData, ddi_data
from whimbrel.operations.declaration import Context, Example, Manner, operation
from whimbrel.operations.fields import Field
from whimbrel.operations.product.lookup import find_product


class Request(msgspec.Struct, frozen=True, kw_only=True):
    product_key: Annotated[str, Field("The product.", pattern=PRODUCT_KEY, error=InvalidFormattedProductKeyError)]
    polling_interval: Annotated[str | None, Field("How often devices ask, `HH:MM:SS`.", length_max=8)] = None
    accept_target_tokens: Annotated[bool | None, Field("Whether a device's own token proves who it is.")] = None
    authorities: Annotated[
        str | None,
        Field(
            "Issuers of device certificates, separated by commas; `-`: none.",
            length_max=AUTHORITIES_MAX * (AUTHORITY_LENGTH_MAX + 2),
        ),
    ] = None
    version_attribute: Annotated[
        str | None, Field("The attribute that counts as a version report; `-`: none.", pattern=ATTRIBUTE_NAME)
    ] = None
    is_default: Annotated[bool | None, Field("Whether the tenant `DEFAULT` stands for this product.")] = None


class Response(msgspec.Struct, frozen=True, kw_only=True):
    data: Annotated[DdiData, Field("The settings as they are now.")]


EXAMPLE = Example(
    request={
        "ProductKey": "kabcdefgh01",
        "PollingInterval": "00:05:00",
        "VersionAttribute": "sw_version",
        "IsDefault": "true",
    },
    response=Response(data=EXAMPLE_DDI_DATA),
)


@operation(
    action="XUpdateProductDdi",
    permission=Permission.PRODUCT_WRITE,
    example=EXAMPLE,
    errors=(InvalidFormattedProductKeyError, OtaInvalidParameterError, ProductNotFoundError),
    manner=Manner(idempotent=True),
)
async def handle(request: Request, context: Context) -> Response:
    product = await find_product(context, request.product_key)
    settings = _changed(request, await context.store.ddi_access.settings(product.id))
    await context.store.ddi_access.put_settings(product.account_id, product.id, settings, context.now_ms)
    return Response(data=ddi_data(product.product_key, settings))


def _changed(request: Request, settings: DdiSettings) -> DdiSettings:
    if request.polling_interval is not None:
        settings = settings._replace(polling_s=_polling_s(request.polling_interval))
    if request.accept_target_tokens is not None:
        settings = settings._replace(accepts_target_tokens=request.accept_target_tokens)
    if request.authorities is not None:
        settings = settings._replace(authorities=_authorities(request.authorities))
    if request.version_attribute is not None:
        settings = settings._replace(
            version_attribute="" if request.version_attribute == NONE else request.version_attribute
        )
    if request.is_default is not None:
        settings = settings._replace(is_default=request.is_default)
    return settings


def _polling_s(text: str) -> int:
    polling_s = read_polling(text)
    if polling_s is None:
        raise OtaInvalidParameterError(
            "PollingInterval must be HH MM SS with colons between them, at least half a minute and less than a day"
        )
    return polling_s


def _authorities(text: str) -> tuple[str, ...]:
    """In lower case, each once, in the order given."""
    if text.strip() == NONE:
        return ()
    names = tuple(dict.fromkeys(name.strip().lower() for name in text.split(",")))
    if len(names) > AUTHORITIES_MAX:
        raise OtaInvalidParameterError(f"Authorities has {len(names)} names, at most {AUTHORITIES_MAX} are allowed")
    for number, name in enumerate(names, 1):
        if AUTHORITY.fullmatch(name) is None:
            raise OtaInvalidParameterError(
                f"name {number} of Authorities must have 1 to {AUTHORITY_LENGTH_MAX} letters, digits, full stops, "
                "colons, underscores or hyphens and begin with a letter or digit"
            )
    return names
