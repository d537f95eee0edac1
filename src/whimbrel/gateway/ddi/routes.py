"""The resources of DDI: which path and method lead to which handler (ddi-protocol 2)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from whimbrel.gateway.ddi import (
    cancel_action,
    config_data,
    confirmation_base,
    deployment_base,
    installed_base,
    poll,
    software_modules,
)
from whimbrel.gateway.ddi.exchange import Handler

ANY = "*"  # stands for one segment, which the handler is given


class Route(NamedTuple):
    """`registers`: the request is one that makes an unknown device known, where that is allowed."""

    pattern: tuple[str, ...]
    handlers: Mapping[str, Handler]
    registers: bool = False
    is_poll: bool = False
    #: A file is what it is, whatever the client says it accepts.
    is_file: bool = False


ROUTES = (
    Route((), {"GET": poll.handle}, registers=True, is_poll=True),
    Route(("configData",), {"PUT": config_data.take}),
    Route(("deploymentBase", ANY), {"GET": deployment_base.show}),
    Route(("deploymentBase", ANY, "feedback"), {"POST": deployment_base.take_feedback}),
    Route(("cancelAction", ANY), {"GET": cancel_action.show}),
    Route(("cancelAction", ANY, "feedback"), {"POST": cancel_action.take_feedback}),
    Route(("confirmationBase",), {"GET": confirmation_base.show_all}, registers=True, is_poll=True),
    # Before the star, which stands for these words too.
    Route(("confirmationBase", "activateAutoConfirm"), {"POST": confirmation_base.activate}),
    Route(("confirmationBase", "deactivateAutoConfirm"), {"POST": confirmation_base.deactivate}),
    Route(("confirmationBase", ANY), {"GET": confirmation_base.show}),
    Route(("confirmationBase", ANY, "feedback"), {"POST": confirmation_base.take_feedback}),
    Route(("installedBase",), {"PUT": installed_base.take}),
    Route(("installedBase", ANY), {"GET": installed_base.show}),
    Route(("softwaremodules", ANY, "artifacts"), {"GET": software_modules.show}),
    Route(
        ("softwaremodules", ANY, "artifacts", ANY),
        {"GET": software_modules.serve, "HEAD": software_modules.serve},
        is_file=True,
    ),
)


def find_route(rest: tuple[str, ...]) -> tuple[Route, tuple[str, ...]] | None:
    """The route of the segments behind the id, and what stands for its stars."""
    for route in ROUTES:
        if len(route.pattern) == len(rest) and all(p in (ANY, s) for p, s in zip(route.pattern, rest, strict=True)):
            return route, tuple(s for p, s in zip(route.pattern, rest, strict=True) if p == ANY)
    return None
