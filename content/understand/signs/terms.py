"""Terms of one or a few words, and finding them in a message."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

FILLERS_BETWEEN = 2
"""So many small words may stand between the words of a term."""
COMMA = ","
SHORTEST_START = 2


class Hit(NamedTuple):  # a message has a score of them, and a frozen dataclass takes thrice as long
    """A term of a list heard in a message.

    Attributes:
        name: The list.
        start: The first word of it.
        end: One past the last word.
        language: The language of the list; empty for a measure.
        cue: Whether the list is a cue.
    """

    name: str
    start: int
    end: int
    language: str
    cue: bool = False


Ends = tuple[tuple[str, str, bool], ...]


@dataclass(slots=True)
class Step:
    """One word of the terms: what may follow it, and the lists whose term ends with it.

    Attributes:
        words: What a word leads to.
        starts: What every word that begins so leads to.
        ends: List, language and whether it is a cue.
    """

    words: dict[str, Step] | None = None
    starts: dict[str, Step] | None = None
    ends: Ends = ()

    def grow(self, word: str, *, begins: bool) -> Step:
        """Return the step for a word, or for every word that begins so; made if need be."""
        if begins:
            self.starts = self.starts or {}
            return self.starts.setdefault(word, Step())
        self.words = self.words or {}
        return self.words.setdefault(word, Step())

    def next(self, word: str) -> list[Step]:
        """Return the steps that a word leads to."""
        found = [self.words[word]] if self.words and word in self.words else []
        if self.starts:
            found += [
                step
                for size in range(SHORTEST_START, len(word) + 1)
                if (step := self.starts.get(word[:size]))
            ]
        return found


@dataclass(slots=True)
class Terms:
    """Every term of every list in one tree.

    Attributes:
        fillers: The small words that may stand within a term.
    """

    fillers: set[str] = field(default_factory=set)
    _root: Step = field(default_factory=Step)
    _first: Callable[[str], list[Step]] = field(init=False)
    _ends: dict[Ends, Ends] = field(default_factory=dict)  # the same few, thousands of times

    def __post_init__(self) -> None:
        """Remember where words lead to first: most are in every other message."""
        self._first = lru_cache(maxsize=2048)(self._root.next)

    def add(
        self, words: Sequence[tuple[str, bool]], name: str, language: str, *, cue: bool
    ) -> None:
        """Add a term: its words, each with whether it stands for every word that begins so."""
        step = self._root
        for word, begins in words:
            step = step.grow(word, begins=begins)
        ends = (*step.ends, (name, language, cue))
        step.ends = self._ends.setdefault(ends, ends)

    def hear(self, words: Sequence[str]) -> list[Hit]:
        """Return every term that stands in a message, in order."""
        hits: list[Hit] = []
        for start, word in enumerate(words):
            if word and word != COMMA:
                for step in self._first(word):
                    self._follow(words, step, start, start + 1, hits)
        return hits

    def _follow(
        self, words: Sequence[str], step: Step, start: int, at: int, hits: list[Hit]
    ) -> None:
        hits += [Hit(name, start, at, language, cue) for name, language, cue in step.ends]
        if not step.words and not step.starts:
            return
        for place in range(at, min(at + FILLERS_BETWEEN + 1, len(words))):
            if not words[place]:
                return
            for deeper in step.next(words[place]):
                self._follow(words, deeper, start, place + 1, hits)
            if words[place] != COMMA and words[place] not in self.fillers:
                return
