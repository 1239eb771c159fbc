"""How updates come in: kept on the disk first, confirmed to Telegram after, dealt with once.

python-telegram-bot's own updater confirms an update before its handlers ran, so a crash loses what
a patient just wrote. Here an update is a row before Telegram is told that we have it. After a crash
the rows that are left are dealt with again: a warning may be answered twice, but never not at all.
When a full disk does not take the row, the words for a warning sign do not wait for room.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from datetime import datetime
from typing import Any

import structlog
from telegram import Update
from telegram.error import TelegramError
from telegram.ext import Application
from telegram.request import BaseRequest

from bot.telegram.patience import Pause, longer, pause_after
from bot.telegram.polling import ask, numbered, offset_after
from bot.telegram.typed import Typed, typed
from scheduler.clock import Clock
from scheduler.ending import WORK
from scheduler.store import incoming
from scheduler.store.engine import Store, passing

log = structlog.get_logger()


class Intake:
    """Takes updates and has them dealt with.

    Args:
        application: Whose handlers deal with them.
        store: Where they are kept.
        clock: The present instant.
        request: A transport of its own for long polling, opened and closed by the intake.
        without_room: Seconds until it tries again what a full disk did not take.
        pause: How it waits after a failed poll, for so many seconds.

    Attributes:
        again: Numbers of the updates that are dealt with once more.
        unfinished: Numbers of those that have to be: their handler could not keep what it must.
        last_heard: When Telegram last answered.
        polls_since: When it began to ask; None if Telegram calls us.
        hear: Deals with typed texts in the place of the application's handlers, if it is set.
    """

    def __init__(
        self,
        application: Application,  # type: ignore[type-arg]
        store: Store,
        clock: Clock,
        request: BaseRequest,
        *,
        without_room: float = 30.0,
        pause: Pause = asyncio.sleep,
    ) -> None:
        self._application, self._store, self._clock = application, store, clock
        self._request = request
        self._in_hand: set[asyncio.Task[None]] = set()
        self._polling: asyncio.Task[None] | None = None
        self.without_room = without_room
        self.pause = pause
        self.again: set[int] = set()
        self.unfinished: set[int] = set()
        self.last_heard: datetime | None = None
        self.polls_since: datetime | None = None
        self.hear: Callable[[Typed], Awaitable[None]] | None = None
        self._unkept: set[int] = set()
        self._ended: list[int] = []
        self._writing: asyncio.Task[None] | None = None
        self._stopping = asyncio.Event()

    def now(self) -> datetime:
        """Return the present instant."""
        return self._clock()

    async def start(self, *, poll: bool) -> None:
        """Deal with what a crash left, then begin to poll if asked."""
        left = await self._store.tx(incoming.left)
        for payload in left:
            raw = json.loads(payload)
            self.again.add(raw["update_id"])
            self._deal(raw)
        if left:
            log.warning("intake.left_by_a_crash", updates=len(left))
        if poll:
            await self._request.initialize()
            self.polls_since = self._clock()
            self._polling = asyncio.create_task(self._poll(), name="polling")

    async def take(self, updates: Sequence[dict[str, Any]]) -> None:
        """Keep updates as Telegram sent them and deal with those not seen before.

        What a full disk does not take is dealt with once all the same, as far as that goes without
        a row; the error goes to the caller, so Telegram is not told and brings it again.
        """
        if not updates:
            return
        told = [_sound(raw) for raw in updates]
        updates = [raw for raw, _ in told]
        rows = [(raw["update_id"], text) for raw, text in told]
        try:
            new = set(await self._store.tx(incoming.keep, rows, self._clock()))
        except Exception as error:
            if passing(error):
                self._deal_without_room(updates)
            raise
        for raw in updates:
            if (number := raw["update_id"]) in new:
                new.discard(number)
                if number in self._unkept:
                    self._unkept.discard(number)
                    self.again.add(number)
                self._deal(raw)

    async def close(self) -> None:
        """Ask Telegram for nothing more, and wait for no room on the disk."""
        self._stopping.set()
        if self._polling is not None:
            self._polling.cancel()
            await asyncio.gather(self._polling, return_exceptions=True)
            await self._request.shutdown()

    async def stop(self, *, within: float = WORK) -> None:
        """Ask for nothing more, and let what is in hand finish for so many seconds.

        What does not is dealt with once more at the next start.
        """
        await self.close()
        if self._in_hand:
            await asyncio.wait(self._in_hand, timeout=within)
        for task in self._in_hand:
            task.cancel()
        await asyncio.gather(*self._in_hand, return_exceptions=True)

    def _deal(self, raw: dict[str, Any]) -> None:
        self._begin(self._handle(raw))

    def _deal_without_room(self, updates: Sequence[dict[str, Any]]) -> None:
        for raw in updates:
            if raw["update_id"] not in self._unkept:
                self._unkept.add(raw["update_id"])
                self._begin(self._handle_unkept(raw))

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work, name="update")
        self._in_hand.add(task)
        task.add_done_callback(self._in_hand.discard)

    async def _handle_unkept(self, raw: dict[str, Any]) -> None:
        await self._process(raw)
        self.unfinished.discard(raw["update_id"])  # it comes again from Telegram

    async def _handle(self, raw: dict[str, Any]) -> None:
        await self._process(raw)
        self.again.discard(raw["update_id"])
        await self._finish(raw)

    async def _process(self, raw: dict[str, Any]) -> None:
        processor = self._application.update_processor
        text = typed(raw) if self.hear is not None else None
        if text is not None:
            await processor.process_update(text, self._listen(text, raw))
        elif (update := _parsed(raw, self._application)) is not None:
            await processor.process_update(update, self._application.process_update(update))

    async def _listen(self, text: Typed, raw: dict[str, Any]) -> None:
        """Deal with a typed text; an error goes where those of the application's handlers go."""
        try:
            if self.hear is not None:
                await self.hear(text)
        except Exception as error:  # noqa: BLE001
            await self._application.process_error(_parsed(raw, self._application), error)

    async def _finish(self, raw: dict[str, Any]) -> None:
        """Say that an update has been dealt with, or deal with it once more when there is room."""
        number = raw["update_id"]
        while True:
            try:
                if number not in self.unfinished:
                    await self._done(number)
                    return
            except Exception as error:
                if not passing(error):
                    raise
                log.exception("intake.no_room")
            if await self._stops_within(self.without_room):
                return  # it is left as after a crash
            if number in self.unfinished:
                self.unfinished.discard(number)
                self.again.add(number)
                self._deal(raw)
                return

    async def _done(self, number: int) -> None:
        """Write down that an update is done, together with all that end in the same round."""
        self._ended.append(number)
        if self._writing is None:
            self._writing = asyncio.create_task(self._write_ended(), name="ended")
        await asyncio.shield(self._writing)

    async def _write_ended(self) -> None:
        ended, self._ended, self._writing = self._ended, [], None
        await self._store.tx(incoming.done, ended)

    async def _stops_within(self, seconds: float) -> bool:
        try:
            async with asyncio.timeout(seconds):
                return await self._stopping.wait()
        except TimeoutError:
            return False

    async def _poll(self) -> None:
        """Ask for ever: whatever one question brings, it is followed by the next."""
        offset, pause = 0, 0.0
        while True:
            try:
                came = await ask(self._request, self._application.bot.base_url, offset)
            except Exception as error:  # noqa: BLE001 - to end here would be to hear nobody
                pause = pause_after(error, pause)
                _tell_of(error, pause)
                await self.pause(pause)
                continue
            self.last_heard = self._clock()
            updates = numbered(came)
            try:
                await self.take(updates)
            except Exception:  # such as a full disk: not confirmed, so it comes again
                log.exception("intake.not_kept")
                await self.pause(1.0)
                continue
            confirmed, offset = offset, offset_after(updates, offset)
            if came and offset == confirmed:  # what cannot be confirmed is there at once again
                pause = longer(pause)
                await self.pause(pause)
            else:
                pause = 0.0


def _tell_of(error: Exception, pause: float) -> None:
    """Log a failed question; the place of an error that is not Telegram's goes along."""
    where = {} if isinstance(error, TelegramError) else {"exc_info": error}
    log.warning("intake.poll_failed", error=type(error).__name__, pause=pause, **where)


def _sound(raw: dict[str, Any]) -> tuple[dict[str, Any], str]:
    """Return an update and its JSON without halves of characters, which no store can take."""
    told = _json(raw)
    sound = told.encode(errors="replace").decode()
    return (raw if sound == told else dict(json.loads(sound))), sound


_json = json.JSONEncoder(ensure_ascii=False).encode


def _parsed(raw: dict[str, Any], application: Application) -> Update | None:  # type: ignore[type-arg]
    """Return the update, or None for one that this version cannot read."""
    try:
        return Update.de_json(raw, application.bot)
    except Exception:
        log.exception("intake.unreadable", update=raw.get("update_id"))
        return None
