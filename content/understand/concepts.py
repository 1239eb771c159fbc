"""Words of several languages that mean the same, such as "makeup" and "maquillaje".

They are data, `library/_shared/concepts.toml`: a name, and the beginnings of its words. What is
learned from an example in one language so helps in another.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from content.tables import ContentError, read_toml

FILE = "concepts.toml"
WHOLE = "="


@dataclass(frozen=True, slots=True, eq=False)
class Concepts:
    """The names that a word goes by.

    Attributes:
        words: Whole words -> names.
        beginnings: Beginnings of words -> names.
    """

    words: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    beginnings: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def of(self, word: str) -> tuple[str, ...]:
        """Return the names of a plain word, sorted."""
        found = set(self.words.get(word, ()))
        for end in range(1, len(word) + 1):
            found.update(self.beginnings.get(word[:end], ()))
        return tuple(sorted(found))

    def names(self) -> list[str]:
        """Return every name, sorted."""
        return sorted({name for table in (self.words, self.beginnings)
                       for names in table.values() for name in names})  # fmt: skip


def load_concepts(library: Path) -> Concepts:
    """Read the concepts; a library without any has none."""
    path = library / "_shared" / FILE
    if not path.exists():
        return Concepts()
    words: dict[str, set[str]] = {}
    beginnings: dict[str, set[str]] = {}
    for name, text in read_toml(path).items():
        if not isinstance(text, str):
            raise ContentError(f"{path}: {name} is not a text; expected words in quotes")
        for word in text.split():
            table = words if word.startswith(WHOLE) else beginnings
            table.setdefault(word.removeprefix(WHOLE), set()).add(name)
    return Concepts(_sorted(words), _sorted(beginnings))


def _sorted(table: Mapping[str, set[str]]) -> dict[str, tuple[str, ...]]:
    return {word: tuple(sorted(names)) for word, names in table.items()}
