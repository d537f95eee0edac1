"""The vendor's own SDKs against a running server: every operation called, every field of every answer read back.

What differs stands in `sdk_gaps.py`, each entry with its reason, and no other difference is there.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.operations.signed_door import OPERATIONS
from tests.story.sdk_processes import (
    CLIENTS_PYTHON,
    SDKS,
    DeviceProcess,
    DriverProcess,
    JsonObject,
    credentials,
    python_driver,
)
from tests.story.servers import WhimbrelServer
from tests.surface import sdk_gaps
from tests.surface.sdk_site import Caller, Exchange, Site, device_configuration, surface_driver
from tests.surface.sdk_world import live
from whimbrel.operations.declaration import Operation
from whimbrel.rpc.declared import Declared, declared_fields, parameters_of

#: Whimbrel's own actions are called X and have no class in the SDKs.
VENDORS = {action: operation for action, operation in OPERATIONS.items() if ".x_" not in operation.module}
EACH = pytest.mark.parametrize("operation", VENDORS.values(), ids=VENDORS.keys())
CALLERS = {"classic": SDKS["classic"].command, "tea": surface_driver("tea_model.py")}
EACH_SDK = pytest.mark.parametrize("sdk_name", CALLERS)
#: The envelope of api-contract 1.4, of which a success has all but ErrorMessage.
ENVELOPE = {"RequestId", "Success", "Code", "ErrorMessage"}

Life = dict[str, list[Exchange]]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """For the server and the drivers' words."""
    if not CLIENTS_PYTHON.exists():
        pytest.fail(f"{CLIENTS_PYTHON} is missing: `make test` installs it", pytrace=False)
    return tmp_path_factory.mktemp("sdks")


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[WhimbrelServer]:
    """One running server for all."""
    running = WhimbrelServer(folder / "var")
    try:
        running.start()
        yield running
        assert running.stop() == 0
    finally:
        running.end()


@pytest.fixture(scope="module")
def shapes(folder: Path) -> Iterator[Callable[[str], JsonObject]]:
    """What the packages know of an action."""
    process = DriverProcess(surface_driver("sdk_shapes.py"), {}, folder / "shapes.stderr")

    @cache
    def shape_of(action: str) -> JsonObject:
        process.send({"action": action})
        answer: JsonObject = process.receive()["answer"]
        return answer

    yield shape_of
    process.end()


@pytest.fixture(scope="module")
def lives(server: WhimbrelServer, folder: Path) -> dict[str, Life]:
    """SDK to what each action was told and answered in the world of `sdk_world.py`."""
    found = {}
    for sdk_name, command in CALLERS.items():
        exchanges = live_once(sdk_name, command, server, folder)
        found[sdk_name] = {
            action: [exchange for exchange in exchanges if exchange.action == action] for action in VENDORS
        }
    return found


def live_once(sdk_name: str, command: tuple[str, ...], server: WhimbrelServer, folder: Path) -> list[Exchange]:
    """All exchanges of one back end."""
    with ExitStack() as stack:

        def opened(process: DriverProcess) -> Any:
            stack.callback(process.end)
            return process

        def start_device(product_key: str, name: str, secret: str, hold: bool) -> DeviceProcess:
            configuration = device_configuration(server, product_key, name, secret, hold) | {"folder": str(folder)}
            log = folder / f"{sdk_name}-{name}.stderr"
            device: DeviceProcess = opened(DeviceProcess(python_driver("linkkit_device.py"), configuration, log))
            device.wait_for("reported", version="1.0.0")
            return device

        told = {"endpoint": server.endpoint, **credentials(server.access_key)}
        caller = Caller(opened(DriverProcess(command, told, folder / f"{sdk_name}.stderr")))
        uploader = opened(DriverProcess(python_driver("form_upload.py"), {}, folder / f"{sdk_name}-upload.stderr"))
        live(Site(caller, sdk_name, folder, uploader, start_device))
        return caller.exchanges


def declared_leaves(fields: list[Declared], path: str = "") -> Iterator[tuple[str, Declared]]:
    """Path to each field that has a value of its own; the members of a list stand below its name."""
    for declared in fields:
        if declared.members:
            yield from declared_leaves(list(declared.members), f"{path}{declared.name}.")
        else:
            yield path + declared.name, declared


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Path and value of all that an answer says, in its order; the items of a list have its path."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from leaves(inner, f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        for item in value:
            yield from leaves(item, path)
    else:
        yield path, value


def told(value: Any, without: set[str], path: str = "") -> Any:
    """The answer without the fields of these paths, and without what is empty: models have lists also where none is."""
    if isinstance(value, list):
        return [told(item, without, path) for item in value]
    if not isinstance(value, dict):
        return value
    inner = {name: told(item, without, f"{path}.{name}".lstrip(".")) for name, item in value.items()}
    return {
        name: item
        for name, item in inner.items()
        if f"{path}.{name}".lstrip(".") not in without and item not in ([], {})
    }


