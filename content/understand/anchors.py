"""Slots of which every message that fits has at least one: most messages need no pattern tried."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping

SLOT = re.compile(r"[A-Z_]{2,}")
_PIECE = re.compile(r"\(([^()]*)\)|[A-Z_]{2,}")


def anchors(phrases: Iterable[str], joins: Mapping[str, Collection[str]]) -> frozenset[str]:
    """Return slots of which each fitting message has one.

    Args:
        phrases: What fits, as a clinician writes it.
        joins: Slots that are made of others, with their phrases.

    Returns:
        As few slots as are easily found; none if a phrase is without a slot that must be there.
    """
    left = [_needed(phrase) for phrase in phrases]
    if not all(left):
        return frozenset()
    chosen: set[str] = set()
    while left:
        counts = Counter(slots for needed in left for slots in set(needed))
        chosen |= max(
            (count / len(slots - chosen), sorted(slots), slots) for slots, count in counts.items()
        )[-1]
        left = [needed for needed in left if not any(slots <= chosen for slots in needed)]
    for name, made_of in joins.items():
        if name in chosen:
            chosen.update(*(SLOT.findall(phrase) for phrase in made_of))
    return frozenset(chosen)


def _needed(phrase: str) -> list[frozenset[str]]:
    """Return sets of slots of each of which a message has one if it fits a phrase."""
    needed = []
    for piece in _PIECE.finditer(phrase):
        choices = (piece.group(1) or piece.group()).split("|")
        first = [SLOT.search(choice) for choice in choices]
        if all(first):
            needed.append(frozenset(found.group() for found in first if found))
    return needed
