"""`whimbrel release` at a terminal: it shows words and bars, and asks before anybody is told."""

from pathlib import Path

from tests.cli.pty_terminal import Terminal
from tests.cli.releasing import absent_fleet, firmware_file, firmware_of, fleet, job_types
from tests.cli.terminal import call, environment, whimbrel
from tests.story.servers import WhimbrelServer


def test_a_person_sees_bars_and_is_asked(server: WhimbrelServer, tmp_path: Path) -> None:
    """Upload and rollout move bars, sentences stay, no JSON; `y` goes on."""
    file = firmware_file(tmp_path, "shown", 600_000)
    words = ("release", str(file), "--product", "shown", "--version", "2", "--verify-on", "shown-0001")
    with fleet(server, "shown", 4), Terminal(environment(server), *words) as terminal:
        terminal.wait_for("Roll out to 3 devices? [y/N]")
        terminal.type("y")
        assert terminal.end() == 0
    for shown in ("Uploading", "100%", "verify job", "verified", "3 devices would be told", "[####", "is completed"):
        assert shown in terminal.shown, terminal.shown
    assert '"event"' not in terminal.shown


def test_json_may_be_forced_at_a_terminal(server: WhimbrelServer, tmp_path: Path) -> None:
    """--json prints lines there as well."""
    absent_fleet(server, "forced", 1)
    file = firmware_file(tmp_path, "forced")
    words = ("release", str(file), "--product", "forced", "--version", "2", "--no-verify", "--preview", "--json")
    with Terminal(environment(server), *words) as terminal:
        assert terminal.end() == 0
    assert '"event": "preview"' in terminal.shown


def test_a_push_to_all_at_once_is_typed(server: WhimbrelServer, tmp_path: Path) -> None:
    """The exact number of devices has to be typed: `y` and another number tell nobody (threat-model 6)."""
    key = absent_fleet(server, "typed", 3)
    file = firmware_file(tmp_path, "typed")
    words = ("release", str(file), "--product", "typed", "--version", "2", "--no-verify", "--pace", "none", "--detach")
    for typed in ("y", "4", ""):
        with Terminal(environment(server), *words) as terminal:
            terminal.wait_for("Type their number")
            terminal.type(typed)
            assert terminal.end() == 1
        assert "nobody is told" in terminal.shown
    (firmware,) = firmware_of(server, key)
    assert job_types(server, firmware["firmwareId"]) == []
    with Terminal(environment(server), *words) as terminal:
        terminal.wait_for("Type their number")
        terminal.type("3")
        assert terminal.end() == 0


def test_a_fleet_that_grew_while_its_number_was_typed(server: WhimbrelServer, tmp_path: Path) -> None:
    """The number is compared once more behind the answer: nobody is told who was not in it (threat-model 6)."""
    key = absent_fleet(server, "grown", 2)
    file = firmware_file(tmp_path, "grown")
    words = ("release", str(file), "--product", "grown", "--version", "2", "--no-verify", "--pace", "none", "--detach")
    with Terminal(environment(server), *words) as terminal:
        terminal.wait_for("Type their number")
        call(server, "RegisterDevice", ProductKey=key, DeviceName="grown-0003")
        terminal.type("2")
        assert terminal.end() == 1
    assert "2 devices were expected, 3 would be told" in terminal.shown


def test_ctrl_c_at_the_question_tells_nobody(server: WhimbrelServer, tmp_path: Path) -> None:
    """It is exit status 130, and says that the same command goes on from there."""
    absent_fleet(server, "asked", 1)
    file = firmware_file(tmp_path, "asked")
    words = ("release", str(file), "--product", "asked", "--version", "2", "--no-verify")
    with Terminal(environment(server), *words) as terminal:
        terminal.wait_for("Roll out to 1 devices?")
        terminal.interrupt()
        assert terminal.end() == 130
    assert "the same command goes on from here" in terminal.shown


def test_a_secret_is_typed_unseen(server: WhimbrelServer, tmp_path: Path) -> None:
    """`profile add --key-id` asks for the secret without an echo, and the profile signs with it."""
    key = server.access_key
    own = {**environment(server), "XDG_CONFIG_HOME": str(tmp_path)}
    words = ("profile", "add", "here", "--server", f"http://{server.endpoint}", "--key-id", key.key_id)
    with Terminal(own, *words) as terminal:
        terminal.wait_for("AccessKeySecret")
        terminal.type(key.secret)
        assert terminal.end() == 0
    assert key.secret not in terminal.shown
    called = whimbrel(server, "call", "QueryDeviceGroupList", "--profile", "here", XDG_CONFIG_HOME=str(tmp_path))
    assert called.returncode == 0, called.stderr
