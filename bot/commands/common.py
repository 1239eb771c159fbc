"""What every command shares: the open house, times and waits as typed, and how results print."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import click
from rich.console import Console
from rich.table import Table
from sqlite_utils import Database

from bot.settings import Settings, read_settings
from content.catalog import Catalog
from scheduler import private
from scheduler.model import Clinic, Patient
from scheduler.services.settings import check_zone
from scheduler.store import clinics, patients
from scheduler.store.engine import Store
from scheduler.store.files import keep_private, refuse_missing

YEARS = range(2000, 2100)

row_number = click.IntRange(1, 2**63 - 1)
"""A number that the database could have given a row."""

as_json = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")


@contextmanager
def opened(*, new: bool = False) -> Iterator[tuple[Settings, Store, Catalog]]:
    """Open what the settings name and close it again.

    Args:
        new: Whether the database is made if there is none.

    Raises:
        StoreError: If there is none, so that a command in the wrong folder says so.
    """
    settings = read_settings()
    if not new:
        refuse_missing(settings.database)
    catalog = Catalog(overrides=settings.content)
    store = Store(settings.database)
    if not keep_private(settings.database):
        click.echo(
            f"aftercare: others can read {settings.database}, and it is not yours to change",
            err=True,
        )
    try:
        yield settings, store, catalog
    finally:
        store.close()


def write_private(target: Path, content: bytes) -> None:
    """Write a file that only its owner may read; raises `click.UsageError` if it cannot be."""
    try:
        private.write(target, content)
    except OSError as error:
        raise click.UsageError(f"{target} could not be written: {error.strerror}") from None


def catalog_alone() -> Catalog:
    """Return the words, for commands that need no database."""
    return Catalog(overrides=read_settings().content)


def print_json(value: Any) -> None:
    """Print one JSON document on stdout."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False))


def print_table(title: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Print rows for a person; says so when there are none."""
    if not rows:
        click.echo(f"{title}: none")
        return
    table = Table(title=title, title_justify="left")
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*("" if cell is None else str(cell) for cell in row))
    Console().print(table)


def parse_instant(text: str, zone: tzinfo | None = None) -> datetime:
    """Return an aware instant from ISO 8601; a time without offset is taken in `zone`.

    Raises:
        click.UsageError: If it is not a time, or has no offset where none is known.
    """
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise click.UsageError(
            f"{text!r} is not a time; expected ISO 8601 such as 2026-11-22T14:30"
        ) from None
    if at.year not in YEARS:
        raise click.UsageError(f"{text!r} is out of reach; expected a year from 2000 to 2099")
    if at.tzinfo is None:
        if zone is None:
            raise click.UsageError(f"{text!r} has no offset; expected e.g. 2026-11-22T14:30+01:00")
        at = at.replace(tzinfo=zone)
    return at


def parse_zone(name: str) -> ZoneInfo:
    """Return the zone; raises `DeskError` if there is none of that name."""
    return ZoneInfo(check_zone(name))


def parse_waits(pairs: Sequence[str]) -> dict[str, float]:
    """Return rule -> hours from `makeup=72`; raises `click.UsageError` for anything else."""
    waits: dict[str, float] = {}
    for pair in pairs:
        rule, _, hours = pair.partition("=")
        try:
            waits[rule.strip()] = float(hours)
        except ValueError:
            raise click.UsageError(
                f"--wait {pair!r} is not a wait; expected RULE=HOURS such as makeup=72"
            ) from None
    return waits


def find_clinic(db: Database, slug: str) -> Clinic:
    """Return a clinic by its slug; raises `click.UsageError` that lists the known ones."""
    clinic = clinics.by_slug(db, slug)
    if clinic is None:
        known = ", ".join(row.slug for row in clinics.listed(db)) or "none yet"
        raise click.UsageError(f"there is no clinic {slug!r}; known: {known}")
    return clinic


def find_patient(db: Database, ref: str) -> Patient:
    """Return a patient by the public reference; raises `click.UsageError` if there is none."""
    patient = patients.by_ref(db, ref.strip().upper())
    if patient is None:
        raise click.UsageError(f"there is no patient {ref!r}; see: aftercare patient list")
    return patient
