"""`python -m tests.bench.safety`: prints the table and exits 1 below a bar of the tuning set."""

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

BARRED = ("tune",)
SHOWN_MISSES = ("dev", "tune")


@click.command()
@click.option("--set", "names", type=click.Choice(SETS), multiple=True, help="Only these sets.")
@click.option("--misses", is_flag=True, help="List what went wrong; never for the unseen set.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def main(names: tuple[str, ...], misses: bool, as_json: bool) -> None:  # noqa: FBT001
    """Measure how many messages take the right path."""
    knowledge = load_knowledge(LIBRARY)
    below: list[str] = []
    printed = {}
    for name in names or SETS:
        outcomes = run(read_set(name), knowledge)
        if not outcomes:
            continue
        lines = table(outcomes)
        lags = behind(lines)
        if name in BARRED:
            below += [f"{name}: {line.name}" for line in lines if not line.met]
        printed[name] = _as_data(lines, lags, outcomes)
        if not as_json:
            _show(name, lines, lags, outcomes)
            if misses and name in SHOWN_MISSES:
                _show_misses(outcomes)
    if as_json:
        click.echo(json.dumps({"sets": printed, "below": below}, indent=2))
    for line in below:
        click.echo(f"below the bar: {line}", err=True)
    sys.exit(1 if below else 0)


def _as_data(lines: list[Line], lags: list[str], outcomes: list[Outcome]) -> dict[str, object]:
    median, slow = times(outcomes)
    return {
        "messages": len(outcomes),
        "lines": [
            {"name": line.name, "right": line.right, "of": line.of, "share": round(line.share, 4),
             "met": line.met}
            for line in lines
        ],
        "behind": lags,
        "p50_ms": round(median, 3),
        "p99_ms": round(slow, 3),
    }  # fmt: skip


def _show(name: str, lines: list[Line], lags: list[str], outcomes: list[Outcome]) -> None:
    shown = Table(title=f"{name}: {len(outcomes)} messages", title_justify="left")
    for column in ("", "share", "count", "bar", ""):
        shown.add_column(column, justify="left" if not column else "right")
    for line in lines:
        bar = f">= {line.least:.0%}" if line.least is not None else ""
        bar = f"<= {line.most:.0%}" if line.most is not None else bar
        met = ("met" if line.met else "BELOW") if bar else ""
        shown.add_row(line.name, f"{line.share:.1%}", f"{line.right}/{line.of}", bar, met)
    console = Console(width=100)
    console.print(shown)
    median, slow = times(outcomes)
    console.print(f"time a message: p50 {median:.2f} ms, p99 {slow:.2f} ms")
    for lag in lags:
        console.print(lag)


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
