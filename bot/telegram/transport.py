"""Requests to the Bot API over aiohttp, in place of python-telegram-bot's default transport.

The default costs about nine times as much processor per message (`tests/bench` measures it), and
it cannot tell a request that never left from one whose answer was lost. This one can: the first
raises `NotSentError`, the second `telegram.error.TimedOut` or `NetworkError`.

The address of a request holds the token, and an error of the library below may quote it. So such an
error is told by its kind alone and is no cause of what is raised, and no redirect is followed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, cast

import aiohttp
from telegram.error import NetworkError, TimedOut
from telegram.request import BaseRequest, RequestData

from bot.telegram.connector import Connector

CONNECT_SECONDS = 5.0
READ_SECONDS = 10.0
MEDIA_SECONDS = 30.0
CONNECTIONS = 256


class NotSentError(NetworkError):
    """No byte of the request reached the server, so it is safe to try again."""


class ServerFailedError(NetworkError):
    """The server answered that it did not do what was asked: it failed or sent us elsewhere."""


@dataclass(frozen=True, slots=True)
class Document:
    """Values that are one JSON document already, in the place of the library's `RequestData`."""

    body: bytes
    contains_files: bool = False


class AiohttpRequest(BaseRequest):
    """One pool of connections to the Bot API.

    Args:
        connections: The most connections at once.
        read_seconds: How long an answer may take, unless a call says otherwise.
    """

    __slots__ = ("_connections", "_read_seconds", "_session")

    def __init__(
        self, *, connections: int = CONNECTIONS, read_seconds: float = READ_SECONDS
    ) -> None:
        self._connections, self._read_seconds = connections, read_seconds
        self._session: aiohttp.ClientSession | None = None

    @property
    def read_timeout(self) -> float:
        """The seconds that an answer may take."""
        return self._read_seconds

    async def initialize(self) -> None:
        """Open the pool; needs a running event loop."""
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=Connector(limit=self._connections, keepalive_timeout=30),
                headers={"User-Agent": self.USER_AGENT},
                auto_decompress=True,
                cookie_jar=aiohttp.DummyCookieJar(),  # to look for cookies takes 8 us a request
            )

    async def shutdown(self) -> None:
        """Close the pool."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def call(self, url: str, values: Mapping[str, Any]) -> Any:
        """Call a method with values that are sent as one JSON document; return its result.

        Raises:
            TelegramError: Whatever `do_request` raises, and what the server refused.
        """
        body = Document(json.dumps(values).encode())
        # What `post` is given goes to `do_request` as it is, which reads only what is ours of it.
        return await self.post(url, cast("RequestData", body))

    @staticmethod
    def parse_json_payload(payload: bytes) -> dict[str, Any]:
        """Return an answer; the library's own would put into the log what it cannot read.

        Raises:
            NetworkError: If it is none of the Bot API, as from a proxy or a captive portal.
        """
        try:
            answer = json.loads(payload.decode(errors="replace"))
        except (ValueError, RecursionError):
            answer = None
        if not isinstance(answer, dict) or (
            "result" not in answer and answer.get("ok") is not False
        ):
            raise NetworkError("the answer is not one of the Bot API")
        return answer

    async def do_request(
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        read_timeout: Any = BaseRequest.DEFAULT_NONE,
        write_timeout: Any = BaseRequest.DEFAULT_NONE,  # noqa: ARG002
        connect_timeout: Any = BaseRequest.DEFAULT_NONE,
        pool_timeout: Any = BaseRequest.DEFAULT_NONE,  # noqa: ARG002
    ) -> tuple[int, bytes]:
        """Make one request.

        Returns:
            The HTTP status and the body.

        Raises:
            NotSentError: If no connection was made.
            ServerFailedError: If the server said that it failed, or sent us elsewhere.
            TimedOut: If the request went out and no answer came in time.
            NetworkError: If the connection broke with the request under way.
        """
        if self._session is None:
            raise NotSentError("the transport is closed")
        headers = _JSON if isinstance(request_data, Document) else None
        files = bool(request_data and request_data.contains_files)
        reading = self._read_seconds if read_timeout is BaseRequest.DEFAULT_NONE else read_timeout
        if files and reading is not None:
            reading = max(reading, MEDIA_SECONDS)
        connecting = (
            CONNECT_SECONDS if connect_timeout is BaseRequest.DEFAULT_NONE else connect_timeout
        )
        timeout = _timeout(connecting, reading)
        try:
            async with self._session.request(
                method,
                url,
                data=_body(request_data),
                headers=headers,
                timeout=timeout,
                allow_redirects=False,
            ) as response:
                status, body = response.status, await response.read()
        except aiohttp.ConnectionTimeoutError:
            raise NotSentError("no connection in time") from None
        except aiohttp.ClientConnectorError:
            raise NotSentError("no connection") from None
        except TimeoutError:
            raise TimedOut("no answer in time") from None
        except Exception as error:  # noqa: BLE001 - the library would quote any other, address and all
            raise NetworkError(f"the connection broke: {type(error).__name__}") from None
        if status in _SURE_FAILURES:
            raise ServerFailedError(f"the server answered {status}")
        if status in _ELSEWHERE:
            raise ServerFailedError(f"the server answered with a redirect ({status})")
        if status in _REDIRECTS:
            raise NetworkError(f"the server answered with a redirect ({status})")
        return status, body


@lru_cache(maxsize=16)
def _timeout(connecting: float | None, reading: float | None) -> aiohttp.ClientTimeout:
    return aiohttp.ClientTimeout(
        total=None, connect=connecting, sock_connect=connecting, sock_read=reading
    )


_SURE_FAILURES = frozenset({500, 502, 503})
"""Telegram answers these without having done anything; 504 leaves it open."""

_ELSEWHERE = frozenset({301, 302, 307, 308})
"""Who answers these has done nothing; 303 may be what follows something done."""

_REDIRECTS = range(300, 400)

_JSON = {"Content-Type": "application/json"}


def _body(
    request_data: RequestData | Document | None,
) -> aiohttp.FormData | dict[str, str] | bytes | None:
    if request_data is None:
        return None
    if isinstance(request_data, Document):
        return request_data.body
    if not request_data.contains_files:
        return request_data.json_parameters
    form = aiohttp.FormData()
    for name, value in request_data.json_parameters.items():
        form.add_field(name, value)
    for name, (filename, content, mime) in request_data.multipart_data.items():
        form.add_field(name, content, filename=filename, content_type=mime)
    return form
