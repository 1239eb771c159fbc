"""Phrases as a clinician writes them, turned into patterns over words between single spaces.

`*` stands for up to three words, `(a|b)` for one of several, `(a |)b` for a word that may be
missing before another, and `(a |)* b` for one that may be missing before up to three others.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

ANY_WORDS = r"(?:\S+ ){0,3}"
WORDS_OF_NO_SLOT = r"(?:[^A-Z\s]\S* ){0,3}"
"""What `*` may be: any words, or only those that stand for themselves."""


def anywhere(phrases: Iterable[str], gap: str = ANY_WORDS) -> re.Pattern[str]:
    """Return a pattern that finds any of the phrases; of none, it finds nothing."""
    found = [f"(?:{pattern(phrase, gap)})" for phrase in phrases]
    return re.compile(f"(?<= )(?:{'|'.join(found)})" if found else r"(?!)")


def whole(phrases: Iterable[str]) -> re.Pattern[str]:
    """Return a pattern that a message fits which is made of nothing but the phrases."""
    return re.compile(f"(?:(?:{'|'.join(pattern(phrase) for phrase in phrases)})+)")


def pattern(phrase: str, gap: str = ANY_WORDS) -> str:
    """Return one phrase as a pattern; it ends with the space after its last word."""
    pieces, depth, piece = [], 0, ""
    for character in f"{phrase} ":
        depth += {"(": 1, ")": -1}.get(character, 0)
        if character == "*" and not depth:
            pieces.append(piece + gap)
            piece = ""
        elif character != " " or depth:
            piece += {"(": "(?:", "?": r"\?", ".": r"\."}.get(character, character)
        elif piece:
            pieces.append(f"{piece} ")
            piece = ""
    return "".join(pieces)
