"""From an appointment that comes near to what is sent about it."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta

import structlog
from sqlite_utils import Database

from content.catalog import Catalog
from content.view import view
from scheduler import appointments, payload
from scheduler.buttons import pack
from scheduler.messenger import Button, Keyboard
from scheduler.model import Clinic, Notice, NoticeStage, Patient, Priority, Session
from scheduler.services import agenda, care
from scheduler.services.attendance import Choice
from scheduler.store import clinics, notices, outbox, patients
from scheduler.store import sessions as rows
from scheduler.store.engine import stamp
from scheduler.wall_time import QuietHours

ASIDE = timedelta(hours=1)
log = structlog.get_logger()


def sweep(db: Database, catalog: Catalog, now: datetime, batch: int) -> Counter[str]:
    """Queue the notices that are due; return counts: `sessions` looked at, `session_…` by fate."""
    counts: Counter[str] = Counter()
    counts["session_stale"] += notices.skip_stale(db, now, 10 * batch)
    for notice in notices.due(db, now, batch):
        counts["sessions"] += 1
        try:
            with db.atomic():
                counts[f"session_{queue(db, catalog, notice, now)}"] += 1
        except Exception:
            counts["session_broken"] += 1
            notices.postpone(db, notice.id, now + ASIDE)
            log.exception("sessions.pushed_aside", notice=notice.id)
    return counts


def queue(db: Database, catalog: Catalog, notice: Notice, now: datetime) -> str:
    """Hand one notice to the outbox; return what became of it."""
    session = rows.by_id(db, notice.session_id)
    patient = patients.by_id(db, session.patient_id) if session else None
    if session is None or patient is None or patient.chat_id is None:
        notices.skip(db, notice.id, "nobody to tell")
        return "skipped"
    if not _wanted(session, notice):
        notices.skip(db, notice.id, "no longer so")
        return "skipped"
    quiet = QuietHours(patient.quiet_from, patient.quiet_to)
    opens = quiet.next_open(now, patient.zone)
    if opens > now:
        notices.postpone(db, notice.id, opens)
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
    notices.queued(db, notice.id, outbox_id)
    return "queued"


def buttons(catalog: Catalog, session: Session, language: str) -> Keyboard:
    """Return the answers she has not given; they carry the start, so an old one moves nothing."""
    words = catalog.words(language)
    minute = int(session.starts_at.timestamp()) // 60

    def data(choice: Choice) -> str:
        return pack("sess", choice, session.id, minute)

    yes = Button(words("button", "session_yes"), data("yes"), style="success")
    move = Button(words("button", "session_move"), data("move"))
    no = Button(words("button", "session_no"), data("no"))
    match session.state:
        case "booked":
            return ((yes,), (move, no))
        case "confirmed":
            return ((move, no),)
        case "wants_other_time":
            return ((yes,), (no,))
        case _:
            return ()


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
            starts=agenda.starts(session, clinic, now),
            elsewhere=agenda.elsewhere(session, clinic, patient),
            state=session.state,
        ),
    )


def _wanted(session: Session, notice: Notice) -> bool:
    match notice.stage:
        case "missed":
            return session.state == "missed"
        case "again":
            return session.state == "booked"
        case _:
            return session.state in appointments.EXPECTED


SCREENS: dict[NoticeStage, str] = {
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
    text = said(db, catalog, clinic, patient, session, SCREENS[notice.stage], now)
    words = catalog.words(patient.language)
    if notice.stage == "missed":
        call = Button(words("button", "copy_phone"), copy_text=clinic.phone)
        return payload.pack(text, ((call,),))
    with_file = notice.stage in ("7d", "24h")
    file = agenda.appointment_file(catalog, clinic, patient, session, now)
    return payload.pack(
        text,
        buttons(catalog, session, patient.language),
        attachment=file if with_file else None,
    )
