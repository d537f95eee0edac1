"""`whimbrel simulate`: a fleet of virtual devices, watched from the terminal."""

from __future__ import annotations

import asyncio
import json
import os
import resource
import signal
import ssl
import sys
import time
from typing import Any
from urllib.parse import urlsplit

import click

from whimbrel.cli.access import Access, with_access
from whimbrel.cli.api import Api
from whimbrel.simulator.enrolment import EnrolledProduct, EnrolmentError
from whimbrel.simulator.fate import Shares
from whimbrel.simulator.fleet import FleetPlan, MqttDoor, Simulation, Summary, Watch
from whimbrel.simulator.tally import DeviceState, Tally

BAR_WIDTH = 24
LINE_EVERY_SECONDS = 1.0
DEFAULT_MQTT = "127.0.0.1:1883"
OPEN_FILES_BESIDE_DEVICES = 256
_SHARE = click.FloatRange(0, 1)


@click.command()
@with_access
@click.option("--product", required=True, metavar="NAME_OR_KEY", help="The devices' product; made when there is none.")
@click.option("--devices", default=100, type=click.IntRange(1, 50_000), help="How many. Default: 100.")
@click.option("--prefix", metavar="TEXT", help="Device names are this and a number. Default: the product's name and -.")
@click.option("--version", metavar="TEXT", help="What the devices run. Default: what each reported last, else 1.0.0.")
@click.option("--fail-share", default=0.0, type=_SHARE, help="This part of the devices fails: 0.1 is every tenth.")
@click.option("--silent-share", default=0.0, type=_SHARE, help="This part says nothing more after its first progress.")
@click.option("--seed", default=1, help="Decides which devices fail and which fall silent. Default: 1.")
@click.option("--seconds", type=click.FloatRange(min=0), metavar="N", help="End after so long. Default: never.")
@click.option("--until-done", is_flag=True, help="End when every device has succeeded, failed or fallen silent.")
@click.option(
    "--mqtt", envvar="WHIMBREL_MQTT", default=DEFAULT_MQTT, metavar="HOST:PORT", help="Where devices connect."
)
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON.")
def simulate(access: Access, mqtt: str, as_json: bool, **options: Any) -> None:
    """Run virtual devices until Ctrl-C: they register themselves, connect, and obey the upgrades you send them.

    They connect in plain text, or over TLS when --server is https. With --until-done the exit status is 1 when the
    time ended first.

    \b
    Example:
      whimbrel simulate --product lamp --devices 50 --fail-share 0.1 --silent-share 0.05
    """
    plan = _plan(options)
    _allow_open_files(plan.devices)
    summary = _run(plan, _door(mqtt, access.server), access)
    click.echo(json.dumps(summary.as_json(), indent=2) if as_json else _table(summary), nl=as_json)
    sys.exit(1 if plan.until_done and not summary.tally.is_done else 0)


def _plan(options: dict[str, Any]) -> FleetPlan:
    return FleetPlan(
        product=options["product"],
        devices=options["devices"],
        prefix=f"{options['product']}-" if options["prefix"] is None else options["prefix"],
        version=options["version"],
        shares=Shares(options["fail_share"], options["silent_share"]),
        seed=options["seed"],
        seconds_max=options["seconds"],
        until_done=options["until_done"],
    )


def _door(mqtt: str, server: str) -> MqttDoor:
    host, _, port = mqtt.rpartition(":")
    if not host or not (port.isascii() and port.isdecimal()):
        raise click.UsageError(f"--mqtt must be HOST:PORT, given was {mqtt}")
    tls = ssl.create_default_context() if urlsplit(server).scheme == "https" else None
    return MqttDoor(host.removeprefix("[").removesuffix("]"), int(port), tls)


def _run(plan: FleetPlan, door: MqttDoor, access: Access) -> Summary:
    # Imported here: the other commands start without it.
    import uvloop

    credentials = access.credentials
    display = _Display()
    watch = Watch(display.found, display.moved)
    try:
        simulation = Simulation(plan, door, lambda: Api(access.server, credentials), watch)
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            return runner.run(_until_signalled(simulation))
    except (EnrolmentError, ConnectionError) as error:
        raise click.ClickException(str(error)) from None
    finally:
        display.end()


async def _until_signalled(simulation: Simulation) -> Summary:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    return await simulation.run(stop)


def _allow_open_files(devices: int) -> None:
    """A device is a socket: ask the operating system for as many as are needed."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = devices + OPEN_FILES_BESIDE_DEVICES
    if soft != resource.RLIM_INFINITY and soft < wanted:
        if hard != resource.RLIM_INFINITY and hard < wanted:
            raise click.ClickException(
                f"{devices} devices need {wanted} open files, {hard} are allowed; raise the limit (ulimit -n) or take "
                "fewer devices"
            )
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


class _Display:
    """On a terminal one line that is written again and again; else a line a second while the counts change."""

    def __init__(self) -> None:
        self._is_terminal = sys.stderr.isatty()
        self._shown = ""
        self._latest = ""
        self._shown_s = 0.0

    def found(self, product: EnrolledProduct) -> None:
        made = "a new product" if product.is_new else "the product"
        click.echo(f"Simulating devices of {made}, {product.name} ({product.key}); Ctrl-C ends it", err=True)

    def moved(self, tally: Tally) -> None:
        self._latest = f"{_bar(tally)} {_counts(tally)}" if self._is_terminal else _counts(tally)
        if self._is_terminal or time.monotonic() >= self._shown_s + LINE_EVERY_SECONDS:
            self._show()

    def end(self) -> None:
        self._show()
        if self._is_terminal and self._shown:
            click.echo("", err=True)

    def _show(self) -> None:
        if self._latest == self._shown:
            return
        self._shown, self._shown_s = self._latest, time.monotonic()
        if self._is_terminal:
            width = max(20, os.get_terminal_size(sys.stderr.fileno()).columns - 1)
            click.echo(f"\r\x1b[K{self._latest[:width]}", nl=False, err=True)
        else:
            click.echo(self._latest, err=True)


def _bar(tally: Tally) -> str:
    filled = BAR_WIDTH * tally.ended // tally.devices
    return f"[{'#' * filled}{'-' * (BAR_WIDTH - filled)}] {100 * tally.ended // tally.devices:3d}%"


def _counts(tally: Tally) -> str:
    states = ", ".join(f"{tally.by_state[state]} {state}" for state in DeviceState if tally.by_state[state])
    return f"{tally.connected} connected: {states}"


def _table(summary: Summary) -> str:
    tally = summary.tally
    out = click.HelpFormatter()
    out.write(f"{tally.devices} devices of {summary.product.name} ({summary.product.key}), {summary.seconds:.1f} s\n")
    with out.section("By state"):
        out.write_dl([(state.value, str(tally.by_state[state])) for state in DeviceState])
    with out.section("By version"):
        out.write_dl(
            [(version, str(count)) for version, count in sorted(tally.by_version.items()) if count] or [("", "")]
        )
    out.write(f"\n{tally.reports} reports, {tally.downloaded_bytes} bytes downloaded, {tally.reconnects} reconnects\n")
    return out.getvalue()
