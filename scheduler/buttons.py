"""What comes back when a button is tapped: short versioned strings that work weeks later.

Telegram gives 64 bytes. A string names a kind and a few arguments; whether the row it names
belongs to the person who tapped is for the handler to check, every time.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

VERSION = "v1"
MAX_BYTES = 64

_SOUND = re.compile(r"[A-Za-z0-9_.+/-]*")


@dataclass(frozen=True, slots=True)
class Tap:
    """A tap on a button of ours."""

    kind: str
    args: tuple[str, ...]


def pack(kind: str, *args: str | int) -> str:
    """Return the string for a button; raises `ValueError` if Telegram would refuse it."""
    data = ":".join([VERSION, kind, *map(str, args)])
    if len(data.encode()) > MAX_BYTES or not all(map(_SOUND.fullmatch, data.split(":"))):
        raise ValueError(f"{data!r} cannot be the data of a button")
    return data


def unpack(data: str) -> Tap | None:
    """Return what was tapped, or None for what this version never wrote."""
    version, *rest = data.split(":")
    if version != VERSION or not rest or not rest[0] or len(data.encode()) > MAX_BYTES:
        return None
    if not all(map(_SOUND.fullmatch, rest)):
        return None
    return Tap(rest[0], tuple(rest[1:]))
