"""`aftercare sessions`: the next appointments, from a list and as a list."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import click
from sqlite_utils import Database

from bot.commands.common import as_json, find_clinic, opened, print_json, print_table
from scheduler.clock import system_clock
from scheduler.model import Clinic
from scheduler.services import timetable
from scheduler.services.timetable import Bad, Entry, TimetableError
from scheduler.store import clinics
from scheduler.store import sessions as rows
from scheduler.store.engine import instant


@click.group()
def sessions() -> None:
    """The patients' next appointments."""


@sessions.command("import")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--clinic", "slug", required=True)
@click.option("--apply", "apply_", is_flag=True, help="Write the good rows; else only show them.")
@as_json
def import_(file: Path, slug: str, apply_: bool, as_json: bool) -> None:  # noqa: FBT001
    """Read FILE, a CSV with the columns reference, start, kind; bad rows are named with reasons.

    A start without offset is by the clinic's clock. An optional column state (missed, cancelled,
    done) tells what came of an appointment.
    """
    try:
        content = file.read_bytes()
    except OSError as error:
        raise TimetableError(f"{file} could not be read: {error.strerror}") from None
    now = system_clock()
    with opened() as (_, store, _catalog):
        clinic = store.run(find_clinic, slug)
        good, bad = store.run(timetable.look, clinic, content, now)
        if apply_ and bad and not good:
            raise TimetableError(f"no row is good; line {bad[0].line}: {bad[0].reason}")
        if apply_:
            store.run(timetable.apply, good, actor="shell", now=now)
    if as_json:
        print_json(_imported(clinic, good, bad, applied=apply_))
        return
    columns = ("line", "patient", "reference", "start", "kind", "change")
    shown = [_good(clinic, entry) for entry in good]
    print_table("Good rows", columns, [[row[name] for name in columns] for row in shown])
    print_table("Bad rows", ("line", "reason"), [(row.line, row.reason) for row in bad])
    click.echo(
        f"{len(good)} rows applied." if apply_ else "Nothing is changed yet; add --apply to do so."
    )


@sessions.command("list")
@click.option("--clinic", "slug", default=None)
@click.option("--all", "past", is_flag=True, help="Those that are over too.")
@as_json
def list_(slug: str | None, past: bool, as_json: bool) -> None:  # noqa: FBT001
    """List appointments with what the patients answered, in order."""
    with opened() as (_, store, _catalog):
        listed = store.run(_listed, slug, None if past else system_clock())
    if as_json:
        print_json(listed)
        return
    columns = ("session", "clinic", "patient", "reference", "start", "kind", "state", "answered")
    shown = [{**row, "answered": row["answered_at"] or "not yet"} for row in listed]
    print_table("Sessions", columns, [[row[name] for name in columns] for row in shown])


def _listed(db: Database, slug: str | None, since: datetime | None) -> list[dict[str, Any]]:
    of = find_clinic(db, slug).id if slug else None
    zones = {clinic.id: clinic.zone for clinic in clinics.listed(db)}
    return [
        {
            "session": row["id"],
            "clinic": row["slug"],
            "patient": row["ref"],
            "reference": row["reference"],
            "start": _local(row["starts_at"], zones[row["clinic_id"]]),
            "kind": row["kind"],
            "state": row["state"],
            "source": row["source"],
            "answered": row["answered_at"] is not None,
            "answered_at": row["answered_at"],
        }
        for row in rows.listed(db, of, since=since)
    ]


def _local(at: str, zone: ZoneInfo) -> str:
    return instant(at).astimezone(zone).isoformat()


def _imported(
    clinic: Clinic, good: Sequence[Entry], bad: Sequence[Bad], *, applied: bool
) -> dict[str, Any]:
    return {
        "clinic": clinic.slug,
        "applied": applied,
        "rows": [_good(clinic, entry) for entry in good],
        "errors": [{"line": row.line, "reason": row.reason} for row in bad],
    }


def _good(clinic: Clinic, entry: Entry) -> dict[str, Any]:
    return {
        "line": entry.line,
        "patient": entry.patient.ref,
        "reference": entry.patient.reference,
        "start": entry.starts_at.astimezone(clinic.zone).isoformat(),
        "kind": entry.kind,
        "change": entry.change,
    }
