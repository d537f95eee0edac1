"""The unmodified `aliyun-iot-linkkit` registers with a product secret over TLS, in each of its three ways, and comes
in.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.certificates import make_certificates
from tests.story.conftest import STORES, store_options
from tests.story.sdk_processes import DeviceProcess, DriverProcess, python_driver
from tests.story.steps import watch
from tests.story.tls_server import TlsClient, TlsServer

StartRegistering = Callable[..., DeviceProcess]


@pytest.fixture(params=STORES)
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[TlsServer]:
    """Replaces the story's: one that can speak TLS, of the test's own."""
    running = TlsServer(tmp_path / "var", make_certificates(tmp_path), *store_options(request.param))
    running.start()
    try:
        yield running
    finally:
        running.end()


@pytest.fixture
def product(server: TlsServer) -> dict[str, Any]:
    """A product that lets any name register, with the device `dev-0001`; then the server speaks TLS."""
    back_end = TlsClient(server)
    data: dict[str, Any] = back_end.ok("CreateProduct", ProductName="lamp", NodeType="0")["data"]
    back_end.ok("RegisterDevice", ProductKey=data["productKey"], DeviceName="dev-0001")
    given = {"DynamicRegistration": "ANY_NAME", "SelfMadeMax": "1"}
    back_end.ok("XUpdateProductEnrolment", ProductKey=data["productKey"], **given)
    server.switch_to_tls()
    return data


@pytest.fixture
def start_registering(
    server: TlsServer, product: dict[str, Any], tmp_path: Path
) -> Iterator[Callable[..., DeviceProcess]]:
    """`start_registering("https", "dev-0001")` starts a device that knows its product's secret alone."""
    processes: list[DriverProcess] = []

    def start_one(way: str, name: str, secret: str | None = None) -> DeviceProcess:
        configuration = {
            "way": way,
            "http_port": server.http_port,
            "mqtt_port": server.mqtt_port,
            "authority": (tmp_path / "ca.pem").read_text(),
            "product_key": product["productKey"],
            "device_name": name,
            "product_secret": secret or product["productSecret"],
            "version": f"1.0.{len(processes)}",
        }
        device = DeviceProcess(python_driver("linkkit_register.py"), configuration, tmp_path / f"{way}.stderr")
        processes.append(device)
        return device

    yield start_one
    for process in processes:
        process.end()


def watch_version(server: TlsServer, product: dict[str, Any], name: str, version: str) -> None:
    """Until the platform shows the device online with this version."""

    def shown() -> tuple[str, str]:
        data = TlsClient(server).ok("QueryDeviceDetail", ProductKey=product["productKey"], DeviceName=name)["data"]
        return data["status"], data.get("firmwareVersion", "")

    watch(f"{name} online with {version}", shown, lambda seen: seen == ("ONLINE", version))


@pytest.mark.parametrize("way", ["https", "register"])
def test_a_registered_name_gets_its_secret(
    way: str, server: TlsServer, product: dict[str, Any], start_registering: StartRegistering
) -> None:
    """Over HTTPS and over MQTT: the secret of RegisterDevice, with which the device comes in; then the door is shut."""
    device = start_registering(way, "dev-0001")
    got = device.wait_for("registered")
    info = TlsClient(server).ok("QueryDeviceInfo", ProductKey=product["productKey"], DeviceName="dev-0001")["data"]
    assert got["device_secret"] == info["deviceSecret"]
    device.wait_for("connected")
    watch_version(server, product, "dev-0001", "1.0.0")
    start_registering(way, "dev-0001").wait_for("refused")
    TlsClient(server).ok("ResetThing", ProductKey=product["productKey"], DeviceName="dev-0001")
    assert start_registering(way, "dev-0001").wait_for("registered")["device_secret"] == info["deviceSecret"]


def test_an_unknown_name_gets_a_token(
    server: TlsServer, product: dict[str, Any], start_registering: StartRegistering
) -> None:
    """Without pre-registration: the device is made, comes in with its token, and stays after a kill of the server; the
    quota lets no second one in.
    """
    device = start_registering("regnwl", "self-0001")
    assert device.wait_for("registered")["username"] == f"self-0001&{product['productKey']}"
    device.wait_for("connected")
    watch_version(server, product, "self-0001", "1.0.0")
    server.kill()
    server.start()
    device.wait_for("connected")
    start_registering("regnwl", "self-0002").wait_for("refused")


def test_a_wrong_product_secret(start_registering: StartRegistering) -> None:
    """The SDK is told so, in the vendor's form."""
    refused = start_registering("https", "dev-0001", "wrong").wait_for("refused")
    assert refused["reason"] == "the product is unknown or the sign is wrong"
    start_registering("register", "dev-0001", "wrong").wait_for("refused")
