"""What a broadcast says to one patient: a template of the library or the clinic's own text.

The clinic's own text may name a few things in braces. The list is closed and checked before
anything is created, so nobody ever reads a brace.
"""

from __future__ import annotations

import re
from datetime import datetime
from html import escape

from content.catalog import Catalog
from content.moments import Moment
from content.telegram_html import MAX_UNITS, units
from content.view import Standing, view
from scheduler.model import Broadcast, Clinic, Patient
from scheduler.services import care
from scheduler.services.eligibility import Needs

PLACEHOLDERS = ("clinic", "phone", "day", "procedure", "next_session")
MARKETING_TEMPLATES = "offer_"
"""A template whose name begins so is an offer, whoever sends it."""

_BRACES = re.compile(r"\{([^{}]*)\}")
_LONGEST_DAY = "9999"
_LONGEST_MOMENT = "W" * 48


class WordingError(Exception):
    """A text cannot be sent like that; the message says why and what was expected.

    Attributes:
        reason: The same in one word, for those who are told in their own language.
        name: What is not known, if that is the reason.
    """

    def __init__(self, text: str, reason: str = "gone", name: str = "") -> None:
        super().__init__(text)
        self.reason, self.name = reason, name


def check(catalog: Catalog, clinic: Clinic, *, template: str, text: str) -> None:
    """Raise `WordingError` unless there is either a known template or a text that can be sent."""
    if bool(template) == bool(text.strip()):
        raise WordingError("expected either a template or a text of your own, and not both")
    if template:
        if template not in catalog.broadcasts:
            known = ", ".join(catalog.broadcasts)
            raise WordingError(f"there is no template {template!r}; expected one of {known}")
        return
    for name in _BRACES.findall(text):
        if name not in PLACEHOLDERS:
            known = ", ".join(f"{{{known}}}" for known in PLACEHOLDERS)
            raise WordingError(
                f"there is no placeholder {{{name}}}; expected one of {known}", "placeholder", name
            )
    length = units(_filled(text, _longest(catalog, clinic)))
    if length > MAX_UNITS:
        raise WordingError(
            f"the text is up to {length} characters long with its placeholders filled in; "
            f"Telegram takes {MAX_UNITS}",
            "long",
        )


def needs(catalog: Catalog, *, template: str, text: str, marketing: bool) -> Needs:
    """Return what a patient must have so that nothing in the message stays empty."""
    names = catalog.broadcast_needs(template) if template else set(_BRACES.findall(text))
    return Needs(
        marketing=marketing or is_marketing(template),
        treatment=bool({"day", "procedure", "treated"} & names),
        session="next_session" in names,
    )


def is_marketing(template: str) -> bool:
    """Whether a template is an offer by its very name."""
    return template.startswith(MARKETING_TEMPLATES)


def message(
    catalog: Catalog,
    broadcast: Broadcast,
    clinic: Clinic,
    patient: Patient,
    standing: Standing,
    *,
    procedure: str,
    next_session: datetime | None,
    now: datetime,
) -> str:
    """Return what one patient reads, in her language, as Telegram HTML.

    Args:
        catalog: The words.
        broadcast: What is said.
        clinic: Whose voice it is.
        patient: Who reads it.
        standing: Where she stands.
        procedure: Her latest treatment's procedure; empty if she has none.
        next_session: When her next appointment begins, if one is booked.
        now: The present instant.
    """
    starts = None
    if next_session is not None:  # by the clock of the clinic, where it takes place
        starts = Moment(next_session.astimezone(clinic.zone), now.astimezone(clinic.zone))
    words = catalog.words(patient.language)
    named = words("procedure", procedure) if procedure else ""
    context = view(standing, care.voice(clinic, now, patient.language))
    if broadcast.template:
        context |= {"next_session": starts, "procedure": named}
        return catalog.broadcast(patient.language, broadcast.template, context)
    return _filled(
        broadcast.text,
        {
            "clinic": clinic.name,
            "phone": clinic.phone,
            "day": str(context["day"]),
            "procedure": named,
            "next_session": _said(catalog, starts, patient.language),
        },
    )


def _said(catalog: Catalog, starts: Moment | None, language: str) -> str:
    if starts is None:
        return ""
    return catalog.moment(language, starts)


def _filled(text: str, values: dict[str, str]) -> str:
    """Return a clinic's own text as HTML: escaped, with the values in their places."""
    return _BRACES.sub(
        lambda match: escape(values[match[1]], quote=False), escape(text.strip(), quote=False)
    )


def _longest(catalog: Catalog, clinic: Clinic) -> dict[str, str]:
    procedures = [
        str(name)
        for language in catalog.languages
        for name in catalog.words(language).table("procedure").values()
    ]
    return {
        "clinic": clinic.name,
        "phone": clinic.phone,
        "day": _LONGEST_DAY,
        "procedure": max(procedures, key=len, default=""),
        "next_session": _LONGEST_MOMENT,
    }
