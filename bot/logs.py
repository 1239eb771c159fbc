"""Logs that carry ids and counts, never a patient's words and never the token."""

from __future__ import annotations

import logging
import re
import sys
import traceback
from collections.abc import Mapping, MutableMapping
from pathlib import Path
from typing import Any

import structlog

_TOKEN = re.compile(r"(?<!\d)\d{3,}:[A-Za-z0-9_-]{20,}")
_QUIET = {"apscheduler": logging.ERROR, "aiohttp": logging.WARNING, "telegram": logging.WARNING}
_UNTOLD = frozenset({"text", "said", "words", "payload", "caption", "name"})
REDACTED = "[token]"
_FRAMES = 6


def set_up_logging(level: str, form: str, token: str = "") -> None:
    """Send logs to stderr.

    Args:
        level: `DEBUG`, `INFO`, `WARNING` or `ERROR`.
        form: `text` for people, `json` for machines.
        token: The bot's token, which is blotted out wherever it appears.
    """
    render: Any = (
        structlog.processors.JSONRenderer()
        if form == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        where_it_failed,
        without_words,
        Redactor(token),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level)),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[first_line, *shared],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, render],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name, least in _QUIET.items():
        logging.getLogger(name).setLevel(max(least, logging.getLevelName(level)))


class Redactor:
    """Blots the token out of everything that is logged, tracebacks included.

    Args:
        token: The bot's token; anything shaped like one goes too.
    """

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(
        self, _logger: Any, _method: str, event: MutableMapping[str, Any]
    ) -> MutableMapping[str, Any]:
        """Return the event without a token in any of its texts."""
        return {
            key: value if key.startswith("_") else self._clean(value)  # a formatter's own
            for key, value in event.items()
        }

    def _clean(self, value: Any) -> Any:
        match value:
            case str():
                told = value.replace(self._token, REDACTED) if self._token else value
                return _TOKEN.sub(REDACTED, told)
            case None | bool() | int() | float():
                return value
            case bytes() | bytearray():
                return self._clean(bytes(value).decode(errors="replace"))
            case Mapping():
                return {self._clean(key): self._clean(item) for key, item in value.items()}
            case list() | tuple() | set() | frozenset():
                return [self._clean(item) for item in value]
        told = str(value)  # whatever else it is, such as an address: as it would be written
        return value if self._clean(told) == told else self._clean(told)


def first_line(
    _logger: Any, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Keep the first line of what a library logs; asyncio's next ones quote the error itself."""
    event["event"] = str(event["event"]).partition("\n")[0]
    return event


def where_it_failed(
    _logger: Any, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Tell an error's kind and place but not its message, which may hold a patient's words."""
    error = event.pop("exc_info", None)
    if error is True:
        error = sys.exc_info()[1]
    if isinstance(error, tuple):
        error = error[1]
    if isinstance(error, BaseException):
        frames = traceback.extract_tb(error.__traceback__)[-_FRAMES:]
        event["error"] = type(error).__name__
        event["at"] = " < ".join(
            f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames[::-1]
        )
    return event


def without_words(
    _logger: Any, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Drop whatever could hold what a person wrote; a count by such a name holds nothing of it."""
    return {
        key: value
        for key, value in event.items()
        if key not in _UNTOLD or isinstance(value, int | float)
    }
