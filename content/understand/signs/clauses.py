"""How a thing is told: clause by clause, present or denied, earlier or only in general.

What counts is the status of each word heard: "no pus but it is hot" denies the pus and leaves the
heat. A cue is a list of words in the lexicon; the rules for how far it reaches are here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from content.understand.signs.terms import Hit
from content.understand.signs.text import Token

SHORT = 2
"""A piece between commas of so many words or fewer belongs to its neighbour."""
LONGEST = 60
"""A clause is cut after so many words, so that a text without any stop stays quick to read."""
DENIED_WORDS = 7
"""How many words a denial reaches."""
FINE_WORDS, GONE_WORDS = 3, 8
"""How many words may stand between a sign and "is fine" or "is gone"."""
LEAD = 3
"""So many words before a general question "I have" still makes it present."""


@dataclass(slots=True)
class Clauses:
    """Which clause and sentence each word is in, and how each clause is told.

    Attributes:
        clause: The clause of each word.
        sentence: The sentence of each word.
        denied: Words that are denied.
        gone: Words that are told to have passed.
        eased: Clauses in which something is told to be getting better.
        by_name: The cues heard.
    """

    clause: list[int] = field(default_factory=list)
    sentence: list[int] = field(default_factory=list)
    denied: set[int] = field(default_factory=set)
    gone: set[int] = field(default_factory=set)
    eased: set[int] = field(default_factory=set)
    by_name: dict[str, list[Hit]] = field(default_factory=dict)

    def cues(self, name: str) -> list[Hit]:
        """Return where a cue is heard."""
        return self.by_name.get(name, [])

    def general(self, hit: Hit, *, strict: bool) -> bool:
        """Whether a word is asked about in general: the cue stands before it.

        Args:
            hit: The word heard.
            strict: Whether the cue has to be in the same clause, not only the same sentence.
        """
        area = self.clause if strict else self.sentence
        return any(
            cue.start <= hit.start
            and area[cue.start] == area[hit.start]
            and not self._between("present", cue.start - LEAD, hit.end)
            and not self._between("mine", cue.start - LEAD, hit.end)
            for cue in self.cues("general")
        ) or any(
            where[cue.start] == where[hit.start]
            for name, where in (("in_general", area), ("hearsay", self.clause))
            for cue in self.cues(name)
        )

    def past(self, hit: Hit, *, strict: bool) -> bool:
        """Whether a word is told of an earlier time; arguments as for `general`."""
        here = self.clause[hit.start]
        if any(self.clause[cue.start] == here for cue in self.cues("present")):
            return False
        for cue in self.cues("past"):
            if self.clause[cue.start] == here:
                return True
            same = self.sentence[cue.start] == self.sentence[hit.start]
            if not strict and same and cue.start < hit.start:
                return not self._between("present", cue.end, hit.end)
        return False

    def _between(self, name: str, start: int, end: int) -> bool:
        return any(start <= cue.start and cue.end <= end for cue in self.cues(name))


def split(found: Sequence[Token], hits: Sequence[Hit], negatives: set[int]) -> Clauses:
    """Split a message into clauses and read how each is told.

    Args:
        found: The message's words and signs.
        hits: Everything heard in it, cues among it.
        negatives: Where words such as "not" stand, also within a term such as "not breathing".
    """
    clauses = Clauses()
    for hit in hits:
        if hit.cue:
            clauses.by_name.setdefault(hit.name, []).append(hit)
    _number(found, clauses)
    _deny(found, clauses)
    _settle(clauses, hits, negatives)
    return clauses


def _number(found: Sequence[Token], clauses: Clauses) -> None:
    breaks = {cue.start for cue in clauses.cues("contrast")}
    subjects = {cue.start for cue in clauses.cues("subject")}
    breaks |= {cue.start for cue in clauses.cues("join") if cue.end in subjects}
    breaks |= {place for place in range(len(found)) if _splits(found, place, breaks)}
    clause = sentence = length = 0
    for place, token in enumerate(found):
        if place in breaks or length >= LONGEST:
            clause, length = clause + 1, 0
        if token.mark == "stop":
            sentence += 1
        clauses.clause.append(clause)
        clauses.sentence.append(sentence)
        length += 1


def _splits(found: Sequence[Token], place: int, breaks: set[int]) -> bool:
    """Whether a sign ends a clause.

    A comma beside a piece of one or two words does not, nor a stop between two such pieces:
    "hot, red and swollen", "Hot. Red. Swollen."
    """
    mark = found[place].mark
    if not mark:
        return False
    around = [_words_until(found, place, step, breaks) for step in (-1, 1)]
    return (min(around) if mark == "comma" else max(around)) > SHORT


def _words_until(found: Sequence[Token], place: int, step: int, breaks: set[int]) -> int:
    """Count words from a sign to the next sign or break, no further than needed."""
    count, at = 0, place + step
    while 0 <= at < len(found) and not found[at].mark and count <= SHORT:
        count += 1
        if at in breaks:
            break
        at += step
    return count


def _deny(found: Sequence[Token], clauses: Clauses) -> None:
    denials = sorted(clauses.cues("deny"), key=lambda cue: (cue.start, -cue.end))
    undone: set[Hit] = set()
    for one, two in pairwise(denials):
        again = found[one.start].word == found[two.start].word == "no"
        if one not in undone and two.start == one.end and not again:
            undone |= {one, two}
    for cue in denials:
        if cue not in undone:
            clauses.denied |= set(_reach(found, cue, clauses))


def _reach(found: Sequence[Token], cue: Hit, clauses: Clauses) -> list[int]:
    """Return the words that a denial reaches."""
    contrasts = {other.start for other in clauses.cues("contrast")}
    ends = contrasts | {other.start for other in clauses.cues("subject")}
    choices = {other.start for other in clauses.cues("or")}
    reached: list[int] = []
    for place in range(cue.end, len(found)):
        if len(reached) >= DENIED_WORDS or found[place].mark == "stop":
            break
        if found[place].mark == "comma":
            if not choices.intersection(range(place, place + 5)):
                break
            continue
        if place in ends and (place > cue.end or place in contrasts):
            break
        reached.append(place)
    return reached


def _settle(clauses: Clauses, hits: Sequence[Hit], negatives: set[int]) -> None:
    told = [hit for hit in hits if not hit.cue]
    asked = {clauses.clause[cue.start] for cue in clauses.cues("asking")}
    for name, reach, words in (
        ("fine", FINE_WORDS, clauses.denied),
        ("gone", GONE_WORDS, clauses.gone),
    ):
        for cue in clauses.cues(name):
            here = clauses.clause[cue.start]
            if cue.start in clauses.denied or (name == "fine" and here in asked):
                continue
            for hit in told:
                near = 0 <= cue.start - hit.end <= reach
                bad = negatives.intersection(range(hit.start, hit.end))
                if near and not bad and clauses.clause[hit.start] == here:
                    words |= set(range(hit.start, hit.end))
    symptoms = {clauses.clause[hit.start] for hit in told}
    for cue in clauses.cues("eased"):
        here = clauses.clause[cue.start]
        if cue.start in clauses.denied:
            continue
        clauses.eased.add(here)
        if here > 0 and here not in symptoms:
            clauses.eased.add(here - 1)
