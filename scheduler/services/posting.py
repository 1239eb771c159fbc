"""A message to a clinic's group, and the note of what it is about."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlite_utils import Database

from content.catalog import Catalog
from scheduler import payload
from scheduler.messenger import Attachment, Keyboard
from scheduler.model import Clinic, Escalation, Priority
from scheduler.store import outbox, posts

WORTH = timedelta(days=3)


def post(
    db: Database,
    catalog: Catalog,
    clinic: Clinic,
    kind: str,
    text: str,
    now: datetime,
    *,
    key: str,
    keyboard: Keyboard = (),
    priority: Priority = Priority.REPLY,
    silent: bool = False,
    reply_to: int | None = None,
    ask_reply: str | None = None,
    attachment: Attachment | None = None,
    escalation_id: int | None = None,
    patient_id: int | None = None,
    draft_id: int | None = None,
) -> int | None:
    """Queue a message for the clinic's group and note what it is about; None if it has no group."""
    if clinic.chat_id is None:
        return None
    outbox_id = outbox.add(
        db,
        dedupe_key=key,
        clinic_id=clinic.id,
        patient_id=None,
        chat_id=clinic.chat_id,
        priority=priority,
        payload=payload.pack(
            text,
            keyboard,
            silent=silent,
            attachment=attachment,
            reply_to=reply_to,
            ask_reply=ask_reply,
        ),
        content_version=catalog.version,
        now=now,
        expires_at=now + WORTH,
    )
    if outbox_id is not None:
        posts.add(
            db,
            outbox_id,
            kind,
            escalation_id=escalation_id,
            patient_id=patient_id,
            draft_id=draft_id,
        )
    return outbox_id


def post_in_thread(
    db: Database,
    catalog: Catalog,
    clinic: Clinic,
    row: Escalation,
    text: str,
    now: datetime,
    *,
    kind: str = "thread",
    silent: bool = False,
    keyboard: Keyboard = (),
    attachment: Attachment | None = None,
) -> int | None:
    """Queue a message under the newest card of an escalation."""
    newest = posts.cards(db, row.id, clinic.chat_id, last=1) if clinic.chat_id else []
    return post(
        db,
        catalog,
        clinic,
        kind,
        text,
        now,
        key=posts.key(db, row),
        keyboard=keyboard,
        silent=silent,
        reply_to=newest[0].message_id if newest else None,
        attachment=attachment,
        escalation_id=row.id,
    )
