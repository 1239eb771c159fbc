"""A messenger that notes what it was given and answers as a test has scripted."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from scheduler.messenger import Keyboard, Outgoing, SendResult, Sent


@dataclass
class FakeMessenger:
    """Sends nothing; what is in `results` is given back in order, then everything is sent.

    What is in `edit_results` is given back likewise to whoever changes a message.
    """

    results: deque[SendResult | Exception] = field(default_factory=deque)
    edit_results: deque[SendResult] = field(default_factory=deque)
    sent: list[Outgoing] = field(default_factory=list)
    edits: list[tuple[int, int, str]] = field(default_factory=list)
    deleted: list[tuple[int, int]] = field(default_factory=list)

    async def send(self, message: Outgoing) -> SendResult:
        self.sent.append(message)
        result = self.results.popleft() if self.results else Sent(1000 + len(self.sent))
        if isinstance(result, Exception):
            raise result
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
        self.edits.append((chat_id, message_id, text))
        return self.edit_results.popleft() if self.edit_results else Sent(message_id)

    async def delete(self, *, chat_id: int, message_id: int) -> SendResult:
        self.deleted.append((chat_id, message_id))
        return Sent(message_id)

    async def answers(self) -> bool:
        return True


@dataclass
class NoPacer:
    """Lets everybody go at once and notes for how long who was held; everybody is held, too."""

    held: list[float] = field(default_factory=list)
    everybody: list[float] = field(default_factory=list)
    busy: bool = False
    turns: list[tuple[int, int]] = field(default_factory=list)

    async def turn(self, *, chat_id: int, priority: int, group: int) -> None:
        self.turns.append((chat_id, priority))

    async def go(self, *, priority: int) -> float:
        return 0.0

    def wait_to_change(self, *, chat_id: int) -> float:
        return 60.0 * self.busy

    async def pause(self, seconds: float) -> None:
        """No time passes."""

    def hold(self, seconds: float, *, everybody: bool = False) -> None:
        self.held.append(seconds)
        if everybody:
            self.everybody.append(seconds)
