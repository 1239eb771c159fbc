"""What a template can see of a patient, and what it can never see."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from content.catalog import Catalog
from content.model import ClinicVoice
from content.view import Standing, standing_in_general, view

CLINIC = ClinicVoice("Riverside Skin", "+44 20 7946 0018", "999")
TREATED = datetime(2026, 11, 24, 14, 0, tzinfo=UTC)


def standing(now: datetime, zone: str = "Europe/London") -> Standing:
    return Standing(
        now, ZoneInfo(zone), TREATED, {"makeup": TREATED + timedelta(hours=24)}, {"makeup": 24.0}
    )


def test_the_day_is_counted_by_the_patients_calendar() -> None:
    late = TREATED + timedelta(hours=11)  # one in the morning in London
    assert view(standing(late), CLINIC)["day"] == 1
    assert view(standing(late, "America/New_York"), CLINIC)["day"] == 0
    assert view(standing(late), CLINIC)["hours"] == 11


def test_the_end_of_a_wait_is_told_by_her_clock() -> None:
    ends = view(standing(TREATED, "Asia/Kolkata"), CLINIC)["wait"]["makeup"].ends
    assert f"{ends.at:%a %H:%M}" == "Wed 19:30"


def test_for_somebody_without_a_treatment_waits_are_lengths(catalog: Catalog) -> None:
    general = standing_in_general(catalog.procedure("microneedling"), now=TREATED, zone=UTC)
    seen = view(general, CLINIC, asks="may")
    assert seen["day"] == -1
    assert seen["hours"] == -1
    assert not seen["known"]
    assert seen["wait"]["makeup"].state == "unknown"
    assert seen["wait"]["makeup"].hours == 24


def test_a_template_sees_no_name_and_no_words_of_the_patient() -> None:
    assert view(standing(TREATED), CLINIC).keys() == {
        "clinic", "wait", "treated", "known", "now", "day", "hours", "asks",
    }  # fmt: skip
