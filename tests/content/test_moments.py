"""Moments as a patient would say them, in her language and by her clock."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from content.catalog import Catalog
from content.moments import Moment, Wait, day_name, distance, length, opening_hours

MADRID = ZoneInfo("Europe/Madrid")
NOW = datetime(2026, 11, 24, 15, 0, tzinfo=MADRID)  # a Tuesday


def moment(**delta: float) -> Moment:
    return Moment(NOW + timedelta(**delta), NOW)


@pytest.mark.parametrize(
    ("hours", "english", "spanish"),
    [
        (-24, "yesterday 15:00", "ayer 15:00"),
        (-3, "today 12:00", "hoy 12:00"),
        (5, "today 20:00", "hoy 20:00"),
        (10, "tomorrow 01:00", "mañana 01:00"),
        (24, "tomorrow 15:00", "mañana 15:00"),
        (72, "Friday 15:00", "viernes 15:00"),
        (-72, "Saturday 15:00", "sábado 15:00"),
        (7 * 24, "Tuesday 1 December 15:00", "martes 1 de diciembre 15:00"),
        (-8 * 24, "Monday 16 November 15:00", "lunes 16 de noviembre 15:00"),
    ],
)
def test_a_moment_is_said_as_people_say_it(
    catalog: Catalog, hours: float, english: str, spanish: str
) -> None:
    assert catalog.moment("en", moment(hours=hours)) == english
    # Spanish puts a word between the day and the hour
    said = catalog.moment("es", moment(hours=hours))
    assert said.startswith(spanish.rsplit(" ", 1)[0])
    assert said.endswith(spanish.rsplit(" ", 1)[1])


def test_a_date_is_counted_by_the_calendar_and_not_by_hours() -> None:
    before_midnight = datetime(2026, 11, 24, 23, 30, tzinfo=MADRID)
    assert Moment(before_midnight + timedelta(hours=1), before_midnight).days_away == 1
    assert day_name(moment(minutes=1), "en", {0: "today"}, "d MMMM") == "today"


@pytest.mark.parametrize(
    ("delta", "english", "spanish"),
    [
        ({"hours": 5}, "in 5 hours", "dentro de 5 horas"),
        ({"hours": -48}, "2 days ago", "hace 2 días"),
        ({"seconds": 20}, "in 1 minute", "dentro de 1 minuto"),
        ({"seconds": -20}, "1 minute ago", "hace 1 minuto"),
        ({"minutes": 40}, "in 40 minutes", "dentro de 40 minutos"),
    ],
)
def test_how_far_away_it_is(delta: dict[str, float], english: str, spanish: str) -> None:
    assert distance(moment(**delta), "en") == english
    assert distance(moment(**delta), "es") == spanish


@pytest.mark.parametrize(
    ("hours", "said"),
    [(6, "6 hours"), (24, "24 hours"), (72, "72 hours"), (168, "7 days"), (336, "14 days"),
     (100, "100 hours"), (1, "1 hour")],
)  # fmt: skip
def test_a_wait_is_said_in_the_unit_people_use(hours: float, said: str) -> None:
    assert length(hours, "en") == said


def test_a_wait_is_over_at_its_very_end() -> None:
    assert Wait("makeup", 24).state == "unknown"
    assert Wait("makeup", 24, moment(seconds=1)).state == "running"
    assert Wait("makeup", 24, moment()).state == "over"


def test_opening_hours_join_days_that_follow_each_other() -> None:
    said = opening_hours({1, 2, 3, 4, 5}, time(9), time(18), "en")
    assert said == "Mon-Fri 09:00-18:00"
    assert (
        opening_hours({1, 3, 4, 6}, time(9, 30), time(13), "en") == "Mon, Wed-Thu, Sat 09:30-13:00"
    )
    assert opening_hours({1, 2}, time(9), time(18), "es").startswith("lun-mar")
