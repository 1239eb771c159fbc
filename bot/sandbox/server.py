"""The Bot API over HTTP, on 127.0.0.1 only: every call is noted, may go wrong, and is answered."""

from __future__ import annotations

import asyncio
import inspect
import json
from collections import deque
from dataclasses import dataclass
from typing import Any

import structlog
from aiohttp import web

from bot.sandbox.arguments import MAX_BODY, Arguments, read_arguments
from bot.sandbox.cloud import Cloud
from bot.sandbox.faults import Fault, Faults
from bot.sandbox.methods import METHODS
from bot.sandbox.refusal import Refusal

HOST = "127.0.0.1"
MAX_POLL_SECONDS = 50.0
KEPT_CALLS = 200_000

log = structlog.get_logger()


@dataclass(slots=True)
class Call:
    """One call as the server saw it.

    Attributes:
        method: The method, as it was written.
        at: When it arrived, in seconds of the event loop's clock, which only goes forward.
        chat_id: The chat it was for, if it named one by number.
        arguments: What it carried.
        status: The HTTP status of the answer; 0 while there is none, or if none was given.
    """

    method: str
    at: float
    chat_id: int | None
    arguments: Arguments
    status: int = 0


class Server:
    """The HTTP side.

    Args:
        cloud: What it serves.
        token: The one token that it takes.
    """

    def __init__(self, cloud: Cloud, token: str) -> None:
        self._cloud, self._token = cloud, token
        self.faults = Faults()
        self.calls: deque[Call] = deque(maxlen=KEPT_CALLS)
        self.round_trip = 0.0
        self._runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        """Its address; raises `RuntimeError` unless it was started."""
        if self._runner is None:
            raise RuntimeError("the server was not started")
        return f"http://{HOST}:{self._runner.addresses[0][1]}"

    async def start(self, port: int = 0) -> None:
        """Listen; port 0 takes a free one."""
        app = web.Application(client_max_size=MAX_BODY)
        app.router.add_get("/file/bot{token:[^/]+}/{path:.+}", self._file)
        for verb in ("GET", "POST"):
            app.router.add_route(verb, "/bot{token:[^/]+}/{method}", self._call)
        app.router.add_route("*", "/{anything:.*}", _nothing)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
        await runner.setup()
        await web.TCPSite(runner, HOST, port).start()
        self._runner = runner

    async def stop(self) -> None:
        """Let every poller go and close."""
        self._cloud.updates.close()
        if self._cloud.webhook is not None:
            await self._cloud.webhook.stop()
        if self._runner is not None:
            await self._runner.cleanup()

    async def _call(self, request: web.Request) -> web.Response:
        name = request.match_info["method"]
        call = Call(name, asyncio.get_running_loop().time(), None, Arguments())
        try:
            self._check_token(request.match_info["token"])
            call.arguments = await read_arguments(request)
            call.chat_id = call.arguments.whole("chat_id") or None
            self.calls.append(call)
            await self._travel()
            body = await self._do(request, call)
            await self._travel()
        except Refusal as refusal:
            call.status = refusal.code
            return web.json_response(refusal.body(), status=refusal.code)
        except web.HTTPRequestEntityTooLarge:
            return web.json_response(Refusal(413, "Request Entity Too Large").body(), status=413)
        except Exception:
            log.exception("sandbox.failed", method=name)
            call.status = 500
            return web.json_response(Refusal(500, "Internal Server Error").body(), status=500)
        call.status = 200
        return web.Response(text=body, content_type="application/json")

    async def _travel(self) -> None:
        """Take half of the round trip."""
        if self.round_trip:
            await asyncio.sleep(self.round_trip / 2)

    async def _do(self, request: web.Request, call: Call) -> str:
        """Do what a call asks, let happen to it what is to happen, and return the answer."""
        fault = self.faults.take(call.method, call.chat_id)
        if fault is None:
            return await self._answer(call)
        if fault.kind == "refuse" and fault.refusal is not None:
            raise fault.refusal
        body = "" if fault.kind == "drop_before" else await self._answer(call)
        await _suffer(request, fault)
        return body

    async def _answer(self, call: Call) -> str:
        """Return the answer as it is now: what is edited later does not change it any more."""
        if call.method.lower() == "getupdates":
            result: Any = await self._updates(call.arguments)
        elif method := METHODS.get(call.method.lower()):
            result = method(self._cloud, call.arguments)
            result = await result if inspect.isawaitable(result) else result
        else:
            raise Refusal(404, "Not Found: method not found")
        return json.dumps({"ok": True, "result": result}, ensure_ascii=False)

    async def _updates(self, args: Arguments) -> Any:
        if "allowed_updates" in args.values:
            self._cloud.updates.allow(args.rows("allowed_updates"))
        return await self._cloud.updates.poll(
            offset=args.whole("offset"),
            limit=args.whole("limit", default=100),
            timeout=min(args.number("timeout"), MAX_POLL_SECONDS),
        )

    async def _file(self, request: web.Request) -> web.Response:
        try:
            self._check_token(request.match_info["token"])
        except Refusal as refusal:
            return web.json_response(refusal.body(), status=refusal.code)
        file = self._cloud.files.at(request.match_info["path"])
        if file is None:
            return await _nothing(request)
        return web.Response(body=file.content, content_type="application/octet-stream")

    def _check_token(self, told: str) -> None:
        if told == self._token:
            return
        if ":" not in told:
            raise Refusal(404, "Not Found")
        raise Refusal(401, "Unauthorized")


async def _suffer(request: web.Request, fault: Fault) -> None:
    if fault.kind == "delay":
        await asyncio.sleep(fault.seconds)
    elif request.transport is not None:
        request.transport.abort()


async def _nothing(_: web.Request) -> web.Response:
    return web.json_response(Refusal(404, "Not Found").body(), status=404)
