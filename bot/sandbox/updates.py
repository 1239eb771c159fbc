"""What the bot is told: a queue that it empties by asking, or that is posted to it."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Any

from bot.sandbox.refusal import conflict

Update = dict[str, Any]

UNASKED = frozenset({"chat_member", "message_reaction", "message_reaction_count"})
"""Kinds that a bot gets only when it names them."""

_OTHER_POLLER = (
    "terminated by other getUpdates request; make sure that only one bot instance is running"
)
_WEBHOOK = "can't use getUpdates method while webhook is active; use deleteWebhook to delete the "
_WEBHOOK += "webhook first"


class Updates:
    """The updates of one bot, kept until it says that it has them.

    A second poller ends the first one's wait with 409, as Telegram does.
    """

    def __init__(self, first_id: int = 700_000_001) -> None:
        self._waiting: deque[Update] = deque()
        self._next_id = first_id
        self._allowed: frozenset[str] = frozenset()
        self._poll: asyncio.Future[None] | None = None
        self._arrived = asyncio.Event()
        self._emptied = asyncio.Event()
        self._emptied.set()
        self._closed = False
        self.by_webhook = False

    def __len__(self) -> int:
        return len(self._waiting)

    @property
    def allowed(self) -> list[str]:
        """The kinds that the bot asked for; empty for the usual ones."""
        return sorted(self._allowed)

    @property
    def polled(self) -> bool:
        """Whether a poller waits at this moment."""
        return self._poll is not None and not self._poll.done()

    def allow(self, kinds: list[Any]) -> None:
        """Take only these kinds from now on; an empty list means the usual ones."""
        self._allowed = frozenset(str(kind) for kind in kinds)

    def add(self, kind: str, content: dict[str, Any]) -> bool:
        """Queue an update; False if the bot does not ask for its kind."""
        wanted = kind in self._allowed if self._allowed else kind not in UNASKED
        if not wanted:
            return False
        self._waiting.append({"update_id": self._next_id, kind: content})
        self._next_id += 1
        self._emptied.clear()
        self._arrived.set()
        if self._poll is not None and self.polled:
            self._poll.set_result(None)
        return True

    async def poll(self, *, offset: int, limit: int, timeout: float) -> list[Update]:  # noqa: ASYNC109
        """Return updates from `offset` on, waiting up to `timeout` seconds for the first.

        Args:
            offset: Everything before it is forgotten; negative: all but the last so many.
            limit: The most to return, 1 to 100.
            timeout: Seconds to wait when there is none; 0 returns at once.

        Raises:
            Refusal: If updates go to a webhook, or another poller took over.
        """
        if self.by_webhook:
            raise conflict(_WEBHOOK)
        if self._poll is not None and self.polled:
            self._poll.set_exception(conflict(_OTHER_POLLER))
        self._forget(offset)
        if not self._waiting and timeout > 0 and not self._closed:
            await self._wait(timeout)
        return list(self._waiting)[: min(max(limit, 1), 100) if limit else 100]

    async def first(self) -> Update:
        """Return the oldest update once there is one, without forgetting it."""
        while not self._waiting:
            self._arrived.clear()
            await self._arrived.wait()
        return self._waiting[0]

    def forget(self, update: Update) -> None:
        """Drop an update that was delivered."""
        self._forget(int(update["update_id"]) + 1)

    def clear(self) -> None:
        """Drop everything that waits."""
        self._waiting.clear()
        self._emptied.set()

    async def taken(self) -> None:
        """Return once the bot has said that it has everything."""
        await self._emptied.wait()

    def close(self) -> None:
        """Let every poller go."""
        self._closed = True
        self._emptied.set()
        if self._poll is not None and self.polled:
            self._poll.set_result(None)

    async def _wait(self, seconds: float) -> None:
        poll = self._poll = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(seconds):
                await poll
        except TimeoutError:
            return

    def _forget(self, offset: int) -> None:
        if offset < 0:
            while len(self._waiting) > -offset:
                self._waiting.popleft()
        while self._waiting and self._waiting[0]["update_id"] < offset:
            self._waiting.popleft()
        if not self._waiting:
            self._emptied.set()
