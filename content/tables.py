"""TOML tables that know their place: what is wrong in one is a sentence that names file and key."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")


class ContentError(Exception):
    """Something in the library is wrong; the text says where and what was expected."""


class Table:
    """A TOML table that knows its place and checks what is taken from it."""

    def __init__(self, values: Mapping[str, Any], place: str) -> None:
        self.values, self.place = values, place
        self._taken: set[str] = set()

    def take(self, key: str, kind: type[T], default: T | None = None) -> T:
        """Return a value of one kind, or the default if it is not there.

        Raises:
            ContentError: When it is missing without a default, or of another kind.
        """
        self._taken.add(key)
        value = self.values.get(key, default)
        if kind is float and type(value) is int:
            value = float(value)
        if value is None:
            raise ContentError(f"{self.place}.{key} is missing; expected {_NAMES[kind]}")
        if not isinstance(value, kind) or (kind is not bool and isinstance(value, bool)):
            raise ContentError(f"{self.place}.{key} is {value!r}; expected {_NAMES[kind]}")
        return value

    def words(self, key: str) -> tuple[str, ...]:
        """Return a list of texts, empty if it is not there."""
        found = self.take(key, list, [])
        if not all(isinstance(word, str) for word in found):
            raise ContentError(f"{self.place}.{key} is {found!r}; expected a list of words")
        return tuple(found)

    def maybe(self, key: str, kind: type[T]) -> T | None:
        """Return a value of one kind, or None if it is not there."""
        return self.take(key, kind) if key in self.values else None

    def done(self) -> None:
        """Refuse what nobody took: a misspelt key must not be silently without effect."""
        for key in self.values:
            if key not in self._taken:
                known = ", ".join(sorted(self._taken))
                raise ContentError(f"{self.place}.{key} is not known; expected one of {known}")


_NAMES: dict[type, str] = {
    str: "a text in quotes",
    float: "a number",
    int: "a whole number",
    bool: "true or false",
    list: "a list in [ ]",
    dict: "a table",
    date: "a date such as 2026-11-22",
}


def read_toml(path: Path) -> dict[str, Any]:
    """Read a TOML file; raises `ContentError` that names the file and the line."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ContentError(f"{path} is missing") from None
    except ValueError as error:  # no TOML, no UTF-8, or a number that is too long to read
        raise ContentError(f"{path}: {error}") from None
    except RecursionError:
        raise ContentError(f"{path}: too deeply nested; expected tables and lists") from None
