"""A patient, her clinic and her chat, as every handler of a conversation has them at hand."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from sqlite_utils import Database
from telegram import CallbackQuery, Message, Update

from bot.house import Context, House, house_of
from bot.telegram.typed import Typed
from content.catalog import Words
from content.model import ClinicVoice
from content.telegram_html import split
from content.view import Standing, standing_in_general, view
from scheduler.buttons import Tap
from scheduler.messenger import Attachment, Keyboard, Outgoing
from scheduler.model import Clinic, Patient, Treatment
from scheduler.services import care
from scheduler.store import clinics, patients

NOBODYS_CLINIC = ClinicVoice(name="", phone="", emergency_number="112")
"""For a person whom no clinic has enrolled: 112 reaches help on most mobile networks."""


@dataclass(frozen=True)
class Conversation:
    """One update of one private chat.

    Attributes:
        house: The parts of the bot.
        chat_id: The chat.
        key: What makes this update unique, for answers that have to wait.
        now: When it is dealt with.
        language: The language to answer in.
        patient: Who it is, None for somebody not enrolled.
        clinic: Her clinic.
        treatments: Her treatments that count.
        message: The message, or the one whose button was tapped.
        tap: What was tapped.
        query: The tap as Telegram tells it.
        repeated: Whether a crash cut it short before, so that it may have been answered or not.
        crowded: Whether it came in a flood: it is dealt with, and nothing is said about it.
    """

    house: House
    chat_id: int
    key: str
    now: datetime
    language: str
    patient: Patient | None
    clinic: Clinic | None
    treatments: tuple[Treatment, ...]
    message: Message | Typed | None = None
    tap: Tap | None = None
    query: CallbackQuery | None = None
    repeated: bool = False
    crowded: bool = False

    @property
    def words(self) -> Words:
        """The interface words of the conversation's language."""
        return self.house.catalog.words(self.language)

    @cached_property
    def procedure(self) -> str:
        """The key of the procedure the answers are about."""
        return care.procedure_of(self.house.catalog, self.treatments).key

    @cached_property
    def voice(self) -> ClinicVoice:
        """The clinic as templates name it."""
        if self.clinic is None:
            return NOBODYS_CLINIC
        return care.voice(self.clinic, self.now, self.language)

    @cached_property
    def standing(self) -> Standing:
        """Where the patient stands, or everybody's rules for somebody not enrolled."""
        if self.patient is None or self.clinic is None:
            general = self.house.catalog.procedure(self.procedure)
            return standing_in_general(general, now=self.now, zone=ZoneInfo("UTC"))
        return care.standing(
            self.house.catalog, self.clinic, self.patient, self.treatments, self.now
        )

    @property
    def told(self) -> Tap:
        """What the tapped button carries; nothing if none was tapped."""
        return self.tap or Tap("", ())

    def context(self, **more: Any) -> dict[str, Any]:
        """Return what templates may name, and what `more` adds."""
        return view(self.standing, self.voice, **more)

    def screen(self, name: str, **more: Any) -> str:
        """Return one of the bot's own texts."""
        return self.house.catalog.screen(self.language, name, self.context(**more))

    def topic(self, key: str, *, asks: str = "other") -> str:
        """Return the answer to a topic, in the clinic's own words if it has them."""
        return self.house.catalog.topic(
            self.procedure,
            self.language,
            key,
            self.context(asks=asks),
            clinic=self.clinic.slug if self.clinic else "",
        )

    async def say(
        self,
        text: str,
        buttons: Keyboard = (),
        *,
        attachment: Attachment | None = None,
        ask_location: str | None = None,
        remove_keyboard: bool = False,
    ) -> None:
        """Answer; a text over Telegram's limit goes out in parts, the buttons under the last."""
        if self.crowded:
            return
        parts = split(text)
        for number, part in enumerate(parts, start=1):
            last = number == len(parts)
            await self.house.replies.send(
                Outgoing(
                    chat_id=self.chat_id,
                    text=part,
                    buttons=buttons if last else (),
                    attachment=attachment if last else None,
                    ask_location=ask_location if last else None,
                    remove_keyboard=remove_keyboard and last,
                ),
                key=f"{self.key}:{number}",
                clinic_id=self.clinic.id if self.clinic else None,
                patient_id=self.patient.id if self.patient else None,
            )

    async def edit(self, text: str, buttons: Keyboard = ()) -> bool:
        """Say it in the message whose button was tapped; False if there is none.

        If that cannot be changed now, it comes as a message of its own.
        """
        if self.message is None or self.crowded:
            return False
        with_file = isinstance(self.message, Message) and bool(self.message.effective_attachment)
        await self.house.replies.edit(
            Outgoing(chat_id=self.chat_id, text=text, buttons=buttons),
            message_id=self.message.message_id,
            key=f"{self.key}:edit",
            clinic_id=self.clinic.id if self.clinic else None,
            patient_id=self.patient.id if self.patient else None,
            caption=with_file,
        )
        return True

    def known(self) -> Patient:
        """Return the patient; only for handlers that `enrolled` guards."""
        if self.patient is None:
            raise LookupError("nobody is enrolled in this chat")
        return self.patient

    async def again(self) -> Conversation:
        """Return the conversation with what the store now says."""
        return replace(self, **await _people(self.house, self.chat_id, self.language))


