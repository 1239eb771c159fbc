"""How a question is put: may I, I did, is it normal; a kind word alone; a dose; a trick.

The phrases are data, `library/_shared/questions.toml`; here they become one pattern a list.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from content.tables import ContentError, read_toml
from content.understand.features import plain, words
from content.understand.result import Asks, SmallTalk

FILE = "questions.toml"
SMALL_TALK: tuple[SmallTalk, ...] = ("greeting", "thanks", "goodbye")
LONGEST_SMALL_TALK = 9

_UP_TO_THREE_WORDS = r"(?:\S+ ){0,3}"


@dataclass(frozen=True, slots=True)
class Phrases:
    """The phrases of `questions.toml`, as patterns over `spoken` text.

    Attributes:
        may: May I, when can I, how long until.
        did: I already did it.
        normal: Is this normal.
        dose: How much of a medicine; a prescription.
        injection: Texts that try to talk the program into something.
        marks: Pieces of program text.
        small_talk: Patterns that fit a whole message.
        languages: Language -> its commonest words.
    """

    may: re.Pattern[str]
    did: re.Pattern[str]
    normal: re.Pattern[str]
    dose: re.Pattern[str]
    injection: re.Pattern[str]
    marks: tuple[str, ...]
    small_talk: Mapping[SmallTalk, re.Pattern[str]]
    languages: Mapping[str, frozenset[str]]


def load_phrases(library: Path) -> Phrases:
    """Read the phrases; raises `ContentError` that names the file and what is missing."""
    path = library / "_shared" / FILE
    tables = read_toml(path)
    try:
        medicines = "(?:" + "|".join(sorted(tables["medicine"]["names"], key=len)) + ")"
        by_table = {
            name: [
                phrase.replace("MEDICINE", medicines)
                for phrases in tables[name].values()
                for phrase in phrases
            ]
            for name in ("may", "did", "normal", "dose", *SMALL_TALK)
        }
        injection = tables["injection"]
        return Phrases(
            may=_anywhere(by_table["may"]),
            did=_anywhere(by_table["did"]),
            normal=_anywhere(by_table["normal"]),
            dose=_anywhere(by_table["dose"]),
            injection=_anywhere(injection["any"]),
            marks=tuple(injection["marks"]),
            small_talk={kind: _whole(by_table[kind]) for kind in SMALL_TALK},
            languages={key: frozenset(text.split()) for key, text in tables["language"].items()},
        )
    except KeyError as error:
        raise ContentError(f"{path}: {error.args[0]} is missing") from None
    except re.error as error:
        raise ContentError(f"{path}: a phrase cannot be read: {error}") from None


def spoken(text: str) -> str:
    """Return a text as plain words between single spaces, with a space at both ends."""
    return f" {' '.join(word.lstrip('#') for word in words(text))} "


def asks(said: str, phrases: Phrases) -> Asks:
    """Return how the question is put; what was done goes before what may be done."""
    done, may = phrases.did.search(said), phrases.may.search(said)
    if done and (not may or done.start() > may.start() or _now_what(said)):
        return "did"
    if may:
        return "may"
    return "normal" if phrases.normal.search(said) else "other"


def small_talk(said: str, phrases: Phrases) -> SmallTalk | None:
    """Return the kind of a message that is a greeting, thanks or goodbye and nothing else."""
    bare = " ".join(word for word in said.split() if word not in {".", "?"})
    if not bare or len(bare.split()) > LONGEST_SMALL_TALK:
        return None
    for kind, pattern in phrases.small_talk.items():
        if pattern.fullmatch(f"{bare} "):
            return kind
    return None


def is_injection(text: str, said: str, phrases: Phrases) -> bool:
    """Whether a text tries to talk the program into something, or is program text itself."""
    low = plain(text)
    return any(mark in low for mark in phrases.marks) or bool(phrases.injection.search(said))


def guess_language(said: str, phrases: Phrases, expected: str) -> str:
    """Return the language whose common words are the most; empty where there are none.

    Args:
        said: The message, `spoken`.
        phrases: The common words of each language.
        expected: The patient's own language, which a draw goes to.
    """
    counts = {
        language: sum(word in common for word in said.split())
        for language, common in phrases.languages.items()
    }
    most = max(counts.values())
    if not most:
        return ""
    best = [language for language, count in counts.items() if count == most]
    return expected if expected in best else best[0]


def _now_what(said: str) -> bool:
    return " did i " in said or " have i " in said or " accident" in said or " sin querer " in said


def _anywhere(phrases: Iterable[str]) -> re.Pattern[str]:
    return re.compile("|".join(f"(?: {_pattern(phrase)})" for phrase in phrases))


def _whole(phrases: Iterable[str]) -> re.Pattern[str]:
    return re.compile(f"(?:(?:{'|'.join(_pattern(phrase) for phrase in phrases)})+)")


def _pattern(phrase: str) -> str:
    """Return the pattern of a phrase: `*` is up to three words, `(a|b)` one of several."""
    pieces, depth, piece = [], 0, ""
    for character in f"{phrase} ":
        depth += {"(": 1, ")": -1}.get(character, 0)
        if character != " " or depth:
            piece += {"(": "(?:", "?": r"\?"}.get(character, character)
        elif piece:
            pieces.append(_UP_TO_THREE_WORDS if piece == "*" else f"{piece} ")
            piece = ""
    return "".join(pieces)
