"""Sentences put together from slots: "how many MEDICINE", where each slot is a list of words.

A few patterns over many words reach further than many sentences: a new medicine, a new word for
"how often" or a new language is one more word in a list. The lists and the patterns are data.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from content.tables import ContentError, Table
from content.understand.anchors import SLOT, anchors
from content.understand.phrasing import WORDS_OF_NO_SLOT, anywhere
from content.understand.signs.spelling import Speller
from content.understand.signs.terms import Terms

Fit = Literal["yes", "no", "excepted"]
"""Whether a message fits; `excepted` if it fits but for what `never` says."""

NUMBER = "NUMBER"
SHORTEST_MENDED = 7
"""Shorter words are not looked for in a misspelling: too many others are one letter away."""
STOPS = frozenset({".", "?"})


@dataclass(frozen=True, slots=True)
class Slots:
    """What `read_slots` returned.

    Attributes:
        terms: The words of every slot.
        known: Every word of a term, which is not mended.
        speller: The longer words of the slots whose misspellings count.
        joins: Slots that are made of others, in order: a pattern and the name it becomes.
        sure: Patterns that tell by themselves.
        likely: Patterns that tell unless one of `unless` is in the message.
        unless: What keeps those from telling.
        never: What keeps all from telling.
        anchors: Slots of which a message that fits has one; none if it may have none.
    """

    terms: Terms
    known: frozenset[str]
    speller: Speller
    joins: tuple[tuple[re.Pattern[str], str], ...]
    sure: re.Pattern[str]
    likely: re.Pattern[str]
    unless: re.Pattern[str]
    never: re.Pattern[str]
    anchors: frozenset[str]

    def fit(self, said: str) -> Fit:
        """Return whether a message, `spoken`, fits one of the patterns, and `never` says no."""
        pieces = self._pieces(said)
        if self.anchors and self.anchors.isdisjoint(pieces):
            return "no"
        filled = self._joined(pieces)
        if not self._fits(filled):
            return "no"
        return "excepted" if self.never.search(filled) else "yes"

    def fill(self, said: str) -> str:
        """Return a message between stops, each term as its slot's name; the longest term counts."""
        return self._joined(self._pieces(said))

    def _pieces(self, said: str) -> list[str]:
        written = said.split()
        heard = ["" if word in STOPS else word for word in written]
        longest: dict[int, tuple[int, str]] = {}
        for hit in self.terms.hear([self._mended(word) for word in heard]):
            if hit.end > longest.get(hit.start, (0, ""))[0]:
                longest[hit.start] = hit.end, hit.name
        found, at = [], 0
        while at < len(written):
            number = NUMBER if written[at][0].isdigit() else written[at]
            at, name = longest.get(at, (at + 1, number))
            found.append(name)
        return found

    def _joined(self, pieces: list[str]) -> str:
        filled = " ".join([" .", *pieces, ". "])
        for pattern, name in self.joins:
            filled = pattern.sub(f"{name} ", filled)
        return filled

    def _fits(self, filled: str) -> bool:
        if self.sure.search(filled):
            return True
        return bool(self.likely.search(filled)) and not self.unless.search(filled)

    def _mended(self, word: str) -> str:
        """Return the word meant by a misspelt one."""
        if len(word) < SHORTEST_MENDED - 1 or word in self.known:
            return word
        return self.speller.mend(word) or word


def read_slots(table: Table) -> Slots:
    """Read slots and patterns from a table, and leave its other keys to the caller.

    Raises:
        ContentError: Naming the place and what is missing or not as expected.
    """
    lists, joins = table.take("slots", dict), table.take("joins", dict, {})
    misspelt = table.words("misspelt")
    kinds = [table.words(key) for key in ("sure", "likely", "unless", "never")]
    place = table.place
    named = [name for names in (*kinds, *joins.values()) for name in names]
    _check([*misspelt, *named], {NUMBER, *lists, *joins}, place)
    terms, known, mended = Terms(), set[str](), set[str]()
    for name, languages in lists.items():
        for term in _terms(languages, f"{place}: {name}"):
            parts = [(part.rstrip("*"), part.endswith("*")) for part in term.split()]
            terms.add(parts, name, "", cue=False)
            known.update(word for word, _ in parts)
            if name in misspelt and len(term) >= SHORTEST_MENDED and term.isalpha():
                mended.add(term)
    try:
        made = [(anywhere(found, WORDS_OF_NO_SLOT), name) for name, found in joins.items()]
        patterns = [anywhere(found, WORDS_OF_NO_SLOT) for found in kinds]
    except re.error as error:
        raise ContentError(f"{place}: a pattern cannot be read: {error}") from None
    return Slots(
        terms=terms,
        known=frozenset(known),
        speller=Speller(mended),
        joins=tuple(made),
        sure=patterns[0],
        likely=patterns[1],
        unless=patterns[2],
        never=patterns[3],
        anchors=anchors([*kinds[0], *kinds[1]], joins),
    )


def _check(phrases: Iterable[str], known: set[str], place: str) -> None:
    for phrase in phrases:
        for name in SLOT.findall(phrase):
            if name not in known:
                raise ContentError(f"{place}: {phrase!r} names {name}; there is no such slot")


def _terms(languages: Any, place: str) -> Iterable[str]:
    """Return the terms of a slot, of all its languages."""
    for language, text in Table(languages, place).values.items():
        if not isinstance(text, list) or not all(isinstance(term, str) for term in text):
            raise ContentError(f"{place}.{language} is {text!r}; expected a list of words")
        yield from text
