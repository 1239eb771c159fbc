"""No more offers: consent to marketing taken back with one tap, under every offer."""

from __future__ import annotations

from bot.patient.conversation import Conversation
from scheduler.services import enrolment
from scheduler.store import patients


async def no_offers(conversation: Conversation) -> None:
    """Take the consent back; care goes on."""
    await conversation.house.store.tx(
        patients.record_consent,
        conversation.known().id,
        "marketing",
        enrolment.CONSENT_VERSION,
        given=False,
        now=conversation.now,
    )
    await conversation.say(conversation.screen("broadcast_no_offers"))
