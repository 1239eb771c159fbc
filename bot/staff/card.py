"""What the clinic's group is shown when a person has to look."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

from sqlite_utils import Database

from bot.house import House
from content.catalog import Catalog
from scheduler import payload
from scheduler.model import Priority
from scheduler.store import clinics, outbox, patients, talk

WORTH = timedelta(days=3)


async def post_card(house: House, escalation_id: int) -> None:
    """Queue the card of an escalation for the clinic's group, ahead of everything else.

    A clinic whose group is not connected yet has the row all the same.
    """
    now = house.clock()
    await house.store.tx(_queue, house.catalog, escalation_id, now)
    house.delivery.wake()


def _queue(db: Database, catalog: Catalog, escalation_id: int, now: datetime) -> None:
    row = talk.escalation(db, escalation_id)
    clinic = clinics.by_id(db, row.clinic_id)
    patient = patients.by_id(db, row.patient_id)
    if clinic.chat_id is None or patient is None:
        return
    context = json.loads(row.context)
    said = talk.said_in(db, escalation_id)
    text = catalog.screen(
        clinic.language,
        "staff_card",
        {
            "level": row.level,
            "ref": patient.reference or patient.ref,
            "procedure": context["procedure"],
            "hours": context["hours"],
            "signs": [sign["sign"] for sign in context["signs"]],
            "said": said,
            "words": catalog.words(clinic.language),
        },
    )
    outbox.add(
        db,
        dedupe_key=f"escalation:{escalation_id}",
        clinic_id=clinic.id,
        patient_id=None,
        chat_id=clinic.chat_id,
        priority=Priority.ESCALATION,
        payload=payload.pack(text),
        content_version=catalog.version,
        now=now,
        expires_at=now + WORTH,
    )
