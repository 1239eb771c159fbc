"""The page over HTTP: its own files, what was attached to messages, the lifeline.

Only pages that this server sent may talk to it: requests that another site sends to 127.0.0.1, or
that reach it under another name, are refused.
"""

from __future__ import annotations

from importlib.resources import files
from typing import Final
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.typedefs import Handler

from bot.sandbox.live import Live

HOSTS: Final = frozenset({"127.0.0.1", "localhost", "::1"})
TYPES: Final = {
    "html": "text/html",
    "css": "text/css",
    "js": "text/javascript",
    "svg": "image/svg+xml",
}
HEADERS: Final = {
    "Content-Security-Policy": "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; "
    "form-action 'none'; object-src 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
IMAGES: Final = {b"\x89PNG": "image/png", b"\xff\xd8\xff": "image/jpeg"}


class Site:
    """The handlers of the page.

    Args:
        live: What is shown.
    """

    def __init__(self, live: Live) -> None:
        self._live = live

    def application(self) -> web.Application:
        """Return the web application."""
        app = web.Application(middlewares=[_guard])
        app.router.add_get("/", self._index)
        app.router.add_get("/page/{name:[a-z]+[.](?:css|js|svg)}", self._page)
        app.router.add_get("/files/{path:.+}", self._attached)
        app.router.add_get("/live", self._live.serve)
        app.on_shutdown.append(self._close)
        return app

    async def _index(self, _: web.Request) -> web.Response:
        return _own("index.html")

    async def _page(self, request: web.Request) -> web.Response:
        return _own(request.match_info["name"])

    async def _attached(self, request: web.Request) -> web.Response:
        """Send a file; only pictures are shown, anything else is offered to be saved."""
        stage = self._live.stage
        file = stage and stage.telegram.cloud.files.at(request.match_info["path"])
        if not file:
            raise web.HTTPNotFound
        kind = next((name for head, name in IMAGES.items() if file.content.startswith(head)), "")
        response = web.Response(body=file.content, content_type=kind or "application/octet-stream")
        if not kind:
            name = file.filename.replace('"', "").replace("\\", "").replace("\n", "")
            response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
        return response

    async def _close(self, _: web.Application) -> None:
        await self._live.close()


@web.middleware
async def _guard(request: web.Request, handler: Handler) -> web.StreamResponse:
    origin = request.headers.get("Origin")
    if urlsplit(f"//{request.host}").hostname not in HOSTS or (
        origin is not None and urlsplit(origin).netloc != request.host
    ):
        raise web.HTTPForbidden(text="Only this computer's own page may be here.")
    response = await handler(request)
    if not response.prepared:
        response.headers.update(HEADERS)
    return response


def _own(name: str) -> web.Response:
    path = files("bot.sandbox") / "page" / name
    if not path.is_file():
        raise web.HTTPNotFound
    ending = name.rpartition(".")[2]
    return web.Response(text=path.read_text("utf-8"), content_type=TYPES[ending], charset="utf-8")
