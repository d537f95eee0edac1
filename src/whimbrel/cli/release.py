"""`whimbrel release`: from files to an updated fleet, in one command that may be repeated."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from whimbrel.cli.access import Access, with_access
from whimbrel.cli.completions import complete_device_lists, complete_products
from whimbrel.cli.following import EndedError
from whimbrel.cli.interrupting import heed_sigterm
from whimbrel.cli.release_display import open_display
from whimbrel.cli.release_firmware import Verification
from whimbrel.cli.release_job import Consent
from whimbrel.cli.release_plan import (
    Plan,
    read_file,
    read_minutes,
    read_stages,
    read_target,
    read_windows,
    split_names,
)
from whimbrel.cli.release_run import Run

VERIFY_DEVICES_MAX = 10
FILES_MAX = 20
_HELP = """Release FILEs: upload, verify, roll out, and follow until the end.

The same command may be repeated whenever it was cut off: it goes on where it was and makes nothing twice. Without
--pace none it tells no more devices at once than those before them have earned, and every rollout halts itself when
too many fail. On a terminal it asks before anybody is told; elsewhere it needs --yes and prints a JSON object a line.

\b
Exit status:
  0  completed, no device failed       4  halted by its gate
  1  refused, or not confirmed         5  ended, and some devices failed
  2  the command line is wrong         6  cancelled
  3  the verification failed           7  waited for longer than --wait-timeout
                                     130  interrupted; what was begun goes on

\b
Example:
  whimbrel release lamp-2.bin --product lamp --version 2.0.0 --verify-on lamp-0001 --stages 1%:60m,10%:4h --yes
"""


@click.command(help=_HELP)
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@with_access
@click.option("--product", required=True, metavar="NAME|KEY", shell_complete=complete_products, help="Its product.")
@click.option("--version", required=True, metavar="V", help="What devices report afterwards.")
@click.option("--module", default="default", metavar="M", help="The module it is for. Default: default.")
@click.option("--name", metavar="TEXT", help="The firmware's name. Default: from product, module and version.")
@click.option(
    "--sign-method",
    type=click.Choice(["SHA256", "MD5"]),
    default="SHA256",
    help="The digest that devices check. Default: SHA256.",
)
@click.option("--source-version", "source_versions", multiple=True, metavar="V", help="Only devices that report this.")
@click.option("--verify-on", metavar="DEVICE,…", shell_complete=complete_device_lists, help="Try it first on these.")
@click.option("--no-verify", is_flag=True, help="Make firmware that needs no trial.")
@click.option(
    "--target",
    default="all",
    metavar="WHOM",
    help="all, group:NAME, devices:NAME,…, @FILE (a name a line) or gray:PERCENT. Default: all.",
)
@click.option("--stages", metavar="LIST", help="Who goes first, and for how long to look: 1%:60m,500:4h. In order.")
@click.option("--gate-limit", metavar="PERCENT", help="Halt when more than these fail or go silent. Default: 3.")
@click.option(
    "--pace",
    type=click.Choice(["evidence", "none"]),
    default="evidence",
    help="evidence: no more devices at risk than successes allow; none: as many as can be. Default: evidence.",
)
@click.option("--window", "windows", multiple=True, metavar="WHEN", help="Tell devices then only: MON-THU 22:00-05:00.")
@click.option("--time-zone", metavar="ZONE", help="Of the windows: Europe/Berlin.")
@click.option("--timeout", metavar="TIME", help="A device that began has so long: 60m. Default: no end.")
@click.option("--preview", is_flag=True, help="End before anybody is told, and say who would be. Uploads and verifies.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option(
    "--expect", type=click.IntRange(min=0), metavar="N", help="Refuse unless exactly N devices would be told."
)
@click.option("--again", is_flag=True, help="Do once more what has come to an end: a failed trial, an ended rollout.")
@click.option("--wait/--detach", default=True, help="Follow the rollout to its end (default), or leave it alone.")
@click.option("--wait-timeout", metavar="TIME", help="Wait no longer than this: 90m, 2d. Default: no end.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON lines on a terminal too.")
def release(files: tuple[Path, ...], access: Access, as_json: bool, **options: Any) -> None:
    """See _HELP."""
    verification, consent = _verification(options), _consent(options)
    plan = _plan(options)
    _check_files(files)
    if plan.is_at_once and consent.is_given and consent.expected is None:
        raise click.UsageError("--pace none without --stages tells everybody at once: give --expect N beside --yes")
    wait_timeout = options["wait_timeout"]
    wait_minutes = None if wait_timeout is None else read_minutes("--wait-timeout", wait_timeout)
    run = Run(access, open_display(as_json), wait_minutes)
    heed_sigterm()

    def steps() -> EndedError:
        read = plan._replace(files=tuple(map(read_file, files)))
        return run.release(read, verification, consent, options["wait"])

    sys.exit(run.to_end(steps))


def _check_files(files: tuple[Path, ...]) -> None:
    if len(files) > FILES_MAX:
        raise click.UsageError(f"firmware has at most {FILES_MAX} files")
    if len({file.name for file in files}) < len(files):
        raise click.UsageError("the files of firmware need different names")
    if len(files) > 1 and not all(_is_utf8(file.name) for file in files):
        raise click.UsageError("the names of firmware's files must be UTF-8: devices are told them")


def _plan(options: dict[str, Any]) -> Plan:
    """Without its files, which take their time to be read."""
    policy = {"XPace": options["pace"].upper(), **read_stages(options["stages"] or "")}
    policy |= read_windows(options["windows"], options["time_zone"])
    if options["gate_limit"]:
        policy["XGateLimit"] = options["gate_limit"].removesuffix("%")
    if (minutes := _timeout_minutes(options)) is not None:
        policy["TimeoutInMinutes"] = str(minutes)
    return Plan(
        files=(),
        product=options["product"],
        version=options["version"],
        module=options["module"],
        name=options["name"],
        sign_method=options["sign_method"],
        target=read_target(options["target"]),
        source_versions=options["source_versions"],
        policy=policy,
    )


def _verification(options: dict[str, Any]) -> Verification:
    device_names = split_names(options["verify_on"] or "")
    if device_names and options["no_verify"]:
        raise click.UsageError("give either --verify-on or --no-verify")
    if len(device_names) > VERIFY_DEVICES_MAX:
        raise click.UsageError(f"--verify-on takes at most {VERIFY_DEVICES_MAX} devices")
    needs_trial = not options["no_verify"]
    return Verification(tuple(device_names), needs_trial, options["again"], _timeout_minutes(options))


def _consent(options: dict[str, Any]) -> Consent:
    if not (options["yes"] or options["preview"] or sys.stdin.isatty()):
        raise click.UsageError("nobody is at a terminal to be asked: give --yes, or --preview")
    return Consent(options["yes"], options["expect"], options["again"], options["preview"])


def _timeout_minutes(options: dict[str, Any]) -> int | None:
    return None if options["timeout"] is None else read_minutes("--timeout", options["timeout"])


def _is_utf8(name: str) -> bool:
    """False for what the file system has in another encoding, of which Python makes surrogates."""
    return not any("\ud800" <= sign <= "\udfff" for sign in name)
