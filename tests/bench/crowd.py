"""Patients who ask, on the server's side: each asks again as soon as the answer is there."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

FIRST_CHAT = 1_000_001


class Crowd:
    """A crowd in a closed loop, or bursts that show whether the order of a chat is kept.

    Args:
        updates: Where questions go.
        time: Seconds on a clock that never jumps.
        done: Where the result goes.
        patients: How many ask; their chats are numbered from `FIRST_CHAT`.
        questions: What they ask, in turns.
        answers: After how many answers it ends.
        seconds: After how many seconds it ends at the latest.
        burst: How many questions each asks at once.
        texts: Whether to note the first words of every answer.
        apart: Whether each begins with another question, so that what was worked out for one
            message is of no use to the next.
    """

    def __init__(
        self,
        updates: deque[dict[str, Any]],
        time: Callable[[], float],
        done: asyncio.Future[dict[str, Any]],
        *,
        patients: int,
        questions: Sequence[str],
        answers: int,
        seconds: float,
        burst: int = 1,
        texts: bool = False,
        apart: bool = False,
    ) -> None:
        self._updates, self._time, self._done = updates, time, done
        self._patients, self._questions = patients, questions
        self._answers, self._seconds, self._burst = answers, seconds, burst
        self._keep_texts = texts
        self._apart = int(apart)
        self._number = self._first = int(time() * 1000)  # new to every database that saw a crowd
        self._asked: dict[int, deque[float]] = {}
        self._turns: dict[int, int] = {}
        self._waits: list[float] = []
        self._texts: dict[int, list[str]] = {}
        self._began = 0.0

    def begin(self) -> None:
        """Let everybody ask; does nothing the second time."""
        if self._began:
            return
        self._began = self._time()
        for _ in range(self._burst):
            for chat in range(FIRST_CHAT, FIRST_CHAT + self._patients):
                self._ask(chat)
        asyncio.get_running_loop().call_later(self._seconds, self._end)

    def answered(self, chat: int, text: str) -> None:
        """Take an answer; when all of a burst are there, the patient asks again."""
        asked = self._asked.get(chat)
        if not asked or self._done.done():
            return
        self._waits.append(self._time() - asked.popleft())
        if self._keep_texts:
            self._texts.setdefault(chat, []).append(text[:60])
        if len(self._waits) >= self._answers:
            self._end()
        elif not asked:
            for _ in range(self._burst):
                self._ask(chat)

    def _ask(self, chat: int) -> None:
        turn = self._turns[chat] = self._turns.get(chat, -1) + 1
        self._number += 1
        self._asked.setdefault(chat, deque()).append(self._time())
        person = {"id": chat, "is_bot": False, "first_name": "A", "language_code": "en"}
        self._updates.append(
            {
                "update_id": self._number,
                "message": {
                    "message_id": self._first % 1_000_000_000 + turn,
                    "date": 1_795_000_000,
                    "from": person,
                    "chat": {"id": chat, "type": "private", "first_name": "A"},
                    "text": self._questions[(turn + self._apart * chat) % len(self._questions)],
                },
            }
        )

    def _end(self) -> None:
        if not self._done.done():
            self._done.set_result(
                {
                    "seconds": self._time() - self._began,
                    "waits": self._waits,
                    "texts": list(self._texts.values()),
                }
            )
