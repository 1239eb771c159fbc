"""Whether a broadcast is for one patient: she is meant, and nothing speaks against it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from scheduler.model import Clinic
from scheduler.services.segment import Condition, fold
from scheduler.store.candidates import Candidate

RECENT = timedelta(days=7)


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


def of_candidate(candidate: Candidate) -> Collection[str]:
    """Return what a list may call a patient, folded as `named` gives it."""
    patient = candidate.patient
    return {fold(patient.ref), fold(patient.reference)} - {""}


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
