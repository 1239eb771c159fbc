"""The marks around a request: `trying` just before it, what it came to just after.

Marks that are wanted in the same moment share one change of the store, so the result of one
message and the beginning of the next cost one wait for the disk. Nobody goes on before that wait
is over, so at a crash only what was really under way is in doubt.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
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
from scheduler.plan import QuietHours
from scheduler.store import broadcasts, clinics, outbox, patients, records, reminders
from scheduler.store.engine import Store, instant, passing, stamp
from scheduler.store.outbox import Recipient

TRIES_WHEN_UNSURE = {"escalation": 5, "reply": 5, "reminder": 2}
"""How often a message is tried of which nobody can know whether it arrived. A second sunscreen note
does no harm, and a warning has to arrive though the line breaks several times. A broadcast is not
tried again but held and named."""

UNREACHABLE_PAUSE = timedelta(seconds=5)
HOLD = "delivery.held_until"
TOGETHER = 128
"""The most marks in one change of the store."""

_Outcome = OutboxRow | str | None
"""The row that may go now, a word for what a request came to, or nothing."""


class Marks:
    """Marks rows in the store.

    Args:
        store: The database.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._wanted: list[_Mark] = []
        self._writing: asyncio.Task[None] | None = None

    async def begin(self, row: OutboxRow, now: datetime) -> OutboxRow | None:
        """Mark a row just before its request.

        Returns:
            The row as it is now; None if it is not wanted at this very moment.
        """
        marked = await self._mark(row, now, None)
        return marked if isinstance(marked, OutboxRow) else None

    async def end(self, row: OutboxRow, result: SendResult, now: datetime) -> str:
        """Write down what a request came to; return one word for the counts."""
        return str(await self._mark(row, now, result))

    async def _mark(self, row: OutboxRow, now: datetime, result: SendResult | None) -> _Outcome:
        loop = asyncio.get_running_loop()
        mark = _Mark(row, now, result, loop.create_future())
        self._wanted.append(mark)
        if self._writing is None:
            self._writing = loop.create_task(self._write(), name="marks")
        return await mark.done

    async def _write(self) -> None:
        try:
            while self._wanted:
                marks, self._wanted = self._wanted[:TOGETHER], self._wanted[TOGETHER:]
                await self._together(marks)
        finally:
            self._writing = None

    async def _together(self, marks: Sequence[_Mark]) -> None:
        """Write marks in one change; if that fails, each in its own: one spoils no other."""
        try:
            outcomes = await self._store.tx(_write, marks)
        except Exception as error:  # noqa: BLE001  (whoever waits has to hear of it)
            if len(marks) > 1 and not passing(error):
                for mark in marks:
                    await self._together([mark])
                return
            for mark in marks:
                mark.fail(error)
        else:
            for mark, outcome in zip(marks, outcomes, strict=True):
                mark.tell(outcome)


@dataclass(eq=False, slots=True)
class _Mark:
    """One mark that is wanted.

    Attributes:
        row: The row.
        now: The present instant.
        result: What its request came to; None before it.
        done: What became of the mark.
    """

    row: OutboxRow
    now: datetime
    result: SendResult | None
    done: asyncio.Future[_Outcome]

    def tell(self, outcome: _Outcome) -> None:
        """Let whoever waits go on."""
        if not self.done.done():
            self.done.set_result(outcome)

    def fail(self, error: Exception) -> None:
        """Let whoever waits know that it could not be written."""
        if not self.done.done():
            self.done.set_exception(error)


def _write(db: Database, marks: Sequence[_Mark]) -> list[_Outcome]:
    """Write the ends first, then the beginnings, and return what became of each."""
    outcomes: dict[_Mark, _Outcome] = {}
    sent: list[tuple[int, int, datetime]] = []
    for mark in marks:
        if isinstance(mark.result, Sent):
            sent.append((mark.row.id, mark.result.message_id, mark.now))
            outcomes[mark] = "sent"
        elif mark.result is not None:
            outcomes[mark] = _end(db, mark.row, mark.result, mark.now)
    outbox.sent(db, sent)
    begins = [mark for mark in marks if mark.result is None]
    fresh = outbox.with_recipients(db, [mark.row.id for mark in begins])
    going: list[tuple[int, datetime]] = []
    for mark in begins:
        row, recipient = fresh.get(mark.row.id, (None, None))
        outcomes[mark] = None
        if row is not None and _wanted(db, row, recipient, mark.now):
            going.append((row.id, mark.now))
            outcomes[mark] = row
    outbox.begin(db, going)
    return [outcomes[mark] for mark in marks]


