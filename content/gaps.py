"""Questions that nobody has written an answer for, put together by what they have in common."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from content.understand.features import bucket_of_words

ALIKE = 0.24
"""The share of common features from which two messages count as one question; set by eye."""


@dataclass(frozen=True, slots=True)
class Gap:
    """One question that was asked, perhaps in several ways.

    Attributes:
        asked: The messages, the first one first.
    """

    asked: tuple[str, ...]


def group(messages: Iterable[str]) -> list[Gap]:
    """Return messages by likeness, the most asked first.

    A message joins the group of the message it is most like, if it is like enough; else it begins
    one. Empty messages are left out.
    """
    groups: list[list[str]] = []
    known: list[tuple[set[int], int]] = []
    for message in messages:
        found = {bucket for _, buckets in bucket_of_words(message) for bucket in buckets}
        if not found:
            continue
        likeness, nearest = max(
            ((_share(found, other), number) for other, number in known), default=(0.0, -1)
        )
        if likeness < ALIKE:
            nearest = len(groups)
            groups.append([])
        groups[nearest].append(message)
        known.append((found, nearest))
    groups.sort(key=len, reverse=True)
    return [Gap(tuple(group)) for group in groups]


def _share(one: set[int], other: set[int]) -> float:
    return len(one & other) / len(one | other)
