"""What the words of `whimbrel release` become, without a server."""

from pathlib import Path

import click
import pytest

from whimbrel.cli.lookup import Product
from whimbrel.cli.release_firmware import _name
from whimbrel.cli.release_plan import Plan, Target, read_file, read_minutes, read_stages, read_target, read_windows


@pytest.mark.parametrize(("text", "minutes"), [("0", 0), ("90", 90), ("60m", 60), ("4h", 240), ("2d", 2880)])
def test_times(text: str, minutes: int) -> None:
    """Minutes unless a unit says otherwise."""
    assert read_minutes("--timeout", text) == minutes


@pytest.mark.parametrize("text", ["", "m", "-1", "1s", "1.5h", "١m", "12345678"])
def test_no_times(text: str) -> None:
    """Anything else is refused with the option's name."""
    with pytest.raises(click.UsageError, match="--timeout"):
        read_minutes("--timeout", text)


def test_stages() -> None:
    """A share or a number, a soak, and how many must have succeeded."""
    assert read_stages("1%:60m,500:4h:90%, 12.5%:0") == {
        "XStages.1.Percent": "1",
        "XStages.1.SoakMinutes": "60",
        "XStages.2.Count": "500",
        "XStages.2.SoakMinutes": "240",
        "XStages.2.SucceededPercent": "90",
        "XStages.3.Percent": "12.5",
        "XStages.3.SoakMinutes": "0",
    }


@pytest.mark.parametrize("text", ["1%", "1%:", ":60m", "1%:60m:90", "one:60m"])
def test_no_stages(text: str) -> None:
    """A stage that is not understood is refused: a canary left out would be everybody."""
    with pytest.raises(click.UsageError, match="--stages"):
        read_stages(text)


@pytest.mark.parametrize(
    ("days", "sent"),
    [
        ("MON-THU", "MON,TUE,WED,THU"),
        ("sat-mon", "SAT,SUN,MON"),
        ("SUN-SUN", "SUN"),
        ("MON,WED-FRI", "MON,WED,THU,FRI"),
        ("ALL", "ALL"),
    ],
)
def test_windows(days: str, sent: str) -> None:
    """Ranges of days are written out, over the week's end too."""
    assert read_windows([f"{days} 22:00-05:00"], "Europe/Berlin") == {
        "XTimeZone": "Europe/Berlin",
        "XWindows.1.Days": sent,
        "XWindows.1.Start": "22:00",
        "XWindows.1.End": "05:00",
    }


def plan(tmp_path: Path, target: Target, **changed: object) -> Plan:
    """A plan for one file."""
    file = tmp_path / "a.bin"
    file.write_bytes(b"firmware")
    first = Plan((read_file(file),), "lamp", "2", "default", None, "SHA256", target, (), {"XPace": "EVIDENCE"})
    return first._replace(**changed)


def test_a_seed_is_the_release(tmp_path: Path) -> None:
    """Another version, target or source is another release; another pace, or another order of names, is not."""
    listed = tmp_path / "devices"
    listed.write_text("a\nb\n")
    first = plan(tmp_path, read_target("devices:a,b"))
    same = [
        plan(tmp_path, read_target("devices:b, a,a")),
        plan(tmp_path, read_target("devices:a,b"), policy={"XPace": "NONE"}, name="other"),
    ]
    other = [
        plan(tmp_path, read_target("devices:a,b"), version="3"),
        plan(tmp_path, read_target("devices:a,b"), source_versions=("1",)),
        plan(tmp_path, read_target("devices:a")),
        plan(tmp_path, read_target("all")),
        plan(tmp_path, read_target(f"@{listed}")),
        plan(tmp_path, read_target("gray:5%")),
    ]
    assert {found.seed("k") for found in same} == {first.seed("k")}
    assert len({found.seed("k") for found in [first, *other]}) == len(other) + 1
    assert first.seed("k") != first.seed("l")
    before = plan(tmp_path, read_target(f"@{listed}")).seed("k")
    listed.write_text("DeviceName\nb,hall 2\n\na\n")
    assert plan(tmp_path, read_target(f"@{listed}")).seed("k") == before


@pytest.mark.parametrize(
    ("product", "version", "name"),
    [("灯具", "1.0", "灯具-1-0"), ("lamp", "2.0.1", "lamp-2-0-1"), ("_x_", "1 b", "x_-1-b")],
)
def test_names_keep_what_names_may_have(product: str, version: str, name: str) -> None:
    """A name is unique in its account: two products of CJK names must not come to the same one."""
    plan = Plan((), product, version, "default", None, "SHA256", Target("ALL"), (), {})
    assert _name(plan, Product("k1", product, 0)) == name
