"""Who a broadcast is for: conditions that all have to hold, and why somebody is left out.

A condition is written `key` or `key=value`, the same in the shell and in the database.
"""

from __future__ import annotations

import csv
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from content.catalog import Catalog
from scheduler.model import Clinic
from scheduler.store.broadcasts import Candidate

EXPECTED = (
    "all, procedure=KEY, area=KEY, day=A-B, session=DAYS, no_session, language=CODE "
    "or references=FILE.csv"
)
RECENT = timedelta(days=7)
HEADERS = frozenset({"reference", "references", "ref", "patient", "patient_id", "id", "referencia"})


class SegmentError(Exception):
    """A condition cannot be understood; the text says what was expected."""


@dataclass(frozen=True, slots=True)
class Needs:
    """What a broadcast asks of a patient besides her being meant.

    Attributes:
        marketing: Consent to marketing.
        treatment: A treatment, because the text names the day or the procedure.
        session: An appointment to come, because the text names it.
    """

    marketing: bool = False
    treatment: bool = False
    session: bool = False


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition, taken apart.

    Attributes:
        key: What is looked at.
        value: What it has to be, as written.
        span: The first and last day, for those that count days.
        names: The references, for a list of them.
    """

    key: str
    value: str
    span: tuple[int, int] = (0, 0)
    names: frozenset[str] = frozenset()


def parse(catalog: Catalog, texts: Sequence[str]) -> tuple[str, ...]:
    """Return conditions in their one way of writing; none means everybody.

    Raises:
        SegmentError: If one is not a condition, or names what the library does not have.
    """
    return tuple(dict.fromkeys(_parsed(catalog, text.strip()) for text in texts)) or ("all",)


def read(segments: Sequence[str]) -> tuple[Condition, ...]:
    """Return conditions ready to be held against many patients."""
    return tuple(_condition(segment) for segment in segments)


def matches(candidate: Candidate, conditions: Sequence[Condition], now: datetime) -> bool:
    """Whether every condition holds for a patient.

    Somebody who has not joined is meant by none but a list that names her.
    """
    named_ones = any(condition.key == "references" for condition in conditions)
    if candidate.patient.state in ("invited", "joining") and not named_ones:
        return False
    return all(_holds(candidate, condition, now) for condition in conditions)


def left_out(candidate: Candidate, clinic: Clinic, needs: Needs, now: datetime) -> str | None:
    """Return why a patient who is meant gets nothing, or None if she does."""
    patient = candidate.patient
    match patient.state:
        case "invited" | "joining":
            return "not_joined"
        case "stopped":
            return "opted_out"
        case "blocked":
            return "blocked"
    if patient.paused_until is not None and patient.paused_until > now:
        return "paused"
    if needs.marketing and not candidate.marketing:
        return "no_marketing_consent"
    capped = needs.marketing or clinic.care_counts
    if capped and candidate.recent >= clinic.weekly_cap:
        return "messaged_recently"
    missing = (needs.treatment and candidate.treated_at is None) or (
        needs.session and candidate.next_session is None
    )
    return "nothing_to_fill_in" if missing else None


def named(conditions: Sequence[Condition]) -> frozenset[str]:
    """Return the references that the conditions name, folded; empty if they name none."""
    return frozenset().union(*(condition.names for condition in conditions))


def of_candidate(candidate: Candidate) -> Collection[str]:
    """Return what a list may call a patient, folded as `named` gives it."""
    patient = candidate.patient
    return {fold(patient.ref), fold(patient.reference)} - {""}


def fold(reference: str) -> str:
    """Return a reference without capitals and stray spaces."""
    return " ".join(reference.casefold().split())


def references(names: Sequence[str]) -> str:
    """Return the condition that names these patients; raises `SegmentError` if there are none."""
    folded = sorted({fold(name) for name in names} - {""})
    if not folded:
        raise SegmentError("the list of references is empty; expected one reference a line")
    for name in folded:
        if "," in name:
            raise SegmentError(f"the reference {name!r} holds a comma; expected one without")
    return f"references={','.join(folded)}"


def first_column(lines: Sequence[str]) -> list[str]:
    """Return the references of a CSV file: its first column, without a header."""
    rows = [row for row in csv.reader(lines) if row and row[0].strip()]
    names = [row[0].strip() for row in rows]
    return names[1:] if names and fold(names[0]) in HEADERS else names


def _parsed(catalog: Catalog, text: str) -> str:
    key, separator, value = (part.strip() for part in text.partition("="))
    match key:
        case "all" | "no_session" if not separator:
            return key
        case "procedure" | "area" | "language":
            return f"{key}={_known(key, value, _choices(catalog)[key])}"
        case "day" | "session":
            first, last = _span(key, value)
            return f"{key}={first}-{last}"
        case "references" if value:
            return references(value.split(","))
    raise SegmentError(f"{text!r} is not a segment; expected {EXPECTED}")


def _choices(catalog: Catalog) -> Mapping[str, Collection[str]]:
    return {
        "procedure": tuple(catalog.procedures),
        "area": tuple(
            dict.fromkeys(area for known in catalog.procedures.values() for area in known.areas)
        ),
        "language": catalog.languages,
    }


def _known(key: str, value: str, choices: Collection[str]) -> str:
    if value not in choices:
        raise SegmentError(f"there is no {key} {value!r}; expected one of {', '.join(choices)}")
    return value


def _span(key: str, value: str) -> tuple[int, int]:
    """Return the first and last of `3-10`; a lone `5` is that day, or within that many days."""
    first, separator, last = value.partition("-")
    if not separator:
        first, last = ("0" if key == "session" else value), value
    if not (first.isdigit() and last.isdigit()) or int(first) > int(last):
        raise SegmentError(f"{key}={value!r} is not a span of days; expected such as {key}=3-10")
    return int(first), int(last)


def _condition(segment: str) -> Condition:
    key, _, value = segment.partition("=")
    if key in ("day", "session"):
        return Condition(key, value, span=_span(key, value))
    names = frozenset(value.split(",")) if key == "references" else frozenset()
    return Condition(key, value, names=names)


def _holds(candidate: Candidate, condition: Condition, now: datetime) -> bool:
    match condition.key:
        case "procedure":
            return candidate.procedure == condition.value
        case "area":
            return candidate.area == condition.value
        case "language":
            return candidate.patient.language == condition.value
        case "no_session":
            return candidate.next_session is None
        case "day":
            return _within(condition.span, -_days(candidate.treated_at, candidate, now))
        case "session":
            return _within(condition.span, _days(candidate.next_session, candidate, now))
        case "references":
            return not condition.names.isdisjoint(of_candidate(candidate))
        case _:
            return True


def _days(at: datetime | None, candidate: Candidate, now: datetime) -> float:
    """Return how many local dates from now an instant lies, by the patient's clock."""
    if at is None:
        return float("nan")
    zone = candidate.patient.zone
    return (at.astimezone(zone).date() - now.astimezone(zone).date()).days


def _within(span: tuple[int, int], days: float) -> bool:
    return span[0] <= days <= span[1]
