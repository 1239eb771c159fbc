"""Reads `warning_signs.toml`; an error names file, key and what was expected."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from content.tables import ContentError, read_toml
from content.understand.result import Route
from content.understand.signs.lexicon import Lexicon, read_lexicon
from content.understand.signs.measures import MEASURES
from content.understand.signs.model import Group, Pattern, Sign, Signs, Source, Stage

SHARED = "_shared"
FILE = "warning_signs.toml"
LEVELS = ("emergency", "urgent", "contact")
GRADES = ("A", "B", "C", "D")
_SIGN_KEYS = (
    "level", "wording", "patterns", "timing", "sources", "grade", "reviewed_by", "eases", "certain",
    "past",
)  # fmt: skip
_TEXT, _YES_NO, _WORDS, _TABLES = (
    "a text in quotes", "true or false", "a list of texts in quotes", "a list of tables",
)  # fmt: skip

T = TypeVar("T")


def load_signs(library: Path) -> Signs:
    """Read the warning signs and the word lists of a library.

    Args:
        library: The folder that holds `_shared`.

    Returns:
        The signs, ready for `find_signs`.

    Raises:
        ContentError: Naming file, key and what was expected: for a malformed file, a list that
            no language has, a wording or a source that is not there.
    """
    shared = library / SHARED
    path = shared / FILE
    lexicon = read_lexicon(shared / "lexicon")
    top = read_toml(path)
    _known(top, ("sources", "sign"), str(path))
    sources = {
        key: _source(row, f"{path}: sources.{key}")
        for key, row in _take(top, "sources", dict, "a table", str(path)).items()
    }
    rows = _take(top, "sign", dict, "a table", str(path))
    signs = {key: _sign(key, row, f"{path}: sign.{key}") for key, row in rows.items()}
    for sign in signs.values():
        _check(sign, signs, sources, lexicon, shared, f"{path}: sign.{sign.key}")
    return Signs(signs, sources, lexicon, _index(signs.values()))


def _index(signs: Iterable[Sign]) -> dict[str, tuple[tuple[Sign, Pattern], ...]]:
    index: dict[str, tuple[tuple[Sign, Pattern], ...]] = {}
    for sign in signs:
        for pattern in sign.patterns:
            first = pattern.groups[0].lists[0]
            index[first] = (*index.get(first, ()), (sign, pattern))
    return index


def _sign(key: str, row: Any, place: str) -> Sign:
    if not isinstance(row, dict):
        raise ContentError(f"{place} is {row!r}; expected a table")
    _known(row, _SIGN_KEYS, place)
    sign = Sign(
        key=key,
        level=_level(_take(row, "level", str, _TEXT, place), f"{place}.level"),
        wording=_take(row, "wording", str, _TEXT, place),
        patterns=tuple(
            _pattern(text, f"{place}.patterns")
            for text in _take(row, "patterns", list, _WORDS, place, [])
        ),
        timing=tuple(
            _stage(stage, f"{place}.timing")
            for stage in _take(row, "timing", list, _TABLES, place, [])
        ),
        sources=tuple(_take(row, "sources", list, _WORDS, place)),
        grade=_take(row, "grade", str, _TEXT, place),
        reviewed_by=_take(row, "reviewed_by", str, _TEXT, place),
        eases=_take(row, "eases", bool, _YES_NO, place, default=False),
        certain=_take(row, "certain", bool, _YES_NO, place, default=False),
        past=_take(row, "past", str, _TEXT, place, ""),
    )
    if sign.grade not in GRADES:
        raise ContentError(f"{place}.grade is {sign.grade!r}; expected A, B, C or D")
    hours = [stage.from_hours for stage in sign.timing]
    if hours != sorted(hours):
        raise ContentError(f"{place}.timing has the hours {hours}; expected them to rise")
    return sign


def _pattern(text: Any, place: str) -> Pattern:
    """Read `a + b` (in one clause), `a - c d` (without those), `a & b` (anywhere, both)."""
    expected = f'{place} has {text!r}; expected lists such as "lips + swelling - fine & fever"'
    if not isinstance(text, str):
        raise ContentError(expected)
    groups = []
    for part in text.split("&"):
        heard, _, unheard = part.partition(" - ")
        lists = [word.strip() for word in heard.split("+")]
        without = unheard.split()
        if not all(word.isidentifier() for word in (*lists, *without)):
            raise ContentError(expected)
        groups.append(Group(tuple(lists), tuple(without)))
    return Pattern(text, tuple(groups))


def _stage(row: Any, place: str) -> Stage:
    if not isinstance(row, dict):
        raise ContentError(f"{place} has {row!r}; expected {{ from_hours = 72, level = ... }}")
    _known(row, ("from_hours", "level"), place)
    hours = row.get("from_hours")
    if not isinstance(hours, (int, float)) or isinstance(hours, bool) or hours < 0:
        raise ContentError(f"{place}.from_hours is {hours!r}; expected hours since the treatment")
    return Stage(float(hours), _level(_take(row, "level", str, _TEXT, place), f"{place}.level"))


def _level(level: str, place: str) -> Route:
    if level not in LEVELS:
        raise ContentError(f"{place} is {level!r}; expected one of {', '.join(LEVELS)}")
    return Route(level)


def _source(row: Any, place: str) -> Source:
    if not isinstance(row, dict):
        raise ContentError(f"{place} is {row!r}; expected a table")
    _known(row, ("title", "url"), place)
    return Source(_take(row, "title", str, _TEXT, place), _take(row, "url", str, _TEXT, place, ""))


def _check_lists(sign: Sign, lexicon: Lexicon, place: str) -> None:
    for pattern in sign.patterns:
        for group in pattern.groups:
            for name in (*group.lists, *group.without):
                if name not in lexicon.names and name not in MEASURES:
                    raise ContentError(
                        f"{place}.patterns names the list {name!r} ({pattern.text!r}); "
                        "expected a list that stands in a lexicon file"
                    )


def _check(
    sign: Sign,
    signs: Mapping[str, Sign],
    sources: Mapping[str, Source],
    lexicon: Lexicon,
    shared: Path,
    place: str,
) -> None:
    _check_lists(sign, lexicon, place)
    if not sign.patterns and all(other.past != sign.key for other in signs.values()):
        raise ContentError(f"{place}.patterns is empty; expected at least one")
    if sign.past and sign.past not in signs:
        raise ContentError(f"{place}.past names {sign.past!r}; expected a sign of this file")
    if not sign.sources:
        raise ContentError(f"{place}.sources is empty; expected at least one source")
    for source in sign.sources:
        if source not in sources:
            raise ContentError(f"{place}.sources names {source!r}; expected one of this file's")
    if not any(shared.glob(f"*/warnings/{sign.wording}.j2")):
        raise ContentError(
            f"{place}.wording names {sign.wording!r}; "
            f"expected a template {SHARED}/<language>/warnings/{sign.wording}.j2"
        )


def _take(
    row: Mapping[str, Any],
    key: str,
    kind: type[T],
    expected: str,
    place: str,
    default: T | None = None,
) -> T:
    value = row.get(key, default)
    if value is None:
        raise ContentError(f"{place}.{key} is missing; expected {expected}")
    if not isinstance(value, kind):
        raise ContentError(f"{place}.{key} is {value!r}; expected {expected}")
    return value


def _known(row: Mapping[str, Any], keys: Iterable[str], place: str) -> None:
    for key in row:
        if key not in keys:
            raise ContentError(f"{place}.{key} is not known; expected one of {', '.join(keys)}")
