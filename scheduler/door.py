"""The way out of whatever is said or changed at once, and not from the outbox.

Telegram counts a change like a message. So each takes its turn, leaves at its moment, and holds up
those whom Telegram then asks to wait.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Protocol

from scheduler.clock import Clock
from scheduler.ending import TOO_LATE
from scheduler.messenger import (
    Keyboard,
    Messenger,
    Outgoing,
    RetryAfter,
    SendResult,
    Unreachable,
)
from scheduler.model import Priority
from scheduler.pacer import PacerClosed
from scheduler.pauses import Pauses
from scheduler.store.engine import Store


class Pacer(Protocol):
    """Says when a message may be sent or changed."""

    async def turn(self, *, chat_id: int, priority: int, group: int) -> None:
        """Return when it is this message's turn."""
        ...

    async def go(self, *, priority: int) -> float:
        """Return 0 when the request may leave, or in how many seconds it may after a pause."""
        ...

    def wait_to_change(self, *, chat_id: int) -> float:
        """Return in how many seconds a message of a chat may be changed."""
        ...

    def hold(self, seconds: float, *, everybody: bool = False) -> None:
        """Let no reminder and no broadcast go for so long, or nothing at all."""
        ...


class Door:
    """Lets out one message or one change at a time.

    Args:
        store: Where a pause that Telegram asks for outlives a restart.
        messenger: Where they leave.
        pacer: Who goes when.
        clock: The present instant.
    """

    def __init__(self, store: Store, messenger: Messenger, pacer: Pacer, clock: Clock) -> None:
        self._messenger, self._pacer = messenger, pacer
        self._pauses = Pauses(store, pacer, clock)

    def has_room(self, chat_id: int) -> bool:
        """Whether a message of a chat may be changed now: a busy group keeps room for new ones."""
        return self._pacer.wait_to_change(chat_id=chat_id) <= 0

    async def send(self, message: Outgoing, *, group: int) -> SendResult:
        """Send a message that somebody waits for, for a clinic, and say how that ended.

        Raises:
            PacerClosed: If a stop left no time to wait for its turn; it was not sent.
        """
        await self._leave(message.chat_id, group)
        result = await self._messenger.send(message)
        if type(result) is RetryAfter:
            await self._pauses.asked(result.seconds, everybody=True)
        return result

    async def edit(
        self,
        *,
        chat_id: int,
        message_id: int,
        text: str,
        buttons: Keyboard = (),
        caption: bool = False,
        group: int,
        waited_for: bool = False,
    ) -> SendResult:
        """Change a message for a clinic, and say how that ended.

        What somebody waits for is an answer: if Telegram asks it to wait, everybody does so.
        Any other change is tried again by whoever wants it, and holds up what can wait as well.
        One for whose turn a stop leaves no time is `Unreachable`.
        """
        request = partial(
            self._messenger.edit,
            chat_id=chat_id,
            message_id=message_id,
            text=text,
            buttons=buttons,
            caption=caption,
        )
        return await self._change(request, chat_id, group, everybody=waited_for)

    async def delete(self, *, chat_id: int, message_id: int, group: int) -> SendResult:
        """Take a message back for a clinic, and say how that ended; like an edit, it can wait."""
        request = partial(self._messenger.delete, chat_id=chat_id, message_id=message_id)
        return await self._change(request, chat_id, group, everybody=False)

    async def _change(
        self,
        request: Callable[[], Awaitable[SendResult]],
        chat_id: int,
        group: int,
        *,
        everybody: bool,
    ) -> SendResult:
        """Change a message; a pause asked for then holds up what can wait, or everybody."""
        try:
            await self._leave(chat_id, group)
        except PacerClosed:
            return Unreachable(TOO_LATE)
        result = await request()
        if type(result) is RetryAfter:
            await self._pauses.asked(result.seconds, everybody=everybody)
        return result

    async def _leave(self, chat_id: int, group: int) -> None:
        """Return when a request may leave; one that comes into a pause takes another turn."""
        while True:
            await self._pacer.turn(chat_id=chat_id, priority=Priority.REPLY, group=group)
            if not await self._pacer.go(priority=Priority.REPLY):
                return
