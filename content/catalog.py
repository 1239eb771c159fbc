"""The loaded library: every procedure in every language, with a clinic's own words laid over it.

A clinic's words live in a folder of its own, `<overrides>/<clinic>/<procedure>/<language>/…`, laid
out like the library; a template found there is used in place of the library's.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from jinja2 import TemplateNotFound
from jinja2.meta import find_undeclared_variables
from jinja2.sandbox import ImmutableSandboxedEnvironment

from content.folder import OwnFolder
from content.manifest import MANIFEST, read_procedure
from content.model import Procedure
from content.moments import Moment
from content.render import build_environment, render, render_own
from content.tables import ContentError, read_toml

LIBRARY = Path(__file__).parent / "library"
SHARED = "_shared"
FALLBACK_LANGUAGE = "en"


@dataclass(frozen=True, slots=True)
class _Found:
    """The template that is used; `own` if it is a clinic's."""

    name: str
    own: bool


class Words:
    """The interface words of one language: buttons, names of topics and of waits."""

    def __init__(self, language: str, tables: Mapping[str, Mapping[str, Any]]) -> None:
        self.language = language
        self._tables = tables

    def __call__(self, table: str, key: str) -> str:
        """Return one word, such as `words("button", "done")`; raises `ContentError` if missing."""
        try:
            return str(self._tables[table][key])
        except KeyError:
            raise ContentError(f"{self.language}/words.toml: {table}.{key} is missing") from None

    def table(self, name: str) -> Mapping[str, Any]:
        """Return a whole table of words; empty if there is none."""
        return self._tables.get(name, {})


