"""The page over HTTP: for this computer alone, and unimpressed by nonsense."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, cast

import aiohttp
import pytest

from bot.sandbox.demo import demonstration
from bot.settings import SettingsError
from content.catalog import Catalog
from content.understand import Knowledge
from tests.fakes import ears


@dataclass
class Visitor:
    """Somebody who opens the page, or pretends to."""

    session: aiohttp.ClientSession
    url: str

    async def get(self, path: str, **headers: str) -> tuple[int, aiohttp.ClientResponse]:
        async with self.session.get(self.url + path, headers=headers) as response:
            await response.read()
            return response.status, response


@pytest.fixture
async def visitor(catalog: Catalog) -> AsyncIterator[Visitor]:
    knowledge = cast("Knowledge", ears.Knowledge())
    async with demonstration(0, catalog, knowledge) as url, aiohttp.ClientSession() as session:
        yield Visitor(session, url)


async def test_the_page_loads_nothing_from_elsewhere(visitor: Visitor) -> None:
    status, response = await visitor.get("/")
    assert status == 200
    assert response.headers["Content-Security-Policy"].startswith("default-src 'self'")
    text = await response.text()
    for path in ("/page/app.js", "/page/base.css", "/page/chat.css", "/page/mark.svg"):
        assert path in text
        assert (await visitor.get(path))[0] == 200
    assert "http://" not in text
    assert "https://" not in text


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Host": "127.0.0.1.evil.example"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
    ],
)
@pytest.mark.parametrize("path", ["/", "/live"])
async def test_another_site_cannot_reach_the_page_through_the_browser(
    visitor: Visitor, path: str, headers: dict[str, str]
) -> None:
    assert (await visitor.get(path, **headers))[0] == 403


@pytest.mark.parametrize(
    "path", ["/page/..%2fdemo.js", "/page/nothing.js", "/page/index.html", "/files/x", "/x"]
)
async def test_what_is_not_there_is_not_there(visitor: Visitor, path: str) -> None:
    assert (await visitor.get(path))[0] == 404


async def test_a_page_is_told_what_happens_and_nonsense_is_answered_with_a_note(
    visitor: Visitor,
) -> None:
    async with visitor.session.ws_connect(f"{visitor.url}/live") as socket:
        whole = await socket.receive_json()
        assert whole["type"] == "whole"
        assert whole["status"]["day"] is None
        for nonsense in ("{", "[]", '"x"', '{"do": 7}', '{"do": "fly"}'):
            await socket.send_str(nonsense)
            assert (await _next(socket, "note"))["key"] == "not_understood"
        for wrong in (
            {"do": "tap", "chat": "patient", "message": 99, "row": 0, "column": 0},
            {"do": "tap", "chat": "group", "message": "x"},
            {"do": "send", "chat": "patient", "text": " "},
            {"do": "edit", "chat": "group", "message": 2, "text": "x"},
        ):
            await socket.send_json(wrong)
            assert (await _next(socket, "note"))["key"] == "not_possible"
        await socket.send_json({"do": "send", "chat": "patient", "text": "/start"})
        said = (await _next(socket, "message"))["message"]
        assert (said["text"], said["bot"]) == ("/start", False)


async def test_everything_a_person_can_do_has_a_command(visitor: Visitor) -> None:
    async with visitor.session.ws_connect(f"{visitor.url}/live") as socket:
        for act in (
            {"do": "language", "value": "es"},
            {"do": "send", "chat": "patient", "text": "/start"},
            {"do": "share", "chat": "patient", "what": "photo"},
            {"do": "share", "chat": "patient", "what": "voice"},
            {"do": "share", "chat": "patient", "what": "sticker"},
            {"do": "share", "chat": "patient", "what": "location"},
            {"do": "wait", "step": "hour"},
            {"do": "block"},
        ):
            await socket.send_json(act)
            await _done(socket)
        await socket.send_json({"do": "send", "chat": "patient", "text": "hello?"})
        assert (await _next(socket, "note"))["key"] == "not_possible"
        status = await _next(socket, "status")
        assert (status["blocked"], status["language"]) == (True, "es")
        await socket.send_json({"do": "restart"})
        whole = await _next(socket, "whole")
        assert whole["chats"]["patient"] == []


async def test_what_was_attached_can_be_looked_at_and_saved(visitor: Visitor) -> None:
    async with visitor.session.ws_connect(f"{visitor.url}/live") as socket:
        await socket.send_json({"do": "share", "chat": "patient", "what": "photo"})
        photo = (await _next(socket, "message"))["message"]["file"]
        await socket.send_json({"do": "share", "chat": "patient", "what": "sticker"})
        sticker = await _next(socket, "message")
        while sticker["message"].get("file", photo)["kind"] != "sticker":
            sticker = await _next(socket, "message")

    status, response = await visitor.get(photo["url"])
    assert (status, response.content_type) == (200, "image/png")
    _, response = await visitor.get(sticker["message"]["file"]["url"])
    assert response.headers["Content-Disposition"] == 'attachment; filename="sticker.webp"'
    assert response.headers["X-Content-Type-Options"] == "nosniff"


async def test_a_port_that_is_taken_is_named(catalog: Catalog, visitor: Visitor) -> None:
    port = int(visitor.url.rpartition(":")[2])
    with pytest.raises(SettingsError, match=f"port {port} is taken"):
        async with demonstration(port, catalog, cast("Knowledge", ears.Knowledge())):
            pass


async def _next(socket: aiohttp.ClientWebSocketResponse, kind: str) -> dict[str, Any]:
    """Return the next news of a kind."""
    async with asyncio.timeout(20):
        while True:
            news: dict[str, Any] = await socket.receive_json()
            if news["type"] == kind:
                return news


async def _done(socket: aiohttp.ClientWebSocketResponse) -> None:
    """Return when the demonstration has done what it was asked."""
    while (await _next(socket, "busy"))["on"]:
        pass
