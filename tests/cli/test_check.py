"""`whimbrel check`: silent about a good store, and sure about each way in which one can be damaged."""

import hashlib
import json
import shutil
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import apsw
import pytest

from tests.cli.terminal import call, start, whimbrel
from tests.story.servers import WhimbrelServer
from whimbrel.adapters.firmware_store.disk import DiskFirmwareStore
from whimbrel.adapters.store.consistency import ConsistencyCheck

_MORE_TASKS = """
INSERT INTO task (job_id, device_id, status, src_version, created_ms, modified_ms)
WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count})
SELECT 1, 1000 + i, 5, '', 1, 1 FROM n"""

#: For each rule a damage to the store of `good_store` that breaks it, perhaps beside others.
DAMAGES = {
    "file_is_sound": "PRAGMA writable_schema = ON; DELETE FROM sqlite_schema WHERE name = 'task_due'",
    "references_lead_somewhere": "INSERT INTO presence VALUES (999, 'main', 1, 1)",
    "device_once_in_a_job": "DROP INDEX task_of_job_device;"
    "INSERT INTO task (job_id, device_id, status, src_version, created_ms, modified_ms)"
    "SELECT job_id, device_id, status, '', 1, 1 FROM task WHERE status = 5",
    "tasks_inside_target_set": "UPDATE job SET fill_until = 1",
    "shares_are_exact": "UPDATE job SET target_selection = 'GRAY', gray_devices = 5",
    "target_set_complete": "DELETE FROM task WHERE status = 5",
    "ended_jobs_are_whole": "UPDATE job SET status = 'COMPLETED', ended_ms = 1",
    "one_open_task_per_device": "DROP INDEX task_open_of_device; DROP INDEX task_of_job_device;"
    "UPDATE task SET status = 1, device_id = (SELECT device_id FROM task WHERE status = 3) WHERE status = 5",
    "jobs_end_as_their_tasks": "UPDATE job SET status = 'CANCELED', ended_ms = 1",
    "time_moves_only_tasks_that_wait_for_it": "UPDATE task SET due_ms = NULL WHERE status = 3",
    "retries_are_counted": "UPDATE task SET retries = 1, attempt = 2",
    "no_job_is_faster_than_its_pace": "UPDATE job SET maximum_per_minute = 10;"
    "INSERT INTO job_notice SELECT id, modified_ms + 1, 11 FROM job",
    "planned_jobs_do_nothing": "UPDATE job SET started_ms = NULL",
    "jobs_that_await_approval_tell_nobody": "UPDATE job SET hold = 3",
    "ready_tasks_are_of_running_jobs": "UPDATE job SET need_push = 0;INSERT INTO job_ready SELECT job_id, id FROM task",
    "running_dynamic_jobs_follow_something": "INSERT INTO strategy"
    " SELECT product_id, module_name, '1.0.0', 0, id, firmware_id FROM job",
    "audit_chains_are_whole": "DELETE FROM audit_entry WHERE number = 2",
    "online_devices_have_a_session": "DELETE FROM presence; UPDATE device SET state = 1",
    "actions_are_their_devices": "INSERT INTO ddi_action SELECT device_id, 1, id, attempt + 1, 0, 0, 1, 1 FROM task",
    "installed_actions_have_their_success": "INSERT INTO ddi_action"
    " SELECT device_id, 1, id, attempt, 1, 0, 1, 1 FROM task WHERE status = 5",
    "words_are_bounded": "INSERT INTO ddi_attribute"
    " WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 101) SELECT 1, i, '' FROM n",
    "counters_count_their_rows": "UPDATE list_count SET n = n + 1 WHERE list = 'tasks:1:5' AND block = 0",
    "failures_have_their_reason": "UPDATE task SET reason = 0",
    "samples_are_thinned": "INSERT INTO job_sample WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n"
    " WHERE i < 501) SELECT 1, i, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0 FROM n",
    "stories_are_of_devices": "INSERT OR REPLACE INTO device_story VALUES (1, 1); UPDATE device SET deleted_ms = 1",
    "success_was_reported": "UPDATE module_version SET version = '1.0.0', reported_ms = reported_ms - 1",
    "success_is_complete": "UPDATE task SET progress = 99 WHERE status = 4",
    "only_verified_firmware_is_rolled_out": "UPDATE firmware SET status = 0",
    "verification_reaches_few_devices": "UPDATE job SET job_type = 'VERIFY_FIRMWARE';" + _MORE_TASKS.format(count=7),
    "jobs_pin_their_firmware": "UPDATE job SET sha256 = 'other'",
    "files_are_listed_whole": "UPDATE firmware SET file_count = 2",
    "jobs_pin_every_file": "UPDATE job SET files = '[[]]';"
    "INSERT INTO firmware_file VALUES (1, 1, 'a', 'sha256', 'md5', 1, 'key')",
    "running_jobs_keep_their_files": "UPDATE job SET files = '[[]]'",
    "files_stay_in_their_account": "INSERT INTO firmware_file SELECT 1, 1, 'a', 'sha256', 'md5', 1, object_key"
    " FROM upload; UPDATE upload SET account_id = 2",
    "devices_stay_in_their_account": "UPDATE device SET account_id = 2 WHERE id = 1",
    "console_rows_are_of_their_users": "INSERT INTO console_session (account_id, user_id, token_digest, created_ms,"
    " seen_ms, expires_ms, address, agent) VALUES (1, 999, 'x', 1, 1, 1, '', '')",
    "console_rows_are_bounded": "INSERT INTO console_user (account_id, name, folded, role, status, created_ms,"
    " modified_ms) WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1001)"
    " SELECT 1, i, i, 'VIEWER', 'ACTIVE', 1, 1 FROM n",
    "ddi_settings_stay_in_their_account": "INSERT INTO ddi_product (product_id, account_id, polling_s,"
    " accepts_target_tokens, modified_ms) VALUES (1, 2, 300, 1, 1)",
    "firmware_stays_in_its_account": "UPDATE upload SET account_id = 2",
    "jobs_stay_in_their_account": "UPDATE device SET account_id = 2 WHERE id = 4",
}


