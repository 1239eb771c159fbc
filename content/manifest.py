"""Reads `procedure.toml` into the model; an error names file, key and what was expected.

A clinician edits these files, so every mistake comes back as one sentence about the place where
it stands, never as a traceback.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from datetime import date, time
from pathlib import Path
from typing import Any, TypeVar, get_args

from content.model import Care, Pace, Procedure, Review, Rule, Source, Step, Topic

MANIFEST = "procedure.toml"

T = TypeVar("T")


class ContentError(Exception):
    """Something in the library is wrong; the text says where and what was expected."""


class _Table:
    """A TOML table that knows its place and checks what is taken from it."""

    def __init__(self, values: Mapping[str, Any], place: str) -> None:
        self.values, self.place = values, place
        self._taken: set[str] = set()

    def take(self, key: str, kind: type[T], default: T | None = None) -> T:
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
        found = self.take(key, list, [])
        if not all(isinstance(word, str) for word in found):
            raise ContentError(f"{self.place}.{key} is {found!r}; expected a list of words")
        return tuple(found)

    def maybe(self, key: str, kind: type[T]) -> T | None:
        return self.take(key, kind) if key in self.values else None

    def done(self) -> None:
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


def read_procedure(folder: Path, parents: Mapping[str, Procedure]) -> Procedure:
    """Read one procedure.

    Args:
        folder: The folder that holds `procedure.toml`; its name is the procedure's key.
        parents: Procedures read before, which this one may extend.

    Returns:
        The procedure, with what it inherits filled in.

    Raises:
        ContentError: Naming file, key and what was expected.
    """
    path = folder / MANIFEST
    top = _Table(read_toml(path), f"{path}:")
    extends = top.maybe("extends", str)
    if extends is not None and extends not in parents:
        raise ContentError(f"{path}: extends names {extends!r}; expected one of {sorted(parents)}")
    parent = parents[extends] if extends else None
    sources = _group(top, "sources", _source, parent.sources if parent else {})
    rules = _group(top, "rules", _rule, parent.rules if parent else {})
    topics = _group(top, "topics", _topic, parent.topics if parent else {})
    steps = tuple(
        _step(_Table(row, f"{path}: step {number}"))
        for number, row in enumerate(top.take("step", list, []), start=1)
    )
    pace_row = top.maybe("pace", dict)
    if pace_row is None and parent is None:
        raise ContentError(f"{path}: pace is missing; expected a table")
    procedure = Procedure(
        key=folder.name,
        extends=extends,
        review=_review(_Table(top.take("review", dict), f"{path}: review")),
        pace=_pace(_Table(pace_row, f"{path}: pace")) if pace_row else _inherited(parent).pace,
        rules=rules,
        steps=steps or _inherited(parent).steps,
        topics=topics,
        sources=sources,
        areas=top.words("areas") or (parent.areas if parent else ()),
    )
    top.done()
    _check_names(procedure, path)
    return procedure


def _inherited(parent: Procedure | None) -> Procedure:
    if parent is None:
        raise ContentError("a procedure without steps has to extend one that has them")
    return parent


def _group(
    top: _Table, name: str, build: Callable[[str, _Table], T], inherited: Mapping[str, T]
) -> dict[str, T]:
    own = {
        key: build(key, _Table(row, f"{top.place} {name}.{key}"))
        for key, row in top.take(name, dict, {}).items()
    }
    return {**inherited, **own}


def _source(key: str, row: _Table) -> Source:
    grade = row.take("grade", str)
    if grade not in ("A", "B", "C", "D"):
        raise ContentError(f"{row.place}.grade is {grade!r}; expected A, B, C or D")
    source = Source(key, row.take("title", str), row.take("url", str, ""), grade)  # type: ignore[arg-type]
    row.done()
    return source


def _rule(key: str, row: _Table) -> Rule:
    rule = Rule(
        key=key,
        hours=row.take("hours", float),
        least=row.take("least", float),
        most=row.take("most", float),
        topic=row.take("topic", str),
        asked=row.take("asked", bool, default=True),
        sources=row.words("sources"),
    )
    row.done()
    if not 0 <= rule.least <= rule.hours <= rule.most:
        raise ContentError(
            f"{row.place}.hours is {rule.hours:g}; expected {rule.least:g} to {rule.most:g}"
        )
    if not rule.sources:
        raise ContentError(f"{row.place}.sources is empty; expected at least one source")
    return rule


def _topic(key: str, row: _Table) -> Topic:
    topic = Topic(key, row.words("rules"), row.words("related"), row.words("sources"))
    row.done()
    return topic


def _step(row: _Table) -> Step:
    at = row.maybe("at", str)
    step = Step(
        key=row.take("key", str),
        covers=tuple(row.words("covers")),  # type: ignore[arg-type]
        stale_hours=row.take("stale_hours", float),
        day=row.maybe("day", int),
        at=_wall_time(at, row.place) if at is not None else None,
        rule=row.maybe("rule", str),
        ticks=row.take("ticks", bool, default=True),
        marketing=row.take("marketing", bool, default=False),
    )
    row.done()
    by_day = step.day is not None and step.at is not None
    if by_day == (step.rule is not None):
        raise ContentError(f"{row.place} ({step.key}): expected either day and at, or rule")
    for kind in step.covers:
        if kind not in get_args(Care):
            raise ContentError(
                f"{row.place} ({step.key}).covers has {kind!r}; "
                f"expected some of {', '.join(get_args(Care))}"
            )
    return step


def _wall_time(text: str, place: str) -> time:
    try:
        return time.fromisoformat(text)
    except ValueError:
        raise ContentError(f"{place}.at is {text!r}; expected a time such as 09:00") from None


def _review(row: _Table) -> Review:
    review = Review(
        version=row.take("version", str),
        date=row.take("date", date),
        reviewed_by=row.take("reviewed_by", str, ""),
        reviewed_on=row.maybe("reviewed_on", date),
    )
    row.done()
    return review


def _pace(row: _Table) -> Pace:
    pace = Pace(
        merge_minutes=row.take("merge_minutes", int),
        most_a_day=row.take("most_a_day", int),
        settle_minutes=row.take("settle_minutes", int),
    )
    row.done()
    return pace


def _check_names(procedure: Procedure, path: Path) -> None:
    """Every name that one part gives another has to exist."""
    _all_known(
        procedure.sources,
        [(f"rules.{rule.key}.sources", name) for rule in procedure.rules.values()
         for name in rule.sources]
        + [(f"topics.{topic.key}.sources", name) for topic in procedure.topics.values()
           for name in topic.sources],
        path,
    )  # fmt: skip
    _all_known(
        procedure.rules,
        [(f"topics.{topic.key}.rules", name) for topic in procedure.topics.values()
         for name in topic.rules]
        + [(f"step {step.key}.rule", step.rule) for step in procedure.steps if step.rule],
        path,
    )  # fmt: skip
    _all_known(
        procedure.topics,
        [(f"rules.{rule.key}.topic", rule.topic) for rule in procedure.rules.values()]
        + [(f"topics.{topic.key}.related", name) for topic in procedure.topics.values()
           for name in topic.related],
        path,
    )  # fmt: skip
    keys = [step.key for step in procedure.steps]
    for key in keys:
        if keys.count(key) > 1:
            raise ContentError(f"{path}: step {key} stands twice; expected one")


def _all_known(known: Mapping[str, object], names: list[tuple[str, str]], path: Path) -> None:
    for place, name in names:
        if name not in known:
            raise ContentError(f"{path}: {place} names {name!r}, which is not there")
