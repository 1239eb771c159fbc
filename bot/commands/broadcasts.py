"""`aftercare broadcast`: a message to many, made and watched from the shell."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import click
from sqlite_utils import Database

from bot.commands.common import (
    as_json,
    find_clinic,
    opened,
    parse_instant,
    print_json,
    print_table,
    row_number,
)
from content.catalog import Catalog
from content.telegram_html import visible
from scheduler.clock import system_clock
from scheduler.model import Broadcast
from scheduler.services import broadcast as broadcasting
from scheduler.services import dispatch, listing, segment
from scheduler.services.audience import Audience, count
from scheduler.services.segment import SegmentError
from scheduler.store import broadcasts, clinics
from scheduler.store.engine import stamp


@click.group()
def broadcast() -> None:
    """Messages to many patients of one clinic."""


@broadcast.command("create")
@click.option("--clinic", "slug", required=True)
@click.option("--template", default="", help="A text of the library; a wrong name lists them.")
@click.option("--text", default="", help="Your own text; may name {clinic} {phone} {day} "
              "{procedure} {next_session}.")  # fmt: skip
@click.option("--segment", "segments", multiple=True, metavar="S",
              help=f"{segment.EXPECTED}; several all have to hold.")  # fmt: skip
@click.option("--at", default=None, help="ISO 8601; without offset: the clinic's clock.")
@click.option("--marketing", is_flag=True, help="An offer: only for those who agreed to offers.")
@click.option("--confirm", is_flag=True, help="Send it; else it stays a draft.")
@as_json
def create(
    slug: str,
    template: str,
    text: str,
    segments: tuple[str, ...],
    at: str | None,
    marketing: bool,  # noqa: FBT001
    confirm: bool,  # noqa: FBT001
    as_json: bool,  # noqa: FBT001
) -> None:
    """Check a message, count who gets it and keep it as a draft; --confirm lets a bot send it."""
    now = system_clock()
    conditions = [_with_names(condition) for condition in segments]
    with opened() as (settings, store, catalog):
        clinic = store.run(find_clinic, slug)

        def make(db: Database) -> tuple[Broadcast, Audience, list[str]]:
            made, audience = broadcasting.create(
                db,
                catalog,
                clinic,
                template=template,
                text=text,
                segments=conditions,
                marketing=marketing,
                at=parse_instant(at, clinic.zone) if at else None,
                actor="shell",
                now=now,
            )
            if confirm:
                broadcasting.confirm(db, made, audience, actor="shell", now=now)
            return made, audience, _previews(db, catalog, made, audience, now)

        made, audience, previews = store.run(make)
    if as_json:
        print_json(
            {
                "broadcast": made.id,
                "recipients": audience.recipients,
                "skipped": dict(audience.skipped),
            }
        )
        return
    for preview in previews:
        click.echo(f"{visible(preview)}\n")
    seconds = broadcasting.seconds_needed(audience.recipients, settings.messages_per_second)
    click.echo(f"Broadcast {made.id}: {audience.recipients} patients, about {seconds:.0f} seconds.")
    print_table("Left out", ("reason", "patients"), sorted(audience.skipped.items()))
    click.echo(
        "A running bot sends it."
        if confirm
        else f"It is a draft; send it with: aftercare broadcast confirm {made.id}"
    )


@broadcast.command("list")
@click.option("--clinic", "slug", default=None)
@as_json
def list_(slug: str | None, as_json: bool) -> None:  # noqa: FBT001
    """List broadcasts, the newest first."""
    with opened() as (_, store, catalog):
        rows = store.run(_listed, catalog, slug, system_clock())
    if as_json:
        print_json(rows)
        return
    columns = ("broadcast", "clinic", "state", "at", "recipients", "what")
    print_table("Broadcasts", columns, [[row[name] for name in columns] for row in rows])


@broadcast.command("show")
@click.argument("number", type=row_number)
@as_json
def show(number: int, as_json: bool) -> None:  # noqa: FBT001
    """Show where a broadcast stands, how each recipient ended, and of whom nobody can know."""
    with opened() as (_, store, catalog):
        shown = store.run(
            lambda db: listing.shown(db, catalog, broadcasting.found(db, number), system_clock())
        )
    if as_json:
        print_json(shown)
        return
    outcomes, uncertain = shown.pop("outcomes"), shown.pop("uncertain")
    print_table(f"Broadcast {number}", ("what", "value"), list(shown.items()))
    print_table("Outcomes", ("outcome", "patients"), list(outcomes.items()))
    print_table("Not sure whether it arrived", ("patient",), [[ref] for ref in uncertain])


@broadcast.command("confirm")
@click.argument("number", type=row_number)
@as_json
def confirm(number: int, as_json: bool) -> None:  # noqa: FBT001
    """Let a draft be sent, at its time or at once."""
    now = system_clock()

    def go(db: Database) -> Broadcast:
        made = broadcasting.found(db, number)
        audience = count(db, catalog, made, now)
        return broadcasting.confirm(db, made, audience, actor="shell", now=now)

    with opened() as (_, store, catalog):
        changed = store.run(go)
    _say(changed, as_json=as_json)


def _change(name: str, told: str, change: Callable[..., Broadcast]) -> click.Command:
    """Make a command that changes where a broadcast stands."""

    @click.command(name, help=told)
    @click.argument("number", type=row_number)
    @as_json
    def command(number: int, as_json: bool) -> None:  # noqa: FBT001
        now = system_clock()
        with opened() as (_, store, _catalog):
            changed = store.run(
                lambda db: change(db, broadcasting.found(db, number), actor="shell", now=now)
            )
        _say(changed, as_json=as_json)

    return command


for _name, _told, _work in (
    ("pause", "Send nothing more of a broadcast until it is resumed.", broadcasting.pause),
    ("resume", "Go on with a paused broadcast where it stood.", broadcasting.resume),
    ("cancel", "Stop a broadcast for good; what has not left never will.", broadcasting.cancel),
):
    broadcast.add_command(_change(_name, _told, _work))


def _say(changed: Broadcast, *, as_json: bool) -> None:
    if as_json:
        print_json({"broadcast": changed.id, "state": changed.state})
    else:
        click.echo(f"Broadcast {changed.id} is {changed.state}.")


def _with_names(condition: str) -> str:
    """Read the file that a list of references names; anything else stays as typed."""
    key, _, value = condition.partition("=")
    if key.strip() != "references":
        return condition
    path = Path(value.strip())
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except OSError as error:
        raise SegmentError(f"{path} could not be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise SegmentError(f"{path} is not UTF-8; save it as CSV UTF-8") from None
    return segment.references(segment.first_column(lines))


def _previews(
    db: Database, catalog: Catalog, made: Broadcast, audience: Audience, now: datetime
) -> list[str]:
    return [
        dispatch.preview(db, catalog, made, patient_id, now)[0]
        for _, patient_id in sorted(audience.samples.items())
    ]


def _listed(
    db: Database, catalog: Catalog, slug: str | None, now: datetime
) -> Sequence[dict[str, Any]]:
    of = find_clinic(db, slug).id if slug else None
    names = {clinic.id: clinic.slug for clinic in clinics.listed(db)}
    return [
        {
            "broadcast": row.id,
            "clinic": names[row.clinic_id],
            "state": row.state,
            "at": stamp(row.at) if row.at else None,
            "recipients": sum(listing.outcomes(db, catalog, row, now).values()),
            "what": row.template or row.text[:60],
        }
        for row in broadcasts.listed(db, of)
    ]
