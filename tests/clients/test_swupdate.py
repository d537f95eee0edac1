"""Debian's SWUpdate, unmodified, against the DDI door: it tells of itself, installs, refuses, stops and goes on."""

import random

import pytest

from tests.clients.conftest import StartSWUpdate
from tests.clients.ddi_back_end import DdiBackEnd, DdiDevice, ask, watch
from tests.clients.relay import Relay
from tests.clients.swu_package import Image, PackageSigner, package, unsigned_package
from tests.clients.swupdate import INSTALLED_AND_FAILED, INSTALLED_AND_TESTED, Account, SWUpdate
from tests.story.servers import WhimbrelServer

IDENTITY = {"hw_boardname": "gw2", "hw_revision": "1.3", "sw_version": "1.0.0"}
INSTALLED = "SWUPDATE successful"
SMALL_BYTES = 200_000
LARGE_BYTES = 6_000_000
#: Slow enough that the large image would take half a minute, while the client looks for a cancel every second.
SLOW_BYTES_PER_SECOND = 200_000


def application(client: SWUpdate, size_bytes: int = SMALL_BYTES) -> Image:
    """An image of random bytes, installed into the client's folder."""
    return Image("app.bin", random.Random(size_bytes).randbytes(size_bytes), client.folder / "installed.bin")


def offered(device: DdiDevice, relay: Relay) -> dict[str, str]:
    """The links of the device's poll."""
    answer = ask(device, relay.url + device.path)
    assert answer.status == 200, answer
    return {name: link["href"] for name, link in answer.json.get("_links", {}).items()}


def test_identify(back_end: DdiBackEnd, device: DdiDevice, start_swupdate: StartSWUpdate) -> None:
    """What the client is told to say of itself arrives as the device's attributes, and its poll makes it ONLINE."""
    start_swupdate(device, IDENTITY)
    watch("attributes", lambda: back_end.attributes(device), lambda seen: seen == IDENTITY)
    watch("presence", lambda: back_end.device(device), lambda seen: seen["status"] == "ONLINE")


def test_gateway_token_speaks_for_a_device_of_the_default_product(
    back_end: DdiBackEnd, relay: Relay, start_swupdate: StartSWUpdate
) -> None:
    """`default`, as SWUpdate's own examples spell the tenant, with a gateway token is the account's default product."""
    product_key = back_end.create_product(IsDefault="true")
    device = back_end.register(product_key, "gateway-7")
    token = back_end.succeed("XRotateGatewayToken", ProductKey=product_key)["gatewayToken"]
    start_swupdate.start(Account(relay.url, "default", device.name, token, "gatewaytoken"), IDENTITY)
    watch("attributes", lambda: back_end.attributes(device), lambda seen: seen == IDENTITY)


@pytest.mark.parametrize("store", ["sqlite", "postgresql"], indirect=True)
def test_I7_signed_install_counts_after_the_restart(
    back_end: DdiBackEnd, device: DdiDevice, relay: Relay, signer: PackageSigner, start_swupdate: StartSWUpdate
) -> None:
    """A signed package is installed; the task is a success when the client is back and says so, not before."""
    client = start_swupdate(device, IDENTITY)
    image = application(client)
    job_id = back_end.release(device, "2.0.0", {"app.swu": package("2.0.0", [image], signer)})
    client.wait_for_log(INSTALLED)
    watch("installation", image.path.exists, bool)
    assert image.path.read_bytes() == image.content
    client.wait_for_log("pending testing")
    assert back_end.task(job_id)["taskStatus"] == "IN_PROGRESS"
    assert "deploymentBase" in offered(device, relay)

    client.restart(update_state=INSTALLED_AND_TESTED)
    task = back_end.watch_task(job_id, "SUCCEEDED")
    assert task["destVersion"] == "2.0.0"
    assert back_end.device(device)["firmwareVersion"] == "2.0.0"
    links = offered(device, relay)
    assert "deploymentBase" not in links
    [chunk] = ask(device, links["installedBase"]).json["deployment"]["chunks"]
    [file] = chunk["artifacts"]
    assert file["filename"].endswith("-2.0.0.swu")


def test_update_that_failed_its_test_fails_the_task(
    back_end: DdiBackEnd, device: DdiDevice, signer: PackageSigner, start_swupdate: StartSWUpdate
) -> None:
    """A client that comes back with its old system says closed/failure; the task is FAILED, the version the old one."""
    client = start_swupdate(device, IDENTITY)
    job_id = back_end.release(device, "2.0.0", {"app.swu": package("2.0.0", [application(client)], signer)})
    client.wait_for_log(INSTALLED)
    client.wait_for_log("pending testing")
    client.restart(update_state=INSTALLED_AND_FAILED)
    assert "Update Failed." in back_end.watch_task(job_id, "FAILED")["taskDesc"]
    assert back_end.device(device).get("firmwareVersion") != "2.0.0"