def _wanted(db: Database, row: OutboxRow, recipient: Recipient | None, now: datetime) -> bool:
    """Whether a row is still wanted at this very moment; if not, it is put aside or off."""
    if row.state != "waiting":
        return False
    if row.expires_at < now:
        if row.kind != "reminder" or not reminders.outlives(db, row.id, now):
            outbox.finish(db, row.id, "skipped", now, detail="stale")
        return False
    if row.kind == "broadcast" and not broadcasts.may_go(db, row, now):
        return False
    if row.kind not in ("reminder", "broadcast") or row.patient_id is None:
        return True
    if recipient is None or recipient.state != "active":
        outbox.finish(db, row.id, "skipped", now, detail="not wanted")
        return False
    if recipient.paused_until and recipient.paused_until > now:
        outbox.finish(db, row.id, "skipped", now, detail="paused")
        return False
    quiet = QuietHours(recipient.quiet_from, recipient.quiet_to)
    opens = quiet.next_open(now, recipient.zone)
    if opens > now:
        outbox.again(db, row.id, opens, "quiet hours")
        return False
    return True


def _end(db: Database, row: OutboxRow, result: SendResult, now: datetime) -> str:
    """Write down what a request came to that was not simply sent."""
    match result:
        case Sent(message_id):
            outbox.sent(db, [(row.id, message_id, now)])
            return "sent"
        case RetryAfter(seconds):
            until = now + timedelta(seconds=seconds)
            records.keep(db, HOLD, stamp(until))
            outbox.again(db, row.id, until, "asked to wait", unsent=True)
            return "held"
        case Migrated(chat_id):
            clinics.move_chat(db, row.chat_id, chat_id)
            outbox.again(db, row.id, now, "moved", unsent=True)
            outbox.readdress(db, row.id, chat_id)
            return "moved"
        case Blocked(reason):
            outbox.finish(db, row.id, "blocked", now, detail=reason)
            if row.patient_id is not None:
                patients.mark_blocked(db, row.patient_id)
                outbox.drop_waiting(db, row.patient_id, now, "blocked")
            else:
                clinics.unbind(db, row.chat_id, now=now)
            return "blocked"
        case Rejected(reason):
            outbox.finish(db, row.id, "failed", now, detail=reason)
            return "failed"
        case Unreachable(reason):  # surely not sent; it is tried until it is not worth sending
            outbox.again(db, row.id, now + UNREACHABLE_PAUSE, reason, unsent=True)
            return "unreachable"
        case Unknown(reason):
            return _unsure(db, row, now, reason)


def _unsure(db: Database, row: OutboxRow, now: datetime, reason: str) -> str:
    """Nobody can know whether it arrived: again for care, never for a broadcast."""
    if row.attempts + 1 < TRIES_WHEN_UNSURE.get(row.kind, 1):
        outbox.again(db, row.id, now + _backoff(row.attempts), reason)
        return "again"
    outbox.finish(db, row.id, "uncertain", now, detail=reason)
    return "uncertain"


def _backoff(attempts: int) -> timedelta:
    return timedelta(seconds=min(2.0 ** (attempts + 1), 300))


def recover(db: Database, now: datetime) -> tuple[Counter[str], datetime | None]:
    """Settle what a crash left in doubt; return counts, and until when Telegram asked to wait."""
    settled: Counter[str] = Counter()
    for row in outbox.in_doubt(db):
        if row.attempts < TRIES_WHEN_UNSURE.get(row.kind, 1):
            outbox.again(db, row.id, now, "in doubt after a crash")
            settled["again"] += 1
        else:
            outbox.finish(db, row.id, "uncertain", now, detail="in doubt after a crash")
            settled["uncertain"] += 1
    held = records.fact(db, HOLD)
    return settled, instant(held) if held else None
