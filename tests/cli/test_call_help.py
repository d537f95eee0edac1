"""What `whimbrel call` says of the operations, derived from their declarations."""

import json
import re

import click
import pytest
from click.testing import CliRunner

from whimbrel.cli.call import read_pairs, warn
from whimbrel.cli.describe import parameters_of
from whimbrel.cli.main import main
from whimbrel.operations.registry import load_operations
from whimbrel.rpc.declared import summary_of

OPERATIONS = load_operations()


def output_of(*words: str) -> str:
    """What a command that must succeed prints."""
    ended = CliRunner().invoke(main, words)
    assert ended.exit_code == 0, ended.output
    return ended.output


def test_the_list_names_every_action() -> None:
    """`whimbrel call --list` has each action of the registry with its sentence."""
    words = " ".join(output_of("call", "--list").split())
    assert all(f"{action} {summary_of(operation)}" in words for action, operation in OPERATIONS.items())


@pytest.mark.parametrize("action", OPERATIONS)
def test_an_actions_help_is_complete(action: str) -> None:
    """The help of an action has every parameter, every declared error, and an example that can be typed."""
    operation = OPERATIONS[action]
    shown = output_of("call", action, "--help")
    assert all(f"  {words.name} " in shown for words in parameters_of(operation))
    assert all(error.code in shown for error in operation.errors)
    assert f"whimbrel call {action}" in shown
    assert '"success": true' in shown


@pytest.mark.parametrize("action", OPERATIONS)
def test_an_actions_example_uses_known_parameters(action: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Typing an action's own example raises no warning."""
    warn(action, OPERATIONS[action].example.request, OPERATIONS)
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("action", OPERATIONS)
def test_help_is_for_readers_without_the_source(action: str) -> None:
    """No help cites the project's work sheets or its invariants by number."""
    assert not re.search(
        r"api-contract|threat-model|device-protocol|\([AFI][0-9]+\)", output_of("call", action, "--help")
    )


def test_openapi_is_printed() -> None:
    """`whimbrel call --openapi` prints the description of every action, for the server that is named."""
    document = json.loads(output_of("call", "--openapi", "--server", "https://ota.example.com"))
    assert document["servers"] == [{"url": "https://ota.example.com"}]
    assert list(document["paths"]) == [f"/?Action={action}" for action in OPERATIONS]


def test_a_creating_actions_token_is_no_misspelling(capsys: pytest.CaptureFixture[str]) -> None:
    """ClientToken is known of actions that make something, and of no other."""
    warn("CreateProduct", {"ClientToken": "x"}, OPERATIONS)
    assert capsys.readouterr().err == ""
    warn("QueryProduct", {"ClientToken": "x"}, OPERATIONS)
    assert "QueryProduct has no parameter ClientToken" in capsys.readouterr().err


def test_limits_stand_in_the_help() -> None:
    """Kind, need, bounds, choices and defaults of parameters are said, those inside lists too."""
    shown = " ".join(output_of("call", "CreateOTAStaticUpgradeJob", "--help").split())
    for words in (
        "FirmwareId The firmware. (required, text, at most 64 characters)",
        "(optional, whole number, 1 to 1440)",
        "(optional, true or false, default true)",
        "(required, one of ALL SPECIFIC GRAY GROUP)",
        "at most 200 entries, N from 1",
        "Tag.N.Key 1 to 30 letters, digits or dots. (needed in each entry, text, matching [A-Za-z0-9.]{1,30})",
    ):
        assert words in shown


@pytest.mark.parametrize(
    ("action", "name", "warning"),
    [
        ("CreateProduct", "ProductNam", "CreateProduct has no parameter ProductNam; did you mean ProductName?"),
        ("CreateProduct", "Zzz", "CreateProduct has no parameter Zzz; `whimbrel call CreateProduct --help` lists them"),
        ("CreateProduct", "ProductName.1", "CreateProduct reads ProductName, not ProductName.1"),
        ("CreateOTAStaticUpgradeJob", "TargetDeviceName", "reads TargetDeviceName.N, not TargetDeviceName"),
        ("CreateProdukt", "ProductName", "no action CreateProdukt is known; did you mean CreateProduct?"),
    ],
)
def test_a_misspelt_name_is_warned_of(action: str, name: str, warning: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A name that the operation does not read is warned of, with the nearest that it does."""
    warn(action, {name: "x"}, OPERATIONS)
    assert warning in capsys.readouterr().err


@pytest.mark.parametrize("name", ["RegionId", "Version", "Format"])
def test_parameters_of_every_call_are_no_misspelling(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """What every call may carry is not warned of."""
    warn("CreateProduct", {name: "x"}, OPERATIONS)
    assert capsys.readouterr().err == ""


def test_an_unknown_actions_help_exits_2() -> None:
    """Help for an action that does not exist names the nearest and exits 2."""
    ended = CliRunner().invoke(main, ["call", "QueryProdukt", "--help"])
    assert ended.exit_code == 2
    assert "did you mean QueryProduct?" in ended.output


def test_a_value_may_hold_equal_signs() -> None:
    """Only the first `=` parts a name from its value, which may be empty."""
    assert read_pairs(("A=b=c", "B=")) == {"A": "b=c", "B": ""}


@pytest.mark.parametrize("pairs", [("A",), ("=b",), ("A=1", "A=1")])
def test_words_that_are_no_pairs_are_refused(pairs: tuple[str, ...]) -> None:
    """A word without `=` or without a name, and a name twice, are refused."""
    with pytest.raises(click.UsageError):
        read_pairs(pairs)
