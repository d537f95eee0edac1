"""Fixtures of the DDI door's real clients: a server behind a relay, a back end, and SWUpdate processes."""

from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

from tests.clients.ddi_back_end import DdiBackEnd, DdiDevice
from tests.clients.relay import Relay
from tests.clients.swu_package import PackageSigner
from tests.clients.swupdate import SWUPDATE, Account, SWUpdate
from tests.postgresql import shared_server
from tests.story.servers import WhimbrelServer

LOG_TAIL_CHARACTERS = 8_000


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show the server's and the clients' own words under every failure."""
    report = yield
    fixtures = getattr(item, "funcargs", {})
    if report.failed and isinstance(server := fixtures.get("server"), WhimbrelServer):
        report.sections.append(("whimbrel serve", server.log[-LOG_TAIL_CHARACTERS:]))
    if report.failed:
        for client in getattr(fixtures.get("start_swupdate"), "clients", ()):
            report.sections.append(("swupdate", client.log[-LOG_TAIL_CHARACTERS:]))
    return report


@pytest.fixture(scope="session", autouse=True)
def _debian_packages() -> None:
    """The tests are worth nothing without the real client: they fail, never skip."""
    if not SWUPDATE.exists():
        pytest.fail(f"{SWUPDATE} is missing: `make test` installs it as root", pytrace=False)


@pytest.fixture(scope="session")
def signer() -> PackageSigner:
    return PackageSigner()


@pytest.fixture
def store(request: pytest.FixtureRequest) -> str:
    """`sqlite`, unless a test asks for more."""
    return str(getattr(request, "param", "sqlite"))


@pytest.fixture
def unstarted(store: str, tmp_path: Path) -> WhimbrelServer:
    """A server of the test's own, whose ports are known and not yet served."""
    options = ("--database", shared_server().empty_database()) if store == "postgresql" else ()
    return WhimbrelServer(tmp_path / "var", *options)


@pytest.fixture
def relay(unstarted: WhimbrelServer) -> Iterator[Relay]:
    """The way from the devices to the server."""
    between = Relay(unstarted.http_port)
    yield between
    between.end()


@pytest.fixture
def server(unstarted: WhimbrelServer, relay: Relay) -> Iterator[WhimbrelServer]:
    """The server, started; it gives out URLs of the relay."""
    unstarted.options += ("--public-url", relay.url)
    unstarted.start()
    try:
        yield unstarted
    finally:
        unstarted.end()


@pytest.fixture
def back_end(server: WhimbrelServer) -> DdiBackEnd:
    return DdiBackEnd(server)


@pytest.fixture
def device(back_end: DdiBackEnd) -> DdiDevice:
    """A device of a product of its own."""
    return back_end.register(back_end.create_product(), "gateway-1")


class StartSWUpdate:
    """Starts the real client as a device, or with any account."""

    def __init__(self, relay: Relay, signer: PackageSigner) -> None:
        self.relay, self.signer = relay, signer
        self.clients: list[SWUpdate] = []

    def __call__(self, device: DdiDevice, identify: dict[str, str] | None = None) -> SWUpdate:
        return self.start(Account(self.relay.url, device.product_key, device.name, device.token), identify)

    def start(self, account: Account, identify: dict[str, str] | None = None) -> SWUpdate:
        self.clients.append(SWUpdate(account, self.signer.certificate_pem, identify))
        self.clients[-1].start()
        return self.clients[-1]


@pytest.fixture
def start_swupdate(relay: Relay, signer: PackageSigner) -> Iterator[StartSWUpdate]:
    """`start_swupdate(device)` starts the real client as that device; every one is ended."""
    starter = StartSWUpdate(relay, signer)
    yield starter
    for client in starter.clients:
        client.end()
