"""How the group reads a broadcast: its title, whom it is for, why somebody is left out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from content.catalog import Catalog, Words
from scheduler.model import Broadcast
from scheduler.services import segment
from scheduler.services.segment import Condition

LONGEST_TITLE = 60


def title(broadcast: Broadcast, words: Words) -> str:
    """Return what staff know a broadcast by: its template, or how its text begins."""
    if broadcast.template:
        return words("broadcast", broadcast.template)
    line = " ".join(broadcast.text.split())
    return line if len(line) <= LONGEST_TITLE else f"{line[: LONGEST_TITLE - 1]}…"


def who(catalog: Catalog, words: Words, segments: Sequence[str]) -> list[str]:
    """Return the conditions of a broadcast, each as staff read it."""
    return [condition(catalog, words, one) for one in segment.read(segments)]


def condition(catalog: Catalog, words: Words, one: Condition) -> str:
    """Return one condition as staff read it."""
    first, last = one.span
    match one.key:
        case "procedure" | "area":
            return words(one.key, one.value)
        case "language":
            return catalog.words(one.value)("language", "name")
        case "day":
            return words("segment", "day").format(first=first, last=last)
        case "session":
            name = "session_span" if first else "session"
            return words("segment", name).format(first=first, last=last)
        case "references":
            return words("segment", "references").format(count=len(one.names))
        case _:
            return words("segment", one.key)


def reasons(words: Words, counts: Mapping[str, int]) -> list[tuple[str, int]]:
    """Return why how many are left out; a reason that has no word of its own stands as it is."""
    known = words.table("skipped")
    return [(str(known.get(reason, reason)), count) for reason, count in sorted(counts.items())]


def outcomes(words: Words, counts: Mapping[str, int]) -> list[tuple[str, int]]:
    """Return how many recipients ended in which way, those ways that anybody had."""
    return [(words("outcome", name), count) for name, count in counts.items() if count]
