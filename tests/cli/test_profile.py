"""`whimbrel profile`: who may read the file, what is shown of it, and which server and key a command takes."""

import json
import os
import stat
import subprocess
from pathlib import Path

import pytest

from tests.story.servers import WHIMBREL
from whimbrel.cli.access import Access
from whimbrel.cli.profiles import Profile, Profiles, load_profiles, profiles_path, save_profiles
from whimbrel.rpc.signing_caller import Credentials

SECRET = "sEcReT-0123456789"
HERE, THERE = "http://127.0.0.1:8686", "https://ota.example.com/fleet"
VARIABLES = ("SERVER", "DATA", "PROFILE", "ACCESS_KEY_ID", "ACCESS_KEY_SECRET")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A person's configuration folder, and no WHIMBREL_ variable."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.chdir(tmp_path)
    for name in VARIABLES:
        monkeypatch.delenv(f"WHIMBREL_{name}", raising=False)
    return tmp_path


def profile(*words: str, given: str = "") -> "subprocess.CompletedProcess[str]":
    """Run `whimbrel profile` with the text on stdin."""
    return subprocess.run([WHIMBREL, "profile", *words], input=given, capture_output=True, text=True, timeout=30)


def two_profiles() -> None:
    """`prod`, in use, and `lab`."""
    by_name = {
        name: Profile(f"https://{name}.example.com", Credentials(f"id-{name}", SECRET)) for name in ("prod", "lab")
    }
    save_profiles(profiles_path(), Profiles(by_name, "prod"))


def test_a_profile_is_kept_for_its_owner_alone(home: Path) -> None:
    """The file has mode 0600 and its folder 0700, and what was put in is what is read (A05)."""
    key_file = home / "key.json"
    key_file.write_text(json.dumps({"AccessKeyId": "id-1", "AccessKeySecret": SECRET}))
    assert profile("add", "prod", "--server", THERE, "--key-file", str(key_file)).returncode == 0
    assert profile("add", "a.b", "--server", HERE, "--key-id", "id-2", given=f"{SECRET}\n").returncode == 0
    path = home / "config/whimbrel/profiles.toml"
    assert [stat.S_IMODE(os.stat(name).st_mode) for name in (path, path.parent)] == [0o600, 0o700]
    assert load_profiles(path) == Profiles(
        {"prod": Profile(THERE, Credentials("id-1", SECRET)), "a.b": Profile(HERE, Credentials("id-2", SECRET))}, "prod"
    )


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644, 0o610])
def test_a_file_that_others_may_read_is_refused(home: Path, mode: int) -> None:
    """Every command that would use it says what to do, and exits 2."""
    two_profiles()
    profiles_path().chmod(mode)
    refused = profile("list")
    assert refused.returncode == 2
    assert "chmod 600" in refused.stderr
    assert SECRET not in refused.stderr


def test_no_secret_is_ever_shown(home: Path) -> None:
    """list, show, use and remove print ids and URLs."""
    two_profiles()
    shown = [profile(*words) for words in (["list"], ["list", "--json"], ["show"], ["show", "lab"], ["use", "lab"])]
    shown.append(profile("remove", "lab"))
    assert all(ended.returncode == 0 for ended in shown)
    assert all(SECRET not in ended.stdout + ended.stderr for ended in shown)
    assert "* prod" in shown[0].stdout
    assert [row["name"] for row in json.loads(shown[1].stdout)] == ["lab", "prod"]
    assert load_profiles(profiles_path()).chosen is None, "the one in use was removed"
    assert SECRET in profiles_path().read_text()


@pytest.mark.parametrize(
    ("words", "given"),
    [
        (("add", "bad name", "--server", HERE, "--key-id", "i"), SECRET),
        (("add", "x", "--server", "ftp://example.com", "--key-id", "i"), SECRET),
        (("add", "x", "--server", HERE), SECRET),
        (("add", "x", "--server", HERE, "--key-id", "i"), ""),
        (("add", "x", "--server", HERE, "--key-id", "i"), "two words\n"),
        (("use", "x"), ""),
        (("remove", "x"), ""),
        (("show",), ""),
    ],
)
def test_what_cannot_be_a_profile_is_refused(home: Path, words: tuple[str, ...], given: str) -> None:
    """Exit status 2, and no file is made."""
    assert profile(*words, given=given).returncode == 2
    assert not profiles_path().exists()


def test_a_name_has_64_characters(home: Path) -> None:
    """63 and 64 are taken, 65 are not."""
    statuses = [
        profile("add", "n" * n, "--server", HERE, "--key-id", "i", given=SECRET).returncode for n in (63, 64, 65)
    ]
    assert statuses == [0, 0, 2]


@pytest.mark.parametrize(
    "text", ["chosen = 1", "profiles = 1", "[profiles.x]\nserver = 'a'", "= =", "[profiles.x]\nserver = 3"]
)
def test_a_broken_file_is_said_to_be_one(home: Path, text: str) -> None:
    """No trace and no guess: exit status 2 with the file's name."""
    two_profiles()
    profiles_path().write_text(text)
    refused = profile("list")
    assert refused.returncode == 2
    assert "profiles.toml" in refused.stderr


@pytest.mark.parametrize(
    ("access", "variables", "server", "key_id"),
    [
        (Access(), {}, "https://prod.example.com", "id-prod"),
        (Access(profile_given="lab"), {}, "https://lab.example.com", "id-lab"),
        (Access(), {"PROFILE": "lab"}, "https://lab.example.com", "id-lab"),
        (Access(profile_given="prod"), {"PROFILE": "lab"}, "https://prod.example.com", "id-prod"),
        (Access(profile_given="lab"), {"SERVER": HERE}, "https://lab.example.com", "id-lab"),
        (Access(profile_given="lab", server_given=HERE), {}, HERE, "id-lab"),
        (Access(), {"ACCESS_KEY_ID": "id-env", "ACCESS_KEY_SECRET": SECRET}, "https://prod.example.com", "id-env"),
        (Access(), {"PROFILE": "lab", "SERVER": HERE}, HERE, "id-lab"),
        (Access(server_given=THERE), {}, THERE, "id-data"),
        (Access(), {"SERVER": THERE}, THERE, "id-data"),
        (Access(data="var"), {}, HERE, "id-data"),
        (Access(data="var"), {"PROFILE": "lab"}, HERE, "id-data"),
        (Access(), {"DATA": "var"}, HERE, "id-data"),
        (Access(key_file=Path("var/root-access-key.json")), {}, "https://prod.example.com", "id-data"),
    ],
)
def test_what_is_said_nearest_counts(
    home: Path, monkeypatch: pytest.MonkeyPatch, access: Access, variables: dict[str, str], server: str, key_id: str
) -> None:
    """Command line, environment, chosen profile, data folder; the chosen profile's key goes to its own server alone."""
    two_profiles()
    (home / "var").mkdir()
    (home / "var/root-access-key.json").write_text(json.dumps({"AccessKeyId": "id-data", "AccessKeySecret": SECRET}))
    for name, content in variables.items():
        monkeypatch.setenv(f"WHIMBREL_{name}", content)
    assert (access.server, access.credentials.access_key_id) == (server, key_id)


def test_without_profiles_nothing_is_new(home: Path) -> None:
    """The default server and the data folder's key, and no file is made."""
    assert Access().server == HERE
    assert not profiles_path().exists()
