"""`whimbrel completion`: a real bash completes with it, and a server that is away or refuses offers nothing."""

import subprocess
from pathlib import Path

import pytest

from tests.cli.releasing import absent_fleet, firmware_file, release
from tests.cli.terminal import environment, whimbrel
from tests.story.servers import WHIMBREL, WhimbrelServer

#: Completes a line as bash does when Tab is pressed at its end; prints what is offered.
_TAB = """
eval "$(whimbrel completion bash)"
COMP_LINE="$1"; COMP_POINT=${#1}; read -ra COMP_WORDS <<< "$1"
[[ "$1" == *' ' ]] && COMP_WORDS+=('')
COMP_CWORD=$(( ${#COMP_WORDS[@]} - 1 ))
_whimbrel_completion whimbrel
printf '%s\\n' "${COMPREPLY[@]}"
"""


def offered(server: WhimbrelServer, line: str, **variables: str) -> list[str]:
    """What bash offers at the end of the line."""
    own = environment(server, **variables)
    own["PATH"] = f"{WHIMBREL.parent}:{own['PATH']}"
    command = ["bash", "--norc", "-c", _TAB, "bash", line]
    ended = subprocess.run(command, env=own, capture_output=True, text=True, timeout=60)
    assert (ended.returncode, ended.stderr) == (0, ""), ended.stderr
    return ended.stdout.split()


def test_bash_completes(server: WhimbrelServer, tmp_path: Path) -> None:
    """Commands, options, actions, products, devices, lists of devices, and jobs."""
    absent_fleet(server, "lamp", 2)
    words = (str(firmware_file(tmp_path, "lamp")), "--product", "lamp", "--version", "2", "--no-verify")
    job_id = release(server, *words, "--yes", "--detach")[-1]["job_id"]
    assert offered(server, "whimbrel re") == ["release", "resume", "reject"]
    assert offered(server, "whimbrel release --verify") == ["--verify-on"]
    assert offered(server, "whimbrel call ListOTAF") == ["ListOTAFirmware"]
    assert offered(server, "whimbrel call listotaf") == ["ListOTAFirmware"]
    assert offered(server, "whimbrel release --product l") == ["lamp"]
    assert offered(server, "whimbrel why lamp-") == ["lamp-0002", "lamp-0001"]
    listed = offered(server, "whimbrel release --product lamp --verify-on lamp-0001,lamp-000")
    assert listed == ["lamp-0001,lamp-0002"]
    assert offered(server, "whimbrel follow ") == [job_id]
    assert offered(server, "whimbrel resume ") == []
    assert whimbrel(server, "pause", job_id, "--reason", "lunch").returncode == 0
    assert offered(server, "whimbrel resume ") == [job_id]
    assert offered(server, "whimbrel completion ") == ["bash", "zsh", "fish"]


@pytest.mark.parametrize(
    "variables",
    [
        {"WHIMBREL_SERVER": "http://127.0.0.1:9"},
        {"WHIMBREL_SERVER": "nonsense"},
        {"WHIMBREL_DATA": "/nowhere"},
        {"WHIMBREL_PROFILE": "no-such"},
        {"WHIMBREL_ACCESS_KEY_ID": "nobody", "WHIMBREL_ACCESS_KEY_SECRET": "nothing"},
    ],
)
def test_what_goes_wrong_offers_nothing(server: WhimbrelServer, variables: dict[str, str]) -> None:
    """No message comes between the words that a person types."""
    assert offered(server, "whimbrel release --product l", **variables) == []


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_has_its_text(server: WhimbrelServer, shell: str) -> None:
    """The text is the shell's own and names our command."""
    printed = whimbrel(server, "completion", shell)
    assert printed.returncode == 0, printed.stderr
    assert "_WHIMBREL_COMPLETE" in printed.stdout
