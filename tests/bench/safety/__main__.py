"""`python -m tests.bench.safety`: prints the table; exits 1 below a bar of a set that is seen."""

from __future__ import annotations

import json
import sys

import click
from rich.console import Console
from rich.table import Table

from content.catalog import LIBRARY
from content.understand import load_knowledge
from tests.bench.safety.messages import SETS, read_set
from tests.bench.safety.score import Line, Outcome, behind, run, table, times

BARRED = ("dev", "tune")
SHOWN_MISSES = ("dev", "tune")


@click.command()
@click.option("--set", "names", type=click.Choice(SETS), multiple=True, help="Only these sets.")
@click.option("--misses", is_flag=True, help="List what went wrong; never for the unseen set.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def main(names: tuple[str, ...], misses: bool, as_json: bool) -> None:  # noqa: FBT001
    """Measure how many messages take the right path."""
    knowledge = load_knowledge(LIBRARY)
    measured = {name: run(read_set(name), knowledge) for name in names or SETS}
    measured = {name: outcomes for name, outcomes in measured.items() if outcomes}
    lines = {name: table(outcomes) for name, outcomes in measured.items()}
    below = [f"{name}: {line.name}" for name in BARRED for line in lines.get(name, ())
             if not line.met]  # fmt: skip
    if as_json:
        sets = {name: _as_data(lines[name], outcomes) for name, outcomes in measured.items()}
        click.echo(json.dumps({"sets": sets, "below": below}, indent=2))
    else:
        _show(lines, measured)
    if misses and not as_json:
        for name in SHOWN_MISSES:
            _show_misses(measured.get(name, []))
    for line in below:
        click.echo(f"below the bar: {line}", err=True)
    sys.exit(1 if below else 0)


def _as_data(lines: list[Line], outcomes: list[Outcome]) -> dict[str, object]:
    median, slow = times(outcomes)
    return {
        "messages": len(outcomes),
        "lines": [
            {"name": line.name, "right": line.right, "of": line.of, "share": round(line.share, 4),
             "met": line.met}
            for line in lines
        ],
        "behind": behind(lines),
        "p50_ms": round(median, 3),
        "p99_ms": round(slow, 3),
    }  # fmt: skip


def _show(lines: dict[str, list[Line]], measured: dict[str, list[Outcome]]) -> None:
    """Print the sets side by side: share and count of each line, marked where below its bar."""
    shown = Table()
    shown.add_column("")
    shown.add_column("bar", justify="right")
    for name, outcomes in measured.items():
        shown.add_column(f"{name} ({len(outcomes)})", justify="right")
    for row in zip(*lines.values(), strict=True):
        first = row[0]
        bar = f">= {first.least:.0%}" if first.least is not None else ""
        bar = f"<= {first.most:.0%}" if first.most is not None else bar
        shown.add_row(first.name, bar, *map(_cell, row))
    console = Console(width=120)
    console.print(shown)
    for name, outcomes in measured.items():
        median, slow = times(outcomes)
        console.print(f"{name}: a message takes p50 {median:.2f} ms, p99 {slow:.2f} ms")
        for lag in behind(lines[name]):
            console.print(f"{name}: {lag}")


def _cell(line: Line) -> str:
    if not line.of:
        return "-"
    return f"{'' if line.met else '! '}{line.share:.1%} {line.right}/{line.of}"


def _show_misses(outcomes: list[Outcome]) -> None:
    for outcome in outcomes:
        wanted, got = outcome.message, outcome.understood
        first = got.answered[0] if got.answered else "-"
        level = "unknown" if wanted.level == "offtopic" else wanted.level
        right_topic = wanted.level != "routine" or first in wanted.topics
        if got.route.value == level and right_topic:
            continue
        signs = " ".join(f"{found.sign}({found.matched})" for found in got.findings)
        click.echo(
            f"{wanted.id}\t{wanted.level}>{got.route.value}\t{'|'.join(sorted(wanted.topics))}"
            f"\t{first}\t{signs}\t{wanted.text}"
        )


if __name__ == "__main__":
    main()
