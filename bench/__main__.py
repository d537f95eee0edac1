"""`python -m bench`: measures every budget that has a benchmark, and prints the table."""

from __future__ import annotations

import argparse
import os
import platform
import sys

from bench.calls import Store, calls, sqlite_commits
from bench.ddi_polls import ddi_polls
from bench.list_firmware import Effort, throughput
from bench.million import data_folder
from bench.mqtt_door import mqtt_door
from bench.pages import pages
from bench.postgresql import on_postgresql
from bench.servers import root_key, whimbrel
from bench.start import start
from bench.table import markdown


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="rounds of each measurement (default 5)")
    parser.add_argument("--seconds", type=int, default=3, help="seconds of one round under load (default 3)")
    effort = parser.parse_args()
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
        rows += pages(server, store.key, store.name) + calls(store, Effort(effort.rounds, effort.seconds))
    _say("a PostgreSQL with the same million")
    rows += on_postgresql(Effort(effort.rounds, effort.seconds)) + starts
    _say("the MQTT door beside Mosquitto")
    rows += mqtt_door(effort.rounds)
    _say("DDI polls beside the Python peer")
    rows += ddi_polls(Effort(effort.rounds, effort.seconds))
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, load {load_before:.1f} before the run.")
    print(f"Each number is the median of {effort.rounds} rounds (least..most).\n")
    print(markdown(rows))


def _say(step: str) -> None:
    print(f"measuring: {step}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
