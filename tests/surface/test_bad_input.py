"""Wrong values of every parameter of every operation: the contract's error, no effect, and never a fault of the server.

The tables are derived from the declarations (`bad_input.py`); each operation's tests prove that the limits are right.
"""

from __future__ import annotations

import pytest

from tests.operations.signed_door import OPERATIONS, Answer, SignedDoor, query_bytes
from tests.surface.bad_input import Wrong, plain_value, wrong_requests
from tests.surface.small_world import build_world
from whimbrel.operations.declaration import Operation
from whimbrel.rpc.declared import declared_fields
from whimbrel.rpc.signed_call import RawRequest
from whimbrel.rpc.wire import RequestReader

EACH = pytest.mark.parametrize("operation", OPERATIONS.values(), ids=OPERATIONS.keys())
HEADERS = ((b"content-type", b"application/x-www-form-urlencoded"), (b"x-response-case", b"pascal"))


async def posted(door: SignedDoor, action: str, parameters: dict[str, str]) -> Answer:
    """One signed form, which may be larger than a query."""
    signed = door.signed(action, parameters, "POST")
    return await door.send(RawRequest("POST", b"/", b"", HEADERS, query_bytes(signed)))


async def verdict(door: SignedDoor, operation: Operation, right: dict[str, str], wrong: Wrong) -> str:
    """What is not as the table says, in words; empty when all is."""
    answer = await posted(door, operation.action, {**right, **wrong.changes})
    is_so = answer.status == wrong.status and (answer.code == wrong.code or answer.code.startswith(f"{wrong.code}."))
    return "" if is_so else f"{wrong.fault}: {answer.status} {answer.body.decode()}, not {wrong.status} {wrong.code}"


@EACH
async def test_A03_wrong_values(operation: Operation, door: SignedDoor) -> None:
    """Each is refused as the declaration says, and nothing of the store changes, not even its audit trail's effects."""
    right = (await build_world(door)).request_of(operation)
    before = {name: rows for name, rows in door.rows().items() if not name.startswith("audit_")}
    found = [await verdict(door, operation, right, wrong) for wrong in wrong_requests(operation, right)]
    assert [words for words in found if words] == []
    after = {name: rows for name, rows in door.rows().items() if not name.startswith("audit_")}
    assert after == before


@EACH
def test_what_is_right_is_read(operation: Operation) -> None:
    """The values that the tables put beside the wrong ones are ones that the operation takes."""
    right = dict(operation.example.request)
    for declared in declared_fields(operation.request):
        if not declared.is_list:
            right[declared.name] = plain_value(declared)
        elif not declared.members:
            right[f"{declared.name}.1"] = plain_value(declared)
        else:
            right |= {f"{declared.name}.1.{member.name}": plain_value(member) for member in declared.members}
    assert isinstance(RequestReader(operation).read(right), operation.request)


async def test_a_value_that_is_taken_would_be_seen(door: SignedDoor) -> None:
    """A right value in a table, or another error than the table says, gets words: the test above can fail."""
    operation = OPERATIONS["QueryDevice"]
    right = (await build_world(door)).request_of(operation)
    for taken in (Wrong("taken", {"PageSize": "10"}, 200, "iot."), Wrong("other", {"PageSize": "x"}, 400, "Missing")):
        assert taken.fault in await verdict(door, operation, right, taken)


def test_the_tables_are_full() -> None:
    """Every parameter of every operation is in its table, often with several wrong values."""
    tables = {name: list(wrong_requests(each, each.example.request)) for name, each in OPERATIONS.items()}
    for action, table in tables.items():
        changed = {name.split(".")[0] for wrong in table for name in wrong.changes}
        assert changed == {declared.name for declared in declared_fields(OPERATIONS[action].request)}
    assert sum(map(len, tables.values())) > 1_500
