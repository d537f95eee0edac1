"""`whimbrel release` against a running server with virtual devices: each outcome; repeating makes nothing twice."""

import re
import signal
import subprocess
from pathlib import Path

import pytest

from tests.cli.releasing import absent_fleet, firmware_file, firmware_of, fleet, job_types, lines_of, names, release
from tests.cli.terminal import call, start, whimbrel
from tests.story.servers import WhimbrelServer

BOTH_JOBS = ["VERIFY_FIRMWARE", "UPGRADE_FIRMWARE"]


def test_a_release_goes_from_a_file_to_every_device(server: WhimbrelServer, tmp_path: Path) -> None:
    """Upload, trial, stages and rollout; a second run finds it all, changes nothing and says the same outcome (I14)."""
    file = firmware_file(tmp_path, "whole")
    words = (str(file), "--product", "whole", "--version", "2.0.0", "--verify-on", "whole-0001", "--yes")
    stages = ("--stages", "2:0m,50%:0m")
    with fleet(server, "whole", 12):
        first = release(server, *words, *stages)
    told = ["files_read", "uploaded", "firmware", "verifying", "progress", "verified", "preview", "rolling_out"]
    assert names(first) == [*told, "progress", "ended"]
    assert first[-1]["outcome"] == "completed"
    preview = next(line for line in first if line["event"] == "preview")
    assert (preview["targets"], preview["at_dest_version"], preview["stages"]) == (11, 1, [2, 4, 5])
    assert first[-2]["tasks"]["succeeded"] == 11

    second = release(server, *words)
    assert names(second) == ["files_read", "firmware", "verified", "rolling_out", "progress", "ended"]
    assert second[-1] == first[-1]
    assert job_types(server, first[-1]["firmware_id"]) == BOTH_JOBS


def test_several_files_of_a_module(server: WhimbrelServer, tmp_path: Path) -> None:
    """Files are compared each by its digest: another order of bytes is other firmware."""
    files = [firmware_file(tmp_path, name) for name in ("boot", "main")]
    with fleet(server, "parts", 2, "--module", "mcu=1.0.0"):
        key = call(server, "QueryProductList", CurrentPage=1, PageSize=1)["data"]["list"]["productInfo"][0][
            "productKey"
        ]
        call(server, "CreateOTAModule", ProductKey=key, ModuleName="mcu")
        words = ("--product", key, "--version", "3", "--module", "mcu", "--no-verify", "--yes")
        assert release(server, *map(str, files), *words)[-1]["outcome"] == "completed"
    assert release(server, *map(str, files), *words)[1]["event"] == "firmware"
    assert release(server, str(files[0]), *words, status=1)[-1]["reason"].startswith("version 3 is there already")


def test_a_failing_canary_halts_the_rollout(server: WhimbrelServer, tmp_path: Path) -> None:
    """The gate's halt is exit status 4, with the reasons of the devices; a second run makes nothing (I8)."""
    file = firmware_file(tmp_path, "sick")
    words = (str(file), "--product", "sick", "--version", "2", "--no-verify", "--yes", "--stages", "10:60m")
    with fleet(server, "sick", 40, "--fail-share", "1"):
        lines = release(server, *words, status=4)
        assert release(server, *words, status=4)[-1] == lines[-1]
    (halted,) = [line for line in lines if line["event"] == "progress" and line["state"] == "HALTED"][-1:]
    assert halted["tasks"]["failed"] <= 10
    assert "failed or went silent" in lines[-1]["reason"]
    assert any(line["event"] == "failures" and line["reasons"][0]["reason"].startswith("step") for line in lines)
    assert job_types(server, lines[-1]["firmware_id"]) == ["UPGRADE_FIRMWARE"]


def test_a_failed_trial_ends_the_release(server: WhimbrelServer, tmp_path: Path) -> None:
    """Exit status 3 and no rollout (I10); a repetition tries nothing again, --again does."""
    file = firmware_file(tmp_path, "trial")
    words = (str(file), "--product", "trial", "--version", "2", "--verify-on", "trial-0001,trial-0002", "--yes")
    with fleet(server, "trial", 3, "--fail-share", "1"):
        lines = release(server, *words, status=3)
        assert "failures" in names(lines)
        release(server, *words, status=3)
        assert job_types(server, lines[-1]["firmware_id"]) == BOTH_JOBS[:1]
        release(server, *words, "--again", status=3)
    assert job_types(server, lines[-1]["firmware_id"]) == BOTH_JOBS[:1] * 2


