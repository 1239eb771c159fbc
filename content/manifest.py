"""Reads `procedure.toml` into the model; an error names file, key and what was expected.

A clinician edits these files, so every mistake comes back as one sentence about the place where
it stands, never as a traceback.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, time
from pathlib import Path
from typing import TypeVar, get_args

from content.model import Care, Pace, Procedure, Review, Rule, Source, Step, Topic
from content.tables import ContentError, Table, read_toml

MANIFEST = "procedure.toml"

T = TypeVar("T")


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
    top = Table(read_toml(path), f"{path}:")
    extends = top.maybe("extends", str)
    if extends is not None and extends not in parents:
        raise ContentError(f"{path}: extends names {extends!r}; expected one of {sorted(parents)}")
    parent = parents[extends] if extends else None
    sources = _group(top, "sources", _source, parent.sources if parent else {})
    rules = _group(top, "rules", _rule, parent.rules if parent else {})
    topics = _group(top, "topics", _topic, parent.topics if parent else {})
    steps = tuple(
        _step(Table(row, f"{path}: step {number}"))
        for number, row in enumerate(top.take("step", list, []), start=1)
    )
    pace_row = top.maybe("pace", dict)
    if pace_row is None and parent is None:
        raise ContentError(f"{path}: pace is missing; expected a table")
    procedure = Procedure(
        key=folder.name,
        extends=extends,
        review=_review(Table(top.take("review", dict), f"{path}: review")),
        pace=_pace(Table(pace_row, f"{path}: pace")) if pace_row else _inherited(parent).pace,
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
    top: Table, name: str, build: Callable[[str, Table], T], inherited: Mapping[str, T]
) -> dict[str, T]:
    own = {
        key: build(key, Table(row, f"{top.place} {name}.{key}"))
        for key, row in top.take(name, dict, {}).items()
    }
    return {**inherited, **own}


def _source(key: str, row: Table) -> Source:
    grade = row.take("grade", str)
    if grade not in ("A", "B", "C", "D"):
        raise ContentError(f"{row.place}.grade is {grade!r}; expected A, B, C or D")
    source = Source(key, row.take("title", str), row.take("url", str, ""), grade)  # type: ignore[arg-type]
    row.done()
    return source


def _rule(key: str, row: Table) -> Rule:
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


def _topic(key: str, row: Table) -> Topic:
    topic = Topic(key, row.words("rules"), row.words("related"), row.words("sources"))
    row.done()
    return topic


def _step(row: Table) -> Step:
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


def _review(row: Table) -> Review:
    review = Review(
        version=row.take("version", str),
        date=row.take("date", date),
        reviewed_by=row.take("reviewed_by", str, ""),
        reviewed_on=row.maybe("reviewed_on", date),
    )
    row.done()
    return review


def _pace(row: Table) -> Pace:
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
