"""Fixtures of the story: a server as an operator starts it, back ends and devices that run the vendors' packages."""

import subprocess
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.postgresql import shared_server
from tests.story.fleet import FLEET_DEVICES, FLEET_SEED
from tests.story.sdk_processes import (
    ANSWER_WITHIN_S,
    CLIENTS_PYTHON,
    POP_CORE,
    SDKS,
    BackEnd,
    DeviceProcess,
    DriverProcess,
    credentials,
    python_driver,
)
from tests.story.servers import WHIMBREL, AccessKey, WhimbrelServer
from tests.story.signed_client import SignedClient
from tests.story.steps import Product

LOG_TAIL_CHARACTERS = 8_000
STORES = ("sqlite", "postgresql")

OpenBackEnd = Callable[..., BackEnd]
StartDevice = Callable[..., DeviceProcess]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show the server's own words under every failure."""
    report = yield
    server = getattr(item, "funcargs", {}).get("server")
    if report.failed and isinstance(server, WhimbrelServer):
        report.sections.append(("whimbrel serve", server.log[-LOG_TAIL_CHARACTERS:]))
    return report


@pytest.fixture(scope="session", autouse=True)
def _vendor_packages() -> None:
    """The story is worth nothing without the vendors' packages: it fails, never skips."""
    for path in (CLIENTS_PYTHON, POP_CORE):
        if not path.exists():
            pytest.fail(f"{path} is missing: `make test` installs it", pytrace=False)


def store_options(store: str) -> tuple[str, ...]:
    """What an operator adds for a server on that store, a new one."""
    return ("--database", shared_server().empty_database()) if store == "postgresql" else ()


@pytest.fixture(scope="module", params=STORES)
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WhimbrelServer]:
    """One running server for a test file and store, on an empty data folder; at the end it has to obey SIGTERM."""
    running = WhimbrelServer(tmp_path_factory.mktemp("operator") / "var", *store_options(request.param))
    try:
        running.start()
        yield running
        assert running.stop() == 0
    finally:
        running.end()


@pytest.fixture
def open_back_end(server: WhimbrelServer, tmp_path: Path) -> Iterator[OpenBackEnd]:
    """`open_back_end("classic")` gives a back end on that SDK; another key may be given to sign with."""
    processes: list[DriverProcess] = []

    def open_one(sdk_name: str, key: AccessKey | None = None) -> BackEnd:
        sdk = SDKS[sdk_name]
        configuration = {"endpoint": server.endpoint, **credentials(key or server.access_key), **sdk.configuration}
        processes.append(DriverProcess(sdk.command, configuration, tmp_path / f"{sdk_name}.stderr"))
        return BackEnd(processes[-1])

    yield open_one
    for process in processes:
        process.end()


@pytest.fixture(params=sorted(SDKS))
def back_end(request: pytest.FixtureRequest, open_back_end: OpenBackEnd) -> BackEnd:
    """A back end on each SDK in turn."""
    return open_back_end(request.param)


@pytest.fixture
def uploader(tmp_path: Path) -> Iterator[DriverProcess]:
    """The form upload through `requests`, as the vendor's guide shows it."""
    process = DriverProcess(python_driver("form_upload.py"), {}, tmp_path / "form_upload.stderr")
    yield process
    process.end()


@pytest.fixture
def start_device(server: WhimbrelServer, tmp_path: Path) -> Iterator[StartDevice]:
    """`start_device(product, "dev-1", "1.0.0")` starts a device and waits until it has connected and reported."""
    processes: list[DeviceProcess] = []

    def start_one(
        product: Product, name: str, version: str, *, wait_s: float = ANSWER_WITHIN_S, **behaviour: Any
    ) -> DeviceProcess:
        configuration = {
            "host": "127.0.0.1",
            "port": server.mqtt_port,
            "product_key": product.key,
            "device_name": name,
            "device_secret": product.device_secrets[name],
            "version": version,
            "folder": str(tmp_path),
            "hold": False,
            "steps": [],
            **behaviour,
        }
        device = DeviceProcess(python_driver("linkkit_device.py"), configuration, tmp_path / f"{name}.stderr")
        processes.append(device)
        device.wait_for("connected", wait_s)
        device.wait_for("reported", wait_s, version=version)
        return device

    yield start_one
    for process in processes:
        process.end()


@pytest.fixture(params=STORES)
def lone_server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[WhimbrelServer]:
    """A server of the test's own, which it may kill, on each store."""
    running = WhimbrelServer(tmp_path / "var", *store_options(request.param))
    running.start()
    try:
        yield running
    finally:
        running.end()


@pytest.fixture
def fleet_product(lone_server: WhimbrelServer) -> str:
    """The key of the fleet's product."""
    answer = SignedClient(lone_server).call("CreateProduct", ProductName="fleet", NodeType="0")
    return str(answer.body["productKey"])


@pytest.fixture
def fleet(lone_server: WhimbrelServer, fleet_product: str, tmp_path: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """Virtual devices in a process of their own; they come back by themselves after each restart."""
    command = [WHIMBREL, "simulate", "--product", fleet_product, "--devices", str(FLEET_DEVICES), "--prefix", "fleet-"]
    command += ["--server", f"http://{lone_server.endpoint}", "--mqtt", f"127.0.0.1:{lone_server.mqtt_port}"]
    command += ["--key-file", str(lone_server.data / "root-access-key.json")]
    command += ["--seed", str(FLEET_SEED), "--seconds", "3000", "--json"]
    with (tmp_path / "fleet.json").open("wb") as out, (tmp_path / "fleet.err").open("wb") as err:
        process = subprocess.Popen(command, stdout=out, stderr=err, stdin=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.kill()
        process.wait()
