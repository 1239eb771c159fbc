"""`aftercare patient`: enrol, look, correct, hand out and erase."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import click
import segno
from sqlite_utils import Database

from bot.commands import patient_sheets
from bot.commands.common import (
    as_json,
    find_clinic,
    find_patient,
    opened,
    parse_instant,
    parse_waits,
    print_json,
    print_table,
    write_private,
)
from bot.settings import Settings
from scheduler.clock import system_clock
from scheduler.services import correction, enrolment, privacy
from scheduler.services.enrolment import Invitation
from scheduler.store import records


@click.group()
def patient() -> None:
    """Enrol patients and look after what is kept about them."""


@patient.command("enrol")
@click.option("--clinic", "slug", required=True)
@click.option("--procedure", default="microneedling", show_default=True)
@click.option("--treated-at", required=True, help="ISO 8601; without offset: the clinic's clock.")
@click.option("--area", default="", help="Where, such as face.")
@click.option("--reference", default="", help="The clinic's own reference; never a name.")
@click.option("--wait", "waits", multiple=True, metavar="RULE=HOURS", help="Such as makeup=72.")
@click.option("--qr", type=click.Path(dir_okay=False, path_type=Path), help="Write a QR PNG.")
@as_json
def enrol(
    slug: str,
    procedure: str,
    treated_at: str,
    area: str,
    reference: str,
    waits: tuple[str, ...],
    qr: Path | None,
    as_json: bool,  # noqa: FBT001
) -> None:
    """Make a patient's one-time code, as a link and a QR picture."""

    def enrolled(db: Database) -> tuple[Invitation, str]:
        """Do all of it or nothing: without its picture the code would be lost."""
        clinic = find_clinic(db, slug)
        invitation = enrolment.invite(
            db,
            catalog,
            clinic=clinic,
            procedure=procedure,
            treated_at=parse_instant(treated_at, clinic.zone),
            area=area,
            reference=reference,
            waits=parse_waits(waits),
            now=system_clock(),
        )
        link = invitation_link(settings, records.fact(db, "bot.username"), invitation)
        if qr is not None:
            _write_qr(link, qr)
        return invitation, link

    with opened() as (settings, store, catalog):
        invitation, link = store.run(enrolled)
    if as_json:
        print_json({"patient": invitation.patient, "code": invitation.code, "link": link})
        return
    click.echo(f"Patient {invitation.patient}. Let her scan this, or send her the link:")
    segno.make(link, error="m").terminal(compact=True)
    click.echo(link)
    click.echo(f"The code works once, until {invitation.expires_at:%Y-%m-%d}.")


def invitation_link(settings: Settings, known: str | None, invitation: Invitation) -> str:
    """Return the link that opens the bot with a code.

    The bot's name is the setting's, else the one it learnt when it last ran.
    """
    name = settings.bot_username or known or ""
    if not name:
        click.echo(
            "The bot's name is not known yet: set AFTERCARE_BOT_USERNAME, or start the bot once.",
            err=True,
        )
    return f"https://t.me/{name or 'your_bot'}?start={invitation.code}"


@patient.command("list")
@click.option("--clinic", "slug", default=None)
@as_json
def list_(slug: str | None, as_json: bool) -> None:  # noqa: FBT001
    """List patients, newest first."""
    now = system_clock()
    with opened() as (_, store, _catalog):
        rows = store.run(patient_sheets.listed, slug, now)
    if as_json:
        print_json(rows)
        return
    columns = ("patient", "clinic", "reference", "state", "day", "language", "timezone")
    print_table("Patients", columns, [[row[name] for name in columns] for row in rows])


@patient.command("show")
@click.argument("ref")
@as_json
def show(ref: str, as_json: bool) -> None:  # noqa: FBT001
    """Show where a patient stands, what is to come, and what became of the last messages."""
    with opened() as (_, store, catalog):
        shown = store.run(patient_sheets.shown, catalog, ref, system_clock())
    if as_json:
        print_json(shown)
        return
    upcoming, past = shown.pop("upcoming"), shown.pop("past")
    print_table(f"Patient {shown['patient']}", ("what", "value"), list(shown.items()))
    print_table("To come", ("at", "step"), [[row["at"], row["step"]] for row in upcoming])
    columns = ("at", "step", "state", "reason")
    print_table(
        "What became of the last messages",
        columns,
        [[row[name] for name in columns] for row in past],
    )


@patient.command("correct")
@click.argument("ref")
@click.option("--treated-at", default=None, help="The right time; without offset: her clock.")
@click.option("--wait", "waits", multiple=True, metavar="RULE=HOURS")
@click.option("--cancel", is_flag=True, help="The treatment was entered by mistake.")
@as_json
def correct(
    ref: str,
    treated_at: str | None,
    waits: tuple[str, ...],
    cancel: bool,  # noqa: FBT001
    as_json: bool,  # noqa: FBT001
) -> None:
    """Correct a patient's latest treatment; what waits to be sent follows, what was sent stays."""

    def corrected(db: Database) -> int:
        found = find_patient(db, ref)
        return correction.correct(
            db,
            catalog,
            found,
            system_clock(),
            actor="shell",
            treated_at=parse_instant(treated_at, found.zone) if treated_at else None,
            waits=parse_waits(waits),
            cancel=cancel,
        )

    with opened() as (_, store, catalog):
        waiting = store.run(corrected)
    if as_json:
        print_json({"patient": ref, "reminders_waiting": waiting})
    else:
        click.echo(f"Corrected. {waiting} reminders wait for {ref}.")


@patient.command("export")
@click.argument("ref")
@as_json
def export(ref: str, as_json: bool) -> None:  # noqa: ARG001, FBT001
    """Print everything kept about a patient (always JSON)."""
    with opened() as (_, store, _catalog):
        print_json(store.run(lambda db: privacy.export(db, find_patient(db, ref))))


@patient.command("erase")
@click.argument("ref")
@click.option("--yes", is_flag=True, help="Do not ask.")
@as_json
def erase(ref: str, yes: bool, as_json: bool) -> None:  # noqa: FBT001
    """Erase everything kept about a patient; it cannot be undone."""
    with opened() as (_, store, _catalog):
        found = store.run(find_patient, ref)
        if not yes and not as_json:
            click.confirm(f"Erase everything about {found.ref}?", abort=True)
        store.run(privacy.erase, found, actor="shell", now=system_clock())
    if as_json:
        print_json({"patient": found.ref, "erased": True})
    else:
        click.echo(f"{found.ref} is erased. The running bot clears what the group was shown.")


def _write_qr(link: str, target: Path) -> None:
    picture = BytesIO()
    segno.make(link, error="m").save(picture, kind="png", scale=8, border=4)
    write_private(target, picture.getvalue())
