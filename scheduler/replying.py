"""Answers to a patient: at once, ahead of everything unasked, and kept if they could not leave.

A reply does not queue in the outbox. Only one that was not sent, or of which nobody can know, goes
there, with the priority of a reply, so that an answer is late or comes twice rather than never.
"""

from __future__ import annotations

from datetime import timedelta

from scheduler import payload
from scheduler.clock import Clock
from scheduler.messenger import (
    Blocked,
    Messenger,
    Migrated,
    Outgoing,
    RetryAfter,
    SendResult,
    Unknown,
    Unreachable,
)
from scheduler.model import Priority
from scheduler.sender import Pacer
from scheduler.store import outbox, patients, waits
from scheduler.store.engine import Store

WORTH = timedelta(hours=6)


class Replies:
    """Sends answers.

    Args:
        store: Where an answer waits that could not leave.
        messenger: Where messages leave.
        pacer: Who goes when.
        clock: The present instant.
        behind: Chats in which an answer may wait in the store, as the sender knows them.
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
        self._store, self._messenger, self._pacer, self._clock = store, messenger, pacer, clock
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
        """
        if keep and message.chat_id in self._behind and await self._waits(message.chat_id):
            await self._keep(message, key, clinic_id, patient_id)
            return Unreachable("one before it waits")
        await self._pacer.turn(
            chat_id=message.chat_id, priority=Priority.REPLY, group=clinic_id or 0
        )
        await self._pacer.go()
        result = await self._messenger.send(message)
        match result:
            case RetryAfter(seconds):
                self._pacer.hold(seconds, everybody=True)
                if keep:
                    await self._keep(message, key, clinic_id, patient_id)
            case Unreachable() if keep:
                await self._keep(message, key, clinic_id, patient_id)
            case Unknown() if keep:  # a warning twice does no harm, a lost one would
                await self._keep(message, key, clinic_id, patient_id, attempts=1)
            case Migrated(chat_id) if keep:
                await self._keep(message, key, clinic_id, patient_id, chat_id=chat_id)
            case Blocked() if patient_id is not None:
                await self._store.tx(patients.mark_blocked, patient_id)
        return result

    async def _waits(self, chat_id: int) -> bool:
        """Whether an answer to a chat waits in the store, which the next must not overtake."""
        found = await self._store.tx(waits.in_chat, chat_id)
        if not found:
            self._behind.discard(chat_id)
        return found

    async def _keep(
        self,
        message: Outgoing,
        key: str,
        clinic_id: int | None,
        patient_id: int | None,
        *,
        chat_id: int | None = None,
        attempts: int = 0,
    ) -> None:
        now = self._clock()
        self._behind.add(chat_id or message.chat_id)
        await self._store.tx(
            outbox.add,
            dedupe_key=f"reply:{key}",
            clinic_id=clinic_id,
            patient_id=patient_id,
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
