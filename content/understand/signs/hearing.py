"""Holding one pattern against a message: is it heard, and how is it told?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from content.understand.result import Route
from content.understand.signs.clauses import Clauses
from content.understand.signs.model import Group, Pattern, Sign
from content.understand.signs.terms import Hit
from content.understand.signs.text import Token

NEAR = 8
"""How many words apart the words of one group may stand."""


class Told(StrEnum):
    """How a sign is told."""

    PRESENT = "present"
    EASED = "eased"
    DENIED = "denied"
    PAST = "past"
    GENERAL = "general"
    ELSEWHERE = "elsewhere"


@dataclass(frozen=True, slots=True)
class Message:
    """A message made ready.

    Attributes:
        found: Its words and signs.
        clauses: How it is told, clause by clause.
        heard: What is heard of each list.
        elsewhere: Whether it is of a part of the body that was not treated.
        animal: Whether it is of an animal.
    """

    found: Sequence[Token]
    clauses: Clauses
    heard: Mapping[str, list[Hit]]
    elsewhere: bool
    animal: bool


def hear(sign: Sign, pattern: Pattern, message: Message) -> tuple[Told, str] | None:
    """Return how a pattern of a sign is told and in which words; None if it is not heard."""
    words: list[Hit] = []
    told = Told.PRESENT
    for group in pattern.groups:
        heard = _hear_group(sign, group, message)
        if heard is None:
            return None
        how, span = heard
        words += span
        if told is Told.PRESENT:
            told = how
    return told, _said(words, message)


def _hear_group(sign: Sign, group: Group, message: Message) -> tuple[Told, list[Hit]] | None:
    """Return how a group is told and the words that tell it, a present one before others."""
    first: tuple[Told, list[Hit]] | None = None
    for anchor in message.heard.get(group.lists[0], ()):
        span = _gather(anchor, group, message)
        if span is None or _excluded(anchor, group, message):
            continue
        told = _told(sign, span, message)
        if told is Told.PRESENT:
            return told, span
        first = first or (told, span)
    return first


def _gather(anchor: Hit, group: Group, message: Message) -> list[Hit] | None:
    """Find the other words of a group around the first, in the same clause; None if not there.

    One word is not taken for two lists, and words that are not denied are preferred.
    """
    clause = message.clauses.clause
    span = [anchor]
    for name in group.lists[1:]:
        near = [
            hit
            for hit in message.heard.get(name, ())
            if clause[hit.start] == clause[anchor.start]
            and max(hit.start - anchor.end, anchor.start - hit.end) <= NEAR
            and all(hit.end <= other.start or other.end <= hit.start for other in span)
        ]
        if not near:
            return None
        span.append(min(near, key=lambda hit: hit.start in message.clauses.denied))
    return span


def _excluded(anchor: Hit, group: Group, message: Message) -> bool:
    clause = message.clauses.clause
    return any(
        clause[hit.start] == clause[anchor.start]
        for name in group.without
        for hit in message.heard.get(name, ())
    )


def _told(sign: Sign, span: Sequence[Hit], message: Message) -> Told:
    """Return how the words of a sign are told; an emergency is doubted least."""
    clauses = message.clauses
    emergency = sign.level is Route.EMERGENCY
    if message.animal or (message.elsewhere and not emergency):
        return Told.ELSEWHERE
    if any(hit.start in clauses.denied for hit in span):
        return Told.DENIED
    if not sign.certain and any(clauses.general(hit, strict=emergency) for hit in span):
        return Told.GENERAL
    if not sign.certain and any(clauses.past(hit, strict=emergency) for hit in span):
        return Told.PAST
    if not emergency and any(hit.start in clauses.gone for hit in span):
        return Told.EASED
    if sign.eases and any(clauses.clause[hit.start] in clauses.eased for hit in span):
        return Told.EASED
    return Told.PRESENT


def _said(words: Sequence[Hit], message: Message) -> str:
    """Return the patient's own words from the first to the last that told the sign."""
    if len({message.clauses.clause[hit.start] for hit in words}) == 1:
        start, end = min(hit.start for hit in words), max(hit.end for hit in words)
        return _text(message.found[start:end])
    return " … ".join(_text(message.found[hit.start : hit.end]) for hit in words)


def _text(found: Sequence[Token]) -> str:
    raws: list[str] = []
    for token in found:
        if token.mark and raws:
            raws[-1] += token.raw
        elif not raws or raws[-1] != token.raw or "'" not in token.raw:
            raws.append(token.raw)
    return " ".join(raws)
