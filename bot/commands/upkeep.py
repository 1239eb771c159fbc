"""`aftercare backup`, `restore`, `migrate` and `status`."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import click
from sqlite_utils import Database

from bot.commands.common import as_json, opened, print_json, print_table
from bot.lock import only_one
from bot.settings import read_settings
from content.catalog import Catalog
from scheduler.clock import system_clock
from scheduler.housekeeping import backup_age
from scheduler.store import clinics, outbox, past, patients, queues, reminders, talk
from scheduler.store.engine import Store, stamp
from scheduler.store.files import StoreError
from scheduler.store.files import restore as restore_file

MOST_NAMED = 100


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@as_json
def backup(file: Path, as_json: bool) -> None:  # noqa: FBT001
    """Copy the database to FILE, also while the bot runs."""
    if file.exists():
        raise StoreError(f"{file} exists already; name a new file")
    if not file.parent.is_dir():
        raise StoreError(f"there is no folder {file.parent}")
    with opened() as (_, store, _catalog):
        store.backup(file)
    if as_json:
        print_json({"backup": str(file), "bytes": file.stat().st_size})
    else:
        click.echo(f"Copied to {file} ({file.stat().st_size:,} bytes).")


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@as_json
def restore(file: Path, as_json: bool) -> None:  # noqa: FBT001
    """Put a backup in the place of the database; the bot must be stopped."""
    settings = read_settings()
    with only_one(settings.database):
        kept = restore_file(file, settings.database)
        Store(settings.database).close()
    if as_json:
        print_json(
            {
                "restored": str(file),
                "database": str(settings.database),
                "kept": str(kept) if kept else None,
            }
        )
        return
    click.echo(f"{settings.database} is now the backup.")
    if kept is not None:
        click.echo(f"What was there is kept as {kept.name}.")


@click.command()
@as_json
def migrate(as_json: bool) -> None:  # noqa: FBT001
    """Bring the database up to this version; every command does so by itself."""
    with opened(new=True) as (settings, _store, _catalog):
        path = str(settings.database)
    if as_json:
        print_json({"database": path, "up_to_date": True})
    else:
        click.echo(f"{path} is up to date.")


@click.command()
@as_json
def status(as_json: bool) -> None:  # noqa: FBT001
    """Show how the schedule and the outbox stand."""
    with opened() as (_, store, catalog):
        shown = store.run(_status, catalog, system_clock())
    if as_json:
        print_json(shown)
        return
    unsure = shown.pop("uncertain")
    print_table("Status", ("what", "value"), list(shown.items()))
    print_table(
        "Nobody can know whether these arrived",
        ("at", "what", "patient", "why"),
        [[row["at"], row["kind"], row["patient"], row["why"]] for row in unsure],
    )


def _status(db: Database, catalog: Catalog, now: datetime) -> dict[str, Any]:
    due, backup_is = reminders.next_due(db), backup_age(db, now)
    waiting = queues.next_due(db)
    everybody, everywhere = patients.listed(db), clinics.listed(db)
    return {
        "now": stamp(now),
        "content_version": catalog.version,
        "clinics": len(everywhere),
        "clinics_without_group": [row.slug for row in everywhere if row.chat_id is None],
        "patients": len(everybody),
        "patients_active": sum(row.state == "active" for row in everybody),
        "next_reminder_due": stamp(due) if due else None,
        "outbox": outbox.counts(db),
        "skipped": past.skipped(db),
        "oldest_waiting_seconds": max((now - waiting).total_seconds(), 0.0) if waiting else 0.0,
        "open_escalations": talk.open_count(db),
        "last_backup_seconds": backup_is.total_seconds() if backup_is is not None else None,
        "uncertain": outbox.uncertain(db, MOST_NAMED),
    }
