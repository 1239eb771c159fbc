"""A patient's text as words: one spelling for each, whatever keyboard it came from."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple

STOPS = frozenset('.!?;:\n()[]…|"')
"""Signs that end a sentence."""

COMMAS = frozenset(",\u060c\u3001-\u2013\u2014/+&")
"""Signs that may end a clause."""

_WORD = re.compile(
    r"[\u3040-\u30ff\u4e00-\u9fff]"  # scripts without spaces: every character is a word
    r"|[^\W\d_]+(?:'[^\W\d_]+)*"
    r"|\d+(?:[.,]\d+)?"
    r"|\n|[^\w\s]"
)
_APOSTROPHES = dict.fromkeys([0x60, 0xB4, 0x2BC, 0x2018, 0x2019, 0xFF07], "'")
_INVISIBLE = dict.fromkeys(
    [0xAD, 0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF, *range(0x200E, 0x2010), *range(0x202A, 0x202F),
     *range(0x2066, 0x206A), *range(0xFE00, 0xFE10)],
)  # fmt: skip
_STOPS_ELSEWHERE = {0x3002: ".", 0xFF01: "!", 0xFF1F: "?", 0x61F: "?", 0xA1: " ", 0xBF: " "}
_CLEAN = {**_APOSTROPHES, **_INVISIBLE, **_STOPS_ELSEWHERE}
_LOOKALIKES = {  # Cyrillic letters that look like Latin ones
    0x430: "a", 0x435: "e", 0x43E: "o", 0x440: "p", 0x441: "c", 0x443: "y", 0x445: "x",
    0x456: "i", 0x458: "j", 0x455: "s", 0x501: "d", 0x4BB: "h", 0x51B: "q", 0x51D: "w",
}  # fmt: skip
_ELISION = re.compile(r"'(?=[aeiouhyàâéèêîïôûùœ])", re.IGNORECASE)
_WITH_IS = frozenset({"it", "he", "she", "there", "that", "what", "who", "here", "where", "let"})
_LONG = re.compile(r"(.)\1{2,}")


class Token(NamedTuple):
    """One word or sign of a message.

    Attributes:
        raw: As the patient wrote it.
        word: Its one spelling: lower case, no accents, no apostrophes.
        mark: Empty for a word; else `stop` or `comma`.
    """

    raw: str
    word: str
    mark: str = ""


def tokens(text: str) -> list[Token]:
    """Split a text into words and signs; emoji and other symbols are left out."""
    if not text.isascii():
        text = unicodedata.normalize("NFC", text.translate(_CLEAN))
    found: list[Token] = []
    for raw in _WORD.findall(text):
        if raw[0].isalnum():
            found += [Token(raw, word) for word in spell(raw)]
        elif raw in STOPS:
            found.append(Token(raw, "", "stop"))
        elif raw in COMMAS:
            found.append(Token(raw, "", "comma"))
    return found


@lru_cache(maxsize=4096)
def spell(raw: str) -> tuple[str, ...]:
    """Return the one spelling of a written word.

    A Romance elision makes two words of it, and an owner loses the "'s".
    """
    if "'" in raw:
        owner, mark, rest = raw.rpartition("'")
        if mark and rest in {"s", "S"} and owner.lower() not in _WITH_IS:
            raw = owner
    parts = _ELISION.split(raw) if "'" in raw else [raw]
    return tuple(_plain(part) for part in parts if part)


def _plain(word: str) -> str:
    word = word.replace("'", "").casefold()
    if not word.isascii():
        word = "".join(
            letter
            for letter in unicodedata.normalize("NFKD", word)
            if unicodedata.category(letter) != "Mn"
        )
        if not word.isascii() and any("a" <= letter <= "z" for letter in word):
            word = word.translate(_LOOKALIKES)
    return _LONG.sub(r"\1\1", word)
