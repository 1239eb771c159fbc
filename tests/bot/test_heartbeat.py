"""The dead-man switch is called while all is well, and its absence breaks nothing."""

from __future__ import annotations

import socket

from aiohttp import web

from bot.heartbeat import ping
from tests.bot.conftest import Far


async def test_a_switch_that_hears_us(far: Far) -> None:
    assert await ping(f"{far.url}/alive")
    assert far.requests[0][:2] == ("GET", "/alive")


async def test_a_switch_that_refuses_or_is_gone(far: Far) -> None:
    async def refuses(_: web.Request) -> web.Response:
        return web.Response(status=500)

    far.answer = refuses
    assert not await ping(far.url)
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        assert not await ping(f"http://127.0.0.1:{nobody.getsockname()[1]}")
