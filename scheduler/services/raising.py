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
from scheduler.services import cards, care
from scheduler.store import clinics, inbox, media, patients, records, talk, threads
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
        are `broken`, answers told of as `undelivered` or `delivered_late`, files `forgotten`.
    """
    counts: Counter[str] = Counter()
    counts.update(await store.tx(_raise, now, batch))
    counts.update(await store.tx(_post, catalog, now, batch))
    counts.update(await store.tx(_tell, catalog, now, batch))
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
                counts["posted"] += cards.sync(db, catalog, escalation_id, now)
        except Exception:
            counts["broken"] += 1
            inbox.put_aside(db, escalation_id, now + inbox.TRY_AGAIN)
            log.exception("desk.card_pushed_aside", escalation=escalation_id)
    return counts


def _tell(db: Database, catalog: Catalog, now: datetime, batch: int) -> Counter[str]:
    """Tell the group of answers whose fate was not known when they were written."""
    counts: Counter[str] = Counter()
    for found in threads.untold(db, now - LATE, batch):
        turn = threads.turn_of_clinic(db, found["clinic_id"], found["id"])
        if turn is None:
            continue
        row = talk.escalation(db, turn.escalation_id)
        clinic = clinics.by_id(db, row.clinic_id)
        patient = patients.by_id(db, row.patient_id)
        if patient is None:
            continue
        text = catalog.screen(
            clinic.language,
            "staff_outcome",
            {"outcome": found["outcome"], "ref": cards.label(patient)},
        )
        cards.post_in_thread(db, catalog, clinic, row, text, now)
        threads.told(db, turn.id, found["outcome"])
        counts["undelivered" if found["outcome"] != "sent" else "delivered_late"] += 1
    return counts
