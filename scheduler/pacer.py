"""Who sends next, and when: one pace for the bot's token, whatever is to be sent.

Telegram takes about thirty messages a second from a bot, one a second in a chat and twenty a minute
in a group (https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this). A
token bucket of thirty would let sixty through in its first second, so messages are spaced evenly,
and a window over the moments at which requests really left bounds what jitter could add.

The more pressing goes first; among equals the clinics take turns, so that one large broadcast does
not starve another clinic's. Answers to what a person just did are not spaced within their chat: a
warning has to come at once, also after five quick questions. Only one who has had a score of them
waits, so that a flood from one chat does not make Telegram hold the bot up for all.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from scheduler.model import Priority

SPREAD = 1.015
"""How much longer than its share a slot is; the window below sets the pace in the long run."""

WINDOW_SECONDS = 1.026
"""The window that the allowed number must not fill, a little over Telegram's second: 97.5 % of the
allowed pace, and what is over takes up how differently long requests are on their way."""

CATCH_UP = 2
"""How many slots a late sender may make up for; the window holds all the same."""

CHAT_SECONDS = 1.0
CHAT_BURST = 20
"""How many answers a chat may have had at once before they too come one a second."""

GROUP_SECONDS = 60.0
GROUP_MOST = 20
GROUP_KEPT_FOR_ALARMS = 3
FORGET_ABOVE = 4096


@dataclass(eq=False, slots=True)
class _Waiter:
    chat_id: int
    priority: int
    group: int
    turn: asyncio.Future[None] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )


def _loop_time() -> float:
    return asyncio.get_running_loop().time()


class Pacer:
    """Gives every message its turn.

    Args:
        per_second: The most messages in any second.
        time: Seconds on a clock that never jumps; the event loop's unless a test gives another.
        sleep: How to wait, likewise.
    """

    def __init__(
        self,
        *,
        per_second: float = 30.0,
        time: Callable[[], float] = _loop_time,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._time, self._sleep = time, sleep
        self._slot = SPREAD / per_second
        self._next = float("-inf")
        self._left: deque[float] = deque(maxlen=max(int(per_second), 1))
        self._held_all = self._held_bulk = float("-inf")
        self._chats: dict[int, float] = {}
        self._groups: dict[int, deque[float]] = {}
        self._queues: dict[int, OrderedDict[int, deque[_Waiter]]] = {
            int(priority): OrderedDict() for priority in Priority
        }
        self._waiting = 0
        self._changed = asyncio.Event()
        self._dispatcher: asyncio.Task[None] | None = None

    @property
    def waiting(self) -> int:
        """How many messages wait for their turn."""
        return self._waiting

    async def turn(self, *, chat_id: int, priority: int, group: int) -> None:
        """Return when it is this message's turn.

        Args:
            chat_id: Where it goes; a negative number is a group.
            priority: How pressing it is, a `Priority`.
            group: The clinic that it speaks for; clinics take turns.
        """
        now = self._time()
        waiter = _Waiter(chat_id, priority, group)
        if not self._waiting and max(self._ready(waiter, now), self._slot_at(now)) <= now:
            self._take(waiter, now)
            return
        self._queues[priority].setdefault(group, deque()).append(waiter)
        self._waiting += 1
        self._changed.set()
        if self._dispatcher is None or self._dispatcher.done():
            self._dispatcher = asyncio.get_running_loop().create_task(
                self._dispatch(), name="pacer"
            )
        try:
            await waiter.turn
        except asyncio.CancelledError:
            self._give_up(waiter)
            raise

    async def go(self) -> None:
        """Return at the moment at which the request may leave; call it last of all."""
        while (wait := self._window_wait(self._time())) > 0:
            await self._sleep(wait)
        self._left.append(self._time())

    def hold(self, seconds: float, *, everybody: bool = False) -> None:
        """Let no reminder and no broadcast go for so long, or nothing at all."""
        until = self._time() + seconds
        self._held_bulk = max(self._held_bulk, until)
        if everybody:
            self._held_all = max(self._held_all, until)

    async def _dispatch(self) -> None:
        while self._waiting:
            self._changed.clear()
            now = self._time()
            slot = self._slot_at(now)
            if slot > now:
                await self._sleep(slot - now)
                continue
            chosen, ready = self._choose(now)
            if chosen is None:
                await self._until(ready - now)
                continue
            self._take(chosen, now)
            self._remove(chosen)
            chosen.turn.set_result(None)

    async def _until(self, seconds: float) -> None:
        """Wait until somebody may go or somebody new comes."""
        arrival = asyncio.ensure_future(self._changed.wait())
        pause = asyncio.ensure_future(self._sleep(seconds))
        try:
            await asyncio.wait({arrival, pause}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            arrival.cancel()
            pause.cancel()

    def _slot_at(self, now: float) -> float:
        return max(now, self._next - CATCH_UP * self._slot)

    def _window_wait(self, now: float) -> float:
        full = len(self._left) == self._left.maxlen
        return self._left[0] + WINDOW_SECONDS - now if full else 0.0

    def _choose(self, now: float) -> tuple[_Waiter | None, float]:
        """Return who goes next, or nobody and when somebody may."""
        soonest = float("inf")
        for priority in sorted(self._queues):
            for queue in self._queues[priority].values():
                for waiter in queue:
                    ready = self._ready(waiter, now)
                    if ready <= now:
                        return waiter, now
                    soonest = min(soonest, ready)
        return None, soonest

    def _ready(self, waiter: _Waiter, now: float) -> float:
        """Return from when on a message may go, as far as its chat and the pauses allow."""
        bulk = waiter.priority >= Priority.REMINDER
        ready = self._held_bulk if bulk else self._held_all
        if waiter.chat_id < 0:
            return max(ready, self._group_ready(waiter, now))
        free = self._chats.get(waiter.chat_id, ready)
        return max(ready, free if bulk else free - CHAT_BURST * CHAT_SECONDS)

    def _group_ready(self, waiter: _Waiter, now: float) -> float:
        sent = self._groups.get(waiter.chat_id)
        if sent is None:
            return now
        while sent and sent[0] + GROUP_SECONDS <= now:
            sent.popleft()
        alarm = waiter.priority == Priority.ESCALATION
        most = GROUP_MOST if alarm else GROUP_MOST - GROUP_KEPT_FOR_ALARMS
        return now if len(sent) < most else sent[len(sent) - most] + GROUP_SECONDS

    def _take(self, waiter: _Waiter, now: float) -> None:
        self._next = max(now, self._next) + self._slot
        if waiter.chat_id < 0:
            self._groups.setdefault(waiter.chat_id, deque()).append(now)
            return
        self._chats[waiter.chat_id] = max(now, self._chats.get(waiter.chat_id, now)) + CHAT_SECONDS
        if len(self._chats) > FORGET_ABOVE:
            self._chats = {chat: at for chat, at in self._chats.items() if at > now}

    def _remove(self, waiter: _Waiter) -> None:
        """Take a message out of its queue and put its clinic behind the others."""
        queues = self._queues[waiter.priority]
        queue = queues[waiter.group]
        queue.remove(waiter)
        self._waiting -= 1
        if queue:
            queues.move_to_end(waiter.group)
        else:
            del queues[waiter.group]

    def _give_up(self, waiter: _Waiter) -> None:
        """Forget somebody who no longer waits."""
        if waiter in self._queues[waiter.priority].get(waiter.group, ()):
            self._remove(waiter)
