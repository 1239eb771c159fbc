"""The same words on paper: a procedure's waits, days and warning signs as one printable page.

The page is made from the templates that the chat uses, for somebody whose treatment time is not
known, so a wait that a clinic changes is changed here too.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from markupsafe import Markup

from content.catalog import Catalog
from content.model import ClinicVoice
from content.moments import length
from content.telegram_html import tidy
from content.view import standing_in_general, view

SECTIONS = ("aftercare_general", "healing_timeline", "talk_to_clinic")
"""The topics that a leaflet tells in full; everything else is for the chat."""

_PARAGRAPH = "\n\n"


def leaflet(
    catalog: Catalog,
    *,
    procedure: str,
    language: str,
    clinic: ClinicVoice,
    waits: Mapping[str, float] | None = None,
    now: datetime,
    clinic_slug: str = "",
) -> str:
    """Return a whole HTML page.

    Args:
        catalog: The words.
        procedure: What was done.
        language: A language of the catalog.
        clinic: Whose leaflet it is.
        waits: Rule -> hours that the clinic sets instead of the library's.
        now: The present instant; printed as the date of the leaflet.
        clinic_slug: The clinic's folder of own words.

    Raises:
        ContentError: If there is no such procedure or a template is missing.
    """
    known = catalog.procedure(procedure)
    standing = standing_in_general(known, now=now, zone=UTC, hours=waits)
    hours = standing.hours
    context = view(standing, clinic)
    words = catalog.words(language)
    sections = [
        (words("topic", key), _paragraphs(
            catalog.topic(procedure, language, key, context, clinic=clinic_slug)
        ))
        for key in SECTIONS
    ]  # fmt: skip
    asked = [
        (words("rule", key), length(hours[key], language))
        for key, rule in sorted(known.rules.items(), key=lambda item: hours[item[0]])
        if rule.asked
    ]
    return catalog.page(
        "leaflet",
        {
            "language": language,
            "title": words("procedure", procedure),
            "words": words,
            "clinic": clinic,
            "sections": sections,
            "waits": asked,
            "signs": _paragraphs(catalog.screen(language, "warning_signs", context))[1:],
            "review": known.review,
            "version": catalog.version,
            "printed": now.date(),
        },
    )


def _paragraphs(html: str) -> list[Markup]:
    """Return Telegram HTML, which our own templates made and escaped, as paragraphs of a page."""
    return [
        Markup(paragraph.replace("\n", "<br>"))  # noqa: S704
        for paragraph in tidy(html).split(_PARAGRAPH)
    ]
