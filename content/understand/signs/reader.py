"""Reads a message for warning signs: patterns of word lists, told as present."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from content.understand.result import Finding, Route
from content.understand.signs.clauses import split
from content.understand.signs.hearing import Message, Told, hear
from content.understand.signs.measures import measures
from content.understand.signs.model import RANK, Pattern, Reading, Sign, Signs
from content.understand.signs.terms import Hit
from content.understand.signs.text import tokens
from content.understand.signs.traits import traits

MOSTLY = 0.75
"""Cues are taken from a language that is told this much of, next to the likeliest one."""
MOST_CHARACTERS = 20_000
"""Nobody reads further into one message."""


@dataclass(slots=True)
class _Tally:
    """What the patterns of all signs came to."""

    findings: dict[str, Finding] = field(default_factory=dict)
    told: dict[str, set[Told]] = field(default_factory=dict)

    def note(self, sign: str, told: Told) -> None:
        self.told.setdefault(sign, set()).add(told)

    def add(self, finding: Finding) -> None:
        held = self.findings.get(finding.sign)
        if held is None or RANK[finding.level] > RANK[held.level]:
            self.findings[finding.sign] = finding

    def denied(self) -> tuple[str, ...]:
        told = (key for key, each in self.told.items() if Told.DENIED in each)
        return tuple(sorted(key for key in told if key not in self.findings))

    def seen(self, told: Told) -> bool:
        return any(told in each for each in self.told.values())


def find_signs(text: str, signs: Signs, *, hours_since: float | None) -> Reading:
    """Read a message for warning signs.

    Args:
        text: What the patient wrote; any text, also none.
        signs: The signs and their word lists.
        hours_since: Hours since the treatment; None if not known, then what the patient says of
            it ("day 5") is taken, and without that the cautious level.

    Returns:
        What was found, how it was told, and in which language.
    """
    found = tokens(text[:MOST_CHARACTERS])
    words = signs.lexicon.mend(found)
    everything = signs.lexicon.terms.hear(words)
    languages = signs.lexicon.spoken(words, everything)
    numbers, stated = measures(found, signs.lexicon)
    hits = _meant(everything, languages) + numbers
    negatives = {hit.start for hit in everything if hit.cue and hit.name == "deny"}
    clauses = split(found, hits, negatives)
    message = Message(
        found,
        clauses,
        _by_name(hits),
        elsewhere=bool(clauses.cues("untreated")) and not clauses.cues("treated"),
        animal=bool(clauses.cues("animal")) and not clauses.cues("treated"),
    )
    tally = _Tally()
    hours = hours_since if hours_since is not None else stated
    for name in message.heard:
        for sign, pattern in signs.index.get(name, ()):
            _try(sign, pattern, message, hours, signs, tally)
    return Reading(
        findings=tuple(sorted(tally.findings.values(), key=lambda finding: -RANK[finding.level])),
        denied=tally.denied(),
        eased=bool(clauses.eased or clauses.gone),
        hypothetical=tally.seen(Told.GENERAL),
        past=tally.seen(Told.PAST),
        about_other=bool(clauses.cues("other")),
        language=next(iter(languages), ""),
        elsewhere=message.elsewhere or message.animal,
        traits=traits(hits, clauses, tally.told),
    )


def _meant(hits: list[Hit], languages: Mapping[str, int]) -> list[Hit]:
    """Leave out idioms, words of other languages, and what is only part of a longer term.

    That is a cue such as "not" in "not breathing", and what is denied within a term: "hurt" in
    "doesn't hurt".
    """
    most = max(languages.values(), default=0)
    mostly = {each for each, count in languages.items() if count >= MOSTLY * most}
    spoken = [
        hit for hit in hits if not languages or hit.language in (mostly if hit.cue else languages)
    ]
    idioms = {
        place
        for hit in spoken
        if hit.name == "idiom" and hit.cue
        for place in range(hit.start, hit.end)
    }
    meant = [hit for hit in spoken if not (hit.start in idioms and hit.end - 1 in idioms)]
    spans = {(hit.start, hit.end) for hit in meant if hit.end - hit.start > 1}
    denials = [hit for hit in meant if hit.name == "deny" and _inside(hit, spans)]
    denied = {
        (denial.end, end)
        for denial in denials
        for start, end in spans
        if start <= denial.start and denial.end < end
    }
    return [
        hit
        for hit in meant
        if not (_inside(hit, spans) if hit.cue else _inside(hit, denied, whole=True))
    ]


def _inside(hit: Hit, spans: Iterable[tuple[int, int]], *, whole: bool = False) -> bool:
    """Whether a hit lies within a longer span, or with `whole` fills one."""
    length = hit.end - hit.start - whole
    return any(
        start <= hit.start and hit.end <= end and end - start > length for start, end in spans
    )


def _by_name(hits: Iterable[Hit]) -> dict[str, list[Hit]]:
    heard: dict[str, list[Hit]] = {}
    for hit in hits:
        if not hit.cue:
            heard.setdefault(hit.name, []).append(hit)
    return heard


def _try(
    sign: Sign,
    pattern: Pattern,
    message: Message,
    hours: float | None,
    signs: Signs,
    tally: _Tally,
) -> None:
    """Hold one pattern against the message and note how it is told, if it is heard."""
    heard = hear(sign, pattern, message)
    if heard is None:
        return
    told, said = heard
    tally.note(sign.key, told)
    if told is Told.PRESENT and (level := sign.at(hours)) is not Route.ROUTINE:
        tally.add(Finding(sign.key, level, said))
    elif told is Told.PAST and sign.past:
        tally.add(Finding(sign.past, signs.sign(sign.past).level, said))