def test_some_devices_fail(server: WhimbrelServer, tmp_path: Path) -> None:
    """A rollout that ends below its gate's limit with failed devices is exit status 5."""
    file = firmware_file(tmp_path, "some")
    with fleet(server, "some", 20, "--fail-share", "0.1"):
        words = (str(file), "--product", "some", "--version", "2", "--no-verify", "--yes", "--gate-limit", "50")
        lines = release(server, *words, status=5)
    # The failures may have been told before the last progress, or behind it.
    progress = [line for line in lines if line["event"] == "progress"][-1]
    assert {status: n for status, n in progress["tasks"].items() if n} == {"succeeded": 18, "failed": 2}


def test_a_push_to_all_at_once_needs_the_exact_number(server: WhimbrelServer, tmp_path: Path) -> None:
    """--pace none tells nobody unless the number of devices is said, at -1, 0 and +1 of it (threat-model 6)."""
    file = firmware_file(tmp_path, "push")
    words = (str(file), "--product", "push", "--version", "2", "--no-verify", "--yes", "--pace", "none")
    with fleet(server, "push", 5):
        assert "--expect" in whimbrel(server, "release", *words).stderr
        for expected in (4, 6):
            lines = release(server, *words, "--expect", str(expected), status=1)
            assert lines[-1]["reason"] == f"{expected} devices were expected, 5 would be told: nobody is"
        assert job_types(server, lines[-1]["firmware_id"]) == []
        assert release(server, *words, "--expect", "5")[-1]["outcome"] == "completed"


@pytest.mark.parametrize("event", ["uploaded", "firmware", "verifying", "verified", "preview", "rolling_out"])
def test_a_run_killed_anywhere_is_gone_on_with(server: WhimbrelServer, tmp_path: Path, event: str) -> None:
    """After kill -9 behind each step the same command ends the release, with one firmware and one job of each kind."""
    product = f"killed_{event}"
    file = firmware_file(tmp_path, product)
    words = (str(file), "--product", product, "--version", "2", "--verify-on", f"{product}-0001", "--yes")
    with fleet(server, product, 3):
        killed = start(server, "release", *words)
        assert killed.stdout is not None
        while f'"event": "{event}"' not in killed.stdout.readline():
            assert killed.poll() is None
        killed.kill()
        killed.communicate(timeout=30)
        lines = release(server, *words)
    assert len(firmware_of(server, lines[0]["product_key"])) == 1
    assert job_types(server, lines[-1]["firmware_id"]) == BOTH_JOBS


def test_a_run_killed_during_its_upload_is_gone_on_with(server: WhimbrelServer, tmp_path: Path) -> None:
    """Half a file is nothing: the next run uploads it whole (F01)."""
    absent_fleet(server, "half", 1)
    file = tmp_path / "half.bin"
    with file.open("wb") as sparse:
        sparse.truncate(400_000_000)
    words = (str(file), "--product", "half", "--version", "2", "--no-verify", "--yes", "--detach")
    killed = start(server, "release", *words)
    assert killed.stdout is not None
    assert "files_read" in killed.stdout.readline()
    killed.kill()
    assert killed.communicate(timeout=30)[0] == "", "the upload was over before the kill"
    lines = release(server, *words)
    assert names(lines)[1:3] == ["uploaded", "firmware"]
    assert len(firmware_of(server, lines[0]["product_key"])) == 1
    assert job_types(server, lines[-1]["firmware_id"]) == ["UPGRADE_FIRMWARE"]