class Catalog:
    """Procedures, templates and words; read once, then only looked up.

    Args:
        library: The folder that holds `_shared` and one folder per procedure.
        overrides: A folder of clinics' own words, or None.

    Attributes:
        told: Whom to tell why a clinic's own text cannot be used; the library's is said instead.
            If it is nobody, that is an error, as the check wants it.

    Raises:
        ContentError: If a manifest or a words file is wrong, or the clinics' folder holds what is
            no file of its own; names file, key and expectation.
    """

    def __init__(self, library: Path = LIBRARY, overrides: Path | None = None) -> None:
        self.library, self.overrides = library, overrides
        self._own = OwnFolder(overrides) if overrides else None
        self.procedures = _read_procedures(library)
        self.languages = tuple(
            sorted(path.parent.name for path in (library / SHARED).glob("*/words.toml"))
        )
        self._words = {language: self._read_words(language) for language in self.languages}
        self._found: dict[tuple[str, ...], _Found] = {}
        self.told: Callable[[str], None] | None = None

    @cached_property
    def environment(self) -> ImmutableSandboxedEnvironment:
        """The one Jinja environment, built when first needed.

        The library comes first, so that no folder of a clinic can stand in the place of the
        wording for a warning sign; a clinic's own words have paths that the library has not.
        """
        return build_environment([self.library], self._own)

    @cached_property
    def version(self) -> str:
        """A short hash of every word, rule and template, recorded with each message sent."""
        digest = hashlib.sha256()
        if self._own is not None:
            for parts in self._own.files():
                digest.update("/".join(parts).encode())
                digest.update(self._own.read(parts) or b"")
        for path in sorted(self.library.rglob("*")):
            if path.suffix in (".j2", ".toml"):
                digest.update(str(path.relative_to(self.library)).encode())
                digest.update(path.read_bytes())
        return digest.hexdigest()[:12]

    def procedure(self, key: str) -> Procedure:
        """Return a procedure; raises `ContentError` that lists the known ones."""
        try:
            return self.procedures[key]
        except KeyError:
            known = ", ".join(sorted(self.procedures))
            raise ContentError(f"there is no procedure {key!r}; expected one of {known}") from None

    def language(self, tag: str | None) -> str:
        """Return the language we have for a tag such as `es-MX`; English when there is none."""
        base = (tag or "").replace("_", "-").split("-")[0].lower()
        return base if base in self.languages else FALLBACK_LANGUAGE

    def words(self, language: str) -> Words:
        """Return the interface words of a language that we have."""
        return self._words[language]

    def screen(self, language: str, name: str, context: Mapping[str, Any] | None = None) -> str:
        """Render a text of the bot itself, such as the welcome."""
        return self._render((SHARED, language, "screens", name), context or {})

    def page(self, name: str, context: Mapping[str, Any]) -> str:
        """Render a whole page, such as the leaflet."""
        return self._render((SHARED, name), context)

    @cached_property
    def broadcasts(self) -> tuple[str, ...]:
        """The names of the messages that a clinic can send to many, by name."""
        folder = self.library / SHARED / FALLBACK_LANGUAGE / "broadcasts"
        return tuple(sorted(path.stem for path in folder.glob("*.j2")))

    def own(self) -> list[tuple[str, ...]]:
        """Return the files of the clinics' own folder, each as the parts of its path."""
        return self._own.files() if self._own else []

    def broadcast(self, language: str, name: str, context: Mapping[str, Any]) -> str:
        """Render a message that a clinic sends to many."""
        return self._render((SHARED, language, "broadcasts", name), context)

    def broadcast_needs(self, name: str) -> frozenset[str]:
        """Return the names that a message to many is written with, such as `next_session`.

        Raises:
            ContentError: If there is no such message.
        """
        if name not in self.broadcasts:
            raise ContentError(f"no broadcast {name!r}; expected one of {list(self.broadcasts)}")
        path = self.library / SHARED / FALLBACK_LANGUAGE / "broadcasts" / f"{name}.j2"
        parsed = self.environment.parse(path.read_text(encoding="utf-8"))
        return frozenset(find_undeclared_variables(parsed))

    def moment(self, language: str, moment: Moment) -> str:
        """Return a moment as a person would say it, such as `tomorrow 14:30`."""
        return self._render((SHARED, language, "moment"), {"moment": moment})

    def warning(self, language: str, wording: str, context: Mapping[str, Any]) -> str:
        """Render the fixed wording for a warning sign."""
        return self._render((SHARED, language, "warnings", wording), context)

    def topic(
        self,
        procedure: str,
        language: str,
        key: str,
        context: Mapping[str, Any],
        *,
        clinic: str = "",
    ) -> str:
        """Render the answer to a topic, in the clinic's own words if it has them."""
        return self._render_of(procedure, language, f"topics/{key}", clinic, context)

    def step(
        self,
        procedure: str,
        language: str,
        key: str,
        context: Mapping[str, Any],
        *,
        clinic: str = "",
    ) -> str:
        """Render a reminder of the plan, in the clinic's own words if it has them."""
        return self._render_of(procedure, language, f"steps/{key}", clinic, context)

    def card(
        self,
        procedure: str,
        language: str,
        name: str,
        context: Mapping[str, Any],
        *,
        clinic: str = "",
    ) -> str:
        """Render a card of a procedure, such as what today is about."""
        return self._render_of(procedure, language, f"cards/{name}", clinic, context)

    def lineage(self, procedure: str) -> list[str]:
        """Return the procedure and those it extends, the most special first."""
        line = [procedure]
        while (parent := self.procedure(line[-1]).extends) is not None:
            line.append(parent)
        return line

    def _render(self, parts: tuple[str, ...], context: Mapping[str, Any]) -> str:
        return render(self.environment, ["/".join(parts) + ".j2"], context)

    def _render_of(
        self, procedure: str, language: str, tail: str, clinic: str, context: Mapping[str, Any]
    ) -> str:
        key = (clinic, procedure, language, tail)
        try:
            if key not in self._found:
                self._found[key] = self._find(clinic, procedure, language, tail)
            found = self._found[key]
            if found.own:
                return render_own(self.environment, found.name, context)
        except Exception as error:  # whatever it is that a clinic's own text does
            if not clinic or self.told is None:
                raise
            self.told(f"{clinic}/…/{language}/{tail}.j2 is not used: {error}")
            return self._render_of(procedure, language, tail, "", context)
        return render(self.environment, [found.name], context)

    def _find(self, clinic: str, procedure: str, language: str, tail: str) -> _Found:
        """Find the one template to use, once, so that later renders do not touch the disk."""
        line = self.lineage(procedure)
        names = [f"{name}/{language}/{tail}.j2" for name in line]
        own = [f"{clinic}/{name}" for name in names] if clinic else []
        try:
            found = str(self.environment.select_template([*own, *names]).name)
        except TemplateNotFound:
            raise ContentError(f"no template {names[-1]}; expected one for {tail}") from None
        return _Found(found, found in own)

    def _read_words(self, language: str) -> Words:
        tables: dict[str, dict[str, Any]] = {}
        folders = [self.library / SHARED, *(self.library / key for key in self.procedures)]
        for folder in folders:
            for path in sorted((folder / language).glob("*.toml")):
                for table, values in read_toml(path).items():
                    tables.setdefault(table, {}).update(values)
        return Words(language, tables)


def _read_procedures(library: Path) -> dict[str, Procedure]:
    """Read every procedure, those that extend nothing first."""
    waiting = {path.parent for path in library.glob(f"*/{MANIFEST}")}
    if not waiting:
        raise ContentError(f"{library}: no procedure found; expected <name>/{MANIFEST}")
    known: dict[str, Procedure] = {}
    rows = sorted(waiting, key=lambda folder: ("extends" in read_toml(folder / MANIFEST), folder))
    for folder in rows:
        known[folder.name] = read_procedure(folder, known)
    return known
