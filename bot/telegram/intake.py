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
from urllib.parse import urlencode

import structlog
from telegram import Update
from telegram.error import Conflict, InvalidToken, RetryAfter, TelegramError
from telegram.ext import Application
from telegram.request import BaseRequest

from bot.telegram.errors import seconds_of
from bot.telegram.typed import Typed, typed
from scheduler.clock import Clock
from scheduler.store import incoming
from scheduler.store.engine import Store, passing

POLL_SECONDS = 25
LONGEST_PAUSE = 30.0
AT_MOST = 100  # what one call to getUpdates may bring
FINISH_SECONDS = 4.0

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
        pause: Callable[[float], Awaitable[object]] = asyncio.sleep,
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

    async def stop(self) -> None:
        """Take nothing more, and let what is in hand finish for a few seconds."""
        if self._polling is not None:
            self._polling.cancel()
            await asyncio.gather(self._polling, return_exceptions=True)
            await self._request.shutdown()
        if self._in_hand:
            await asyncio.wait(self._in_hand, timeout=FINISH_SECONDS)
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
                    await self._store.tx(incoming.done, number)
                    return
            except Exception as error:
                if not passing(error):
                    raise
                log.exception("intake.no_room")
            await asyncio.sleep(self.without_room)
            if number in self.unfinished:
                self.unfinished.discard(number)
                self.again.add(number)
                self._deal(raw)
                return

    async def _poll(self) -> None:
        offset, pause = 0, 0.0
        while True:
            try:
                updates = await self._ask(offset)
            except TelegramError as error:
                pause = _pause(error, pause)
                log.warning("intake.poll_failed", error=type(error).__name__, pause=pause)
                await self.pause(pause)
                continue
            pause = 0.0
            self.last_heard = self._clock()
            if updates:
                try:
                    await self.take(updates)
                except Exception:  # such as a full disk: not confirmed, so it comes again
                    log.exception("intake.not_kept")
                    await self.pause(1.0)
                    continue
                offset = max(raw["update_id"] for raw in updates) + 1

    async def _ask(self, offset: int) -> list[dict[str, Any]]:
        """Ask for updates as they are; one that this version cannot read must not stop others."""
        wanted = urlencode(
            {
                "offset": offset,
                "limit": AT_MOST,
                "timeout": POLL_SECONDS,
                "allowed_updates": json.dumps(Update.ALL_TYPES),
            }
        )
        body = await self._request.retrieve(
            f"{self._application.bot.base_url}/getUpdates?{wanted}",
            read_timeout=POLL_SECONDS + 10,
        )
        result = BaseRequest.parse_json_payload(body).get("result")
        return list(result) if isinstance(result, list) else []


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


def _pause(error: TelegramError, before: float) -> float:
    """Return how long to wait after a failed poll: longer each time, up to half a minute."""
    match error:
        case RetryAfter():
            return seconds_of(error.retry_after)
        case Conflict() | InvalidToken():
            return LONGEST_PAUSE
        case _:
            return min(max(before * 2, 0.5), LONGEST_PAUSE)
