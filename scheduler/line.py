"""The line to Telegram: whatever leaves goes by it, and so it knows whether anybody answers there.

A server that takes requests and answers none leaves each of them in doubt, and a broadcast that
went on would be in doubt as a whole. So from the first request without an answer nothing that can
wait leaves: Telegram is asked something harmless, with growing pauses, until it answers. Then one
message goes alone, for a server may answer that question and still be silent about messages, and
all go on once anything that was sent is answered. Warnings and answers are not held: they have
their own tries, and are the first to find out that the line is well.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Literal

import structlog

from scheduler.clock import Clock
from scheduler.ending import UnderWay
from scheduler.messenger import (
    Keyboard,
    Messenger,
    Outgoing,
    SendResult,
    Sent,
    Unknown,
    Unreachable,
)

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 30.0
"""Seconds before Telegram is asked whether it answers, doubled each time that it does not."""

FIRST_PAUSE_OF_A_TRIAL, LONGEST_PAUSE_OF_A_TRIAL = 30.0, 900.0
"""The same for a server that answers the question and not the one message that went alone: each
such message is in doubt, so it is not tried as often."""

TIMES_DOUBLED = 10  # from then on a pause is the longest; weeks of them would overflow a float

log = structlog.get_logger()


class Line:
    """A messenger that knows whether it is answered.

    Args:
        messenger: Where messages leave.
        pause: How to wait for so many seconds.
        clock: The present instant.
        changed: Called when what can wait may go again, may go no longer, or has to be asked for.
    """

    def __init__(
        self,
        messenger: Messenger,
        pause: Callable[[float], Awaitable[object]],
        clock: Clock,
        changed: Callable[[], None],
    ) -> None:
        self._messenger, self._pause, self._clock = messenger, pause, clock
        self._changed = changed
        self._state: Literal["open", "silent", "trial"] = "open"
        self._silent_at: datetime | None = None
        self._asked = self._trials = 0
        self._asking: asyncio.Task[None] | None = None
        self._under_way = UnderWay()

    @property
    def silent(self) -> bool:
        """Whether nothing that can wait may leave."""
        return self._state == "silent"

    @property
    def room(self) -> int | None:
        """How many messages that can wait may be in hand at once; None if that does not matter."""
        return {"open": None, "silent": 0, "trial": 1}[self._state]

    async def send(self, message: Outgoing) -> SendResult:
        """Send one message and say how that ended."""
        result = await self._under_way.of(self._messenger.send(message))
        if self._state != "open" or type(result) is not Sent:
            self._note(result)
        return result

    async def edit(
        self,
        *,
        chat_id: int,
        message_id: int,
        text: str,
        buttons: Keyboard = (),
        caption: bool = False,
    ) -> SendResult:
        """Replace the text and buttons of a message."""
        change = self._messenger.edit(
            chat_id=chat_id, message_id=message_id, text=text, buttons=buttons, caption=caption
        )
        result = await self._under_way.of(change)
        self._note(result)
        return result

    async def delete(self, *, chat_id: int, message_id: int) -> SendResult:
        """Take a message back."""
        removal = self._messenger.delete(chat_id=chat_id, message_id=message_id)
        result = await self._under_way.of(removal)
        self._note(result)
        return result

    async def answers(self) -> bool:
        """Ask Telegram something harmless, and say whether it answers."""
        return await self._messenger.answers()

    def heard(self, at: datetime | None) -> None:
        """Take note of when Telegram last answered otherwise, as when it was asked for updates."""
        if self.silent and not self._trials and at and self._silent_at and at > self._silent_at:
            self._become("trial")

    def ask(self) -> None:
        """Begin to ask whether Telegram answers, if it is silent and is not being asked."""
        if self.silent and (self._asking is None or self._asking.done()):
            self._asking = asyncio.get_running_loop().create_task(self._ask(), name="line")

    async def asked(self) -> bool:
        """Wait for a question that is under way; say whether something may leave since."""
        if self._asking is None or self._asking.done():
            return False
        await asyncio.wait([self._asking])
        return not self.silent

    def cut(self) -> None:
        """Wait for no answer any more, so nobody can know of what is under way; send no more."""
        self._under_way.cut()

    async def close(self) -> None:
        """Ask no more."""
        if self._asking is not None:
            self._asking.cancel()
            await asyncio.wait([self._asking])

    def _note(self, result: SendResult) -> None:
        match result:
            case Unreachable():  # surely not sent: it may be tried again, and is a question itself
                pass
            case Unknown():
                self._silent_at = self._clock()
                if self._state == "silent":
                    return
                self._asked, self._trials = 0, self._trials + (self._state == "trial")
                self._become("silent")
            case _:
                self._trials = 0
                self._become("open")

    def _become(self, state: Literal["open", "silent", "trial"]) -> None:
        if state == self._state:
            return
        log.warning("line.changed", state=state)
        self._state = state
        if self._asking is not None and self._asking is not asyncio.current_task():
            self._asking.cancel()
        self._changed()

    async def _ask(self) -> None:
        await self._pause(self._seconds())
        self._asked += 1
        if await self._messenger.answers():
            self._become("trial")
        else:
            self._changed()

    def _seconds(self) -> float:
        if self._trials and not self._asked:
            doubled = min(self._trials - 1, TIMES_DOUBLED)
            return min(FIRST_PAUSE_OF_A_TRIAL * 2.0**doubled, LONGEST_PAUSE_OF_A_TRIAL)
        return min(FIRST_PAUSE * 2.0 ** min(self._asked, TIMES_DOUBLED), LONGEST_PAUSE)
