"""A Bot API as fast as Python allows: it answers after a round trip and notes what arrived when.

`bot.sandbox` is a faithful Telegram and answers about a thousand calls a second; some peers are
faster than that, so it would hold them back and flatter this project. This one only reads what
the measurements need. It runs in a process of its own: `python -m tests.bench.server`.
"""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from collections import deque
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from tests.bench.crowd import Crowd

HOST = "127.0.0.1"
MOST_UPDATES = 100
LONGEST_POLL = 50.0
_BOT = {"id": 4242, "is_bot": True, "first_name": "Bench", "username": "bench_bot"}


@dataclass(slots=True)
class Arrivals:
    """What came in, by the machine's monotonic clock, which all its processes share.

    Attributes:
        sent: When, to which chat, and whether it was refused, for each `sendMessage`.
        polled: When the first `getUpdates` came; 0 while none has.
    """

    sent: list[tuple[float, int, bool]] = field(default_factory=list)
    polled: float = 0.0


class BotApi:
    """The state of the server, for one measurement at a time."""

    def __init__(self) -> None:
        self.round_trip = 0.0
        self.refuse_at, self.refuse_seconds = -1, 0.0
        self.refused_until = 0.0
        self.arrivals = Arrivals()
        self.updates: deque[dict[str, Any]] = deque()
        self.crowd: Crowd | None = None
        self.asked: asyncio.Future[dict[str, Any]] | None = None
        self._poller: asyncio.Future[None] | None = None
        self._number = 0

    def reset(
        self, *, round_trip: float = 0.0, refuse_at: int = -1, refuse_seconds: float = 0.0
    ) -> None:
        """Forget everything and set how long a call takes and which one is told to wait."""
        self.round_trip = round_trip
        self.refuse_at, self.refuse_seconds, self.refused_until = refuse_at, refuse_seconds, 0.0
        self.arrivals = Arrivals()
        self.updates.clear()
        self.crowd, self.asked = None, None

    def ask(self, **how: Any) -> None:
        """Let a crowd of patients ask; see `Crowd`."""
        loop = asyncio.get_running_loop()
        self.asked = loop.create_future()
        self.crowd = Crowd(self.updates, loop.time, self.asked, **how)
        if not how.get("when_polled", True):
            self.crowd.begin()

    async def answer(self, method: str, values: dict[str, Any]) -> dict[str, Any]:
        """Return what Telegram would."""
        name = method.lower()
        if name == "sendmessage":
            return await self._send(values)
        if name == "getupdates":
            return await self._poll(values)
        await asyncio.sleep(self.round_trip)
        return {"ok": True, "result": _BOT if name == "getme" else True}

    async def _send(self, values: dict[str, Any]) -> dict[str, Any]:
        now = asyncio.get_running_loop().time()
        chat = int(values.get("chat_id", 0))
        number = len(self.arrivals.sent)
        if number == self.refuse_at:
            self.refused_until = now + self.refuse_seconds
        refused = now < self.refused_until
        self.arrivals.sent.append((now, chat, refused))
        await asyncio.sleep(self.round_trip / 2)
        if refused:
            await asyncio.sleep(self.round_trip / 2)
            return _too_many(self.refused_until - now)
        self._number += 1
        text = values.get("text", "")
        if self.crowd is not None:
            self.crowd.answered(chat, text)
            self._wake()
        await asyncio.sleep(self.round_trip / 2)
        return {
            "ok": True,
            "result": {
                "message_id": self._number,
                "date": 1_795_000_000,
                "from": _BOT,
                "chat": {"id": chat, "type": "private", "first_name": "A"},
                "text": text,
            },
        }

    async def _poll(self, values: dict[str, Any]) -> dict[str, Any]:
        loop = asyncio.get_running_loop()
        self.arrivals.polled = self.arrivals.polled or loop.time()
        offset, limit = int(values.get("offset", 0)), int(values.get("limit", MOST_UPDATES))
        await asyncio.sleep(self.round_trip / 2)
        while self.updates and self.updates[0]["update_id"] < offset:
            self.updates.popleft()
        if self.crowd is not None:
            self.crowd.begin()
        if not self.updates and (seconds := float(values.get("timeout", 0))):
            self._poller = loop.create_future()
            await asyncio.wait([self._poller], timeout=min(seconds, LONGEST_POLL))
        await asyncio.sleep(self.round_trip / 2)
        return {"ok": True, "result": list(self.updates)[: min(limit, MOST_UPDATES)]}

    def _wake(self) -> None:
        if self.updates and self._poller is not None and not self._poller.done():
            self._poller.set_result(None)

    async def control(self, verb: str, told: dict[str, Any]) -> Any:
        """Do what the benchmark asks of the server itself."""
        match verb:
            case "reset":
                self.reset(**told)
            case "ask":
                self.ask(**told)
            case "asked" if self.asked is not None:
                await asyncio.wait([self.asked], timeout=told["seconds"])
                return self.asked.result() if self.asked.done() else None
            case "arrivals":
                return {"sent": self.arrivals.sent, "polled": self.arrivals.polled}
        return None


class Connection(asyncio.Protocol):
    """One connection of HTTP/1.1, kept alive, one request at a time."""

    def __init__(self, api: BotApi) -> None:
        self._api, self._data = api, bytearray()
        self._transport: asyncio.Transport | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep where to answer."""
        if isinstance(transport, asyncio.Transport):
            self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Collect until a request is whole, then answer it."""
        self._data += data
        end = self._data.find(b"\r\n\r\n")
        if end < 0:
            return
        head = bytes(self._data[:end]).decode("latin-1")
        length = _content_length(head)
        if len(self._data) < end + 4 + length:
            return
        body = bytes(self._data[end + 4 : end + 4 + length])
        del self._data[: end + 4 + length]
        task = asyncio.get_running_loop().create_task(self._serve(head, body))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, head: str, body: bytes) -> None:
        target = head.split(" ", 2)[1]
        path, _, query = target.partition("?")
        if path.startswith("/control/"):
            result = await self._api.control(path.rpartition("/")[2], json.loads(body or b"{}"))
            self._write(200, result)
            return
        values: dict[str, Any] = dict(parse_qsl(query))
        values |= json.loads(body) if body[:1] == b"{" else dict(parse_qsl(body.decode()))
        result = await self._api.answer(path.rpartition("/")[2], values)
        self._write(200 if result["ok"] else result["error_code"], result)

    def _write(self, status: int, result: Any) -> None:
        body = json.dumps(result).encode()
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(
                b"HTTP/1.1 %d .\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b"
                % (status, len(body), body)
            )


def _content_length(head: str) -> int:
    for line in head.split("\r\n")[1:]:
        name, _, value = line.partition(":")
        if name.lower() == "content-length":
            return int(value)
    return 0


def _too_many(seconds: float) -> dict[str, Any]:
    whole = max(round(seconds), 1)
    return {
        "ok": False,
        "error_code": 429,
        "description": f"Too Many Requests: retry after {whole}",
        "parameters": {"retry_after": whole},
    }


async def serve() -> None:
    """Listen on a free port, say which on stdout, and end with SIGTERM or with stdin."""
    api = BotApi()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(api), HOST, 0)
    told = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, told.set)
    loop.add_reader(sys.stdin, told.set)  # its end means that the benchmark is gone
    print(server.sockets[0].getsockname()[1], flush=True)
    await told.wait()
    server.close()


if __name__ == "__main__":
    asyncio.run(serve())