@pytest.fixture(scope="module")
def running(server: WhimbrelServer, tmp_path_factory: pytest.TempPathFactory) -> WhimbrelServer:
    """A server in the middle of a rollout: of four tasks two succeeded, one failed, one is in progress."""
    file = tmp_path_factory.mktemp("firmware") / "lamp.bin"
    file.write_bytes(b"firmware" * 1_000)
    url = whimbrel(server, "upload", str(file)).stdout.strip()
    key = call(server, "CreateProduct", ProductName="lamp", NodeType=0)["productKey"]
    given = {"ProductKey": key, "DestVersion": "2.0.0", "FirmwareUrl": url, "NeedToVerify": "false"}
    firmware_id = call(server, "CreateOTAFirmware", FirmwareName="lamp-2", **given)["data"]["firmwareId"]
    shares = ("--fail-share", "0.25", "--silent-share", "0.25")
    words = ("--product", "lamp", "--devices", "4", *shares, "--until-done", "--seconds", "60")
    simulation = start(server, "simulate", *words)
    assert simulation.stderr is not None
    while "4 connected" not in simulation.stderr.readline():
        continue
    target = {"FirmwareId": firmware_id, "ProductKey": key, "TargetSelection": "ALL", "TimeoutInMinutes": "60"}
    call(server, "CreateOTAStaticUpgradeJob", **target)
    _, errors = simulation.communicate(timeout=60)
    assert simulation.returncode == 0, errors
    return server


