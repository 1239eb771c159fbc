"""From an appointment that comes near to what is sent about it; a note when none is booked."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta

import structlog
from sqlite_utils import Database

from content.catalog import Catalog
from content.view import view
from scheduler import appointments, payload
from scheduler.buttons import pack
from scheduler.calendar import calendar_file
from scheduler.messenger import Attachment, Button, Keyboard
from scheduler.model import Clinic, Notice, NoticeStage, Patient, Priority, Session
from scheduler.plan import QuietHours
from scheduler.services import care, sessions
from scheduler.store import clinics, outbox, patients, records
from scheduler.store import sessions as rows
from scheduler.store.engine import instant, stamp

ASIDE = timedelta(hours=1)
GAP_SWEEP_EVERY = timedelta(hours=1)
GAP_SWEPT = "sessions.gap_swept"
SHORTEST_GAP = timedelta(hours=168)
LONGEST_GAP = timedelta(hours=2016)
"""The range that the library lets a clinic set for `session_gap`."""

log = structlog.get_logger()


def sweep(db: Database, catalog: Catalog, now: datetime, batch: int) -> Counter[str]:
    """Queue the notices that are due; return counts: `sessions` looked at, `session_…` by fate."""
    counts: Counter[str] = Counter()
    counts["session_stale"] += rows.skip_stale(db, now, 10 * batch)
    for notice in rows.due(db, now, batch):
        counts["sessions"] += 1
        try:
            with db.atomic():
                counts[f"session_{queue(db, catalog, notice, now)}"] += 1
        except Exception:
            counts["session_broken"] += 1
            rows.postpone(db, notice.id, now + ASIDE)
            log.exception("sessions.pushed_aside", notice=notice.id)
    return counts


def queue(db: Database, catalog: Catalog, notice: Notice, now: datetime) -> str:
    """Hand one notice to the outbox; return what became of it."""
    session = rows.by_id(db, notice.session_id)
    patient = patients.by_id(db, session.patient_id) if session else None
    if session is None or patient is None or patient.chat_id is None:
        rows.skip(db, notice.id, "nobody to tell")
        return "skipped"
    if not _wanted(session, notice):
        rows.skip(db, notice.id, "no longer so")
        return "skipped"
    quiet = QuietHours(patient.quiet_from, patient.quiet_to)
    opens = quiet.next_open(now, patient.zone)
    if opens > now:
        rows.postpone(db, notice.id, opens)
        return "postponed"
    clinic = clinics.by_id(db, session.clinic_id)
    outbox_id = outbox.add(
        db,
        dedupe_key=f"session:{session.id}:{stamp(session.starts_at)}:{notice.stage}",
        clinic_id=clinic.id,
        patient_id=patient.id,
        chat_id=patient.chat_id,
        priority=Priority.REMINDER,
        payload=_message(db, catalog, clinic, patient, session, notice, now),
        content_version=catalog.version,
        now=now,
        expires_at=notice.stale_at,
    )
    rows.queued(db, notice.id, outbox_id)
    return "queued"


def buttons(catalog: Catalog, session: Session, language: str) -> Keyboard:
    """Return the three answers; they carry the start, so that an old button moves nothing."""
    words = catalog.words(language)
    minute = int(session.starts_at.timestamp()) // 60

    def data(choice: sessions.Choice) -> str:
        return pack("sess", choice, session.id, minute)

    return (
        (Button(words("button", "session_yes"), data("yes"), style="success"),),
        (
            Button(words("button", "session_move"), data("move")),
            Button(words("button", "session_no"), data("no")),
        ),
    )


def said(
    db: Database,
    catalog: Catalog,
    clinic: Clinic,
    patient: Patient,
    session: Session,
    screen: str,
    now: datetime,
) -> str:
    """Return what a patient reads about an appointment, as it stands for her now."""
    standing = care.standing(catalog, clinic, patient, patients.treatments(db, patient.id), now)
    return catalog.screen(
        patient.language,
        screen,
        view(
            standing,
            care.voice(clinic, now, patient.language),
            starts=sessions.moments(session, clinic, now),
            elsewhere=_elsewhere(session, clinic, patient),
            state=session.state,
        ),
    )


def attachment(
    catalog: Catalog, clinic: Clinic, patient: Patient, session: Session, now: datetime
) -> Attachment:
    """Return the calendar file of an appointment."""
    title = catalog.words(patient.language)("session", "calendar_title")
    content = calendar_file(
        ref=patient.ref,
        session_id=session.id,
        moves=session.moves,
        starts_at=session.starts_at,
        title=f"{title} {clinic.name}",
        phone=clinic.phone,
        now=now,
    )
    return Attachment("document", "appointment.ics", content)


def gap_notes(
    db: Database, catalog: Catalog, now: datetime, after: int, batch: int
) -> tuple[Counter[str], int | None]:
    """Tell patients whose interval has passed that nothing is booked, once for a treatment.

    Args:
        db: The database.
        catalog: The words.
        now: The present instant.
        after: The treatment up to which this round has come.
        batch: How many to look at.

    Returns:
        Counts of notes `session_gap`, and the treatment to go on after; None at the end.
    """
    found = rows.unbooked_treatments(
        db,
        after=after,
        since=now - LONGEST_GAP - appointments.GAP_NOTE_STALE - timedelta(days=3),
        until=now - SHORTEST_GAP,
        now=now,
        limit=batch,
    )
    counts: Counter[str] = Counter()
    for treatment_id, patient_id in found:
        with db.atomic():
            counts["session_gap"] += _gap_note(db, catalog, treatment_id, patient_id, now)
    return +counts, found[-1][0] if len(found) == batch else None


def gap_round_due(db: Database, now: datetime) -> bool:
    """Whether it is time to look for intervals that have passed; notes when it was done."""
    last = records.fact(db, GAP_SWEPT)
    if last is not None and now - instant(last) < GAP_SWEEP_EVERY:
        return False
    records.keep(db, GAP_SWEPT, stamp(now))
    return True


def _gap_note(
    db: Database, catalog: Catalog, treatment_id: int, patient_id: int, now: datetime
) -> int:
    patient = patients.by_id(db, patient_id)
    if patient is None or patient.chat_id is None:
        return 0
    clinic = clinics.by_id(db, patient.clinic_id)
    treatments = patients.treatments(db, patient.id)
    standing = care.standing(catalog, clinic, patient, treatments, now)
    quiet = QuietHours(patient.quiet_from, patient.quiet_to)
    gap_ends = standing.waits["session_gap"]
    at, stale_at = appointments.gap_note(gap_ends, zone=patient.zone, quiet=quiet)
    if not at <= now <= stale_at or quiet.quiet(now.astimezone(patient.zone)):
        return 0
    text = catalog.screen(
        patient.language,
        "session_gap",
        view(standing, care.voice(clinic, now, patient.language)),
    )
    words = catalog.words(patient.language)
    queued = outbox.add(
        db,
        dedupe_key=f"session_gap:{treatment_id}",
        clinic_id=clinic.id,
        patient_id=patient.id,
        chat_id=patient.chat_id,
        priority=Priority.REMINDER,
        payload=payload.pack(
            text, ((Button(words("button", "copy_phone"), copy_text=clinic.phone),),)
        ),
        content_version=catalog.version,
        now=now,
        expires_at=stale_at,
    )
    return int(queued is not None)


def _wanted(session: Session, notice: Notice) -> bool:
    match notice.stage:
        case "missed":
            return session.state == "missed"
        case "again":
            return session.state == "booked"
        case _:
            return session.state in appointments.EXPECTED


_SCREENS: dict[NoticeStage, str] = {
    "7d": "session_week",
    "24h": "session_day",
    "again": "session_again",
    "missed": "session_missed",
}


def _message(
    db: Database,
    catalog: Catalog,
    clinic: Clinic,
    patient: Patient,
    session: Session,
    notice: Notice,
    now: datetime,
) -> str:
    text = said(db, catalog, clinic, patient, session, _SCREENS[notice.stage], now)
    words = catalog.words(patient.language)
    if notice.stage == "missed":
        call = Button(words("button", "copy_phone"), copy_text=clinic.phone)
        return payload.pack(text, ((call,),))
    with_file = notice.stage in ("7d", "24h")
    return payload.pack(
        text,
        buttons(catalog, session, patient.language),
        attachment=attachment(catalog, clinic, patient, session, now) if with_file else None,
    )


def _elsewhere(session: Session, clinic: Clinic, patient: Patient) -> bool:
    """Whether the patient's clock shows another time than the clinic's when it begins."""
    at = session.starts_at
    return at.astimezone(clinic.zone).utcoffset() != at.astimezone(patient.zone).utcoffset()
