"""A small HTTP server on loopback that answers as a test has scripted."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

import pytest
from aiohttp import web

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class Far:
    """The other end of the line."""

    url: str = ""
    answer: Answer | None = None
    requests: list[tuple[str, str, bytes, str]] = field(default_factory=list)

    async def take(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        self.requests.append((request.method, request.path, body, request.content_type))
        if self.answer is not None:
            return await self.answer(request)
        return web.json_response({"ok": True, "result": True})


@pytest.fixture
async def far() -> AsyncIterator[Far]:
    far = Far()
    app = web.Application()
    app.router.add_route("*", "/{anything:.*}", far.take)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    far.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield far
    await runner.cleanup()
