"""How the clinic's group is kept up to date on an escalation: the card, and the thread under it.

`sync` compares what was said with what the group was shown and queues the difference. So it does
not matter whether the group is connected when a patient writes, whether it becomes a supergroup,
or whether the process ends in between: the next look brings the group up to date, and nothing is
shown twice.

What a patient writes shortly after one another comes as one post that grows, until the clinic
answers. A flood is counted instead of shown; all of it stays with the patient's own page, and
files can be shown from there.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog
from sqlite_utils import Database

from content.catalog import Catalog
from scheduler import payload
from scheduler.model import Clinic, Escalation, OutboxRow, Patient, Priority
from scheduler.services import cards, files
from scheduler.services.posting import post, post_in_thread
from scheduler.store import clinics, edits, inbox, outbox, patients, posts, talk, turns
from scheduler.store.turns import Turn

log = structlog.get_logger()

TOGETHER = timedelta(minutes=10)
"""So long a post grows before a new one is made, which stands below what came since."""

MOST_POSTS = 3
"""So many posts with words one patient gets in that time; what goes beyond is counted."""


def sync(db: Database, catalog: Catalog, escalation_id: int, now: datetime) -> int:
    """Queue what the clinic's group has not been shown of an escalation; return how many.

    A clinic without a connected group keeps the rows until it has one.
    """
    row = talk.escalation(db, escalation_id)
    clinic = clinics.by_id(db, row.clinic_id)
    patient = patients.by_id(db, row.patient_id)
    if clinic.chat_id is None or patient is None or row.state == "closed":
        return 0
    live = inbox.has_live_card(db, row.id, now)
    wrote = turns.listed(db, row.id, "patient")
    fresh = [turn for turn in wrote if turn.outbox_id is None or (not live and turn.file_id)]
    queued = 0
    if row.card_wanted or not live:
        card = _queue_card(db, catalog, clinic, patient, row, now)
        on_card = [turn for turn in cards.on_card(wrote) if not turn.media]
        not_kept = [turn for turn in fresh if not turn.said and not turn.file_id]
        for turn in [turn for turn in fresh if turn in on_card or turn in not_kept]:
            turns.carried(db, turn.id, card)
            fresh.remove(turn)
        queued += 1
    said = [turn for turn in fresh if not turn.media]
    queued += _show_words(db, catalog, clinic, patient, row, said, now)
    shared = [turn for turn in fresh if turn.media]
    return queued + files.show(db, catalog, clinic, patient, row, shared, now)


def _queue_card(
    db: Database,
    catalog: Catalog,
    clinic: Clinic,
    patient: Patient,
    row: Escalation,
    now: datetime,
) -> int:
    """Queue the card; a plain one that leads to her words if it cannot be composed."""
    try:
        shown = cards.card(db, catalog, row.id, now)
    except Exception:
        log.exception("desk.plain_card", escalation=row.id)
        shown = cards.plain(catalog, clinic, patient, row)
    outbox_id = post(
        db,
        catalog,
        clinic,
        "card",
        shown.text,
        now,
        key=posts.key(db, row),
        keyboard=shown.buttons,
        priority=Priority.ESCALATION,
        escalation_id=row.id,
    )
    if outbox_id is None:
        raise LookupError(f"card of escalation {row.id}")
    inbox.card_posted(db, row.id)
    return outbox_id


def _show_words(
    db: Database,
    catalog: Catalog,
    clinic: Clinic,
    patient: Patient,
    row: Escalation,
    fresh: Sequence[Turn],
    now: datetime,
) -> int:
    """Bring words into the post that grows, or into new ones; return how many posts changed."""
    touched = set()
    for turn in fresh:
        lately = _growing(db, clinic, row, now)
        newest = lately[0] if lately else None
        together = [*turns.carried_by(db, newest.id), turn] if newest else []
        full = newest is None or not cards.said(catalog, clinic, patient, together).whole
        if newest is not None and (not full or len(lately) >= MOST_POSTS):
            turns.carried(db, turn.id, newest.id)
            touched.add(newest.id)
            continue
        shown = cards.said(catalog, clinic, patient, [turn])
        outbox_id = post_in_thread(
            db, catalog, clinic, row, shown.text, now,
            kind="said", silent=turn.quiet, keyboard=shown.buttons,
        )  # fmt: skip
        if outbox_id is not None:
            turns.carried(db, turn.id, outbox_id)
            touched.add(outbox_id)
    for outbox_id in touched:
        _grow(db, catalog, clinic, patient, outbox_id, now)
    return len(touched)


def _growing(db: Database, clinic: Clinic, row: Escalation, now: datetime) -> list[OutboxRow]:
    """Return the posts with her words of the last minutes since the clinic's last answer."""
    if clinic.chat_id is None:
        return []
    lately = posts.said_since(db, row.id, clinic.chat_id, now - TOGETHER)
    last = turns.last_of_clinic(db, row.id)
    first = {sent.id: turns.carried_by(db, sent.id)[:1] for sent in lately}
    return [sent for sent in lately if first[sent.id] and first[sent.id][0].id > last]


def _grow(
    db: Database, catalog: Catalog, clinic: Clinic, patient: Patient, outbox_id: int, now: datetime
) -> None:
    """Let a post say what it carries: before it is sent if it still waits, else by an edit."""
    sent = outbox.by_id(db, outbox_id)
    if sent is None:
        return
    shown = cards.said(catalog, clinic, patient, turns.carried_by(db, outbox_id))
    waiting = payload.unpack(sent.payload, sent.chat_id)
    if shown.text == waiting.text:
        return
    if sent.state != "waiting":
        edits.want(db, outbox_id, edits.not_too_often(db, outbox_id, now))
    outbox.rewrite(
        db,
        outbox_id,
        payload.pack(shown.text, shown.buttons, silent=waiting.silent, reply_to=waiting.reply_to),
    )
