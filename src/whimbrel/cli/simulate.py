"""`whimbrel simulate`: a fleet of virtual devices, watched from the terminal."""

from __future__ import annotations

import asyncio
import contextlib
import json
import resource
import signal
import ssl
import sys
from typing import Any, TextIO
from urllib.parse import urlsplit

import click

from whimbrel.cli.access import Access, with_access
from whimbrel.cli.api import Api
from whimbrel.cli.fleet_display import FleetDisplay, table
from whimbrel.cli.fleet_shares import MODELS_HELP, read_mix, read_modules
from whimbrel.domain.device import DEVICE_NAME
from whimbrel.simulator.enrolment import EnrolmentError
from whimbrel.simulator.family import Family
from whimbrel.simulator.fate import Model
from whimbrel.simulator.fleet import Doors, FleetPlan, Simulation, Watch
from whimbrel.simulator.http_client import CONNECTIONS_MAX
from whimbrel.simulator.site import DOWNLOADING_MAX, SLOW_DOWNLOADING_MAX, MqttDoor
from whimbrel.simulator.summary import Summary

LEVELS = {"3.1.1": 4, "5": 5}
DEFAULT_MQTT = "127.0.0.1:1883"
OPEN_FILES_BESIDE_DEVICES = 128 + CONNECTIONS_MAX + DOWNLOADING_MAX + SLOW_DOWNLOADING_MAX
_SHARE = click.FloatRange(0, 1)
_POSITIVE = click.FloatRange(min=0, min_open=True)
_HELP = f"""Run virtual devices until Ctrl-C: they register themselves, connect, and obey the upgrades you send them.

They connect in plain text, or over TLS when --server is https. With --until-done the exit status is 1 when the time
ended first. A device has one of these models, or none; the seed decides which:

\b
{MODELS_HELP}

\b
Example:
  whimbrel simulate --product lamp --devices 50 --model fails=0.1 --model silent=0.05
"""


@click.command(help=_HELP)
@with_access
@click.option("--product", required=True, metavar="NAME_OR_KEY", help="The devices' product; made when there is none.")
@click.option("--devices", default=100, type=click.IntRange(1, 50_000), help="How many. Default: 100.")
@click.option(
    "--prefix",
    metavar="TEXT",
    help="Device names are this and a number. Default: the product's name and -, or device-.",
)
@click.option("--version", metavar="TEXT", help="What the devices run. Default: what each reported last, else 1.0.0.")
@click.option("--module", "modules", multiple=True, metavar="NAME=VERSION", help="A further module that they have.")
@click.option(
    "--family",
    "families",
    multiple=True,
    metavar="NAME[=SHARE]",
    help=f"How they connect: {', '.join(Family)}; with shares, several of them. Default: mqtt.",
)
@click.option("--model", "models", multiple=True, metavar="NAME=SHARE", help="This part misbehaves like that.")
@click.option("--fail-share", default=0.0, type=_SHARE, help="The same as --model fails=SHARE.")
@click.option("--silent-share", default=0.0, type=_SHARE, help="The same as --model silent=SHARE.")
@click.option("--seed", default=1, help="Decides which devices misbehave, and how. Default: 1.")
@click.option("--seconds", type=click.FloatRange(min=0), metavar="N", help="End after so long. Default: never.")
@click.option("--until-done", is_flag=True, help="End when no device has anything left to do.")
@click.option("--ramp", type=_POSITIVE, metavar="N", help="At most so many connect in a second. Default: no limit.")
@click.option(
    "--poll-seconds", type=_POSITIVE, metavar="N", help="How often https and ddi devices ask. Default: as told."
)
@click.option("--gateway-token", default="", metavar="TEXT", help="For ddi devices. Default: each gets its own token.")
@click.option("--record", type=click.File("w"), metavar="FILE", help="Write what happens to each device there.")
@click.option(
    "--mqtt", envvar="WHIMBREL_MQTT", default=DEFAULT_MQTT, metavar="HOST:PORT", help="Where mqtt devices connect."
)
@click.option(
    "--mqtt-version", type=click.Choice(list(LEVELS)), default="3.1.1", help="What they speak. Default: 3.1.1."
)
@click.option("--http", metavar="URL", help="Where https and ddi devices connect. Default: --server.")
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON.")
def simulate(access: Access, mqtt: str, http: str | None, as_json: bool, record: TextIO | None, **options: Any) -> None:
    """See _HELP."""
    plan = _plan(options)
    _allow_open_files(plan)
    door = _door(mqtt, access.server)._replace(level=LEVELS[options["mqtt_version"]])
    summary = _run(plan, Doors(door, http or access.server), access, record)
    click.echo(json.dumps(summary.as_json(), indent=2) if as_json else table(summary), nl=as_json)
    sys.exit(1 if plan.until_done and not summary.tally.is_done else 0)


def _plan(options: dict[str, Any]) -> FleetPlan:
    shares = {Model.FAILS: options["fail_share"], Model.SILENT: options["silent_share"]}
    return FleetPlan(
        product=options["product"],
        devices=options["devices"],
        prefix=_prefix(options["product"]) if options["prefix"] is None else options["prefix"],
        mix=read_mix(options["families"], options["models"], shares),
        seed=options["seed"],
        version=options["version"],
        modules=read_modules(options["modules"]),
        seconds_max=options["seconds"],
        until_done=options["until_done"],
        connects_per_s=options["ramp"],
        poll_s=options["poll_seconds"],
        gateway_token=options["gateway_token"],
    )


def _prefix(product: str) -> str:
    """The product's name where devices may have it in theirs: it may be CJK, they may not."""
    return f"{product}-" if DEVICE_NAME.fullmatch(f"{product}-0001") else "device-"


def _door(mqtt: str, server: str) -> MqttDoor:
    host, _, port = mqtt.rpartition(":")
    if not host or not (port.isascii() and port.isdecimal()):
        raise click.UsageError(f"--mqtt must be HOST:PORT, given was {mqtt}")
    tls = ssl.create_default_context() if urlsplit(server).scheme == "https" else None
    return MqttDoor(host.removeprefix("[").removesuffix("]"), int(port), tls)


def _run(plan: FleetPlan, doors: Doors, access: Access, record: TextIO | None) -> Summary:
    # Imported here: the other commands start without it.
    import uvloop

    credentials = access.credentials
    display = FleetDisplay()
    watch = Watch(display.found, display.moved, record)
    try:
        simulation = Simulation(plan, doors, lambda: Api(access.server, credentials), watch)
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    try:
        with contextlib.closing(display), asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            return runner.run(_until_signalled(simulation))
    except (EnrolmentError, ConnectionError) as error:
        raise click.ClickException(str(error)) from None


async def _until_signalled(simulation: Simulation) -> Summary:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    return await simulation.run(stop)


def _allow_open_files(plan: FleetPlan) -> None:
    """A device that keeps connected is a socket: ask the operating system for as many as are needed."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    connected = round(plan.devices * plan.mix.families.get(Family.MQTT, 0.0))
    wanted = connected + OPEN_FILES_BESIDE_DEVICES
    if soft != resource.RLIM_INFINITY and soft < wanted:
        if hard != resource.RLIM_INFINITY and hard < wanted:
            raise click.ClickException(
                f"{connected} connected devices need {wanted} open files, {hard} are allowed; raise the limit "
                "(ulimit -n) or take fewer devices"
            )
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
