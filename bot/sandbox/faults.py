"""What can go wrong between a bot and Telegram, on demand.

A fault is told what it meets (a method, a chat, or everything) and how often, and is used up.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from bot.sandbox.refusal import Refusal, too_many

Kind = Literal["refuse", "drop_before", "drop_after", "delay"]


@dataclass(slots=True)
class Fault:
    """One thing that goes wrong.

    Attributes:
        kind: How.
        method: The method it meets, any if None; capitals do not matter.
        chat_id: The chat it meets, any if None.
        times: How many calls it still meets.
        after: How many calls it lets pass before.
        refusal: The answer, for `refuse`.
        seconds: How long, for `delay`.
        met: How many calls it met.
    """

    kind: Kind
    method: str | None = None
    chat_id: int | None = None
    times: float = 1
    after: int = 0
    refusal: Refusal | None = None
    seconds: float = 0.0
    met: int = 0

    def meets(self, method: str, chat_id: int | None) -> bool:
        """Return whether this call is one that it is for."""
        return (self.method is None or self.method.lower() == method.lower()) and (
            self.chat_id is None or self.chat_id == chat_id
        )


class Faults:
    """The faults of one server; calls to `getUpdates` are met only by name."""

    def __init__(self) -> None:
        self._pending: list[Fault] = []

    def too_many(
        self,
        seconds: int,
        *,
        method: str | None = None,
        chat_id: int | None = None,
        times: float = 1,
        after: int = 0,
    ) -> Fault:
        """Answer 429 and ask the bot to wait so many seconds."""
        return self.refuse(
            too_many(seconds), method=method, chat_id=chat_id, times=times, after=after
        )

    def fail(
        self,
        code: int = 500,
        description: str = "Internal Server Error",
        *,
        method: str | None = None,
        chat_id: int | None = None,
        times: float = 1,
        after: int = 0,
    ) -> Fault:
        """Answer that Telegram itself failed."""
        refusal = Refusal(code, description)
        return self.refuse(refusal, method=method, chat_id=chat_id, times=times, after=after)

    def refuse(
        self,
        refusal: Refusal,
        *,
        method: str | None = None,
        chat_id: int | None = None,
        times: float = 1,
        after: int = 0,
    ) -> Fault:
        """Answer with any refusal."""
        return self._add(Fault("refuse", method, chat_id, times, after, refusal=refusal))

    def drop(
        self,
        *,
        handled: bool,
        method: str | None = None,
        chat_id: int | None = None,
        times: float = 1,
        after: int = 0,
    ) -> Fault:
        """Cut the connection, once the call was `handled` or before anything is done."""
        kind: Kind = "drop_after" if handled else "drop_before"
        return self._add(Fault(kind, method, chat_id, times, after))

    def delay(
        self,
        seconds: float,
        *,
        method: str | None = None,
        chat_id: int | None = None,
        times: float = 1,
        after: int = 0,
    ) -> Fault:
        """Handle the call at once and answer late."""
        return self._add(Fault("delay", method, chat_id, times, after, seconds=seconds))

    def clear(self) -> None:
        """Let everything go well again."""
        self._pending.clear()

    def take(self, method: str, chat_id: int | None) -> Fault | None:
        """Return the fault that this call meets, and count it as used."""
        for fault in self._pending:
            if not fault.meets(method, chat_id) or (
                fault.method is None and method.lower() == "getupdates"
            ):
                continue
            if fault.after > 0:
                fault.after -= 1
                continue
            fault.met += 1
            fault.times -= 1
            if fault.times <= 0:
                self._pending.remove(fault)
            return fault
        return None

    def _add(self, fault: Fault) -> Fault:
        self._pending.append(fault)
        return fault