@pytest.fixture(scope="module")
def good_store(running: WhimbrelServer, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the data folder, taken beside the running server as a backup is."""
    copy = tmp_path_factory.mktemp("backup") / "var"
    shutil.copytree(running.data / "firmware", copy / "firmware")
    with closing(apsw.Connection(str(running.data / "whimbrel.db"))) as connection:
        connection.execute("VACUUM INTO ?", (str(copy / "whimbrel.db"),))
    return copy


@pytest.fixture
def store(good_store: Path, tmp_path: Path) -> Path:
    """A copy that a test may damage."""
    return Path(shutil.copytree(good_store, tmp_path / "var"))


def damage(store: Path, sql: str) -> None:
    """Change the database as no server would."""
    with closing(apsw.Connection(str(store / "whimbrel.db"))) as connection:
        connection.execute(sql)


def broken_rules(store: Path) -> dict[str, tuple[dict[str, object], ...]]:
    """The rules of the database that do not hold, with their offenders."""
    with closing(ConsistencyCheck(store / "whimbrel.db")) as checking:
        return {finding.rule.name: finding.offenders for finding in checking.findings() if not finding.holds}


async def object_faults(store: Path) -> list[Any]:
    """What is wrong with the stored objects."""
    firmware_store = DiskFirmwareStore(store / "firmware", new_name=str)
    try:
        with closing(ConsistencyCheck(store / "whimbrel.db")) as checking:
            finding = await checking.objects_finding(firmware_store)
    finally:
        await firmware_store.close()
    return [offender["fault"] for offender in finding.offenders]


def test_every_rule_holds_beside_a_running_server(running: WhimbrelServer) -> None:
    """On a live store in the middle of a rollout every rule holds, and the command exits 0."""
    ended = whimbrel(running, "check")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert f"{len(DAMAGES) + 1} rules, all hold" in ended.stdout


def test_a_copy_is_checked_and_left_as_it_is(running: WhimbrelServer, store: Path) -> None:
    """A store that no server has open is checked too, and not one byte of it changes."""
    before = hashlib.sha256((store / "whimbrel.db").read_bytes()).digest()
    ended = whimbrel(running, "check", "--json", WHIMBREL_DATA=str(store))
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert json.loads(ended.stdout)["holds"] is True
    assert hashlib.sha256((store / "whimbrel.db").read_bytes()).digest() == before


def test_there_is_a_damage_for_every_rule(store: Path) -> None:
    """No rule stands in `consistency.sql` without a proof below that it can be broken."""
    with closing(ConsistencyCheck(store / "whimbrel.db")) as checking:
        rules = [finding.rule for finding in checking.findings()]
    assert sorted(rule.name for rule in rules) == sorted(DAMAGES)
    assert {rule.invariant for rule in rules} == {
        "store",
        "I2",
        "I3",
        "I4",
        "I5",
        "I7",
        "I8",
        "I10",
        "I15",
        "I16",
        "I17",
    }


@pytest.mark.parametrize("rule", DAMAGES)
def test_a_damage_breaks_its_rule(store: Path, rule: str) -> None:
    """Each rule is broken by what it is there to find."""
    assert broken_rules(store) == {}
    damage(store, DAMAGES[rule])
    assert rule in broken_rules(store)


def test_I10_ten_devices_verify(store: Path) -> None:
    """A verify job of exactly 10 tasks is within the limit."""
    damage(store, "UPDATE job SET job_type = 'VERIFY_FIRMWARE';" + _MORE_TASKS.format(count=6))
    assert "verification_reaches_few_devices" not in broken_rules(store)


def test_offenders_are_named(store: Path) -> None:
    """A broken rule says which rows break it."""
    damage(store, DAMAGES["counters_count_their_rows"])
    assert broken_rules(store) == {
        "counters_count_their_rows": ({"list": "tasks:1:5", "block": 0, "has_rows": 1, "counter_says": 2},)
    }


def test_a_damaged_store_exits_1(running: WhimbrelServer, store: Path) -> None:
    """The command shows the broken rule with its sentence and rows, and exits 1."""
    damage(store, DAMAGES["success_is_complete"])
    ended = whimbrel(running, "check", WHIMBREL_DATA=str(store))
    assert ended.returncode == 1
    assert "2 VIOLATIONS  I7     success_is_complete" in ended.stdout
    assert "A task that succeeded is at 100 percent." in ended.stdout
    assert f"{len(DAMAGES) + 1} rules, 1 broken" in ended.stdout


def _flip(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[4_000] ^= 1
    file.write_bytes(content)


@pytest.mark.parametrize(
    ("spoil", "fault"),
    [(Path.unlink, "has no object"), (_flip, "is corrupt"), (lambda file: file.write_bytes(b""), "is corrupt")],
)
async def test_I11_a_spoilt_object_is_found(store: Path, spoil: Callable[[Path], object], fault: str) -> None:
    """A needed object that is missing, changed in one bit or cut off is found, and nothing is wrong before."""
    (file,) = (path for path in (store / "firmware" / "objects").rglob("*") if path.is_file())
    assert await object_faults(store) == []
    spoil(file)
    (found,) = await object_faults(store)
    assert fault in found


@pytest.mark.parametrize("change", ["size_bytes = size_bytes + 1", "md5 = 'other'"])
async def test_I11_a_false_record_is_found(store: Path, change: str) -> None:
    """A row that tells devices another size or digest than the object has is found."""
    damage(store, f"UPDATE firmware SET {change}")
    assert len(await object_faults(store)) == 1


def test_unneeded_objects_need_not_be_there(running: WhimbrelServer, store: Path) -> None:
    """What no firmware and no unfinished job needs may be gone; --skip-firmware does not look at files at all."""
    shutil.rmtree(store / "firmware")
    assert whimbrel(running, "check", WHIMBREL_DATA=str(store)).returncode == 1
    assert whimbrel(running, "check", "--skip-firmware", WHIMBREL_DATA=str(store)).returncode == 0
    damage(store, "DELETE FROM firmware; UPDATE job SET status = 'COMPLETED'")
    assert '"fault"' not in whimbrel(running, "check", "--json", WHIMBREL_DATA=str(store)).stdout


@pytest.mark.parametrize("sql", ["DELETE FROM schema_migration", "INSERT INTO schema_migration VALUES (9999, '', 1)"])
def test_another_releases_store_exits_2(running: WhimbrelServer, store: Path, sql: str) -> None:
    """A store of an older or newer schema is not judged by rules that are not its own."""
    damage(store, sql)
    ended = whimbrel(running, "check", WHIMBREL_DATA=str(store))
    assert ended.returncode == 2
    assert "this release checks" in ended.stderr


def test_what_is_no_store_exits_2(running: WhimbrelServer, tmp_path: Path) -> None:
    """A folder without a database, and a file that is none, cannot be checked; no database is made."""
    assert whimbrel(running, "check", WHIMBREL_DATA=str(tmp_path)).returncode == 2
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "whimbrel.db").write_bytes(b"not a database" * 100)
    assert whimbrel(running, "check", WHIMBREL_DATA=str(tmp_path)).returncode == 2
