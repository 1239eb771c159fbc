"""Misspelt sign words: "fevr", "blisterd", "sweling".

Only words that no list knows are looked at, and only the words of the signs are offered, so that
an ordinary word is never bent into an alarm.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

SHORTEST = 4
"""Shorter words are too close to one another to be mended."""
LONG = 6
"""A changed letter is the weakest clue, so it needs a longer word."""

_TWICE = re.compile(r"(.)\1")


class Speller:
    """Finds the sign word that a written word is one slip away from.

    Args:
        words: The words of the signs.
    """

    def __init__(self, words: Iterable[str]) -> None:
        self._words = frozenset(words)
        # By the hash of a form, and words with a space between: half of what texts and lists take.
        self._near: dict[int, str] = {}
        for word in sorted(self._words):
            if len(word) >= SHORTEST:
                for form in map(hash, {word, *_shorter(word)}):
                    known = self._near.get(form)
                    self._near[form] = word if known is None else f"{known} {word}"

    def mend(self, written: str) -> str | None:
        """Return the sign word meant, or None.

        A letter too many, too few, wrong or swapped is mended; a first letter is never changed.
        """
        single = _TWICE.sub(r"\1", written)
        if single != written and single in self._words:
            return single
        if len(written) < SHORTEST:
            return None
        for form in (written, *_shorter(written)):
            for word in self._near.get(hash(form), "").split():
                if word[0] == written[0] and _one_slip(written, word):
                    return word
        return None


def _shorter(word: str) -> list[str]:
    return [word[:place] + word[place + 1 :] for place in range(len(word))]


def _one_slip(one: str, other: str) -> bool:
    """Whether two words differ by one letter or one swap of neighbours."""
    if abs(len(one) - len(other)) > 1:
        return False
    start = 0
    while start < min(len(one), len(other)) and one[start] == other[start]:
        start += 1
    left, right = one[start:], other[start:]
    if len(left) == len(right):
        swapped = left[:2][::-1] == right[:2] and left[2:] == right[2:]
        return swapped or (left[1:] == right[1:] and len(one) >= LONG)
    return left[1:] == right or left == right[1:]
