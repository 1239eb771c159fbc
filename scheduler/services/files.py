"""The photos and other files of a patient below her card: shown, or counted if they are a flood.

What is counted is kept like the rest, and comes by a few at each tap on *Show files*.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlite_utils import Database

from content.catalog import Catalog
from scheduler import payload
from scheduler.messenger import Attachment
from scheduler.model import Clinic, Escalation, Patient
from scheduler.services import cards, letters
from scheduler.services.posting import post_in_thread
from scheduler.store import edits, outbox, posts, turns
from scheduler.store.turns import Turn

TOGETHER = timedelta(minutes=10)
MOST_FILES = 10
"""So many files of one patient are shown in that time, unless the clinic answers: an album."""

AT_A_TAP = 5


def show(
    db: Database,
    catalog: Catalog,
    clinic: Clinic,
    patient: Patient,
    row: Escalation,
    fresh: Sequence[Turn],
    now: datetime,
) -> int:
    """Queue files that the group has not been shown, and count those that are too many.

    Returns:
        How many messages were queued or changed.
    """
    if not fresh:
        return 0
    since = turns.last_of_clinic(db, row.id)
    room = max(MOST_FILES - turns.files_shown(db, row.id, since, now - TOGETHER), 0)
    for turn in fresh[:room]:
        _queue(db, catalog, clinic, patient, row, turn, now)
    if len(fresh) <= room:
        return len(fresh)
    counted = posts.counting(db, row.id, clinic.chat_id or 0)
    if counted is None:
        shown = cards.files(catalog, clinic, patient, row.id, len(fresh) - room)
        counted = post_in_thread(
            db, catalog, clinic, row, shown.text, now,
            kind="files", silent=True, keyboard=shown.buttons,
        )  # fmt: skip
    if counted is not None:
        for turn in fresh[room:]:
            turns.carried(db, turn.id, counted)
        _count_anew(db, catalog, clinic, patient, row, counted, now)
    return room + 1


def show_more(db: Database, catalog: Catalog, row: Escalation, now: datetime) -> int:
    """Show the next few files of an escalation of those that are only counted; return how many."""
    patient, clinic = letters.people(db, row)
    next_few = turns.not_shown(db, row.id)[:AT_A_TAP]
    for turn in next_few:
        _queue(db, catalog, clinic, patient, row, turn, now)
    for outbox_id in {turn.outbox_id for turn in next_few if turn.outbox_id is not None}:
        _count_anew(db, catalog, clinic, patient, row, outbox_id, now)
    return len(next_few)


def _count_anew(
    db: Database,
    catalog: Catalog,
    clinic: Clinic,
    patient: Patient,
    row: Escalation,
    outbox_id: int,
    now: datetime,
) -> None:
    """Let a post say how many it counts: before it is sent if it still waits, else by an edit."""
    sent = outbox.by_id(db, outbox_id)
    if sent is None:
        return
    shown = cards.files(catalog, clinic, patient, row.id, len(turns.carried_by(db, outbox_id)))
    waiting = payload.unpack(sent.payload, sent.chat_id)
    if shown.text == waiting.text:
        return
    if sent.state != "waiting":
        edits.want(db, outbox_id, edits.not_too_often(db, outbox_id, now))
    packed = payload.pack(shown.text, shown.buttons, silent=True, reply_to=waiting.reply_to)
    outbox.rewrite(db, outbox_id, packed)


def _queue(
    db: Database,
    catalog: Catalog,
    clinic: Clinic,
    patient: Patient,
    row: Escalation,
    turn: Turn,
    now: datetime,
) -> None:
    text = cards.file_text(catalog, clinic, patient, turn)
    file = None
    if turn.file_id and turn.media:
        file = Attachment(kind=turn.media, filename="", file_id=turn.file_id)
    if file is not None and file.kind == "video_note":  # it takes no words with it
        post_in_thread(db, catalog, clinic, row, text, now, silent=True)
        text = ""
    outbox_id = post_in_thread(
        db, catalog, clinic, row, text, now, silent=turn.quiet, attachment=file
    )
    if outbox_id is not None:
        turns.carried(db, turn.id, outbox_id)
