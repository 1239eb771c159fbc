"""`aftercare broadcast`: messages to many, listed and taken in hand from the shell."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import click
from sqlite_utils import Database

from bot.commands.common import as_json, find_clinic, opened, print_json, print_table, row_number
from bot.commands.compose import create
from bot.commands.follow import show
from content.catalog import Catalog
from scheduler.clock import system_clock
from scheduler.model import Broadcast
from scheduler.services import broadcast as broadcasting
from scheduler.services import listing, steering
from scheduler.services.audience import count
from scheduler.store import broadcasts, clinics
from scheduler.store.engine import stamp


@click.group()
def broadcast() -> None:
    """Messages to many patients of one clinic."""


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
    ("pause", "Send nothing more of a broadcast until it is resumed.", steering.pause),
    ("resume", "Go on with a paused broadcast where it stood.", steering.resume),
    ("cancel", "Stop a broadcast for good; what has not left never will.", steering.cancel),
):
    broadcast.add_command(_change(_name, _told, _work))
broadcast.add_command(create)
broadcast.add_command(show)


def _say(changed: Broadcast, *, as_json: bool) -> None:
    if as_json:
        print_json({"broadcast": changed.id, "state": changed.state})
    else:
        click.echo(f"Broadcast {changed.id} is {changed.state}.")


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
