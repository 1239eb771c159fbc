"""Every template there is, the library's and the clinics' own, and how each is rendered."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from content.catalog import SHARED, Catalog
from content.model import Procedure


@dataclass(frozen=True, slots=True)
class Text:
    """One template to look at: its file, its language and how to render it."""

    file: str
    language: str
    kind: str
    key: str
    procedure: str = ""
    clinic: str = ""


def library_texts(catalog: Catalog) -> Iterator[Text]:
    """Yield every template of the library, language by language."""
    for language in catalog.languages:
        for kind in ("screens", "warnings", "broadcasts"):
            for path in sorted((catalog.library / SHARED / language / kind).glob("*.j2")):
                file = f"{SHARED}/{language}/{kind}/{path.name}"
                yield Text(file, language, kind, path.stem)
        for procedure in catalog.procedures.values():
            for kind, names in _keys(procedure).items():
                for key in names:
                    file = f"{procedure.key}/{language}/{kind}/{key}.j2"
                    yield Text(file, language, kind, key, procedure.key)


def _keys(procedure: Procedure) -> dict[str, list[str]]:
    """Return what a procedure has a template for, by the folder it stands in."""
    return {
        "topics": list(procedure.topics),
        "steps": [step.key for step in procedure.steps],
        "cards": ["today"],
    }


def own_texts(catalog: Catalog, never_read: list[str]) -> Iterator[Text]:
    """Yield the clinics' own words; what stands where nobody reads it goes to `never_read`."""
    for parts in catalog.own():
        file = "/".join(parts)
        match parts:
            case (clinic, key, language, kind, name) if (
                key in catalog.procedures
                and language in catalog.languages
                and Path(name).stem in _keys(catalog.procedures[key]).get(kind, ())
                and not (catalog.library / clinic).exists()
            ):
                yield Text(file, language, kind, Path(name).stem, key, clinic)
            case _:
                never_read.append(
                    f"{file}: is never read; expected "
                    "<clinic>/<procedure>/<language>/<topics, steps or cards>/<name>.j2"
                )


def render(catalog: Catalog, text: Text, context: Mapping[str, Any]) -> str:
    """Return the text as its reader would get it.

    Raises:
        jinja2.TemplateError: For a template that cannot be rendered.
        ContentError: When a name it needs is missing.
    """
    if text.kind == "screens":
        return catalog.screen(text.language, text.key, context)
    if text.kind == "broadcasts":
        return catalog.broadcast(text.language, text.key, context)
    if text.kind == "warnings":
        return catalog.warning(text.language, text.key, context)
    by_kind = {"topics": catalog.topic, "steps": catalog.step, "cards": catalog.card}[text.kind]
    return by_kind(text.procedure, text.language, text.key, context, clinic=text.clinic)
