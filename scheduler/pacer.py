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
from scheduler.window import Window

SPREAD = 0.97
"""The space between two messages, in shares of the pace. It is a little less than a whole one, so
that whoever was late makes up for it, and not so little that two leave in one moment: each that is
under way is in doubt at a crash, and of those there are to be three at most. The window below sets
the pace in the long run."""

TOGETHER_SECONDS, CATCH_UP_SECONDS = 0.01, 0.1
"""Where the space between two messages is shorter than the first, at about a hundred a second, the
turns that come within it are given in one go, and who was late makes up for so much. No timer is
finer than a millisecond or two and a busy loop wakes later still: one turn at a time took a fourth
of what an answer costs, and more than a third of the pace."""

MOST_AHEAD = 0.1
LEARNED_LATE, LEARNED_EARLY = 0.4, 0.1
"""A turn comes before the window has room, by what the mark before a request has lately taken, in
seconds: so much of what was too late or too early is learned each time."""

CHAT_SECONDS = 1.0
CHAT_BURST = 20
"""How many answers a chat may have had at once before they too come one a second."""

GROUP_SECONDS = 60.0
GROUP_MOST = 20
GROUP_KEPT_FOR_ALARMS = 3
GROUP_MOST_WHEN_CHANGING = 12
"""A message in a group is changed only while so few were sent and changed there in a minute: a
change takes a place like a message does, and can wait longer."""

FORGET_ABOVE = 4096


class PacerClosed(Exception):  # noqa: N818 - it is no fault
    """Nobody waits for a turn any more, for the bot is being stopped."""


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
        fast = self._slot < TOGETHER_SECONDS
        self._together, self._catch_up = (
            (TOGETHER_SECONDS, CATCH_UP_SECONDS) if fast else (0.0, 0.0)
        )
        self._next = float("-inf")
        self._ahead, self._window_decided = 0.0, False
        self._window = Window(max(int(per_second), 1), time)
        self._held_all = self._held_bulk = float("-inf")
        self._chats: dict[int, float] = {}
        self._groups: dict[int, deque[float]] = {}
        self._queues: dict[int, OrderedDict[int, deque[_Waiter]]] = {
            int(priority): OrderedDict() for priority in Priority
        }
        self._waiting = 0
        self._changed = asyncio.Event()
        self._dispatcher: asyncio.Task[None] | None = None
        self._closed = False

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

        Raises:
            PacerClosed: If it would have to wait, or to wait on, after `close`.
        """
        now = self._time()
        waiter = _Waiter(chat_id, priority, group)
        if not self._waiting and max(self._ready(waiter, now), self._slot_at(now)) <= now:
            self._take(waiter, now)
            return
        if self._closed:
            raise PacerClosed
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

    async def go(self, *, priority: int = Priority.BROADCAST) -> float:
        """Wait for the moment at which the request may leave; call it last of all.

        Returns:
            0 if it may leave now; else, for a pause has begun since its turn, in how many seconds.

        Raises:
            PacerClosed: If it was waiting, which is for a second at most, at `close`.
        """
        wait = self._window.wait(self._time())
        if self._window_decided:
            learned = wait * (LEARNED_LATE if wait < 0 else LEARNED_EARLY)
            self._ahead = min(max(self._ahead - learned, 0.0), MOST_AHEAD)
        while wait > 0:
            await self._sleep(wait)
            if self._closed:
                raise PacerClosed
            wait = self._window.wait(self._time())
        now = self._time()
        held_until = self._held_until(priority)
        if held_until > now:
            return held_until - now
        self._window.leave(now)
        return 0.0

    def wait_to_change(self, *, chat_id: int) -> float:
        """Return in how many seconds a message of a chat may be changed, which then takes a turn.

        It says so and waits for nothing, so that a full group holds up no other one.
        """
        now = self._time()
        ready = self._held_all
        if chat_id < 0:
            ready = max(ready, self._group_ready(chat_id, GROUP_MOST_WHEN_CHANGING, now))
        return max(ready - now, 0.0)

    async def pause(self, seconds: float) -> None:
        """Wait for so long, whoever goes meanwhile."""
        await self._sleep(seconds)

    def hold(self, seconds: float, *, everybody: bool = False) -> None:
        """Let no reminder and no broadcast go for so long, or nothing at all."""
        until = self._time() + seconds
        self._held_bulk = max(self._held_bulk, until)
        if everybody:
            self._held_all = max(self._held_all, until)

    def close(self) -> None:
        """Let nobody wait any more; who need not wait may still go."""
        self._closed = True
        if self._dispatcher is not None:
            self._dispatcher.cancel()
        for queues in self._queues.values():
            for waiter in (waiter for queue in queues.values() for waiter in queue):
                if not waiter.turn.done():
                    waiter.turn.set_exception(PacerClosed())
            queues.clear()
        self._waiting = 0

    async def _dispatch(self) -> None:
        while self._waiting:
            self._changed.clear()
            now = self._time()
            slot = self._slot_at(now)
            if slot > now:
                await self._sleep(max(slot - now, self._together))
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
        """Return when the next turn may be, which is not before the window has room for it.

        A row is marked once it has its turn. If turns came by the slots alone, which are faster
        than the window, marked rows would pile up before it: within fifty seconds of a broadcast
        all that may be in flight would be in doubt at a crash, instead of two or three.
        """
        return max(self._room_at(now), self._next - self._catch_up, now)

    def _room_at(self, now: float) -> float:
        return now + self._window.wait(now) - self._ahead

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
        ready = self._held_until(waiter.priority)
        if waiter.chat_id < 0:
            alarm = waiter.priority == Priority.ESCALATION
            most = GROUP_MOST if alarm else GROUP_MOST - GROUP_KEPT_FOR_ALARMS
            return max(ready, self._group_ready(waiter.chat_id, most, now))
        free = self._chats.get(waiter.chat_id, ready)
        bulk = waiter.priority >= Priority.REMINDER
        return max(ready, free if bulk else free - CHAT_BURST * CHAT_SECONDS)

    def _held_until(self, priority: int) -> float:
        return self._held_bulk if priority >= Priority.REMINDER else self._held_all

    def _group_ready(self, chat_id: int, most: int, now: float) -> float:
        sent = self._groups.get(chat_id)
        if sent is None:
            return now
        while sent and sent[0] + GROUP_SECONDS <= now:
            sent.popleft()
        return now if len(sent) < most else sent[len(sent) - most] + GROUP_SECONDS

    def _take(self, waiter: _Waiter, now: float) -> None:
        self._window_decided = self._window.full and self._room_at(now) > self._next
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
