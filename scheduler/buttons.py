"""What comes back when a button is tapped: short versioned strings that work weeks later.

Telegram gives 64 bytes. A string names a kind and a few arguments; whether the row it names
belongs to the person who tapped is for the handler to check, every time.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

VERSION = "v1"
MAX_BYTES = 64
MOST_DIGITS = 16
"""A longer number fits no row of the store."""

_SOUND = re.compile(r"[A-Za-z0-9_.+/-]*")


@dataclass(frozen=True, slots=True)
class Tap:
    """A tap on a button: ours, or one that somebody forged.

    Attributes:
        kind: What the button does.
        args: What it carries, in as many parts as whoever wrote it liked.
    """

    kind: str
    args: tuple[str, ...]

    def text(self, place: int = 0) -> str:
        """Return a part; empty if it is not there."""
        return self.args[place] if place < len(self.args) else ""

    def number(self, place: int = 0) -> int:
        """Return a part as a whole number; 0, which names no row, for anything else."""
        text = self.text(place)
        return int(text) if text.isdigit() and len(text) < MOST_DIGITS else 0


def pack(kind: str, *args: str | int) -> str:
    """Return the string for a button; raises `ValueError` if Telegram would refuse it."""
    parts = [kind, *map(str, args)]
    data = ":".join([VERSION, *parts])
    if not kind or len(data.encode()) > MAX_BYTES or not all(map(_SOUND.fullmatch, parts)):
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
