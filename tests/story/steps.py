"""The steps that every story takes: a product with devices, an uploaded firmware, a job that is watched to its end."""

import hashlib
import itertools
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from tests.story.sdk_processes import BackEnd, DriverProcess, JsonObject

SEABIOS = Path("/usr/share/seabios")
OPENSBI = Path("/usr/lib/riscv64-linux-gnu/opensbi/generic")
U_BOOT = Path("/usr/lib/u-boot/qemu-x86_64")
WATCH_AT_MOST_S = 60

_serial = itertools.count(1)


class Product(NamedTuple):
    """A product and the secrets of its devices."""

    key: str
    name: str
    device_secrets: dict[str, str]


class Firmware(NamedTuple):
    """A firmware on the server and the file it came from."""

    id: str
    path: Path
    version: str


def debian_firmware(path: Path) -> Path:
    """A firmware file that Debian ships; without it the story cannot be told."""
    assert path.exists(), f"{path} is missing: `make test` installs seabios, opensbi and u-boot-qemu"
    return path


def digest(path: Path, algorithm: str) -> str:
    """Lower-case hex digest of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, algorithm).hexdigest()


def watch(what: str, probe: Callable[[], Any], is_reached: Callable[[Any], bool]) -> Any:
    """Ask again until the answer is the one hoped for; AssertionError with the last answer when it never is."""
    deadline = time.monotonic() + WATCH_AT_MOST_S
    while True:
        seen = probe()
        if is_reached(seen):
            return seen
        assert time.monotonic() < deadline, f"{what} not reached within {WATCH_AT_MOST_S} s: {seen}"
        time.sleep(0.1)


def create_product(back_end: BackEnd, *device_names: str) -> Product:
    """A new product with registered devices."""
    name = f"lamp_{next(_serial)}"
    created = back_end.succeed("CreateProduct", ProductName=name, NodeType=0)
    key: str = created["ProductKey"]
    assert created["Data"]["ProductKey"] == key
    secrets: dict[str, str] = {}
    for device_name in device_names:
        registered = back_end.succeed("RegisterDevice", ProductKey=key, DeviceName=device_name)["Data"]
        assert registered["DeviceName"] == device_name
        secrets[device_name] = registered["DeviceSecret"]
    return Product(key, name, secrets)


def upload(back_end: BackEnd, uploader: DriverProcess, path: Path, *, streamed: bool = False) -> str:
    """Ask for upload credentials, post the form, and give the FirmwareUrl."""
    granted = back_end.succeed("GenerateOTAUploadURL", FileSuffix="bin")["Data"]
    fields = {
        "key": granted["Key"],
        "policy": granted["Policy"],
        "OSSAccessKeyId": granted["OSSAccessKeyId"],
        "Signature": granted["Signature"],
        "success_action_status": "200",
    }
    assert granted["ObjectStorage"] == "OSS"
    assert granted["FirmwareUrl"] == f"{granted['Host']}/{granted['Key']}"
    uploader.send({"host": granted["Host"], "fields": fields, "path": str(path), "streamed": streamed})
    answer = uploader.receive(300)["answer"]
    assert answer["http_status"] == 200, answer
    assert answer["headers"]["etag"].strip('"') == digest(path, "md5").upper()
    return str(granted["FirmwareUrl"])


def create_firmware(
    back_end: BackEnd, uploader: DriverProcess, product: Product, file: tuple[Path, str], **more: Any
) -> Firmware:
    """Upload a file as a firmware of that version."""
    path, version = file
    created = back_end.succeed(
        "CreateOTAFirmware",
        FirmwareName=f"firmware-{next(_serial)}",
        ProductKey=product.key,
        DestVersion=version,
        FirmwareUrl=upload(back_end, uploader, debian_firmware(path)),
        **more,
    )["Data"]
    assert created["UtcCreate"]
    return Firmware(created["FirmwareId"], path, version)


def create_job(back_end: BackEnd, action: str, product: Product, firmware: Firmware, **more: Any) -> str:
    """Create a verify or upgrade job and give its JobId."""
    created = back_end.succeed(action, FirmwareId=firmware.id, ProductKey=product.key, **more)["Data"]
    assert created["UtcCreate"]
    return str(created["JobId"])


def tasks_by_device(back_end: BackEnd, job_id: str) -> dict[str, JsonObject]:
    """All tasks of a job, by DeviceName."""
    page = back_end.succeed("ListOTATaskByJob", JobId=job_id, CurrentPage=1, PageSize=100)
    tasks = page["Data"]["SimpleOTATaskInfo"]
    assert page["Total"] == len(tasks)
    return {task["DeviceName"]: task for task in tasks}


def task_statuses(back_end: BackEnd, job_id: str) -> dict[str, str]:
    """DeviceName → TaskStatus of a job."""
    return {name: task["TaskStatus"] for name, task in tasks_by_device(back_end, job_id).items()}


def watch_tasks(back_end: BackEnd, job_id: str, **expected: str) -> None:
    """Wait until the job's tasks have exactly these statuses; a `_` in a name stands for `-`."""
    wanted = {name.replace("_", "-"): status for name, status in expected.items()}
    watch(f"tasks of job {job_id}", lambda: task_statuses(back_end, job_id), lambda seen: seen == wanted)


def watch_job(back_end: BackEnd, job_id: str, status: str) -> JsonObject:
    """Wait until the job has the status, and give QueryOTAJob's Data."""
    seen: JsonObject = watch(
        f"{status} of job {job_id}",
        lambda: back_end.succeed("QueryOTAJob", JobId=job_id)["Data"],
        lambda data: data["JobStatus"] == status,
    )
    return seen


def watch_version(back_end: BackEnd, product: Product, device_name: str, version: str) -> JsonObject:
    """Wait until the server knows that the device runs the version, and give QueryDeviceDetail's Data."""
    seen: JsonObject = watch(
        f"version {version} of {device_name}",
        lambda: back_end.succeed("QueryDeviceDetail", ProductKey=product.key, DeviceName=device_name)["Data"],
        lambda data: data.get("FirmwareVersion") == version,
    )
    return seen
