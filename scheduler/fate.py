"""What is to become of a row: whether it is still wanted now, and what its result comes to.

Every function here is part of one change of the store; `scheduler.marks` says when it is made.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlite_utils import Database

from scheduler.messenger import (
    Blocked,
    Migrated,
    Rejected,
    RetryAfter,
    SendResult,
    Sent,
    Unknown,
    Unreachable,
)
from scheduler.model import OutboxRow
from scheduler.store import aside, broadcasts, clinics, outbox, patients, refusals, reminders, waits
from scheduler.store.claims import Recipient

TRIES_WHEN_UNSURE = {"escalation": 5, "reply": 5, "reminder": 2}
"""How often a message is tried of which nobody can know whether it arrived. A second sunscreen note
does no harm, and a warning has to arrive though the line breaks several times. A broadcast is not
tried again but held and named."""

UNREACHABLE_PAUSE = timedelta(seconds=5)
KEPT_IN_ORDER = timedelta(minutes=2)
"""For so long an answer waits for the one before it to the same chat; a message that Telegram
fails on again and again must not keep a warning from a patient."""


@dataclass(frozen=True, slots=True)
class NotLeft:
    """A marked row whose request did not leave after all: it waits until then, and why."""

    until: datetime
    why: str


def wanted(db: Database, row: OutboxRow, recipient: Recipient | None, now: datetime) -> bool:
    """Whether a row is still wanted at this very moment; if not, it is put aside or off."""
    if row.state != "waiting":
        return False
    if row.expires_at < now:
        if row.kind != "reminder" or not reminders.outlives(db, row.id, now):
            aside.one(db, row.id, now, "stale")
        return False
    if row.kind == "broadcast" and not broadcasts.may_go(db, row, now):
        return False
    if row.kind not in ("reminder", "broadcast"):
        return _in_order(db, row, now)
    if row.patient_id is None:
        return True
    if recipient is None or recipient.state != "active":
        aside.one(db, row.id, now, "not wanted")
        return False
    if recipient.paused_until and recipient.paused_until > now:
        aside.one(db, row.id, now, "paused")
        return False
    if (opening := opens(recipient, now)) is not None:
        outbox.again(db, row.id, opening, waits.AT_NIGHT)
        return False
    return True


def opens(recipient: Recipient, now: datetime) -> datetime | None:
    """Return when a patient's quiet hours end, if they are on."""
    if not recipient.quiet.quiet(now.astimezone(recipient.zone)):
        return None
    return recipient.quiet.next_open(now, recipient.zone)


def _in_order(db: Database, row: OutboxRow, now: datetime) -> bool:
    """Put a row behind those before it to the same chat that are not sent yet, if there are any."""
    until = waits.before(db, row, since=now - KEPT_IN_ORDER)
    if until is None:
        return True
    outbox.again(db, row.id, until, waits.BEHIND)
    return False


def ended(db: Database, row: OutboxRow, result: SendResult | NotLeft, now: datetime) -> str:
    """Write down what a request came to; return one word for the counts."""
    match result:
        case Sent(message_id):
            outbox.sent(db, [(row.id, message_id)], now)
            return "sent"
        case RetryAfter(seconds):
            until = now + timedelta(seconds=seconds)
            outbox.again(db, row.id, until, "asked to wait", unsent=True)
            return "held"
        case Migrated(chat_id):
            clinics.move_chat(db, row.chat_id, chat_id)
            outbox.again(db, row.id, now, "moved", unsent=True)
            outbox.readdress(db, row.id, chat_id)
            return "moved"
        case Blocked(reason):
            aside.one(db, row.id, now, reason, state="blocked")
            if row.patient_id is not None:
                patients.mark_blocked(db, row.patient_id)
                aside.unasked(db, row.patient_id, now, "blocked")
            else:
                clinics.unbind(db, row.chat_id, now=now)
            return "blocked"
        case Rejected(reason):  # for what it is; so a try before this one came to nothing either
            outbox.finish(db, row.id, "failed", now, detail=reason)
            refusals.note(db, row.id, now)
            return "failed"
        case Unreachable(reason):  # surely not sent; it is tried until it is not worth sending
            outbox.again(db, row.id, now + UNREACHABLE_PAUSE, reason, unsent=True)
            return "unreachable"
        case Unknown(reason):
            return _unsure(db, row, now, reason)
        case NotLeft(until, why):
            outbox.again(db, row.id, until, why, unsent=True)
            return "put back"


def _unsure(db: Database, row: OutboxRow, now: datetime, reason: str) -> str:
    """Nobody can know whether it arrived: again for care, never for a broadcast."""
    if row.attempts + 1 < TRIES_WHEN_UNSURE.get(row.kind, 1):
        outbox.again(db, row.id, now + _backoff(row.attempts), reason)
        return "again"
    outbox.finish(db, row.id, "uncertain", now, detail=reason)
    return "uncertain"


def _backoff(attempts: int) -> timedelta:
    return timedelta(seconds=min(2.0 ** (attempts + 1), 300))


def put_aside(db: Database, row_id: int, now: datetime) -> None:
    """Let go of a row that breaks whatever touches it, so that the others go on."""
    aside.one(db, row_id, now, "it could not be sent as it is", state="failed")
    refusals.note(db, row_id, now)


def recover(db: Database, now: datetime) -> Counter[str]:
    """Settle what a crash left in doubt; return counts."""
    settled: Counter[str] = Counter()
    for row in outbox.in_doubt(db):
        if row.attempts < TRIES_WHEN_UNSURE.get(row.kind, 1):
            outbox.again(db, row.id, now, "in doubt after a crash")
            settled["again"] += 1
        else:
            outbox.finish(db, row.id, "uncertain", now, detail="in doubt after a crash")
            settled["uncertain"] += 1
    waits.keep_short(db, now)
    return settled
