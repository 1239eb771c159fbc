"""I'll be there, Need another time, Cancel: under the reminder of an appointment."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import cast

from sqlite_utils import Database

from bot.patient import keyboards
from bot.patient.conversation import Conversation
from content.catalog import Catalog
from scheduler.messenger import Keyboard
from scheduler.model import Clinic, Patient
from scheduler.services import attendance, care, noticing
from scheduler.services.attendance import Choice
from scheduler.store import notices

CHOICES = frozenset({"yes", "move", "no"})
MOST_DIGITS = 10  # of a button's numbers; a minute with more lies beyond what a calendar knows


async def answer(conversation: Conversation) -> None:
    """A tap under the reminder, which then says so; the clinic's group hears of it at once."""
    args = conversation.tap.args if conversation.tap else ()
    known = len(args) == 3 and args[0] in CHOICES  # noqa: PLR2004  (choice, appointment, minute)
    said = None
    if known and all(part.isdigit() and len(part) < MOST_DIGITS for part in args[1:]):
        said = await conversation.house.store.tx(
            _answer,
            conversation.house.catalog,
            conversation.clinic,
            conversation.known(),
            int(args[1]),
            datetime.fromtimestamp(int(args[2]) * 60, UTC),
            cast("Choice", args[0]),
            conversation.message.message_id if conversation.message else 0,
            conversation.now,
        )
    if said is None:
        await conversation.say(
            conversation.screen("old_button"), keyboards.home(conversation.words)
        )
        return
    conversation.house.delivery.wake()
    text, buttons, in_place = said
    if not in_place or not await conversation.edit(text, buttons):
        await conversation.say(text, buttons)


def _answer(
    db: Database,
    catalog: Catalog,
    clinic: Clinic | None,
    patient: Patient,
    session_id: int,
    starts_at: datetime,
    choice: Choice,
    message_id: int,
    now: datetime,
) -> tuple[str, Keyboard, bool] | None:
    """Take the answer; return what to say, with which buttons, and whether in the same message.

    None if there is no such appointment of hers. A time that was moved is a message of its own.
    """
    if clinic is None or patient.chat_id is None:
        return None
    try:
        answered = attendance.answer(db, catalog, patient, session_id, starts_at, choice, now)
    except LookupError:
        return None
    stage = notices.stage_at(db, patient.chat_id, message_id)
    screen = f"session_{answered.outcome}"
    if answered.outcome == "confirmed" and stage in ("7d", "24h"):
        screen = noticing.SCREENS[stage]  # what to do before it goes on standing there
    text = noticing.said(db, catalog, clinic, patient, answered.session, screen, now)
    if answered.outcome in ("confirmed", "wants_other_time", "moved"):
        buttons = noticing.buttons(catalog, answered.session, patient.language)
        return text, buttons, answered.outcome != "moved"
    words = catalog.words(patient.language)
    return text, keyboards.help_now(words, care.voice(clinic, now, patient.language)), True