def of(table: dict[tuple[str, str], str], operation: Operation) -> set[str]:
    """What the table says of the operation."""
    return {name for action, name in table if action == operation.action}


def parameter_paths(operation: Operation) -> set[str]:
    return {path for path, _ in declared_leaves(parameters_of(operation))}


def response_paths(operation: Operation) -> set[str]:
    return {path for path, _ in declared_leaves(list(declared_fields(operation.response)))} | ENVELOPE


@EACH
@EACH_SDK
def test_parameters(sdk_name: str, operation: Operation, shapes: Callable[[str], JsonObject]) -> None:
    """The SDK has a class for the operation, and both know the same parameters, but for those explained."""
    known = shapes(operation.action)[sdk_name]
    assert known is not None, "the SDK has no such request"
    names, ours = set(known) - sdk_gaps.PARAMETERS_OF_THE_GATE.keys(), parameter_paths(operation)
    assert names - ours == of(sdk_gaps.PARAMETERS_IGNORED, operation)
    assert ours - names - sdk_gaps.PARAMETERS_OF_OURS.keys() == of(sdk_gaps.PARAMETERS_ADDED, operation)


@EACH
def test_fields(operation: Operation, shapes: Callable[[str], JsonObject]) -> None:
    """The SDK's response model and our declaration have the same fields, in name and type, but for those explained."""
    known = shapes(operation.action)["response"]
    assert set(known) - response_paths(operation) == of(sdk_gaps.FIELDS_NOT_SERVED, operation)
    assert response_paths(operation) - set(known) == of(sdk_gaps.FIELDS_UNREAD, operation)
    ours = {
        path: "list" if declared.is_list else declared.kind.__name__
        for path, declared in declared_leaves(list(declared_fields(operation.response)))
    }
    differing = {path: (kind, known[path]) for path, kind in ours.items() if known.get(path, kind) != kind}
    assert not differing


@EACH
@EACH_SDK
def test_every_operation_succeeds(sdk_name: str, operation: Operation, lives: dict[str, Life]) -> None:
    """Each is called by the SDK's own class, with all that its example names and all else it takes, and succeeds."""
    exchanges = lives[sdk_name][operation.action]
    assert exchanges
    sent = {path for exchange in exchanges for path, _ in leaves(exchange.sent)}
    unsent = parameter_paths(operation) - sent - sdk_gaps.PARAMETERS_OF_OURS.keys()
    assert unsent == of(sdk_gaps.PARAMETERS_ADDED, operation) | of(sdk_gaps.PARAMETERS_UNSENT, operation)


@EACH
def test_every_field_is_read_back(operation: Operation, lives: dict[str, Life]) -> None:
    """What stands in the body is what the SDK's model holds, value and type; only what is explained is lost."""
    unread = of(sdk_gaps.FIELDS_UNREAD, operation)
    for exchange in lives["tea"][operation.action]:
        # As text, because 1 == True == 1.0 in Python.
        said, read = (json.dumps(told(value, unread), sort_keys=True) for value in (exchange.raw, exchange.read))
        assert said == read


@EACH
def test_types(operation: Operation, lives: dict[str, Life], shapes: Callable[[str], JsonObject]) -> None:
    """Every value of a body has the type that the SDK's model has for it, also where it cannot hold it to that."""
    known = shapes(operation.action)["response"]
    for exchange in itertools.chain(*(life[operation.action] for life in lives.values())):
        wrong = {
            path: (value, known[path])
            for path, value in leaves(exchange.raw)
            if known.get(path, "list") not in ("list", type(value).__name__)
        }
        assert not wrong


@EACH
@EACH_SDK
def test_every_field_is_seen(sdk_name: str, operation: Operation, lives: dict[str, Life]) -> None:
    """Each declared field stands in some answer, and nothing that is not declared."""
    seen = {path for exchange in lives[sdk_name][operation.action] for path, _ in leaves(exchange.raw)}
    assert seen <= response_paths(operation)
    assert response_paths(operation) - seen - {"ErrorMessage"} == of(sdk_gaps.FIELDS_UNSEEN, operation)


def test_the_gaps_are_of_operations_that_exist() -> None:
    """No entry of a table outlives its operation."""
    tables = [table for name, table in vars(sdk_gaps).items() if name.startswith(("PARAMETERS_", "FIELDS_"))]
    named = {key[0] for table in tables for key in table if isinstance(key, tuple)}
    assert named <= VENDORS.keys()
    assert all(reason for table in tables for reason in table.values())
