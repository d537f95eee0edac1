"""`whimbrel audit verify`: sure of a whole trail, and of each way in which one is cut or altered (I16)."""

import json
import shutil
from contextlib import closing
from pathlib import Path

import apsw
import pytest

from tests.cli.terminal import call, whimbrel
from tests.story.servers import WhimbrelServer

ENTRIES = 4


@pytest.fixture(scope="module")
def copy(server: WhimbrelServer, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of a data folder whose account `default` has four entries, taken beside the running server."""
    for number in range(ENTRIES):
        call(server, "CreateProduct", ProductName=f"lamp{number}", NodeType=0)
    folder = tmp_path_factory.mktemp("backup") / "var"
    folder.mkdir()
    shutil.copy(server.data / "master.key", folder)
    with closing(apsw.Connection(str(server.data / "whimbrel.db"))) as connection:
        connection.execute("VACUUM INTO ?", (str(folder / "whimbrel.db"),))
    return folder


@pytest.fixture
def store(copy: Path, tmp_path: Path) -> Path:
    """A copy that a test may damage."""
    return Path(shutil.copytree(copy, tmp_path / "var"))


def damage(store: Path, sql: str) -> None:
    with closing(apsw.Connection(str(store / "whimbrel.db"))) as connection:
        connection.execute(sql)


def head_of(output: str) -> str:
    """The head that a run printed for the account `default`."""
    return next(word for word in output.split() if word.startswith("default:"))


def test_I16_a_whole_trail_beside_a_running_server(server: WhimbrelServer, copy: Path) -> None:
    """Exit 0, with the head of each account; a head that was kept is still there after more entries."""
    ended = whimbrel(server, "audit", "verify")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "1 accounts, all chains are whole" in ended.stdout
    kept = head_of(ended.stdout)
    call(server, "CreateProduct", ProductName="more", NodeType=0)
    again = whimbrel(server, "audit", "verify", "--expect", kept)
    assert again.returncode == 0, again.stdout + again.stderr
    assert int(head_of(again.stdout).split(":")[1]) == int(kept.split(":")[1]) + 1


def test_a_copy_is_left_as_it_is(server: WhimbrelServer, store: Path) -> None:
    """A store that no server has open is verified too, and not one byte of it changes."""
    before = (store / "whimbrel.db").read_bytes()
    ended = whimbrel(server, "audit", "verify", "--data", str(store), "--json")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    [account] = json.loads(ended.stdout)["accounts"]
    assert (account["account"], account["number"], account["fault"]) == ("default", ENTRIES, None)
    assert (store / "whimbrel.db").read_bytes() == before


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("UPDATE audit_entry SET parameters = '{}' WHERE number = 2", "entry 2 is not what was entered"),
        ("DELETE FROM audit_entry WHERE number = 2", "entry 2 is missing"),
        ("DELETE FROM audit_entry WHERE number = 4", "the entries end at 3"),
    ],
)
def test_I16_a_break_exits_1(server: WhimbrelServer, store: Path, sql: str, said: str) -> None:
    """The first number that is wrong is named."""
    damage(store, sql)
    ended = whimbrel(server, "audit", "verify", WHIMBREL_DATA=str(store))
    assert ended.returncode == 1
    assert said in ended.stdout
    assert "1 broken" in ended.stdout
    as_json = whimbrel(server, "audit", "verify", "--json", WHIMBREL_DATA=str(store))
    assert (as_json.returncode, json.loads(as_json.stdout)["holds"]) == (1, False)


def test_I16_a_tail_that_was_cut_off_exits_1(server: WhimbrelServer, store: Path) -> None:
    """Where entries and the account's memory of them are gone, the head that was kept tells."""
    kept = head_of(whimbrel(server, "audit", "verify", WHIMBREL_DATA=str(store)).stdout)
    damage(
        store,
        "DELETE FROM audit_entry WHERE number > 3;"
        "UPDATE audit_head SET number = 3, hash = (SELECT hash FROM audit_entry WHERE number = 3)",
    )
    assert whimbrel(server, "audit", "verify", WHIMBREL_DATA=str(store)).returncode == 0
    ended = whimbrel(server, "audit", "verify", "--expect", kept, WHIMBREL_DATA=str(store))
    assert ended.returncode == 1
    assert "entry 4 was kept" in ended.stdout


@pytest.mark.parametrize("kept", ["default", "default:1", "default:x:" + "0" * 64, "default:1:" + "0" * 63])
def test_a_head_that_is_none(server: WhimbrelServer, kept: str) -> None:
    """What is no head as a run prints it is refused, rather than taken for a good one."""
    ended = whimbrel(server, "audit", "verify", "--expect", kept)
    assert ended.returncode == 2
    assert "ACCOUNT:NUMBER:HASH" in ended.stderr


def test_what_cannot_be_read_exits_2(server: WhimbrelServer, store: Path, tmp_path: Path) -> None:
    """No database, or no master key: nothing can be said, and no file is made."""
    (store / "master.key").unlink()
    before = sorted(path.name for path in store.iterdir())
    for folder in (store, tmp_path / "nothing"):
        ended = whimbrel(server, "audit", "verify", WHIMBREL_DATA=str(folder))
        assert ended.returncode == 2, ended.stdout
    assert sorted(path.name for path in store.iterdir()) == before
    assert not (tmp_path / "nothing").exists()
