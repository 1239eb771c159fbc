"""The page's lifeline: pages are told what happens, and what they ask for is done in turn."""

from __future__ import annotations

import asyncio
import json
from contextlib import AsyncExitStack

import structlog
from aiohttp import WSMsgType, web

from bot.sandbox.acts import ACTS
from bot.sandbox.chats import Chat, Json
from bot.sandbox.cloud import Event
from bot.sandbox.phone import Impossible
from bot.sandbox.stage import Stage, staged
from bot.sandbox.view import chats, message_view, status, whole
from content.catalog import Catalog
from content.understand import Knowledge

ACT_SECONDS = 60.0
LONGEST_COMMAND = 200_000

log = structlog.get_logger()

_WRONG = (Impossible, LookupError, ValueError, TypeError, AttributeError)
"""What a command that makes no sense runs into."""


class Live:
    """One demonstration at a time, and the pages that show it.

    Args:
        catalog: The words.
        knowledge: How words are understood.
    """

    def __init__(self, catalog: Catalog, knowledge: Knowledge | None = None) -> None:
        self._catalog, self._knowledge = catalog, knowledge
        self._pages: dict[web.WebSocketResponse, asyncio.Queue[Json]] = {}
        self._running = AsyncExitStack()
        self._turn = asyncio.Lock()
        self.stage: Stage | None = None

    async def start(self) -> None:
        """Begin a demonstration; what ran before ends."""
        await self.stop()
        stage = await self._running.enter_async_context(staged(self._catalog, self._knowledge))
        stage.telegram.cloud.listeners.append(self._on_event)
        self.stage = stage

    async def stop(self) -> None:
        """End the demonstration."""
        self.stage = None
        await self._running.aclose()
        self._running = AsyncExitStack()

    async def close(self) -> None:
        """Let every page go."""
        for socket in tuple(self._pages):
            await socket.close(code=1001)

    async def serve(self, request: web.Request) -> web.WebSocketResponse:
        """Serve one page until it is closed."""
        socket = web.WebSocketResponse(heartbeat=30, max_msg_size=LONGEST_COMMAND)
        await socket.prepare(request)
        queue: asyncio.Queue[Json] = asyncio.Queue()
        self._pages[socket] = queue
        if self.stage is not None:
            queue.put_nowait(await whole(self.stage))
        writer = asyncio.create_task(_write(socket, queue))
        try:
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    await self._do(message.data, queue)
        finally:
            del self._pages[socket]
            writer.cancel()
            await asyncio.gather(writer, return_exceptions=True)
        return socket

    async def _do(self, text: str, queue: asyncio.Queue[Json]) -> None:
        """Do what a page asks; whatever is wrong with it, the demonstration goes on."""
        try:
            told = json.loads(text)
            name = str(told["do"])
        except (ValueError, TypeError, KeyError):
            queue.put_nowait({"type": "note", "key": "not_understood"})
            return
        async with self._turn:
            self._tell({"type": "busy", "on": True})
            try:
                async with asyncio.timeout(ACT_SECONDS):
                    key = await self._act(name, told)
                if key:
                    queue.put_nowait({"type": "note", "key": key})
            except _WRONG:
                queue.put_nowait({"type": "note", "key": "not_possible"})
            except TimeoutError:
                queue.put_nowait({"type": "note", "key": "too_slow"})
            except Exception:
                log.exception("sandbox.act_failed", act=name)
                queue.put_nowait({"type": "note", "key": "failed"})
            finally:
                if self.stage is not None:
                    self._tell(await status(self.stage))
                self._tell({"type": "busy", "on": False})

    async def _act(self, name: str, told: Json) -> str | None:
        if name == "restart":
            await self.start()
            if self.stage is not None:
                self._tell(await whole(self.stage))
            return None
        act = ACTS.get(name)
        if act is None or self.stage is None:
            return "not_understood"
        return await act(self.stage, told)

    def _on_event(self, event: Event) -> None:
        if self.stage is None:
            return
        name = _name(self.stage, event.chat)
        if name is None:
            return
        match event.kind:
            case "posted" | "edited" if event.message is not None:
                view = message_view(self.stage, event.message)
                self._tell({"type": "message", "chat": name, "message": view})
                self._tell({"type": "clock", "now": self.stage.clock().timestamp()})
            case "deleted" if event.message is not None:
                self._tell({"type": "deleted", "chat": name, "id": event.message.id})
            case "answered" if event.detail.get("text"):
                self._tell({"type": "toast", "chat": name, **event.detail})

    def _tell(self, what: Json) -> None:
        for queue in self._pages.values():
            queue.put_nowait(what)


def _name(stage: Stage, chat: Chat | None) -> str | None:
    return next((name for name, shown in chats(stage).items() if shown is chat), None)


async def _write(socket: web.WebSocketResponse, queue: asyncio.Queue[Json]) -> None:
    while not socket.closed:
        await socket.send_json(await queue.get())
