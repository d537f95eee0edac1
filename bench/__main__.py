"""`python -m bench`: measures every budget that has a benchmark, and prints the table."""

from __future__ import annotations

import argparse
import os
import platform
import sys

from bench.calls import Store, calls, sqlite_commits
from bench.cost_page import write_page
from bench.cost_per_device import costs
from bench.create_job import create_job
from bench.ddi_polls import ddi_polls
from bench.list_firmware import Effort, throughput
from bench.million import data_folder
from bench.mqtt_door import mqtt_door
from bench.pages import pages
from bench.postgresql import on_postgresql
from bench.searches import searches
from bench.servers import root_key, whimbrel
from bench.start import start
from bench.table import markdown

COST_ROUNDS_MAX = 3


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="rounds of each measurement (default 5)")
    parser.add_argument("--seconds", type=int, default=3, help="seconds of one round under load (default 3)")
    parser.add_argument(
        "--cost-per-device", action="store_true", help="write docs/explanation/cost-per-device.md instead (10 minutes)"
    )
    effort = parser.parse_args()
    if effort.cost_per_device:
        _cost_per_device(min(effort.rounds, COST_ROUNDS_MAX))
        return
    load_before = os.getloadavg()[0]
    _say("a data folder with a million firmware, devices and tasks")
    data = data_folder()
    _say("start to /healthz")
    starts = start(data, effort.rounds)
    _say("signed ListOTAFirmware beside its limit")
    rows = throughput(data, Effort(effort.rounds, effort.seconds))
    _say("pages and calls on SQLite")
    with whimbrel(data) as server:
        store = Store("SQLite", server, root_key(data), lambda: sqlite_commits(data))
        rows += pages(server, store.key, store.name) + searches(server, store.key, store.name)
        rows += calls(store, Effort(effort.rounds, effort.seconds))
    _say("a PostgreSQL with the same million")
    rows += on_postgresql(Effort(effort.rounds, effort.seconds)) + starts
    _say("a job over a million devices")
    rows += create_job(effort.rounds)
    _say("the MQTT door beside Mosquitto")
    rows += mqtt_door(effort.rounds)
    _say("DDI polls beside the Python peer")
    rows += ddi_polls(Effort(effort.rounds, effort.seconds))
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, load {load_before:.1f} before the run.")
    print(f"Each number is the median of {effort.rounds} rounds (least..most).\n")
    print(markdown(rows))


def _cost_per_device(rounds: int) -> None:
    load_before = os.getloadavg()[0]
    _say(f"what a device costs, {rounds} times")
    write_page(costs(rounds), (load_before, os.getloadavg()[0]))


def _say(step: str) -> None:
    print(f"measuring: {step}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
