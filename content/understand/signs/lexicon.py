"""The word lists of every language.

A list is a set of terms. A term is one word or a few; `blister*` stands for every word that begins
so, and small words such as "really" may stand between the words of a term.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from content.tables import ContentError, read_toml
from content.understand.signs.spelling import Speller
from content.understand.signs.terms import COMMA, SHORTEST_START, Hit, Terms
from content.understand.signs.text import Token, tokens

CUES = (
    "deny", "contrast", "past", "present", "mine", "general", "in_general", "hearsay", "fine",
    "gone", "eased", "other", "idiom", "filler", "subject", "join", "or", "asking", "animal",
    "untreated", "treated", "common", "ordinary",
)  # fmt: skip
"""The lists under [cues]: how a thing is told, not what is told."""

WORDS_ALONE = ("filler", "common", "ordinary")
"""Cues that are only looked up word by word."""
MANY_LANGUAGES = "other"
"""The file that holds several languages, each in a table of its code."""
UNITS = ("minute", "hour", "day", "week", "month")
COMMON_WEIGHT, SURELY_SPOKEN = 2, 4
"""A common word tells more of the language than a sign word; from the second on it is spoken."""

_PLAIN = re.compile(r"[a-z ]+")


@dataclass(slots=True)
class _Language:
    """The words of one language: those that tell it, and those that may be mended to."""

    common: set[str] = field(default_factory=set)
    sign_words: set[str] = field(default_factory=set)
    denials: set[str] = field(default_factory=set)
    speller: Speller | None = None


@dataclass(slots=True)
class Lexicon:
    """The lists of all languages.

    Attributes:
        terms: The terms of all lists.
        names: Every list that a pattern may name.
        units: What words of time mean, such as "days".
        numbers: What number words mean.
    """

    terms: Terms = field(default_factory=Terms)
    names: set[str] = field(default_factory=set)
    units: dict[str, str] = field(default_factory=dict)
    numbers: dict[str, float] = field(default_factory=dict)
    _languages: dict[str, _Language] = field(default_factory=dict)
    _common_in: dict[str, list[str]] = field(default_factory=dict)
    _known: set[str] = field(default_factory=set)
    _known_starts: set[str] = field(default_factory=set)

    def add(self, path: Path) -> None:
        """Add the lists of one file; raises `ContentError` that names file, list and term."""
        top = read_toml(path)
        if path.stem != MANY_LANGUAGES:
            self._add_language(path.stem, top, f"{path}:")
            return
        for language, table in top.items():
            if not isinstance(table, dict):
                raise ContentError(f"{path}: {language} is {table!r}; expected a table of lists")
            self._add_language(language, table, f"{path}: {language}.")

    def finish(self) -> None:
        """Build what needs every file: the indexes of misspellings and of common words."""
        self._known |= set(self.units) | set(self.numbers)
        for name, language in self._languages.items():
            language.speller = Speller(language.sign_words - language.denials)
            for word in language.common:
                self._common_in.setdefault(word, []).append(name)

    def mend(self, found: Sequence[Token]) -> list[str]:
        """Return the words of a message with misspelt sign words put right; a comma is a comma."""
        words = [token.word or (COMMA if token.mark == "comma" else "") for token in found]
        spoken = self.spoken(words, ())
        spellers = [self._languages[language].speller for language in spoken]
        return [self._mend(word, [speller for speller in spellers if speller]) for word in words]

    def _mend(self, word: str, spellers: Sequence[Speller]) -> str:
        if word in self._known or not word.isalpha():
            return word
        starts = self._known_starts
        if any(word[:size] in starts for size in range(SHORTEST_START, len(word) + 1)):
            return word
        return next(filter(None, (speller.mend(word) for speller in spellers)), word)

    def spoken(self, words: Sequence[str], hits: Sequence[Hit]) -> dict[str, int]:
        """Return how much of each language a message has, the likeliest first; empty if unclear."""
        counts = dict.fromkeys(self._languages, 0)
        for word in words:
            for name in self._common_in.get(word, ()):
                counts[name] += COMMON_WEIGHT
        for _, name in {(hit.start, hit.language) for hit in hits if not hit.cue}:
            counts[name] += 1
        best = max(counts.values(), default=0)
        if not best:
            return {}
        likely = [
            (name, count)
            for name, count in counts.items()
            if count * 2 > best or count >= SURELY_SPOKEN
        ]
        return dict(sorted(likely, key=lambda each: -each[1]))

    def _add_language(self, language: str, table: Mapping[str, Any], place: str) -> None:
        self._languages[language] = _Language()
        parts: dict[str, Callable[[str, str, Any, str], None]] = {
            "lists": self._add_list,
            "cues": self._add_cue,
            "units": self._add_unit,
            "numbers": self._add_number,
        }
        for part, rows in table.items():
            if part not in parts or not isinstance(rows, dict):
                raise ContentError(
                    f"{place} {part} is not known; expected tables called {', '.join(parts)}"
                )
            for name, value in rows.items():
                parts[part](language, name, value, f"{place} {part}.{name}")

    def _add_list(self, language: str, name: str, value: Any, place: str) -> None:
        self.names.add(name)
        for term in _terms(value, place):
            words = _split(term)
            self.terms.add(words, name, language, cue=False)
            self._know(words)
            self._languages[language].sign_words |= {word for word, _ in words}

    def _add_cue(self, language: str, name: str, value: Any, place: str) -> None:
        if name not in CUES:
            raise ContentError(f"{place} is not known; expected one of {', '.join(CUES)}")
        for term in _terms(value, place):
            words = _split(term)
            self._know(words)
            alone = {word for word, _ in words}
            if name == "deny":
                self._languages[language].denials |= alone
            if name == "filler":
                self.terms.fillers |= alone
            if name == "common":
                self._languages[language].common |= alone
            if name not in WORDS_ALONE:
                self.terms.add(words, name, language, cue=True)

    def _add_unit(self, _language: str, name: str, value: Any, place: str) -> None:
        if name not in UNITS:
            raise ContentError(f"{place} is not known; expected one of {', '.join(UNITS)}")
        for term in _terms(value, place):
            self.units[_split(term)[0][0]] = name

    def _add_number(self, _language: str, name: str, value: Any, place: str) -> None:
        if not isinstance(value, (int, float)) or isinstance(value, bool):
            raise ContentError(f"{place} is {value!r}; expected a number")
        self.numbers[_split(name)[0][0]] = float(value)

    def _know(self, words: Sequence[tuple[str, bool]]) -> None:
        for word, begins in words:
            (self._known_starts if begins else self._known).add(word)


def read_lexicon(folder: Path) -> Lexicon:
    """Read every file of word lists in a folder; raises `ContentError` for what is wrong."""
    paths = sorted(folder.glob("*.toml"), key=lambda path: (path.stem != "en", path.stem))
    if not paths:
        raise ContentError(f"{folder} holds no word lists; expected en.toml and others")
    lexicon = Lexicon()
    for path in paths:
        lexicon.add(path)
    lexicon.finish()
    return lexicon


def _terms(found: Any, place: str) -> list[str]:
    if not isinstance(found, list) or not found:
        raise ContentError(f"{place} is {found!r}; expected a list of words in quotes")
    for term in found:
        if not isinstance(term, str) or not _split(term):
            raise ContentError(f"{place} has {term!r}; expected a word in quotes")
    return found


def _split(term: str) -> list[tuple[str, bool]]:
    """Return the words of a term in their one spelling, each with whether it only begins so."""
    if _PLAIN.fullmatch(term):
        return [(word, False) for word in term.split()]
    return [
        (token.word, written.endswith("*"))
        for written in term.split()
        for token in tokens(written.rstrip("*"))
        if not token.mark
    ]
