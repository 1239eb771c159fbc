"""The way from a patient's conversation to her clinic's group."""

from __future__ import annotations

import structlog

from bot.house import House
from scheduler.services import thread
from scheduler.store import inbox
from scheduler.store.engine import passing

log = structlog.get_logger()


async def post_card(house: House, escalation_id: int) -> bool:
    """Queue what the clinic's group has not seen of an escalation, ahead of everything else.

    A clinic whose group is not connected yet has the row all the same.

    Returns:
        Whether that was done. What cannot be shown as it is, is tried again by the schedule; it
        must not cost the patient her answer.
    """
    try:
        await house.store.tx(thread.sync, house.catalog, escalation_id, house.clock())
    except Exception as error:
        if passing(error):
            raise
        log.exception("desk.card_pushed_aside", escalation=escalation_id)
        until = house.clock() + inbox.TRY_AGAIN
        await house.store.tx(inbox.put_aside, escalation_id, until)
        return False
    house.delivery.wake()
    return True
