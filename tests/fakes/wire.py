"""The Bot API without a socket: requests are answered by the loopback server's own methods.

A test that makes a thousand requests has no time for HTTP; what the bot is answered is the same.
"""

from __future__ import annotations

import inspect
import json
from dataclasses import dataclass
from typing import Any

from telegram.request import RequestData

from bot.sandbox.arguments import Arguments, Upload
from bot.sandbox.cloud import Cloud
from bot.sandbox.methods import METHODS
from bot.sandbox.refusal import Refusal
from bot.telegram.transport import AiohttpRequest, Document

LISTENING = ("getme", "getupdates", "setmycommands", "deletewebhook", "getchatmember")
"""Calls by which nobody is told anything."""


@dataclass(frozen=True, slots=True)
class Called:
    """One request that the bot made."""

    method: str
    chat_id: int | None
    text: str


class Wire(AiohttpRequest):
    """Carries requests to a cloud in the same process.

    Args:
        cloud: Whose methods answer.
    """

    __slots__ = ("calls", "cloud")

    def __init__(self, cloud: Cloud) -> None:
        super().__init__()
        self.cloud = cloud
        self.calls: list[Called] = []

    @property
    def told(self) -> list[Called]:
        """The calls by which somebody was told something, oldest first."""
        return [call for call in self.calls if call.method not in LISTENING]

    async def initialize(self) -> None:
        """Nothing to open."""

    async def shutdown(self) -> None:
        """Nothing to close."""

    async def do_request(
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        read_timeout: Any = None,
        write_timeout: Any = None,
        connect_timeout: Any = None,
        pool_timeout: Any = None,
    ) -> tuple[int, bytes]:
        """Answer one request as Telegram would."""
        name = url.rsplit("/", 1)[1].split("?", maxsplit=1)[0].lower()
        args = _arguments(request_data)
        said = args.text("text") or args.text("caption")
        self.calls.append(Called(name, args.whole("chat_id") or None, said))
        try:
            result = METHODS[name](self.cloud, args)
            result = await result if inspect.isawaitable(result) else result
        except Refusal as refusal:
            return refusal.code, json.dumps(refusal.body()).encode()
        return 200, json.dumps({"ok": True, "result": result}).encode()


def _arguments(data: RequestData | None) -> Arguments:
    if data is None:
        return Arguments()
    if isinstance(data, Document):
        return Arguments(json.loads(data.body))
    files = {
        name: Upload(filename or name, mime, content if isinstance(content, bytes) else b"")
        for name, (filename, content, mime) in (
            data.multipart_data.items() if data.contains_files else ()
        )
    }
    return Arguments(data.json_parameters, files)
