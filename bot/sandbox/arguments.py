"""What a call to the Bot API carries, however it was sent: query, form, multipart or JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from bot.sandbox.refusal import bad_request

MAX_BODY = 60 * 1024 * 1024
"""Above the 50 MB that Telegram takes, so that the refusal is ours to word."""


@dataclass(frozen=True, slots=True)
class Upload:
    """A file as it came in."""

    filename: str
    content_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Arguments:
    """The named values and files of one call."""

    values: Mapping[str, Any] = field(default_factory=dict)
    files: Mapping[str, Upload] = field(default_factory=dict)

    def __contains__(self, name: str) -> bool:
        return self.values.get(name) not in (None, "")

    def text(self, name: str, default: str = "") -> str:
        """Return a value as text."""
        value = self.values.get(name)
        if value is None:
            return default
        if isinstance(value, bool):
            return "true" if value else "false"
        return value if isinstance(value, str) else json.dumps(value)

    def whole(self, name: str, default: int = 0) -> int:
        """Return a value as a whole number; what is none counts as the default, as at Telegram."""
        try:
            return int(str(self.values[name]).strip())
        except (KeyError, ValueError):
            return default

    def number(self, name: str, default: float = 0.0) -> float:
        """Return a value as a number."""
        try:
            return float(str(self.values[name]))
        except (KeyError, ValueError):
            return default

    def flag(self, name: str) -> bool:
        """Return whether a value says yes."""
        return self.text(name).strip().lower() in ("true", "1", "yes", "y", "t")

    def structure(self, name: str) -> Any:
        """Return a value that is JSON; None if it was not given.

        Raises:
            Refusal: If it is not JSON.
        """
        value = self.values.get(name)
        if value is None or value == "":
            return None
        if not isinstance(value, str):
            return value
        try:
            return json.loads(value)
        except ValueError:
            raise bad_request(f"can't parse {name.replace('_', ' ')} JSON object") from None

    def table(self, name: str) -> dict[str, Any]:
        """Return a value that is a JSON object; empty if it was not given."""
        value = self.structure(name)
        if value is None:
            return {}
        if not isinstance(value, dict):
            raise bad_request(f"object expected as {name.replace('_', ' ')}")
        return value

    def rows(self, name: str) -> list[Any]:
        """Return a value that is a JSON array; empty if it was not given."""
        value = self.structure(name)
        if value is None:
            return []
        if not isinstance(value, list):
            raise bad_request(f"expected an Array of {name.replace('_', ' ')}")
        return value

    def upload(self, name: str) -> Upload | None:
        """Return the file that was sent under a name, directly or by `attach://`."""
        value = self.values.get(name)
        if isinstance(value, str) and value.startswith("attach://"):
            return self.files.get(value.removeprefix("attach://"))
        return self.files.get(name)


async def read_arguments(request: web.Request) -> Arguments:
    """Read a call.

    Raises:
        Refusal: If the body cannot be read.
    """
    values: dict[str, Any] = dict(request.query)
    files: dict[str, Upload] = {}
    if request.method == "POST" and request.can_read_body:
        if request.content_type == "application/json":
            values.update(await _json(request))
        else:
            await _form(request, values, files)
    return Arguments(values, files)


async def _json(request: web.Request) -> dict[str, Any]:
    try:
        body = await request.json()
    except (ValueError, RecursionError):
        raise bad_request("can't parse JSON object") from None
    if not isinstance(body, dict):
        raise bad_request("object expected as the request")
    return body


async def _form(request: web.Request, values: dict[str, Any], files: dict[str, Upload]) -> None:
    try:
        form = await request.post()
        for name, value in form.items():
            if isinstance(value, web.FileField):
                content = value.file.read()
                value.file.close()
                files[name] = Upload(value.filename, value.content_type, content)
            else:
                values[name] = value.decode() if isinstance(value, bytes | bytearray) else value
    except web.HTTPException:
        raise
    except Exception:  # noqa: BLE001 - whatever is wrong with a body, the answer is the same
        raise bad_request("can't parse the request body") from None
