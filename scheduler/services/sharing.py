"""Photos, voice notes and other files on their way to the clinic: with a yes, never for ever.

Nothing looks at them but people. What is kept is Telegram's name of the file, until it expires.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlite_utils import Database

from scheduler.messenger import FileKind
from scheduler.model import Patient
from scheduler.services import asking
from scheduler.services.asking import Heard
from scheduler.store import media, patients, turns

KEPT = timedelta(days=30)

WORDING = "2026.2"
"""The edition of the question; the one before it spoke of photos and voice notes alone."""

_BEFORE: dict[str, frozenset[FileKind]] = {"2026.1": frozenset({"photo", "voice"})}


@dataclass(frozen=True, slots=True)
class Received:
    """What became of a photo, a voice note or another file.

    Attributes:
        outcome: `passed` on, `ask` for a yes first, `held` until the yes that was asked for,
            `refused` before, or `known`: that message was dealt with.
        heard: What went before the clinic.
        more: Whether it is a further one of the same album, of which nothing more need be said.
    """

    outcome: Literal["passed", "ask", "held", "refused", "known"]
    heard: Heard | None = None
    more: bool = False


def receive(
    db: Database,
    patient: Patient,
    *,
    kind: FileKind,
    file_id: str,
    message_id: int,
    album: str,
    now: datetime,
) -> Received:
    """Take a file: pass it on if the patient agreed to that, else hold it."""
    answer = decided(db, patient.id, kind)
    if answer is False:
        return Received("refused")
    asked_before = bool(media.held(db, patient.id))
    media_id = media.add(
        db,
        patient.id,
        kind=kind,
        file_id=file_id,
        message_id=message_id,
        album=album,
        now=now,
        expires_at=now + KEPT,
    )
    if media_id is None:
        return Received("known")
    more = media.album_known(db, patient.id, album, media_id)
    if answer is None:
        return Received("held" if asked_before else "ask", more=more)
    return Received("passed", _pass(db, patient, [media_id], now), more)


def decide(db: Database, patient: Patient, *, yes: bool, now: datetime) -> Heard | None:
    """Write the answer down; pass on what was held for it, or forget that."""
    patients.record_consent(db, patient.id, "media", WORDING, given=yes, now=now)
    if not yes:
        media.drop(db, patient.id)
        return None
    held = [row.id for row in media.held(db, patient.id)]
    return _pass(db, patient, held, now) if held else None


def decided(db: Database, patient_id: int, kind: FileKind) -> bool | None:
    """Return the patient's last word on sharing files of a kind; None if she was not asked."""
    words = [row for row in patients.consents(db, patient_id) if row["kind"] == "media"]
    if not words or kind not in _BEFORE.get(words[-1]["version"], {kind}):
        return None
    return bool(words[-1]["given"])


def _pass(db: Database, patient: Patient, ids: list[int], now: datetime) -> Heard:
    heard = asking.ask_for_person(db, patient, now)
    for number, media_id in enumerate(ids):
        if heard.escalation is not None:
            turns.add_patient_turn(db, heard.escalation, now, media_id=media_id, quiet=number > 0)
    return heard
