"""What devices say cannot do anything to the terminal that shows it."""

import json

import pytest

from whimbrel.cli.api import RefusedError
from whimbrel.cli.plain_text import cut, plain
from whimbrel.cli.release_display import JsonLines, Words
from whimbrel.cli.release_events import Failures

HOSTILE = "step -2: \x1b]0;owned\x07\x1b[2J\x9b31m \u202egnp.exe\r\x08 灯\U000e0001"


def test_what_cannot_be_seen_is_written_out() -> None:
    """Escapes, C1 controls, bidi marks and tags become their JSON escapes; other languages stay (A09)."""
    assert plain(HOSTILE).isprintable()
    assert json.loads(f'"{plain(HOSTILE)}"') == HOSTILE
    assert plain("灯 2.0 ü") == "灯 2.0 ü"


@pytest.mark.parametrize("display", [JsonLines(), Words()])
def test_no_display_shows_it_raw(display: JsonLines | Words, capsys: pytest.CaptureFixture[str]) -> None:
    """Neither the words nor the lines; what programs read is what the device said."""
    display.tell(Failures("1", 1, ({"reason": HOSTILE, "devices": 1, "example": "lamp-0001"},)))
    shown = capsys.readouterr().out
    assert shown.replace("\n", "").isprintable()
    if isinstance(display, JsonLines):
        assert json.loads(shown)["reasons"][0]["reason"] == HOSTILE


def test_no_refusal_shows_it_raw() -> None:
    """A server may say back what others wrote."""
    assert str(RefusedError("QueryProduct", "code", HOSTILE)).isprintable()


@pytest.mark.parametrize(
    ("text", "columns", "shown"),
    [
        ("lamp", 4, "lamp"),
        ("lamp", 3, "lam"),
        ("灯具lamp", 5, "灯具l"),
        ("灯具", 3, "灯"),
        ("u\u0308ber", 2, "u\u0308b"),
    ],
)
def test_a_line_is_cut_where_the_terminal_ends(text: str, columns: int, shown: str) -> None:
    """A CJK character takes two columns, a combining one none: a moving line that wraps would leave rubbish behind."""
    assert cut(text, columns) == shown
