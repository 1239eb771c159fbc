"""`aftercare broadcast create`: a message to many, checked, counted and kept as a draft."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, tzinfo
from pathlib import Path

import click
from sqlite_utils import Database

from bot.commands.common import (
    as_json,
    find_clinic,
    opened,
    parse_instant,
    print_json,
    print_table,
)
from content.catalog import Catalog
from content.telegram_html import visible
from scheduler.clock import system_clock
from scheduler.model import Broadcast
from scheduler.services import broadcast as broadcasting
from scheduler.services import dispatch, references, segment
from scheduler.services.audience import Audience
from scheduler.services.estimate import Estimate, estimate
from scheduler.services.segment import SegmentError

MOST_NAMED = 10
MINUTE, HOUR = 60, 3600
MOST_OF_A_UNIT = 100


@click.command("create")
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
    expected = estimate(made, audience, settings.messages_per_second, now)
    click.echo(f"Broadcast {made.id}: {_expected(expected, audience.recipients, clinic.zone)}")
    print_table("Left out", ("reason", "patients"), sorted(audience.skipped.items()))
    if audience.unknown:
        click.echo(f"Not known here: {shortened(audience.unknown)}.")
    click.echo(
        "A running bot sends it."
        if confirm
        else f"It is a draft; send it with: aftercare broadcast confirm {made.id}"
    )


def shortened(names: Sequence[str]) -> str:
    """Return a list of names as a person can read it: the first ten and how many more."""
    more = len(names) - MOST_NAMED
    return ", ".join(names[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def _expected(expected: Estimate, recipients: int, zone: tzinfo) -> str:
    """Say how many, when, how long it takes, and who gets it later."""
    said = [f"{recipients} patient{'' if recipients == 1 else 's'}"]
    if expected.starts is not None:
        said.append(f"from {_clock(expected.starts, zone)}")
    if expected.asleep < recipients:
        said.append(f"about {_long(max(expected.seconds, 1))}")
    if expected.asleep and expected.awake is not None:
        said.append(
            f"{expected.asleep} of them in quiet hours then, "
            f"the last gets it {_clock(expected.awake, zone)}"
        )
    return f"{', '.join(said)}."


def _long(seconds: float) -> str:
    for unit, name in ((1, "second"), (MINUTE, "minute")):
        count = round(seconds / unit)
        if count < MOST_OF_A_UNIT:
            return f"{count} {name}{'' if count == 1 else 's'}"
    return f"{round(seconds / HOUR)} hours"


def _clock(at: datetime, zone: tzinfo) -> str:
    return at.astimezone(zone).isoformat(sep=" ", timespec="minutes")


def _with_names(condition: str) -> str:
    """Read the file that a list of references names; anything else stays as typed."""
    key, _, value = condition.partition("=")
    if key.strip() != "references":
        return condition
    path = Path(value.strip())
    try:
        with path.open("rb") as file:
            content = file.read(references.MOST_BYTES + 1)
    except OSError as error:
        raise SegmentError(f"{path} could not be read: {error.strerror}") from None
    return segment.of_names(references.in_file(content))


def _previews(
    db: Database, catalog: Catalog, made: Broadcast, audience: Audience, now: datetime
) -> list[str]:
    return [
        dispatch.preview(db, catalog, made, patient_id, now)[0]
        for _, patient_id in sorted(audience.samples.items())
    ]
