"""Says which devices of a product may make themselves or fetch their own credentials, and how many have.

1. All of it is off for a new product.

Source: device-protocol 11.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from whimbrel.domain.access import Permission
from whimbrel.domain.enrolment import DynamicRegistration
from whimbrel.domain.product import PRODUCT_KEY
from whimbrel.errors import InvalidFormattedProductKeyError, ProductNotFoundError
from whimbrel.operations.declaration import Context, Example, Manner, operation
from whimbrel.operations.fields import Field
from whimbrel.operations.product.lookup import find_product


class Request(msgspec.Struct, frozen=True, kw_only=True):
    product_key: Annotated[str, Field("The product.", pattern=PRODUCT_KEY, error=InvalidFormattedProductKeyError)]


class EnrolmentData(msgspec.Struct, frozen=True, kw_only=True):
    product_key: Annotated[str, Field("As given.")]
    dynamic_registration: Annotated[
        DynamicRegistration,
        Field("OFF; REGISTERED_NAMES: devices that are registered fetch their secrets; ANY_NAME: others are made."),
    ]
    plug_and_play: Annotated[bool, Field("Whether an unknown DDI device that proves the product is made.")]
    self_made_max: Annotated[int, Field("How many devices may make themselves, by either way.")]
    self_made: Annotated[int, Field("How many did, also those that were deleted since.")]


class Response(msgspec.Struct, frozen=True, kw_only=True):
    data: Annotated[EnrolmentData, Field("The product's switches.")]


EXAMPLE = Example(
    request={"ProductKey": "kabcdefgh01"},
    response=Response(
        data=EnrolmentData(
            product_key="kabcdefgh01",
            dynamic_registration=DynamicRegistration.REGISTERED_NAMES,
            plug_and_play=False,
            self_made_max=1000,
            self_made=17,
        )
    ),
)


@operation(
    action="XQueryProductEnrolment",
    permission=Permission.PRODUCT_READ,
    example=EXAMPLE,
    errors=(ProductNotFoundError, InvalidFormattedProductKeyError),
    manner=Manner(idempotent=True, qps=50),
)
async def handle(request: Request, context: Context) -> Response:
    product = await find_product(context, request.product_key)
    policy = await context.store.enrolment.policy(product.id)
    return Response(
        data=EnrolmentData(
            product_key=product.product_key,
            dynamic_registration=policy.dynamic_registration,
            plug_and_play=policy.plug_and_play,
            self_made_max=policy.self_made_max,
            self_made=policy.self_made,
        )
    )
