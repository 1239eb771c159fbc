"""Answers to a person: at once, ahead of everything unasked, and kept if they could not leave.

A reply does not queue in the outbox. Only one that was not sent, or of which nobody can know, goes
there, with the priority of a reply, so that an answer is late or comes twice rather than never. An
answer that changes the message whose button was tapped then comes as a message of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from scheduler import payload
from scheduler.clock import Clock
from scheduler.door import Door, Pacer
from scheduler.ending import TOO_LATE
from scheduler.messenger import (
    Blocked,
    Messenger,
    Migrated,
    Outgoing,
    Rejected,
    RetryAfter,
    SendResult,
    Unknown,
    Unreachable,
)
from scheduler.model import Priority
from scheduler.pacer import PacerClosed
from scheduler.store import outbox, patients, waits
from scheduler.store.engine import Store

WORTH = timedelta(hours=6)


@dataclass(frozen=True, slots=True)
class _Answer:
    """What is said, to be kept if it cannot leave.

    Attributes:
        message: It as a message of its own.
        key: What makes it unique, so that it is never kept twice.
        clinic_id: The clinic it speaks for, if any.
        patient_id: The patient it is for, if any.
        keep: Whether it waits in the store if it cannot leave.
    """

    message: Outgoing
    key: str
    clinic_id: int | None
    patient_id: int | None
    keep: bool = True


class Replies:
    """Sends answers.

    Args:
        store: Where an answer waits that could not leave.
        messenger: Where messages leave.
        pacer: Who goes when.
        clock: The present instant.
        behind: Chats in which an answer may wait in the store, as the sender knows them.

    Attributes:
        door: The way out of what is not to be kept, such as a change that is made again anyway.
    """

    def __init__(
        self,
        store: Store,
        messenger: Messenger,
        pacer: Pacer,
        clock: Clock,
        *,
        behind: set[int] | None = None,
    ) -> None:
        self._store, self._clock = store, clock
        self.door = Door(store, messenger, pacer, clock)
        self._behind: set[int] = set() if behind is None else behind

    async def send(
        self,
        message: Outgoing,
        *,
        key: str,
        clinic_id: int | None = None,
        patient_id: int | None = None,
        keep: bool = True,
    ) -> SendResult:
        """Send an answer.

        Args:
            message: What to say.
            key: What makes this answer unique, so that it is never kept twice.
            clinic_id: The clinic it speaks for, if any.
            patient_id: The patient it is for, if any.
            keep: Whether it waits in the store if it cannot leave; an answer with a secret in
                it, such as an enrolment code, must not.

        Returns:
            How it ended; `Unreachable` for one that waits behind another to the same chat.

        Raises:
            PacerClosed: If a stop left no time for one that is not to be kept.
        """
        answer = _Answer(message, key, clinic_id, patient_id, keep)
        if keep and message.chat_id in self._behind and await self._waits(message.chat_id):
            return await self._kept(answer)
        try:
            result = await self.door.send(message, group=clinic_id or 0)
        except PacerClosed:
            if not keep:
                raise
            result = Unreachable(TOO_LATE)
        return await self._settled(answer, result)

    async def edit(
        self,
        message: Outgoing,
        *,
        message_id: int,
        key: str,
        clinic_id: int | None = None,
        patient_id: int | None = None,
        caption: bool = False,
        wait: bool = True,
    ) -> SendResult:
        """Answer by changing a message, as after a tap on one of its buttons.

        What cannot be said so is said as a message of its own: now if that message cannot be
        changed any more, or later if nothing can leave.

        Args:
            message: What to say; of it a change takes the text and the buttons.
            message_id: The message to change.
            key: What makes this answer unique, so that it is never kept twice.
            clinic_id: The clinic it speaks for, if any.
            patient_id: The patient it is for, if any.
            caption: Whether a file goes with the message to change.
            wait: Whether to wait for room in a busy group; else it is said there later.

        Returns:
            How it ended; `Unreachable` for one that waits, behind another or for room.
        """
        answer = _Answer(message, key, clinic_id, patient_id)
        if message.chat_id in self._behind and await self._waits(message.chat_id):
            return await self._kept(answer)
        if not wait and not self.door.has_room(message.chat_id):
            return await self._kept(answer)
        result = await self.door.edit(
            chat_id=message.chat_id,
            message_id=message_id,
            text=message.text,
            buttons=message.buttons,
            caption=caption,
            group=clinic_id or 0,
            waited_for=True,
        )
        if isinstance(result, Rejected):
            return await self.send(message, key=key, clinic_id=clinic_id, patient_id=patient_id)
        return await self._settled(answer, result)

    async def _waits(self, chat_id: int) -> bool:
        """Whether an answer to a chat waits in the store, which the next must not overtake."""
        found = await self._store.tx(waits.in_chat, chat_id)
        if not found:
            self._behind.discard(chat_id)
        return found

    async def _settled(self, answer: _Answer, result: SendResult) -> SendResult:
        """Draw from how an answer ended what it means for it and for its chat."""
        match result:
            case RetryAfter() | Unreachable() if answer.keep:
                await self._keep(answer)
            case Unknown() if answer.keep:  # a warning twice does no harm, a lost one would
                await self._keep(answer, attempts=1)
            case Migrated(chat_id) if answer.keep:
                await self._keep(answer, chat_id=chat_id)
            case Blocked() if answer.patient_id is not None:
                await self._store.tx(patients.mark_blocked, answer.patient_id)
        return result

    async def _kept(self, answer: _Answer) -> SendResult:
        await self._keep(answer)
        return Unreachable("it waits its turn")

    async def _keep(
        self, answer: _Answer, *, chat_id: int | None = None, attempts: int = 0
    ) -> None:
        now, message = self._clock(), answer.message
        self._behind.add(chat_id or message.chat_id)
        await self._store.tx(
            outbox.add,
            dedupe_key=f"reply:{answer.key}",
            clinic_id=answer.clinic_id,
            patient_id=answer.patient_id,
            chat_id=chat_id or message.chat_id,
            priority=Priority.REPLY,
            payload=payload.pack(
                message.text,
                message.buttons,
                silent=message.silent,
                attachment=message.attachment,
                reply_to=message.reply_to,
            ),
            content_version="",
            now=now,
            expires_at=now + WORTH,
            attempts=attempts,
        )
