"""A back end that releases version after version while something else happens to the server."""

import hashlib
import threading
import time
from pathlib import Path

from tests.story.servers import WhimbrelServer
from tests.story.signed_client import Answered, NoAnswerError, SignedClient

IMAGE = Path("/usr/lib/u-boot/qemu_arm64/u-boot.bin")


class Releaser(threading.Thread):
    """A back end that releases version after version, and writes down what was acknowledged to it.

    It behaves as a real one must: a call without an answer may have had its effect or not; what is unique is looked up
    again, and a job whose creation got no answer is left alone, because repeating it could make a second one.
    """

    def __init__(self, server: WhimbrelServer, product_key: str, verifier: str) -> None:
        super().__init__(daemon=True)
        self.client = SignedClient(server)
        self.product_key = product_key
        self.verifier = verifier
        self.stopping = threading.Event()
        #: Set once nothing disturbs the server any more. Before that a device may rightly give a download up, when all
        #: attempts of some minutes met a dead server; never after.
        self.calm = threading.Event()
        self.error: BaseException | None = None
        self.firmware: dict[str, str] = {}  # id to the SHA-256 of the bytes uploaded, once acknowledged
        self.verified: set[str] = set()
        self.jobs: list[str] = []
        self.calm_jobs: set[str] = set()  # those that were made in the calm
        self.server_faults: list[Answered] = []

    def run(self) -> None:
        number = 0
        try:
            while not self.stopping.is_set():
                number += 1
                self.release(f"1.{number}.0", number)
        except BaseException as error:
            self.error = error

    def release(self, version: str, number: int) -> None:
        # Every image differs, so that no two firmware share an object.
        content = IMAGE.read_bytes() + number.to_bytes(4, "big")
        firmware_id = self.create(version, content)
        if firmware_id is None or not self.verify(firmware_id):
            return
        job_id = self.create_job(firmware_id)
        while job_id is not None and not self.stopping.is_set():
            if self.ask("QueryOTAJob", JobId=job_id).body["data"]["jobStatus"] != "IN_PROGRESS":
                return
            time.sleep(0.05)

    def create(self, version: str, content: bytes) -> str | None:
        while not self.stopping.is_set():
            try:
                url = self.client.upload(content)
            except NoAnswerError:
                time.sleep(0.05)
                continue
            if url is None:
                continue
            answer = self.ask(
                "CreateOTAFirmware",
                FirmwareName="fw-" + version.replace(".", "-"),
                DestVersion=version,
                ProductKey=self.product_key,
                FirmwareUrl=url,
                FirmwareSign=hashlib.md5(content).hexdigest(),
                FirmwareSize=str(len(content)),
            )
            if answer.code == "iot.ota.FirmwareAlreadyExist":
                listed = self.ask("ListOTAFirmware", CurrentPage="1", PageSize="10", DestVersion=version)
                firmware_id = listed.body["firmwareInfo"]["simpleFirmwareInfo"][0]["firmwareId"]
            else:
                assert answer.body["success"], answer
                firmware_id = answer.body["data"]["firmwareId"]
            self.firmware[firmware_id] = hashlib.sha256(content).hexdigest()
            return str(firmware_id)
        return None

    def verify(self, firmware_id: str) -> bool:
        """Whether the verification was seen to succeed."""
        was_calm = self.calm.is_set()
        target = {"ProductKey": self.product_key, "TargetDeviceName.1": self.verifier}
        answer = self.ask("CreateOTAVerifyJob", FirmwareId=firmware_id, **target)
        known = ("", "iot.ota.FirmwareVerifying", "iot.ota.FirmwareAlreadyVerified")
        assert answer.code in known, answer
        while not self.stopping.is_set():
            status = self.ask("QueryOTAFirmware", FirmwareId=firmware_id).body["firmwareInfo"]["status"]
            if status == 1:
                self.verified.add(firmware_id)
                return True
            if status == 3 and not was_calm:
                return False
            assert status == 2, f"firmware {firmware_id} went from verifying to {status}"
            time.sleep(0.05)
        return False

    def create_job(self, firmware_id: str) -> str | None:
        was_calm = self.calm.is_set()
        parameters = {"FirmwareId": firmware_id, "ProductKey": self.product_key, "TargetSelection": "ALL"}
        try:
            answer = self.client.call("CreateOTAStaticUpgradeJob", **parameters)
        except NoAnswerError:
            return None
        assert answer.body["success"], answer
        self.jobs.append(answer.body["data"]["jobId"])
        if was_calm:
            self.calm_jobs.add(self.jobs[-1])
        return self.jobs[-1]

    def ask(self, action: str, **parameters: str) -> Answered:
        """The call, repeated until an answer comes. A 5xx is no answer to anything that was asked here."""
        while True:
            try:
                answer = self.client.call(action, **parameters)
            except NoAnswerError:
                time.sleep(0.05)
                continue
            if answer.status >= 500:
                self.server_faults.append(answer)
            assert answer.status == 200, answer
            return answer
