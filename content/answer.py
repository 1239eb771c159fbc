"""From what was understood to what is said: the fixed wording first, then the clinic's own words.

Nothing here is made up: every sentence is a template that a clinician can read and sign. This
module only chooses which, and in what order.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from content.catalog import Catalog
from content.model import ClinicVoice
from content.telegram_html import first_paragraph
from content.understand import Knowledge, Route, Understanding
from content.understand.subjects import MOST_OFFERED
from content.view import Standing, view


@dataclass(frozen=True, slots=True)
class Answer:
    """What a patient gets.

    Attributes:
        route: Which path it takes; never shown.
        text: Telegram HTML.
        offered: Topics to offer as buttons; none below a warning, where the way to a person stands.
        pass_on: Whether to offer to pass the message on to the clinic.
    """

    route: Route
    text: str
    offered: tuple[str, ...]
    pass_on: bool = False


def answer(
    understood: Understanding,
    *,
    catalog: Catalog,
    knowledge: Knowledge,
    procedure: str,
    language: str,
    standing: Standing,
    clinic: ClinicVoice,
    clinic_slug: str = "",
) -> Answer:
    """Choose the words for what a patient wrote.

    Args:
        understood: What `understand` made of it.
        catalog: The words.
        knowledge: The warning signs, which name their wording.
        procedure: The procedure whose topics answer.
        language: The patient's language, one the catalog has.
        standing: Where the patient stands.
        clinic: The clinic whose voice it is.
        clinic_slug: The clinic's folder of own words.

    Returns:
        The text and what to offer below it.
    """
    context = view(standing, clinic, asks=understood.asks)
    if understood.route in (Route.EMERGENCY, Route.URGENT, Route.CONTACT):
        return Answer(
            understood.route,
            _warning(understood, catalog, knowledge, language, context),
            (),
        )
    if understood.route is Route.ROUTINE and understood.answered:
        texts = [
            catalog.topic(procedure, language, key, {**context, "asks": asks}, clinic=clinic_slug)
            for key, asks in zip(understood.answered, understood.each_asks(), strict=True)
        ]
        text = (
            texts[0]
            if len(texts) == 1
            else _together(texts, understood.answered, catalog, language)
        )
        return Answer(Route.ROUTINE, text, _beside(understood, catalog, procedure))
    if understood.language and understood.language not in catalog.languages:
        names = [catalog.words(tag)("language", "name") for tag in catalog.languages]
        return Answer(
            understood.route,
            catalog.screen(language, "other_language", {**context, "languages": names}),
            understood.offered,
            pass_on=True,
        )
    if understood.offered:
        return Answer(
            understood.route,
            catalog.screen(language, "did_you_mean", context),
            understood.offered,
            pass_on=True,
        )
    if understood.small_talk:
        text = catalog.screen(language, f"small_talk_{understood.small_talk}", context)
        return Answer(understood.route, text, ())
    return Answer(
        understood.route,
        catalog.screen(language, "unknown", {**context, "asks_dose": understood.asks_dose}),
        (),
        pass_on=True,
    )


def _warning(
    understood: Understanding,
    catalog: Catalog,
    knowledge: Knowledge,
    language: str,
    context: Mapping[str, Any],
) -> str:
    """Return the fixed wording of the highest sign; the route's own where none is named."""
    named = [
        knowledge.wording(finding.sign)
        for finding in understood.findings
        if finding.level is understood.route
    ]
    return catalog.warning(language, named[0] if named else understood.route.value, context)


def _beside(understood: Understanding, catalog: Catalog, procedure: str) -> tuple[str, ...]:
    """Return what to offer below an answer: what else it may be about, then what goes with it."""
    topics = catalog.procedure(procedure).topics
    related = topics[understood.answered[0]].related if understood.answered[0] in topics else ()
    offered = dict.fromkeys((*understood.offered, *related))
    return tuple(key for key in offered if key not in understood.answered)[:MOST_OFFERED]


def _together(texts: list[str], topics: tuple[str, ...], catalog: Catalog, language: str) -> str:
    """Answer several questions in their order, each in its shortest form."""
    words = catalog.words(language)
    return "\n\n".join(
        f"<b>{words('topic', key)}</b>\n{first_paragraph(text)}"
        for key, text in zip(topics, texts, strict=True)
    )
