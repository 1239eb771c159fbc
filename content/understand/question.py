"""How a question is put: may I, I did, is it normal; a kind word alone; a dose; a trick.

The phrases are data, `library/_shared/questions.toml`; here they become one pattern a list.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal

from content.tables import ContentError, Table, read_toml
from content.understand.features import plain, words
from content.understand.phrasing import anywhere, whole
from content.understand.result import Asks, SmallTalk
from content.understand.slots import Fit, Slots, read_slots

Dose = Literal["safe", "fatal", ""]
"""What is asked of a medicine: how much may be taken, how much kills, or neither."""

FILE, DOSES, TRICKS = "questions.toml", "doses.toml", "tricks.toml"
SMALL_TALK: tuple[SmallTalk, ...] = ("greeting", "thanks", "goodbye")
CALLS = ("help", "dying")
DOSE: Mapping[Fit, Dose] = {"yes": "safe", "excepted": "fatal", "no": ""}
LONGEST_SMALL_TALK = 9


@dataclass(frozen=True, slots=True)
class Phrases:
    """The phrases of `questions.toml`, `doses.toml` and `tricks.toml`, over `spoken` text.

    Attributes:
        may: May I, when can I, how long until.
        did: I already did it.
        not_yet: Words before "I put" that ask for it: "should I put".
        normal: Is this normal.
        doses: How much of a medicine; a prescription.
        tricks: Texts that try to talk the program into something.
        marks: Pieces of program text.
        small_talk: Patterns that fit a whole message.
        calls: `help` and `dying`: a cry and nothing else, also over a whole message.
        languages: Language -> its commonest words.
    """

    may: re.Pattern[str]
    did: re.Pattern[str]
    not_yet: frozenset[str]
    normal: re.Pattern[str]
    doses: Slots
    tricks: Slots
    marks: tuple[str, ...]
    small_talk: Mapping[SmallTalk, re.Pattern[str]]
    calls: Mapping[str, re.Pattern[str]]
    languages: Mapping[str, frozenset[str]]


def load_phrases(library: Path) -> Phrases:
    """Read the phrases; raises `ContentError` that names the file and what is missing."""
    path = library / "_shared" / FILE
    tables = read_toml(path)
    doses, tricks = (_table(library, name) for name in (DOSES, TRICKS))
    try:
        by_table = {
            name: [phrase for phrases in tables[name].values() for phrase in phrases]
            for name in ("may", "did", "not_yet", "normal", *SMALL_TALK, *CALLS)
        }
        return Phrases(
            may=anywhere(by_table["may"]),
            did=anywhere(by_table["did"]),
            not_yet=frozenset(by_table["not_yet"]),
            normal=anywhere(by_table["normal"]),
            doses=read_slots(doses),
            tricks=read_slots(tricks),
            marks=tricks.words("marks"),
            small_talk={kind: whole(by_table[kind]) for kind in SMALL_TALK},
            calls={kind: whole(by_table[kind]) for kind in CALLS},
            languages={key: frozenset(text.split()) for key, text in tables["language"].items()},
        )
    except KeyError as error:
        raise ContentError(f"{path}: {error.args[0]} is missing") from None
    except re.error as error:
        raise ContentError(f"{path}: a phrase cannot be read: {error}") from None


@lru_cache(maxsize=4)  # several readers of one message ask for it
def spoken(text: str) -> str:
    """Return a text as plain words between single spaces, with a space at both ends."""
    return f" {' '.join(word.lstrip('#') for word in words(text))} "


def asks(said: str, phrases: Phrases) -> Asks:
    """Return how the question is put; what was done goes before what may be done."""
    done, may = _done(said, phrases), phrases.may.search(said)
    if done and (not may or done.start() > may.start() or _now_what(said)):
        return "did"
    if may:
        return "may"
    return "normal" if phrases.normal.search(said) else "other"


def small_talk(said: str, phrases: Phrases) -> SmallTalk | None:
    """Return the kind of a message that is a greeting, thanks or goodbye and nothing else."""
    bare = _bare(said)
    return next((kind for kind, each in phrases.small_talk.items() if each.fullmatch(bare)), None)


def calls(said: str, phrases: Phrases) -> str:
    """Return the kind of a message that is a cry for help and nothing else; empty if it is not.

    A cry may follow a greeting. "Help me choose a cream" asks something and is no cry.
    """
    bare = _bare(said)
    greeted = phrases.small_talk["greeting"].match(bare)
    rest = bare[greeted.end() :] if greeted else bare
    found = (kind for kind in CALLS[::-1] if any(map(phrases.calls[kind].fullmatch, (bare, rest))))
    return next(found, "")


def dose(said: str, phrases: Phrases) -> Dose:
    """Return whether a message asks how much of a medicine to take, or how much of it kills.

    What asks for a prescription counts as the first.
    """
    return DOSE[phrases.doses.fit(said)]


def is_trick(text: str, said: str, phrases: Phrases) -> bool:
    """Whether a text tries to talk the program into something, or is program text itself."""
    low = plain(text)
    return any(mark in low for mark in phrases.marks) or phrases.tricks.fit(said) == "yes"


def guess_language(said: str, phrases: Phrases, expected: str) -> str:
    """Return the language whose common words are the most; empty where there are none.

    Args:
        said: The message, `spoken`.
        phrases: The common words of each language.
        expected: The patient's own language, which a draw goes to.
    """
    spoken_words = said.split()
    counts = {
        language: sum(map(common.__contains__, spoken_words))
        for language, common in phrases.languages.items()
    }
    most = max(counts.values())
    if not most:
        return ""
    best = [language for language, count in counts.items() if count == most]
    return expected if expected in best else best[0]


def _bare(said: str) -> str:
    """Return the words of a short message without stops; empty for a longer one."""
    bare = [word for word in said.split() if word not in {".", "?"}]
    return f"{' '.join(bare)} " if len(bare) <= LONGEST_SMALL_TALK else ""


def _done(said: str, phrases: Phrases) -> re.Match[str] | None:
    """Return where a message tells what was done; "should I put" tells nothing."""
    told = phrases.did.finditer(said)
    return next((each for each in told if _before(said, each) not in phrases.not_yet), None)


def _before(said: str, found: re.Match[str]) -> str:
    return said[: found.start()].rstrip().rpartition(" ")[2]


def _now_what(said: str) -> bool:
    return " did i " in said or " have i " in said or " accident" in said or " sin querer " in said


def _table(library: Path, name: str) -> Table:
    path = library / "_shared" / name
    return Table(read_toml(path), str(path))
