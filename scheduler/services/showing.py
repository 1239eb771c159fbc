"""What in a clinic's group has to be edited, and what becomes of each edit.

An edit that cannot be made now is made later. Words whose message is gone are shown anew.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlite_utils import Database

from content.catalog import Catalog
from scheduler.messenger import Blocked, Keyboard, Migrated, Rejected, RetryAfter, SendResult, Sent
from scheduler.services import cards, letters
from scheduler.store import edits, talk, turns
from scheduler.store.posts import Post

LATER = timedelta(seconds=5)
ASIDE = timedelta(minutes=10)

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Edit:
    """One message that has to say something else.

    Attributes:
        post: What it is about.
        clinic_id: The clinic that it speaks for.
        chat_id: Its chat.
        message_id: Its number there.
        text: What it is to say.
        buttons: What can be done.
    """

    post: Post
    clinic_id: int
    chat_id: int
    message_id: int
    text: str
    buttons: Keyboard


def due(db: Database, catalog: Catalog, escalation_id: int, now: datetime) -> list[Edit]:
    """Return the edits of an escalation that are due."""
    found = []
    for post, sent in edits.due(db, escalation_id, now):
        if sent.state != "sent" or sent.message_id is None:
            _gone(db, post)
            continue
        try:
            shown = _shown(db, catalog, post, escalation_id, now)
        except Exception:
            edits.put_off(db, post.outbox_id, now + ASIDE)
            log.exception("desk.edit_put_off", post=post.outbox_id)
            continue
        clinic_id = sent.clinic_id or 0
        found.append(
            Edit(post, clinic_id, sent.chat_id, sent.message_id, shown.text, shown.buttons)
        )
    return found


def settle(db: Database, edit: Edit, result: SendResult, now: datetime) -> None:
    """Write down what became of an edit."""
    match result:
        case Sent():
            edits.made(db, edit.post, now)
        case RetryAfter(seconds):
            edits.put_off(db, edit.post.outbox_id, now + timedelta(seconds=seconds))
        case Rejected() | Blocked() | Migrated():
            _gone(db, edit.post)
        case _:
            edits.put_off(db, edit.post.outbox_id, now + LATER)


def _gone(db: Database, post: Post) -> None:
    """There is nothing to edit: what the message carried is shown anew, a card is left alone."""
    edits.retire(db, post.outbox_id)
    if post.kind in ("said", "files"):
        turns.let_go(db, post.outbox_id)


def _shown(
    db: Database, catalog: Catalog, post: Post, escalation_id: int, now: datetime
) -> cards.Shown:
    if post.kind == "card":
        return cards.card(db, catalog, escalation_id, now)
    patient, clinic = letters.people(db, talk.escalation(db, escalation_id))
    carried = turns.carried_by(db, post.outbox_id)
    if post.kind == "files":
        return cards.files(catalog, clinic, patient, escalation_id, len(carried))
    return cards.said(catalog, clinic, patient, carried)
