"""Says which devices of a product may make themselves or fetch their own credentials. What is not given stays.

1. DynamicRegistration: OFF; REGISTERED_NAMES: a device that is registered and has never connected fetches its secret by
   proving the product's; ANY_NAME: a device of any other name is made as well.
2. PlugAndPlay: an unknown DDI device that proves the product is made.
3. SelfMadeMax bounds how many devices make themselves, by either way: 0 to 10,000,000. Deleting devices gives no room;
   a bound below what has come takes no device away.
4. Whoever knows the product's secret may do what is switched on here: switch it off when the devices have come.

Source: device-protocol 11.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from whimbrel.domain.access import Permission
from whimbrel.domain.enrolment import SELF_MADE_MAX, DynamicRegistration
from whimbrel.domain.product import PRODUCT_KEY
from whimbrel.errors import InvalidFormattedProductKeyError, OtaInvalidParameterError, ProductNotFoundError
from whimbrel.operations.declaration import Context, EmptyResponse, Example, Manner, operation
from whimbrel.operations.fields import Field
from whimbrel.operations.product.lookup import find_product


class Request(msgspec.Struct, frozen=True, kw_only=True):
    product_key: Annotated[str, Field("The product.", pattern=PRODUCT_KEY, error=InvalidFormattedProductKeyError)]
    dynamic_registration: Annotated[DynamicRegistration | None, Field("Which names may register; see rule 1.")] = None
    plug_and_play: Annotated[bool | None, Field("Whether unknown DDI devices are made; see rule 2.")] = None
    self_made_max: Annotated[
        int | None, Field("How many devices may make themselves; see rule 3.", minimum=0, maximum=SELF_MADE_MAX)
    ] = None


EXAMPLE = Example(
    request={"ProductKey": "kabcdefgh01", "DynamicRegistration": "ANY_NAME", "SelfMadeMax": "1000"},
    response=EmptyResponse(),
)


@operation(
    action="XUpdateProductEnrolment",
    permission=Permission.PRODUCT_WRITE,
    example=EXAMPLE,
    errors=(ProductNotFoundError, InvalidFormattedProductKeyError, OtaInvalidParameterError),
    manner=Manner(idempotent=True),
)
async def handle(request: Request, context: Context) -> EmptyResponse:
    product = await find_product(context, request.product_key)
    policy = await context.store.enrolment.policy(product.id)
    if request.dynamic_registration is not None:
        policy = policy._replace(dynamic_registration=request.dynamic_registration)
    if request.plug_and_play is not None:
        policy = policy._replace(plug_and_play=request.plug_and_play)
    if request.self_made_max is not None:
        policy = policy._replace(self_made_max=request.self_made_max)
    await context.store.enrolment.set_policy(product.id, policy)
    return EmptyResponse()