def test_what_an_interrupted_run_began_goes_on(server: WhimbrelServer, tmp_path: Path) -> None:
    """Ctrl-C is 130 and stops no rollout; then it is followed, waited for too long (7), paused, and cancelled (6)."""
    absent_fleet(server, "away", 2)
    file = firmware_file(tmp_path, "away")
    words = (str(file), "--product", "away", "--version", "2", "--no-verify", "--yes")
    running = start(server, "release", *words)
    assert running.stdout is not None
    while '"event": "progress"' not in running.stdout.readline():
        assert running.poll() is None
    running.send_signal(signal.SIGINT)
    ended = lines_of(running.communicate(timeout=30)[0])[-1]
    assert (running.returncode, ended["outcome"]) == (130, "interrupted")
    job_id = ended["job_id"]
    assert f"whimbrel follow {job_id}" in ended["reason"]
    assert call(server, "QueryOTAJob", JobId=job_id)["data"]["jobStatus"] == "IN_PROGRESS"

    assert whimbrel(server, "pause", job_id, "--reason", "lunch").returncode == 0
    late = whimbrel(server, "follow", job_id, "--wait-timeout", "0m")
    assert (late.returncode, lines_of(late.stdout)[0]["state"]) == (7, "PAUSED")
    assert whimbrel(server, "resume", job_id, "--reason", "done").returncode == 0
    assert release(server, *words, "--detach")[-1]["job_id"] == job_id
    assert whimbrel(server, "cancel", job_id, "--yes").returncode == 0
    assert release(server, *words, status=6)[-1]["outcome"] == "canceled"


def test_a_server_that_is_started_again_ends_no_release(server: WhimbrelServer, tmp_path: Path) -> None:
    """While it is away it is asked again; the rollout goes on, and so does who follows it (F09, I19)."""
    file = firmware_file(tmp_path, "again")
    words = (str(file), "--product", "again", "--version", "2", "--no-verify", "--yes")
    with fleet(server, "again", 30):
        running = start(server, "release", *words)
        assert running.stdout is not None
        while '"event": "rolling_out"' not in running.stdout.readline():
            assert running.poll() is None
        server.kill()
        while '"event": "server_away"' not in running.stdout.readline():
            assert running.poll() is None
        server.start()
        told = lines_of(running.communicate(timeout=120)[0])
    assert (running.returncode, told[-1]["outcome"]) == (0, "completed")


def test_another_target_is_another_rollout(server: WhimbrelServer, tmp_path: Path) -> None:
    """Devices by name, by list and by share are jobs of their own of one firmware; each is found again by its seed."""
    key = absent_fleet(server, "whom", 4)
    listed = tmp_path / "devices.csv"
    listed.write_text("DeviceName\nwhom-0002\nwhom-9999\n")
    group = call(server, "CreateDeviceGroup", GroupName="whom_hall")["data"]["groupId"]
    device = {"Device.1.ProductKey": key, "Device.1.DeviceName": "whom-0003"}
    call(server, "BatchAddDeviceGroupRelations", GroupId=group, **device)
    words = (str(firmware_file(tmp_path, "whom")), "--product", "whom", "--version", "2", "--no-verify", "--yes")
    jobs = set()
    for target in ("devices:whom-0001", f"@{listed}", "group:whom_hall", "gray:25%"):
        started = release(server, *words, "--target", target, "--detach")
        assert started[-1]["outcome"] == "started"
        assert next(line for line in started if line["event"] == "preview")["targets"] == 1
        assert release(server, *words, "--target", target, "--detach")[-1]["job_id"] == started[-1]["job_id"]
        jobs.add(started[-1]["job_id"])
    assert len(jobs) == 4


@pytest.mark.parametrize("target", ["all", "devices:last-0001", "gray:50"])
def test_where_nobody_is_left_nothing_is_made(server: WhimbrelServer, tmp_path: Path, target: str) -> None:
    """When the trial's devices are all there are, the release is completed without a job."""
    file = str(firmware_file(tmp_path, target))
    words = (
        "--product",
        "last",
        "--version",
        str(len(target)),
        "--verify-on",
        "last-0001",
        "--yes",
        "--target",
        target,
    )
    with fleet(server, "last", 1):
        for _ in range(2):
            lines = release(server, file, *words)
            assert lines[-1]["reason"] == "no device is left to be told"
    assert job_types(server, lines[-1]["firmware_id"]) == BOTH_JOBS[:1]


