"""What the tick does for the desk: nothing urgent is forgotten, nothing stays unposted.

An urgent card that nobody took is posted anew, with everybody named: after the clinic's minutes,
then once at each opening. While the clinic is closed only the levels it has chosen are raised;
the others wait for the opening.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta

import structlog
from sqlite_utils import Database

from content.catalog import Catalog
from scheduler.model import Clinic, Escalation
from scheduler.services import answering, cards, care, letters, refusals, thread
from scheduler.services.posting import post_in_thread
from scheduler.store import clinics, inbox, media, parts, records, talk, turns
from scheduler.store.engine import Store

BATCH = 50
LATE = timedelta(minutes=1)

log = structlog.get_logger()


async def sweep(
    store: Store, catalog: Catalog, now: datetime, *, batch: int = BATCH
) -> Counter[str]:
    """Do one round.

    Args:
        store: The database.
        catalog: The words.
        now: The present instant.
        batch: The most rows of each kind.

    Returns:
        Counts: cards `raised` and `deferred` to the opening, group messages `posted`, cards that
        are `broken`, answers told of as `undelivered` or `delivered_late`, `refused_files` that
        both sides were told of, messages `refused` that groups were told of, files `forgotten`.
    """
    counts: Counter[str] = Counter()
    counts.update(await store.tx(_raise, now, batch))
    counts.update(await store.tx(_post, catalog, now, batch))
    counts.update(await store.tx(_tell, catalog, now, batch))
    counts.update(await store.tx(_tell_refused, catalog, now, batch))
    counts["refused"] += await store.tx(refusals.tell, catalog, now)
    counts["forgotten"] += await store.tx(media.forget_expired, now, batch)
    return +counts


def _raise(db: Database, now: datetime, batch: int) -> Counter[str]:
    counts: Counter[str] = Counter()
    for row in inbox.due_to_raise(db, now, batch):
        clinic = clinics.by_id(db, row.clinic_id)
        if _may_raise(clinic, row, now):
            inbox.raised(db, row.id)
            inbox.raise_at(db, row.id, _next(clinic, row.raised + 1, now))
            records.audit(
                db,
                now=now,
                actor="clock",
                action="escalation.raised",
                subject=f"escalation:{row.id}",
                clinic_id=clinic.id,
                detail={"times": row.raised + 1},
            )
            counts["raised"] += 1
        else:
            inbox.raise_at(db, row.id, care.next_opening(clinic, now))
            counts["deferred"] += 1
    return counts


def _may_raise(clinic: Clinic, row: Escalation, now: datetime) -> bool:
    if care.open_now(clinic, now) or clinic.raise_closed == "urgent":
        return True
    return clinic.raise_closed == "emergency" and row.level == "emergency"


def _next(clinic: Clinic, times: int, now: datetime) -> datetime:
    """Return when a card is raised after it was so many times: by minutes, then by openings."""
    if times < len(clinic.raise_minutes):
        return now + timedelta(minutes=clinic.raise_minutes[times])
    local = now.astimezone(clinic.zone)
    closing = local.replace(hour=clinic.closes.hour, minute=clinic.closes.minute)
    return care.next_opening(clinic, max(closing, local) if care.open_now(clinic, now) else now)


def _post(db: Database, catalog: Catalog, now: datetime, batch: int) -> Counter[str]:
    counts: Counter[str] = Counter()
    for escalation_id in inbox.unposted(db, now, batch):
        try:
            with db.atomic():
                counts["posted"] += thread.sync(db, catalog, escalation_id, now)
        except Exception:
            counts["broken"] += 1
            inbox.put_aside(db, escalation_id, now + inbox.TRY_AGAIN)
            log.exception("desk.card_pushed_aside", escalation=escalation_id)
    return counts


def _tell(db: Database, catalog: Catalog, now: datetime, batch: int) -> Counter[str]:
    """Tell the group of answers whose fate was not known when they were written."""
    counts: Counter[str] = Counter()
    for found in parts.untold(db, now - LATE, batch):
        turn = turns.of_clinic(db, found["clinic_id"], found["id"])
        if turn is None:
            continue
        row = talk.escalation(db, turn.escalation_id)
        patient, clinic = letters.people(db, row)
        outcome = answering.settled(db, row, turn.id, now)
        text = cards.outcome_text(catalog, clinic, patient, outcome)
        again = cards.again_button(catalog.words(clinic.language), turn.id)
        keyboard = ((again,),) if outcome in answering.LOST else ()
        post_in_thread(db, catalog, clinic, row, text, now, keyboard=keyboard)
        counts["undelivered" if outcome in answering.LOST else "delivered_late"] += 1
    return counts


def _tell_refused(db: Database, catalog: Catalog, now: datetime, batch: int) -> Counter[str]:
    """Tell both sides of a file that Telegram did not let pass."""
    counts: Counter[str] = Counter()
    for found in turns.not_passed(db, batch):
        turn = turns.of_clinic(db, found["clinic_id"], found["id"])
        if turn is None:
            continue
        row = talk.escalation(db, turn.escalation_id)
        patient, clinic = letters.people(db, row)
        words = catalog.words(clinic.language)
        told = {"ref": cards.label(patient), "media": turn.media or "document", "words": words}
        text = catalog.screen(clinic.language, "staff_file_refused", told)
        post_in_thread(db, catalog, clinic, row, text, now)
        known = letters.context(db, catalog, clinic, patient, now)
        sorry = catalog.screen(patient.language, "media_refused", known)
        letters.queue(db, catalog, patient, sorry, now, key=f"refused:{turn.id}")
        turns.told(db, turn.id, "failed")
        counts["refused_files"] += 1
    return counts