@pytest.mark.parametrize("flaw", ["unsigned", "foreign signer", "changed image"])
def test_flawed_package_fails_the_task(
    flaw: str, back_end: DdiBackEnd, device: DdiDevice, signer: PackageSigner, start_swupdate: StartSWUpdate
) -> None:
    """The client installs nothing that is not signed as it should be; the task is FAILED with its words."""
    client = start_swupdate(device)
    image = application(client)
    sound = package("2.0.0", [image], signer)
    flawed = {
        "unsigned": unsigned_package("2.0.0", [image]),
        "foreign signer": package("2.0.0", [image], PackageSigner()),
        "changed image": sound.replace(image.content[:64], bytes(64)),
    }[flaw]
    assert flawed != sound
    job_id = back_end.release(device, "2.0.0", {"app.swu": flawed})
    assert back_end.watch_task(job_id, "FAILED")["taskDesc"]
    assert not image.path.exists()


def test_I4_I8_cancel_during_a_slow_download(
    back_end: DdiBackEnd,
    device: DdiDevice,
    relay: Relay,
    signer: PackageSigner,
    start_swupdate: StartSWUpdate,
) -> None:
    """A task that is cancelled while its file is on the way stays CANCELED; the client stops and installs nothing."""
    client = start_swupdate(device)
    image = application(client, LARGE_BYTES)
    relay.bytes_per_second = SLOW_BYTES_PER_SECOND
    job_id = back_end.release(device, "2.0.0", {"app.swu": package("2.0.0", [image], signer)})
    client.wait_for_log("size 6000000 required")
    task = back_end.watch_task(job_id, "IN_PROGRESS")
    [chunk] = ask(device, offered(device, relay)["deploymentBase"]).json["deployment"]["chunks"]
    [download] = [file["_links"]["download"]["href"] for file in chunk["artifacts"]]
    assert ask(device, download, headers={"Range": "bytes=0-0"}).status == 206
    back_end.succeed(
        "CancelOTATaskByDevice",
        FirmwareId=task["firmwareId"],
        ProductKey=device.product_key,
        JobId=job_id,
        **{"DeviceName.1": device.name},
    )
    back_end.watch_task(job_id, "CANCELED")
    assert ask(device, download, headers={"Range": "bytes=0-0"}).status == 404
    client.wait_for_log("cancelAction")
    watch("end of the cancelling", lambda: offered(device, relay), lambda links: "cancelAction" not in links)
    assert "deploymentBase" not in offered(device, relay)
    assert back_end.task(job_id)["taskStatus"] == "CANCELED"
    assert not image.path.exists()
    assert relay.bytes_down < LARGE_BYTES


def test_task_that_needs_consent_waits_for_it(
    back_end: DdiBackEnd, device: DdiDevice, relay: Relay, signer: PackageSigner, start_swupdate: StartSWUpdate
) -> None:
    """The client knows nothing of consent: it finds nothing to do until somebody confirms the task for it."""
    client = start_swupdate(device)
    image = application(client)
    content = package("2.0.0", [image], signer)
    job_id = back_end.release(device, "2.0.0", {"app.swu": content}, NeedConfirm="true")
    task = back_end.watch_task(job_id, "CONFIRM")
    assert "confirmationBase" in offered(device, relay)
    client.wait_for_log("No pending action", after=len(client.log))
    assert not image.path.exists()
    back_end.succeed("ConfirmOTATask", **{"TaskId.1": task["taskId"]})
    client.wait_for_log(INSTALLED)
    client.wait_for_log("pending testing")
    client.restart(update_state=INSTALLED_AND_TESTED)
    back_end.watch_task(job_id, "SUCCEEDED")


def test_I1_download_goes_on_after_the_server_was_killed(
    back_end: DdiBackEnd,
    device: DdiDevice,
    relay: Relay,
    server: WhimbrelServer,
    signer: PackageSigner,
    start_swupdate: StartSWUpdate,
) -> None:
    """After a power cut in the middle of a download the client asks for the rest only, and installs the whole."""
    client = start_swupdate(device)
    image = application(client, LARGE_BYTES)
    relay.bytes_per_second = 3 * SLOW_BYTES_PER_SECOND
    job_id = back_end.release(device, "2.0.0", {"app.swu": package("2.0.0", [image], signer)})
    watch("a part of the download", lambda: relay.bytes_down, lambda seen: seen > LARGE_BYTES // 6)
    server.kill()
    relay.bytes_per_second = None
    server.start()
    client.wait_for_log(INSTALLED)
    watch("installation", image.path.exists, bool)
    assert image.path.read_bytes() == image.content
    assert b"\r\nRange: bytes=" in relay.requests
    assert relay.bytes_down < LARGE_BYTES * 3 // 2, "what had come was not asked for again"
    client.wait_for_log("pending testing")
    client.restart(update_state=INSTALLED_AND_TESTED)
    back_end.watch_task(job_id, "SUCCEEDED")