def test_a_key_for_one_product_is_enough(server: WhimbrelServer, tmp_path: Path) -> None:
    """With the rights that the how-to page names, and the product by its key; by its name it would have to list all."""
    page = (Path(__file__).resolve().parents[2] / "docs/how-to/release-from-a-pipeline.md").read_text()
    rights = re.findall(r"`(\w+:\w+)`", page.split("A release needs ")[1].split(" for `--target")[0])
    key = absent_fleet(server, "only", 1)
    policy = {"Statement.1.Actions": ",".join(rights), "Statement.1.Products": key}
    made = call(server, "XCreateAccessKey", Name="pipeline", **policy)["data"]
    own = {"WHIMBREL_ACCESS_KEY_ID": made["accessKeyId"], "WHIMBREL_ACCESS_KEY_SECRET": made["accessKeySecret"]}
    file = str(firmware_file(tmp_path, "only"))
    words = ("release", file, "--version", "2", "--verify-on", "only-0001", "--yes", "--wait-timeout", "0m")
    assert whimbrel(server, *words, "--product", "only", **own).returncode == 1
    late = whimbrel(server, *words, "--product", key, **own)
    assert (late.returncode, names(lines_of(late.stdout))[-2:]) == (7, ["progress", "ended"])
    words = ("release", file, "--version", "3", "--no-verify", "--yes", "--detach", "--name", "three")
    assert whimbrel(server, *words, "--product", key, **own).returncode == 0


def test_a_preview_tells_nobody(server: WhimbrelServer, tmp_path: Path) -> None:
    """--preview ends before there is a job, and needs no --yes."""
    absent_fleet(server, "ahead", 3)
    words = (str(firmware_file(tmp_path, "ahead")), "--product", "ahead", "--version", "2", "--no-verify", "--preview")
    lines = release(server, *words)
    assert (lines[-2]["targets"], lines[-2]["offline"], lines[-1]["outcome"]) == (3, 3, "previewed")
    assert job_types(server, lines[-1]["firmware_id"]) == []


def test_firmware_with_an_md5_is_compared_by_its_bytes(server: WhimbrelServer, tmp_path: Path) -> None:
    """Where the server's digest is MD5 the file is fetched, so that SHA-256 decides there too (A27)."""
    absent_fleet(server, "aged", 1)
    words = ("--product", "aged", "--version", "2", "--no-verify", "--yes", "--detach", "--sign-method", "MD5")
    file = firmware_file(tmp_path, "aged")
    assert release(server, str(file), *words)[-1]["outcome"] == "started"
    again = release(server, str(file), *words)
    assert again[1] == {"event": "firmware", "firmware_id": again[-1]["firmware_id"], "is_new": False}
    release(server, str(firmware_file(tmp_path, "other")), *words, status=1)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--version", "2"), "Missing option '--product'"),
        (("--product", "lamp", "--version", "2"), "give --yes"),
        (("--product", "lamp", "--version", "2", "--yes", "--stages", "1%"), "--stages must be"),
        (("--product", "lamp", "--version", "2", "--yes", "--window", "MON 22:00-05:00"), "go together"),
        (("--product", "lamp", "--version", "2", "--yes", "--target", "everybody"), "--target must be"),
        (("--product", "lamp", "--version", "2", "--yes", "--no-verify", "--verify-on", "a"), "either"),
        (("--product", "no_such", "--version", "2", "--yes"), "there is no product no_such"),
    ],
)
def test_a_wrong_command_line_is_2(server: WhimbrelServer, tmp_path: Path, words: tuple[str, ...], says: str) -> None:
    """What is wrong with it is said, and nothing is made."""
    ended: subprocess.CompletedProcess[str] = whimbrel(server, "release", str(firmware_file(tmp_path, "x")), *words)
    assert ended.returncode == 2
    assert says in ended.stderr


def test_new_firmware_needs_a_word_about_its_trial(server: WhimbrelServer, tmp_path: Path) -> None:
    """Without --verify-on and --no-verify nothing is uploaded (I10)."""
    key = absent_fleet(server, "untold", 1)
    words = (str(firmware_file(tmp_path, "untold")), "--product", "untold", "--version", "2", "--yes")
    assert "--verify-on" in release(server, *words, status=1)[-1]["reason"]
    assert firmware_of(server, key) == []
