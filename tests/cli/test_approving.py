"""A rollout that waits for a second person, from the terminal: it is said, approved or rejected, and followed on."""

import json
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.releasing import absent_fleet, firmware_file, fleet, lines_of, names, release
from tests.cli.terminal import call, start, whimbrel
from tests.story.servers import WhimbrelServer


@pytest.fixture
def approver(server: WhimbrelServer, tmp_path: Path) -> Iterator[str]:
    """The key file of a second person, while the account asks for one."""
    made = call(server, "XCreateAccessKey", Name="second", **{"Statement.1.Actions": "*"})["data"]
    file = tmp_path / "second.json"
    file.write_text(json.dumps({"AccessKeyId": made["accessKeyId"], "AccessKeySecret": made["accessKeySecret"]}))
    call(server, "XUpdateRolloutDefaults", XApproval="ON")
    yield str(file)
    call(server, "XUpdateRolloutDefaults", XApproval="OFF")


def test_A29_a_release_says_that_it_waits_and_goes_on(server: WhimbrelServer, approver: str, tmp_path: Path) -> None:
    """Who follows learns how it is approved; the maker's own approval is refused, and another's lets it go."""
    file = firmware_file(tmp_path, "asked")
    words = (str(file), "--product", "asked", "--version", "2", "--no-verify", "--yes")
    with fleet(server, "asked", 2):
        detached = release(server, *words, "--detach")
        assert detached[-2] == {"event": "awaiting_approval", "job_id": detached[-1]["job_id"]}
        job_id = detached[-1]["job_id"]
        assert f"whimbrel approve {job_id} --reason" in detached[-1]["reason"]

        following = start(server, "follow", job_id)
        assert following.stdout is not None
        first = [json.loads(following.stdout.readline()) for _ in range(2)]
        assert names(first) == ["progress", "awaiting_approval"]
        assert whimbrel(server, "approve", job_id, "--reason", "mine").returncode == 1
        approved = whimbrel(server, "approve", job_id, "--reason", "seen", "--key-file", approver)
        assert approved.returncode == 0, approved.stderr
        told, _ = following.communicate(timeout=60)
    assert following.returncode == 0
    assert lines_of(told)[-1]["outcome"] == "completed"


def test_A29_a_rejected_release_is_cancelled(server: WhimbrelServer, approver: str, tmp_path: Path) -> None:
    """Exit status 6, with what was said; nothing of it is undone by a second run."""
    absent_fleet(server, "unasked", 2)
    file = firmware_file(tmp_path, "unasked")
    words = (str(file), "--product", "unasked", "--version", "2", "--no-verify", "--yes")
    job_id = release(server, *words, "--detach")[-1]["job_id"]
    assert whimbrel(server, "reject", job_id, "--reason", "after the fair").returncode == 0
    last = release(server, *words, status=6)[-1]
    assert (last["outcome"], last["job_id"]) == ("canceled", job_id)
    assert "after the fair" in last["reason"]


def test_sigterm_ends_as_ctrl_c_does(server: WhimbrelServer, approver: str, tmp_path: Path) -> None:
    """Runners end their jobs by it: the last line is said, and names the job that goes on."""
    absent_fleet(server, "ended", 1)
    file = firmware_file(tmp_path, "ended")
    words = (str(file), "--product", "ended", "--version", "2", "--no-verify", "--yes")
    job_id = release(server, *words, "--detach")[-1]["job_id"]
    following = start(server, "follow", job_id)
    assert following.stdout is not None
    following.stdout.readline()
    following.send_signal(signal.SIGTERM)
    told, _ = following.communicate(timeout=60)
    assert following.returncode == 130
    assert lines_of(told)[-1] | {"reason": ""} == {
        "event": "ended",
        "outcome": "interrupted",
        "exit_status": 130,
        "reason": "",
        "job_id": job_id,
    }
