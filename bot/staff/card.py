"""The way from a patient's conversation to her clinic's group."""

from __future__ import annotations

from collections.abc import Sequence

from bot.house import House
from scheduler.model import Clinic
from scheduler.services import cards


async def post_card(house: House, escalation_id: int) -> None:
    """Queue what the clinic's group has not seen of an escalation, ahead of everything else.

    A clinic whose group is not connected yet has the row all the same.
    """
    await house.store.tx(cards.sync, house.catalog, escalation_id, house.clock())
    house.delivery.wake()


async def empty_cards(
    house: House, clinic: Clinic | None, shown: Sequence[tuple[int, int]]
) -> None:
    """Take what the group was shown of a patient out of its messages, as she has erased it."""
    if clinic is None:
        return
    text = house.catalog.screen(clinic.language, "staff_erased")
    for chat_id, message_id in shown:
        await house.messenger.edit(chat_id=chat_id, message_id=message_id, text=text)
