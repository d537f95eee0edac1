"""What operations declare, as plain facts: all that documents say of them derives from here.

The OpenAPI description, the reference pages and the terminal's help read the registry through this module, so that they
cannot say different things of one parameter. What it cannot read is refused with a sentence that says what to write.
"""

from __future__ import annotations

import re
import types
import typing
from collections.abc import Iterator
from enum import Enum
from typing import Any, NamedTuple

import msgspec

from whimbrel import errors
from whimbrel.domain.characters import CJK
from whimbrel.errors import (
    BusinessError,
    InvalidParameterError,
    MissingParameterError,
    SignatureDoesNotMatchError,
    SystemExceptionError,
    WhimbrelError,
)
from whimbrel.operations.declaration import Operation
from whimbrel.operations.fields import Field, camel_name, wire_name
from whimbrel.operations.performing import TOKEN, TOKEN_KEPT_MS, TOKEN_PARAMETER

EXAMPLE_HOST = "ota.example.com"
EXAMPLE_REQUEST_ID = "5f0c1d1e-9a0b-4c2d-8e3f-0123456789ab"
#: The meaning of a parameter that is known and refused (ADR 0007).
NOT_SERVED = "Not served by this release."

#: Errors whose code or message is made at run time: what documents say of them.
MADE_AT_RUN_TIME: dict[type[WhimbrelError], tuple[str, str]] = {
    MissingParameterError: ("Missing<Name>", "a mandatory parameter is absent; the message names it"),
    InvalidParameterError: ("InvalidParameter.<Name>", "a value, or without a name the request, is unreadable"),
    SignatureDoesNotMatchError: (
        "SignatureDoesNotMatch",
        "the signature is not ours; the message ends in the server's string to sign, compare it with yours",
    ),
}


class Declared(NamedTuple):
    """One field. For a list, `kind` is that of its entries. A request must give what `is_required`; an answer has what
    `is_always_there` and may leave out the rest.
    """

    name: str
    camel: tuple[str, ...]
    kind: Any
    field: Field
    is_list: bool
    is_required: bool
    is_always_there: bool
    default: Any

    @property
    def members(self) -> tuple[Declared, ...]:
        """The fields of its struct, or of each of its entries; none for a plain value."""
        is_struct = isinstance(self.kind, type) and issubclass(self.kind, msgspec.Struct)
        return tuple(declared_fields(self.kind)) if is_struct else ()

    @property
    def choices(self) -> tuple[Any, ...]:
        """The values of its enumeration, as on the wire; none when it has none."""
        is_enum = isinstance(self.kind, type) and issubclass(self.kind, Enum)
        return tuple(choice.value for choice in self.kind) if is_enum else ()

    @property
    def shown_pattern(self) -> str | None:
        """Its pattern, as people can read it."""
        return None if self.field.pattern is None else self.field.pattern.pattern.replace(CJK, "<CJK>")

    @property
    def shown_default(self) -> Any:
        """The value that counts when nothing is given, or None when there is nothing to say of it."""
        if self.is_list or self.default in (None, "", ()):
            return None
        return self.default.value if isinstance(self.default, Enum) else self.default


def declared_fields(struct: type[msgspec.Struct]) -> Iterator[Declared]:
    """The fields of a request or response in their order. Raises TypeError for one that documents cannot show."""
    for info in msgspec.structs.fields(struct):
        where = f"{struct.__module__}.{struct.__name__}.{info.name}"
        kind, field = _kind_and_field(info.type, where)
        options = typing.get_args(kind) if typing.get_origin(kind) in (typing.Union, types.UnionType) else (kind,)
        kinds = [option for option in options if option is not types.NoneType]
        if len(kinds) != 1:
            raise TypeError(f"{where}: documents can show one type, or one type or None; declare it so")
        kind = kinds[0]
        is_list = typing.get_origin(kind) in (tuple, list)
        yield Declared(
            name=field.wire or wire_name(info.name),
            camel=field.camel or (camel_name(info.name),),
            kind=typing.get_args(kind)[0] if is_list else kind,
            field=field,
            is_list=is_list,
            is_required=info.required,
            is_always_there=types.NoneType not in options,
            default=None if info.default is msgspec.NODEFAULT else info.default,
        )


#: What every operation that makes something takes beside its own (operations/performing.py reads it).
CLIENT_TOKEN = Declared(
    name=TOKEN_PARAMETER,
    camel=(TOKEN_PARAMETER[0].lower() + TOKEN_PARAMETER[1:],),
    kind=str,
    field=Field(
        f"A call that repeats one of the last {TOKEN_KEPT_MS // 3_600_000} hours with the same token makes nothing "
        "new, and is answered as the first was.",
        pattern=TOKEN,
    ),
    is_list=False,
    is_required=False,
    is_always_there=False,
    default=None,
)


def parameters_of(operation: Operation) -> list[Declared]:
    """All that the operation takes beside the common parameters."""
    own = list(declared_fields(operation.request))
    takes_token = operation.manner.creates and TOKEN_PARAMETER not in {declared.name for declared in own}
    return [*own, CLIENT_TOKEN] if takes_token else own


def repeating(operation: Operation) -> str:
    """What becomes of a call that is repeated, as a sentence."""
    if operation.manner.idempotent:
        return "Repeating the call changes nothing more."
    if operation.manner.creates:
        return f"Each call makes something new, unless {TOKEN_PARAMETER} says that it repeats another."
    return "Each call acts anew."


def _kind_and_field(declared: Any, where: str) -> tuple[Any, Field]:
    kind, *marks = typing.get_args(declared) if typing.get_origin(declared) is typing.Annotated else (declared,)
    field = next((mark for mark in marks if isinstance(mark, Field)), None)
    if field is None or not field.meaning:
        raise TypeError(f'{where}: documents need its meaning; write Annotated[type, Field("One sentence.")]')
    return kind, field


def noun_of(operation: Operation) -> str:
    """The folder it stands in: `firmware` for `whimbrel.operations.firmware.list_ota_firmware`."""
    return operation.module.split(".")[-2]


def refusals_of(operation: Operation) -> list[type[BusinessError]]:
    """The business errors that a caller may meet, by code; any operation may answer that the server failed."""
    return sorted({*operation.errors, SystemExceptionError}, key=lambda error: error.code)


def errors_below(root: type[WhimbrelError]) -> list[type[WhimbrelError]]:
    """The classes below `root`, in the order in which `whimbrel.errors` holds them."""
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, root)]
    return [kind for kind in kinds if kind is not root]


def code_of(error: type[WhimbrelError]) -> str:
    """The code, with a placeholder for what is only known at run time."""
    return MADE_AT_RUN_TIME.get(error, (error.code,))[0]


def meaning_of(error: type[WhimbrelError]) -> str:
    """What the code means."""
    return MADE_AT_RUN_TIME.get(error, ("", error.default_message))[1]


def readable(docstring: str) -> str:
    """A docstring without the sentence and the marks that name its source: readers of documents do not have it."""
    text = re.sub(r"Source: .*?\.(?=\s|\Z) ?", "", docstring, flags=re.DOTALL)
    text = re.sub(r" \((?:api-contract|device-protocol|threat-model|[AFI][0-9]+|domain/)[^()]*\)", "", text)
    return text.strip() + "\n"


def summary_of(operation: Operation) -> str:
    """The operation's first sentence."""
    return " ".join(readable(operation.meaning).partition("\n\n")[0].split())


def rules_of(operation: Operation) -> str:
    """What its docstring says after the first sentence: its rules."""
    return readable(operation.meaning).partition("\n\n")[2].strip()
