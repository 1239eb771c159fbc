"""`aftercare broadcast show`: where a broadcast stands, once or until it ends."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from sqlite_utils import Database

from bot.commands.common import as_json, opened, print_json, print_table, row_number
from bot.commands.compose import shortened
from content.catalog import Catalog
from scheduler.clock import system_clock
from scheduler.services import broadcast as broadcasting
from scheduler.services import listing
from scheduler.services.listing import Standing
from scheduler.store.engine import Store

EVERY_SECONDS = 1.0
STILL = ("draft", "paused", "done", "cancelled")
"""The states in which nothing moves until somebody does something."""

Show = Callable[[Standing], None]


@dataclass(frozen=True, slots=True)
class _House:
    store: Store
    catalog: Catalog

    def shown(self, number: int) -> dict[str, Any]:
        """Return everything about a broadcast."""
        return self.store.run(
            lambda db: listing.shown(
                db, self.catalog, broadcasting.found(db, number), system_clock()
            )
        )


@click.command("show")
@click.argument("number", type=row_number)
@click.option("--follow", is_flag=True, help="Watch it until it is done, paused or cancelled.")
@as_json
def show(number: int, follow: bool, as_json: bool) -> None:  # noqa: FBT001
    """Show where a broadcast stands, how each recipient ended, and of whom nobody can know."""
    with opened() as (_, store, catalog):
        house = _House(store, catalog)
        interrupted = follow and _follow(house, number, quiet=as_json)
        shown = house.shown(number)
    if as_json:
        print_json(shown)
    elif not follow or Console().is_terminal:  # elsewhere each change was a line of its own
        _print(shown)
    if interrupted:
        click.echo("You watch it no longer; it goes on.", err=True)
        raise click.Abort


def _follow(house: _House, number: int, *, quiet: bool) -> bool:
    """Watch a broadcast until nothing moves any more; return whether somebody broke it off."""
    standing = house.store.run(_standing, house.catalog, number, system_clock())
    try:
        with _display(quiet=quiet) as display:
            display(standing)
            while standing.state not in STILL:
                time.sleep(EVERY_SECONDS)
                standing = house.store.run(
                    _standing, house.catalog, number, system_clock(), standing
                )
                display(standing)
    except KeyboardInterrupt:
        return True
    return False


def _standing(
    db: Database, catalog: Catalog, number: int, now: datetime, before: Standing | None = None
) -> Standing:
    return listing.standing(db, catalog, broadcasting.found(db, number), now, before)


@contextmanager
def _display(*, quiet: bool) -> Iterator[Show]:
    """Give something that shows a standing: a bar on a terminal, else a line for each change."""
    console = Console()
    if quiet:
        yield lambda _: None
    elif not console.is_terminal:
        yield _lines()
    else:
        columns = (
            TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(),
            TextColumn("{task.fields[rest]}"), TimeElapsedColumn(),
        )  # fmt: skip
        with Progress(*columns, console=console) as progress:
            task = progress.add_task("", total=None, rest="")
            yield lambda standing: progress.update(
                task,
                description=standing.state,
                total=standing.total or None,
                completed=standing.ended,
                rest=_counts(standing),
            )


def _lines() -> Show:
    last = ""

    def show(standing: Standing) -> None:
        nonlocal last
        line = f"{standing.state} {standing.ended}/{standing.total} {_counts(standing)}".rstrip()
        if line != last:
            click.echo(line)
        last = line

    return show


def _counts(standing: Standing) -> str:
    return " ".join(f"{name} {count}" for name, count in standing.outcomes.items() if count)


def _print(shown: dict[str, Any]) -> None:
    number, outcomes, uncertain = shown["broadcast"], shown["outcomes"], shown["uncertain"]
    reasons, way = shown["skipped"], shown["skipped_on_the_way"]
    tables = ("outcomes", "uncertain", "skipped", "skipped_on_the_way")
    rows = [(name, value) for name, value in shown.items() if name not in tables]
    print_table(f"Broadcast {number}", ("what", "value"), [(n, _value(n, v)) for n, v in rows])
    print_table("Outcomes", ("outcome", "patients"), list(outcomes.items()))
    print_table("Left out from the start", ("reason", "patients"), sorted(reasons.items()))
    print_table("Left out on the way", ("reason", "patients"), sorted(way.items()))
    print_table("Not sure whether it arrived", ("patient",), [[ref] for ref in uncertain])


def _value(name: str, value: Any) -> Any:
    """Return a value as a person can read it: a long list of references only begun."""
    if name != "segments":
        return value
    return "; ".join(_segment(segment) for segment in value)


def _segment(segment: str) -> str:
    key, separator, value = segment.partition("=")
    return f"{key}{separator}{shortened(value.split(','))}" if key == "references" else segment
