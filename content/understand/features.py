"""A message as numbers: which words, word pairs and pieces of words it has, hashed into buckets.

Pieces of words make misspellings and word endings count; pairs keep "cold sore" apart from "cold"
and "sore"; concepts join the words of several languages; a denied word is a feature of its own, so
that "no fever" does not look like "fever".
The hash is CRC-32, the same on every machine and in every run.
"""

from __future__ import annotations

import re
import unicodedata
from array import array
from functools import lru_cache
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from content.understand.concepts import Concepts

BUCKETS = 1 << 16
MOST_CHARACTERS = 2_000
MOST_LETTERS_OF_A_WORD = 40
SHORTEST_PIECE, LONGEST_PIECE = 2, 5
REACH_OF_A_DENIAL = 3

_INVISIBLE = re.compile(r"[\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]")
_DRAWN_OUT = re.compile(r"(.)\1{2,}")
_TOKEN = re.compile(r"[^\W\d_]+(?:['\u2019][^\W\d_]+)*|\d+(?:[.,]\d+)?|[.,;:!?\n…]+")
_APOSTROPHES = re.compile(r"['\u2019`\u00b4]")

_DENIALS = frozenset(
    {
        "no", "not", "without", "never", "none", "nothing", "zero", "isnt", "arent",
        "wasnt", "werent", "dont", "doesnt", "didnt", "havent", "hasnt", "hadnt", "aint",
        "neither", "nor", "sin", "ni", "nunca", "tampoco", "ningun", "ninguna", "nada",
        "pas", "sans", "jamais", "kein", "keine", "nicht", "ohne", "nao", "sem", "non",
        "senza",
    }
)  # fmt: skip
_CONTRASTS = frozenset(
    {
        "but", "however", "though", "although", "yet", "still", "except", "pero",
        "aunque", "sino", "mas", "mais", "mai", "aber", "jedoch", "ma", "pourtant",
    }
)  # fmt: skip


def plain(text: str) -> str:
    """Return a text in small letters without accents and without what cannot be seen."""
    text = text[:MOST_CHARACTERS]
    if text.isascii():  # then there is nothing to take away; most messages are
        return _DRAWN_OUT.sub(r"\1\1", text.lower())
    parts = unicodedata.normalize("NFKD", _INVISIBLE.sub("", text).lower())
    text = "".join(part for part in parts if not unicodedata.combining(part))
    return _DRAWN_OUT.sub(r"\1\1", text)


@lru_cache(maxsize=2)  # several readers of one message ask for its words
def words(text: str) -> tuple[str, ...]:
    """Return the words of a text, plain, with numbers as `#`-words and stops as `.`."""
    found = []
    for token in _TOKEN.findall(plain(text)):
        if token[0].isdigit():
            found.append("#" + token)
        elif token[0].isalpha():
            found.append(_APOSTROPHES.sub("", token)[:MOST_LETTERS_OF_A_WORD])
        elif "?" in token:
            found.append("?")
        else:
            found.append(".")
    return tuple(found)


def features(text: str, concepts: Concepts, *extra: str) -> NDArray[np.int64]:
    """Return the buckets of a text, sorted, each once.

    Args:
        text: What was written.
        concepts: What words mean the same.
        *extra: Further features by name, such as the procedure.
    """
    found: set[int] = set()
    before = "^"
    denied = 0
    for word in words(text):
        if word == ".":
            denied, before = 0, "^"
            continue
        if word in _CONTRASTS:
            denied = 0
        found.update(_of_word(word, concepts))
        found.add(_bucket(f"{before} {word}"))
        if denied:
            found.add(_bucket(f"not_{word}"))
            denied -= 1
        if word in _DENIALS:
            denied = REACH_OF_A_DENIAL
        before = word
    found.update(_bucket(f"={name}") for name in extra)
    buckets = np.fromiter(found, dtype=np.int64, count=len(found))
    buckets.sort()
    return buckets


def bucket_of_words(text: str) -> list[tuple[str, list[int]]]:
    """Return each word of a text with the buckets of the word and its pieces."""
    return [(word.lstrip("#"), list(_pieces(word))) for word in words(text) if word not in ".?"]


def concept_bucket(name: str) -> int:
    """Return the bucket of a concept."""
    return _bucket(f"concept:{name}")


@lru_cache(maxsize=20_000)
def _of_word(word: str, concepts: Concepts) -> array[int]:
    """Return the buckets of a word, of its pieces and of what it means, two bytes each."""
    return array("H", (*_pieces(word), *map(concept_bucket, concepts.of(word))))


def _pieces(word: str) -> tuple[int, ...]:
    """Return the buckets of a word and its pieces of two to five characters."""
    framed = f"<{word}>"
    pieces = {f"w:{word}"}
    for size in range(SHORTEST_PIECE, LONGEST_PIECE + 1):
        pieces.update(framed[at : at + size] for at in range(len(framed) - size + 1))
    return tuple(_bucket(piece) for piece in pieces)


def _bucket(name: str) -> int:
    return crc32(name.encode("utf-8", "replace")) % BUCKETS
