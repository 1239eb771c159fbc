"""The messages that the model learns from, as plain text files that a clinician edits.

One message a line; a line that begins with `#` is a note. The place of the file says what its
messages are:

- `<procedure>/<language>/examples/<topic>.txt`: ordinary questions about a topic;
- `_shared/examples/<level>/<language>.txt`: messages of a level, whatever their topic;
- `_shared/examples/<level>/<language>/<topic>.txt`: messages of a level about a topic.

`xx` stands for several languages in one file; the level `routine` holds ordinary messages that
sound like a warning and are none.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from content.manifest import MANIFEST
from content.tables import ContentError
from content.understand.concepts import FILE as CONCEPTS
from content.understand.signs import Signs

SHARED = "_shared"
FOLDER = "examples"
LEXICON = "lexicon"
ROUTINE, OFF_TOPIC = "routine", "offtopic"
LEVELS = ("emergency", "urgent", "contact", ROUTINE, OFF_TOPIC)


@dataclass(frozen=True, slots=True)
class Example:
    """One message somebody might write.

    Attributes:
        text: The message.
        language: An ISO code, or `xx` for any.
        level: One of `LEVELS`.
        topic: A topic key; empty where none is told.
        procedure: The procedure whose folder it lies in; empty for all.
    """

    text: str
    language: str
    level: str
    topic: str = ""
    procedure: str = ""


def read_examples(library: Path) -> list[Example]:
    """Return every example of a library, each once, in the order of the files' names.

    Raises:
        ContentError: If a file lies where no level or topic is named, or two files tell
            different levels of one message.
    """
    found: dict[str, Example] = {}
    for example in _all(library):
        key = " ".join(example.text.lower().split())
        known = found.setdefault(key, example)
        if known.level != example.level:
            raise ContentError(
                f"examples: {example.text!r} is both {known.level} and {example.level}; "
                "expected one level"
            )
    return list(found.values())


def digest(library: Path, signs: Signs) -> str:
    """Return a hash of all that the model learns from: examples, concepts, word lists, patterns."""
    hashed = hashlib.sha256()
    for sign in signs.signs.values():
        patterns = [pattern.text for pattern in sign.patterns]
        hashed.update(repr((sign.key, patterns, sign.level.value, sign.eases)).encode())
    lists = sorted((library / SHARED / LEXICON).glob("*.toml"))
    for path in [*_files(library), library / SHARED / CONCEPTS, *lists]:
        if path.exists():
            hashed.update(path.relative_to(library).as_posix().encode())
            hashed.update(path.read_bytes().replace(b"\r\n", b"\n"))
    return hashed.hexdigest()


def _files(library: Path) -> list[Path]:
    """Return every example file, those of procedures first."""
    procedures = [manifest.parent for manifest in sorted(library.glob(f"*/{MANIFEST}"))]
    of_procedures = [path for folder in procedures for path in folder.glob(f"*/{FOLDER}/*.txt")]
    return [*sorted(of_procedures), *sorted((library / SHARED / FOLDER).rglob("*.txt"))]


def _all(library: Path) -> Iterator[Example]:
    shared = library / SHARED / FOLDER
    for path in _files(library):
        if path.is_relative_to(shared):
            level, language, topic = _place(path, shared)
            place = (language, level, topic, "")
        else:
            procedure, language = path.relative_to(library).parts[:2]
            place = (language, ROUTINE, path.stem, procedure)
        for text in _lines(path):
            yield Example(text, *place)


def _place(path: Path, shared: Path) -> tuple[str, str, str]:
    """Return level, language and topic from a file's place."""
    parts = path.relative_to(shared).with_suffix("").parts
    if len(parts) not in (2, 3) or parts[0] not in LEVELS:
        raise ContentError(
            f"{path}: expected <level>/<language>.txt or <level>/<language>/<topic>.txt "
            f"with a level of {', '.join(LEVELS)}"
        )
    return parts[0], parts[1], parts[2] if len(parts) == 3 else ""  # noqa: PLR2004


def _lines(path: Path) -> Iterator[str]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError as error:
        raise ContentError(f"{path}: {error}") from None
    for line in lines:
        text = line.strip()
        if text and not text.startswith("#"):
            yield text
