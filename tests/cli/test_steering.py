"""`whimbrel cancel` of each kind of job."""

from pathlib import Path

from tests.cli.releasing import absent_fleet, firmware_file
from tests.cli.terminal import call, whimbrel
from tests.story.servers import WhimbrelServer


def test_a_dynamic_job_that_is_cancelled_takes_no_more_devices(server: WhimbrelServer, tmp_path: Path) -> None:
    """Its rule ends with its tasks: "cancelled" must not be said of a job that goes on."""
    key = absent_fleet(server, "going", 2)
    url = whimbrel(server, "upload", str(firmware_file(tmp_path, "going"))).stdout.strip()
    made = {"FirmwareName": "going", "ProductKey": key, "DestVersion": "2", "FirmwareUrl": url, "NeedToVerify": "false"}
    firmware_id = call(server, "CreateOTAFirmware", **made)["data"]["firmwareId"]
    wanted = {"FirmwareId": firmware_id, "ProductKey": key, "SrcVersion.1": "1", "DynamicMode": 1}
    job_id = call(server, "CreateOTADynamicUpgradeJob", **wanted)["data"]["jobId"]
    assert call(server, "QueryOTAJob", JobId=job_id)["data"]["jobStatus"] == "IN_PROGRESS"
    assert whimbrel(server, "cancel", job_id, "--yes").returncode == 0
    assert call(server, "QueryOTAJob", JobId=job_id)["data"]["jobStatus"] == "CANCELED"
    assert whimbrel(server, "cancel", job_id, "--yes").returncode == 0
