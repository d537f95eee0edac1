"""The unmodified `aliyun-iot-linkkit` over TLS, with an authority of the tests: modules, push, pull and downloads."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.certificates import make_certificates
from tests.story.conftest import STORES, store_options
from tests.story.sdk_processes import DeviceProcess, DriverProcess, JsonObject, python_driver
from tests.story.steps import watch
from tests.story.tls_server import TlsClient, TlsServer

CONTENT = {"default": b"main firmware" * 5_000, "MCU": b"motor firmware" * 3_000}


@pytest.fixture(params=STORES)
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[TlsServer]:
    """Replaces the story's: links lead to `localhost`, for which the certificate is."""
    running = TlsServer(tmp_path / "var", make_certificates(tmp_path), *store_options(request.param))
    running.options = (*running.options, "--public-url", f"https://localhost:{running.http_port}")
    running.start()
    try:
        yield running
    finally:
        running.end()


class Releases(TlsClient):
    """A product with one device, and firmware for each of its modules."""

    def __init__(self, server: TlsServer) -> None:
        super().__init__(server)
        self.product_key = self.ok("CreateProduct", ProductName="lamp", NodeType="0")["data"]["productKey"]
        self._of_product = {"ProductKey": self.product_key}
        registered = self.ok("RegisterDevice", **self._of_product, DeviceName="dev-1")["data"]
        self.device_secret = registered["deviceSecret"]
        self.ok("CreateOTAModule", **self._of_product, ModuleName="MCU", AliasName="Motor")
        self._firmware = {module: self._make(module, content) for module, content in CONTENT.items()}

    def _make(self, module: str, content: bytes) -> str:
        url = self.upload(content)
        assert url is not None, "the upload was refused"
        given = {"FirmwareName": f"fw_{module}", "DestVersion": "2.0.0", "ModuleName": module, "FirmwareUrl": url}
        made = self.ok("CreateOTAFirmware", **self._of_product, **given, NeedToVerify="false", SignMethod="SHA256")
        return str(made["data"]["firmwareId"])

    def roll_out(self, module: str, **more: str) -> str:
        """A job for the device; its id."""
        wanted = {"FirmwareId": self._firmware[module], "TargetSelection": "ALL", **self._of_product, **more}
        return str(self.ok("CreateOTAStaticUpgradeJob", **wanted)["data"]["jobId"])

    def watch(self, job_id: str, status: str) -> None:
        """Until the device's task has the status."""

        def seen() -> list[str]:
            page = self.ok("ListOTATaskByJob", JobId=job_id, CurrentPage="1", PageSize="10")["data"]
            return [task["taskStatus"] for task in page["simpleOTATaskInfo"]]

        watch(f"{status} of job {job_id}", seen, lambda found: found == [status])

    def module_versions(self) -> dict[str, str]:
        """What the device reported."""
        page = {"CurrentPage": "1", "PageSize": "10"}
        found = self.ok("ListOTAModuleVersionsByDevice", **self._of_product, DeviceName="dev-1", **page)["data"]
        return {entry["moduleName"]: entry["moduleVersion"] for entry in found["simpleOTAModuleInfo"]}


@pytest.fixture
def releases(server: TlsServer) -> Releases:
    made = Releases(server)
    server.switch_to_tls()
    return made


@pytest.fixture
def device(server: TlsServer, releases: Releases, tmp_path: Path) -> Iterator[DeviceProcess]:
    """The SDK's device, connected over TLS; it trusts the tests' authority and nobody else."""
    configuration: JsonObject = {
        "host": "localhost",
        "port": server.mqtt_port,
        "authority": (tmp_path / "ca.pem").read_text(),
        "product_key": releases.product_key,
        "device_name": "dev-1",
        "device_secret": releases.device_secret,
        "version": "1.0.0",
        "folder": str(tmp_path),
        "hold": False,
        "steps": [],
    }
    process: DriverProcess = DeviceProcess(python_driver("linkkit_device.py"), configuration, tmp_path / "dev-1.stderr")
    assert isinstance(process, DeviceProcess)
    process.wait_for("connected")
    process.wait_for("reported", version="1.0.0")
    yield process
    process.end()


def test_modules_by_push_and_by_pull(device: DeviceProcess, releases: Releases) -> None:
    """The SDK reports two modules, is pushed one's upgrade and pulls the other's, and downloads both over TLS."""
    device.send({"command": "report", "module": "MCU", "version": "1.0.0"})
    watch("both modules", releases.module_versions, lambda seen: seen == {"default": "1.0.0", "MCU": "1.0.0"})

    pushed = releases.roll_out("default")
    offer = device.wait_for("notified", version="2.0.0", how="push")
    assert offer["url"].startswith("https://localhost:")
    assert device.wait_for("downloaded")["size_bytes"] == len(CONTENT["default"])
    releases.watch(pushed, "SUCCEEDED")

    pulled = releases.roll_out("MCU", NeedPush="false")
    releases.watch(pulled, "QUEUED")
    device.send({"command": "pull", "module": "MCU"})
    assert device.wait_for("notified", version="2.0.0", how="pull")["module"] == "MCU"
    assert device.wait_for("downloaded")["size_bytes"] == len(CONTENT["MCU"])
    releases.watch(pulled, "SUCCEEDED")
    assert releases.module_versions() == {"default": "2.0.0", "MCU": "2.0.0"}
