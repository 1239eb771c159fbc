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
from scheduler.services import care, noticing, sessions
from scheduler.services.sessions import Answered, Choice

CHOICES = frozenset({"yes", "move", "no"})


async def answer(conversation: Conversation) -> None:
    """A tap under the reminder; the clinic's group hears of it at once."""
    args = conversation.tap.args if conversation.tap else ()
    known = len(args) == 3 and args[0] in CHOICES  # noqa: PLR2004  (choice, appointment, minute)
    said = None
    if known and all(part.isdigit() and len(part) < 12 for part in args[1:]):  # noqa: PLR2004
        said = await conversation.house.store.tx(
            _answer,
            conversation.house.catalog,
            conversation.clinic,
            conversation.known(),
            int(args[1]),
            datetime.fromtimestamp(int(args[2]) * 60, UTC),
            cast("Choice", args[0]),
            conversation.now,
        )
    if said is None:
        await conversation.say(
            conversation.screen("old_button"), keyboards.home(conversation.words)
        )
        return
    conversation.house.delivery.wake()
    await conversation.say(*said)


def _answer(
    db: Database,
    catalog: Catalog,
    clinic: Clinic | None,
    patient: Patient,
    session_id: int,
    starts_at: datetime,
    choice: Choice,
    now: datetime,
) -> tuple[str, Keyboard] | None:
    """Take the answer and return what to say to it; None if there is no such appointment."""
    if clinic is None:
        return None
    try:
        answered: Answered = sessions.answer(
            db, catalog, patient, session_id, starts_at, choice, now
        )
    except LookupError:
        return None
    text = noticing.said(
        db, catalog, clinic, patient, answered.session, f"session_{answered.outcome}", now
    )
    words = catalog.words(patient.language)
    if answered.outcome == "moved":
        return text, noticing.buttons(catalog, answered.session, patient.language)
    if answered.outcome == "confirmed":
        return text, ()
    return text, keyboards.help_now(words, care.voice(clinic, now, patient.language))
