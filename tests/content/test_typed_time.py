"""A member of staff types when a message goes out: read as meant, or refused in one word."""

from __future__ import annotations

from datetime import date, datetime, time
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from content.catalog import Catalog
from content.typed_time import TypedTimeError, typed_time

TUESDAY_2PM = datetime(2026, 11, 24, 14, 0, tzinfo=ZoneInfo("Europe/London"))


def read(catalog: Catalog, text: str, language: str = "en") -> tuple[date, time]:
    return typed_time(text, TUESDAY_2PM, language, catalog.words(language).table("typed"))


@pytest.mark.parametrize(
    ("text", "day", "hour"),
    [
        ("tomorrow 10:00", "2026-11-25", "10:00"),
        ("Tomorrow at 10", "2026-11-25", "10:00"),
        ("tomorrow 10am", "2026-11-25", "10:00"),
        ("the day after tomorrow, noon", "2026-11-26", "12:00"),
        ("today 4:30 p.m.", "2026-11-24", "16:30"),
        ("16:00", "2026-11-24", "16:00"),
        ("Friday 9:30", "2026-11-27", "09:30"),
        ("fri 9 in the morning", "2026-11-27", "09:00"),
        ("Tuesday 10:00", "2026-12-01", "10:00"),
        ("Tuesday 16:00", "2026-11-24", "16:00"),
        ("30 Nov 10:00", "2026-11-30", "10:00"),
        ("30th of November at 9 o'clock", "2026-11-30", "09:00"),
        ("November 30, 2026 12:15pm", "2026-11-30", "12:15"),
        ("Sept 3 9:00", "2027-09-03", "09:00"),
        ("12:00 am 30 november", "2026-11-30", "00:00"),
        ("30.11. 10:00", "2026-11-30", "10:00"),
        ("30.11.26 10:00", "2026-11-30", "10:00"),
        ("30/11 10:00", "2026-11-30", "10:00"),
        ("11/30 10:00", "2026-11-30", "10:00"),
        ("5/5/2027 10:00", "2027-05-05", "10:00"),
        ("2026-11-30 10:00", "2026-11-30", "10:00"),
        ("2026-11-30T10:00", "2026-11-30", "10:00"),
        ("29 feb 10:00", "2028-02-29", "10:00"),
        ("1 January 2020 10:00", "2020-01-01", "10:00"),
    ],
)
def test_a_day_and_an_hour_are_read_as_people_write_them(
    catalog: Catalog, text: str, day: str, hour: str
) -> None:
    assert read(catalog, text) == (date.fromisoformat(day), time.fromisoformat(hour))


@pytest.mark.parametrize(
    ("text", "day", "hour"),
    [
        ("mañana a las 10", "2026-11-25", "10:00"),
        ("Mañana a las 10 de la mañana", "2026-11-25", "10:00"),
        ("pasado mañana a las 9", "2026-11-26", "09:00"),
        ("hoy a las 5 de la tarde", "2026-11-24", "17:00"),
        ("el viernes a las 14:30", "2026-11-27", "14:30"),
        ("miércoles 10h", "2026-11-25", "10:00"),
        ("30 de noviembre de 2026 a las 10:00", "2026-11-30", "10:00"),
        ("3/4 10:00", "2027-04-03", "10:00"),
        ("sabado al mediodia", "2026-11-28", "12:00"),
    ],
)
def test_a_day_and_an_hour_are_read_in_spanish(
    catalog: Catalog, text: str, day: str, hour: str
) -> None:
    assert read(catalog, text, "es") == (date.fromisoformat(day), time.fromisoformat(hour))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("soon", "unclear"),
        ("", "unclear"),
        ("10", "unclear"),
        ("in 3 days", "unclear"),
        ("next Friday 10:00", "unclear"),
        ("tomorrow 10:00 or 11:00", "unclear"),
        ("2026-11-30 10:00+02:00", "unclear"),
        ("friday", "no_hour"),
        ("30 november", "no_hour"),
        ("31.2. 10:00", "no_such_time"),
        ("2026-13-01 10:00", "no_such_time"),
        ("25:00", "no_such_time"),
        ("31 December 9999 23:30", "no_such_time"),
        ("tomorrow 10:61", "no_such_time"),
        ("tomorrow 13 pm", "no_such_time"),
        ("3/4 10:00", "two_days"),
    ],
)
def test_what_is_no_moment_or_could_be_two_is_refused(
    catalog: Catalog, text: str, problem: str
) -> None:
    with pytest.raises(TypedTimeError) as refused:
        read(catalog, text)
    assert refused.value.problem == problem


@given(st.text(max_size=80))
def test_whatever_is_typed_is_a_moment_or_refused(catalog: Catalog, text: str) -> None:
    for language in catalog.languages:
        try:
            day, wall = read(catalog, text, language)
        except TypedTimeError:
            continue
        assert datetime.combine(day, wall)
