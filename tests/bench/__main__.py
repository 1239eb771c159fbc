"""`python -m tests.bench`: prints the table; `--json` prints the same as one document."""

from __future__ import annotations

import json
import os
import platform
import sqlite3
import tempfile
from collections.abc import Callable, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from time import monotonic

import click
from rich.console import Console

from tests.bench import asking, broadcast, cpu, due, enrol, idle, kills, restart
from tests.bench.process import loopback
from tests.bench.setting import Setting
from tests.bench.table import Line, show

EXPERIMENTS: dict[str, Callable[[Setting], list[Line]]] = {
    "restart": restart.measure,
    "enrol": enrol.measure,
    "due": due.measure,
    "cpu": cpu.measure,
    "broadcast": broadcast.measure,
    "kills": kills.measure,
    "asking": asking.measure,
    "idle": idle.measure,
}
ROUNDS = 5
WIDTH = 190
PACKAGES = ("python-telegram-bot", "APScheduler", "SQLAlchemy", "aiogram", "httpx", "aiohttp")


@click.command()
@click.option("--quick", is_flag=True, help="One round with smaller sizes, in about a minute.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.option("--only", type=click.Choice(list(EXPERIMENTS)), multiple=True, help="Only these.")
def main(quick: bool, as_json: bool, only: Sequence[str]) -> None:  # noqa: FBT001
    """Measure this project and its peers, on this machine and in this run."""
    began, lines = monotonic(), []
    rounds = 1 if quick else ROUNDS
    with tempfile.TemporaryDirectory() as folder, loopback() as api:
        setting = Setting(Path(folder), api, rounds, quick)
        for name in only or EXPERIMENTS:
            click.echo(f"{monotonic() - began:4.0f} s  {name} …", err=True)
            lines += EXPERIMENTS[name](setting)
    seconds = round(monotonic() - began)
    machine = _machine()
    if as_json:
        document = {
            "machine": machine,
            "rounds": rounds,
            "quick": quick,
            "seconds": seconds,
            "lines": [line.as_data() for line in lines],
        }
        click.echo(json.dumps(document, indent=2))
        return
    console = Console(width=WIDTH)
    console.print(show(lines))
    missed = sum(line.verdict == "missed" for line in lines)
    met = sum(line.verdict == "met" for line in lines)
    told = ", ".join(f"{key} {value}" for key, value in machine.items())
    console.print(f"{met} goals met, {missed} missed; {rounds} rounds in {seconds} s; {told}")


def _machine() -> dict[str, str]:
    found = {
        "cores": str(len(os.sched_getaffinity(0))),
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
    }
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "absent"
    return found


if __name__ == "__main__":
    main()