Handler = Callable[[Conversation], Coroutine[Any, Any, None]]


def _load(
    db: Database, chat_id: int
) -> tuple[Patient | None, Clinic | None, tuple[Treatment, ...]]:
    patient = patients.by_chat(db, chat_id)
    if patient is None:
        return None, None, ()
    return (
        patient,
        clinics.by_id(db, patient.clinic_id),
        tuple(patients.treatments(db, patient.id)),
    )


async def _people(house: House, chat_id: int, told: str) -> dict[str, Any]:
    patient, clinic, treatments = await house.store.look(_load, chat_id)
    return {
        "patient": patient,
        "clinic": clinic,
        "treatments": treatments,
        "language": patient.language if patient else told,
    }


async def open_conversation(
    update: Update, context: Context, tap: Tap | None = None
) -> Conversation | None:
    """Return the conversation of an update in a private chat; None for any other."""
    chat, user = update.effective_chat, update.effective_user
    if chat is None or user is None or chat.type != "private":
        return None
    return await _open(
        house_of(context),
        update.update_id,
        chat.id,
        user.language_code,
        message=update.effective_message,
        tap=tap,
        query=update.callback_query,
    )


async def open_typed(typed: Typed, house: House) -> Conversation:
    """Return the conversation of a text that somebody typed."""
    return await _open(house, typed.update_id, typed.chat_id, typed.language_code, message=typed)


async def _open(
    house: House, update_id: int, chat_id: int, language_code: str | None, **more: Any
) -> Conversation:
    return Conversation(
        house=house,
        chat_id=chat_id,
        key=f"{update_id}",
        now=house.clock(),
        repeated=update_id in house.again,
        crowded=update_id in house.crowded,
        **await _people(house, chat_id, house.catalog.language(language_code)),
        **more,
    )


def handler(work: Handler) -> Callable[[Update, Context], Coroutine[Any, Any, None]]:
    """Make a handler of python-telegram-bot from one of ours."""

    async def handle(update: Update, context: Context) -> None:
        conversation = await open_conversation(update, context)
        if conversation is not None:
            await work(conversation)

    return handle


def enrolled(work: Handler) -> Handler:
    """Let only a patient in who has agreed; anybody else is told how to get a code."""

    async def guarded(conversation: Conversation) -> None:
        patient = conversation.patient
        if patient is None or patient.state in ("invited", "joining"):
            await conversation.say(conversation.screen("not_joined" if patient else "no_code"))
            return
        await work(conversation)

    return guarded


def in_pairs(buttons: Sequence[Any]) -> tuple[tuple[Any, ...], ...]:
    """Return buttons in rows of two, which a thumb can hit on a narrow phone."""
    return tuple(tuple(buttons[start : start + 2]) for start in range(0, len(buttons), 2))
