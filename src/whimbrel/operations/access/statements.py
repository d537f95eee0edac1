"""How a policy's statements stand on the wire, in requests and answers (threat-model A06).

A list's members are scalars there, so several names of a member stand in one text, separated by commas. What an answer
shows can be sent again as it is.
"""

from __future__ import annotations

import re
from collections.abc import Set
from typing import Annotated

import msgspec

from whimbrel.domain.access import (
    ACTION_NAME,
    ANY,
    GROUP_ID,
    POLICY_TEXT_LENGTH_MAX,
    STATEMENT_ITEMS_MAX,
    Access,
    Permission,
    Policy,
    Statement,
)
from whimbrel.domain.product import PRODUCT_KEY
from whimbrel.errors import InvalidPolicyError
from whimbrel.operations.fields import Field

MEMBER_LENGTH_MAX = 6_600  # as many of the longest names as a member may have, with a comma and a space behind each
_SEPARATOR = ","
_SHOWN_LENGTH_MAX = 64
_PERMISSIONS = frozenset(permission.value for permission in Permission)


class StatementParameter(msgspec.Struct, frozen=True, kw_only=True):
    actions: Annotated[
        str,
        Field(
            "`*`, or Actions, beginnings of Actions (`Query*`) and permissions (`job:read`), separated by commas.",
            length_max=MEMBER_LENGTH_MAX,
            error=InvalidPolicyError,
        ),
    ]
    access: Annotated[
        Access, Field("`read`: of these only what changes nothing; `write`: all of them.", error=InvalidPolicyError)
    ] = Access.WRITE
    products: Annotated[
        str | None,
        Field(
            "ProductKeys that these Actions may touch, separated by commas; `*` or absent: all.",
            length_max=MEMBER_LENGTH_MAX,
            error=InvalidPolicyError,
        ),
    ] = None
    groups: Annotated[
        str | None,
        Field(
            "GroupIds whose devices these Actions may touch, separated by commas; `*` or absent: all.",
            length_max=MEMBER_LENGTH_MAX,
            error=InvalidPolicyError,
        ),
    ] = None


class StatementInfo(msgspec.Struct, frozen=True, kw_only=True):
    actions: Annotated[str, Field("Names of Actions and permissions, separated by commas.")]
    access: Annotated[str, Field("`read` or `write`.")]
    products: Annotated[str, Field("ProductKeys, separated by commas, or `*`.")]
    groups: Annotated[str, Field("GroupIds, separated by commas, or `*`.")]


class StatementList(msgspec.Struct, frozen=True, kw_only=True):
    statement: Annotated[list[StatementInfo], Field("Each is used as a whole: rights of two are never mixed.")]


def read_policy(parameters: tuple[StatementParameter, ...], known_actions: Set[str]) -> Policy:
    """The policy that the parameters say. Raises InvalidPolicyError.

    Products and groups need not exist: a policy may be written before them, outlives them, and gives nothing by them.
    """
    policy = Policy(tuple(_read(parameter, known_actions) for parameter in parameters))
    length = len(policy.to_text())
    if length > POLICY_TEXT_LENGTH_MAX:
        raise InvalidPolicyError(
            f"the statements have {length} characters together, at most {POLICY_TEXT_LENGTH_MAX} are allowed"
        )
    return policy


def shown(policy: Policy) -> StatementList:
    """The policy as answers show it."""
    return StatementList(
        statement=[
            StatementInfo(
                actions=_SEPARATOR.join(sorted(statement.actions)),
                access=statement.access.value,
                products=_joined(statement.products),
                groups=_joined(statement.groups),
            )
            for statement in policy.statements
        ]
    )


def _read(parameter: StatementParameter, known_actions: Set[str]) -> Statement:
    actions = _names("Actions", parameter.actions)
    for name in actions:
        if not _names_something(name, known_actions):
            raise InvalidPolicyError(f"{name[:_SHOWN_LENGTH_MAX]} names no Action and no permission")
    return Statement(
        actions,
        parameter.access,
        _limits("Products", parameter.products, PRODUCT_KEY),
        _limits("Groups", parameter.groups, GROUP_ID),
    )


def _names(member: str, text: str) -> frozenset[str]:
    names = [name.strip(" ") for name in text.split(_SEPARATOR)]
    if len(names) > STATEMENT_ITEMS_MAX:
        raise InvalidPolicyError(f"{member} has {len(names)} names, at most {STATEMENT_ITEMS_MAX} are allowed")
    return frozenset(names)


def _names_something(name: str, known_actions: Set[str]) -> bool:
    if name == ANY or name in _PERMISSIONS or name in known_actions:
        return True
    # A beginning that fits nothing today would be a right that a later release fills.
    is_beginning = name.endswith(ANY) and ACTION_NAME.fullmatch(name) is not None
    return is_beginning and any(action.startswith(name[:-1]) for action in known_actions)


def _limits(member: str, text: str | None, alphabet: re.Pattern[str]) -> frozenset[str] | None:
    if text is None or text == ANY:
        return None
    names = _names(member, text)
    for name in names:
        if alphabet.fullmatch(name) is None:
            # Also a star among names: who meant all says so alone.
            raise InvalidPolicyError(f"{member} has the name {name[:_SHOWN_LENGTH_MAX]!r}, which nothing can have")
    return names


def _joined(names: frozenset[str] | None) -> str:
    return ANY if names is None else _SEPARATOR.join(sorted(names))
