"""RF and scalp needling inherit from microneedling and differ where their patients need it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from content.catalog import LIBRARY, Catalog
from content.model import ClinicVoice
from content.telegram_html import first_paragraph, visible
from content.view import Standing, standing_in_general, view
from scheduler.preview import Played, play

EXTENDED = ("rf_microneedling", "scalp_microneedling")
ZONES = ("Europe/London", "America/Santiago", "Asia/Kathmandu")
TREATED = datetime(2026, 3, 27, 13, 0, tzinfo=UTC)  # clocks change in London on day 2
CLINIC = ClinicVoice("Riverside Skin", "+44 20 7946 0018", "999")


def played(catalog: Catalog, procedure: str, zone: str, treated_at: datetime) -> list[Played]:
    return play(
        catalog,
        procedure=procedure,
        treated_at=treated_at,
        zone=ZoneInfo(zone),
        joined_at=treated_at,
        waits={},
        language="en",
        clinic=CLINIC,
    )


def templates_of(procedure: str, language: str) -> set[Path]:
    folder = LIBRARY / procedure / language
    return {path.relative_to(folder) for path in folder.rglob("*.j2")}


def topic(
    catalog: Catalog, procedure: str, key: str, *, since: float | None, asks: str = "other"
) -> str:
    known = catalog.procedure(procedure)
    now = TREATED + timedelta(hours=since or 0)
    standing = standing_in_general(known, now=now, zone=UTC)
    if since is not None:
        ends = {rule.key: TREATED + timedelta(hours=rule.hours) for rule in known.rules.values()}
        standing = Standing(now, UTC, TREATED, ends, standing.hours)
    return visible(catalog.topic(procedure, "en", key, view(standing, CLINIC, asks=asks)))


def times_of_day() -> Iterator[datetime]:
    for hour in (6, 13, 21):
        yield TREATED.replace(hour=hour)


@pytest.mark.parametrize("procedure", EXTENDED)
def test_a_spanish_patient_never_gets_the_text_of_another_procedure(procedure: str) -> None:
    own = templates_of(procedure, "en")
    assert own
    assert templates_of(procedure, "es") == own


@pytest.mark.parametrize("procedure", EXTENDED)
@pytest.mark.parametrize("zone", ZONES)
def test_every_day_of_the_first_week_speaks_of_sun_washing_and_moisture(
    catalog: Catalog, procedure: str, zone: str
) -> None:
    for treated_at in times_of_day():
        first = treated_at.astimezone(ZoneInfo(zone)).date()
        covered: dict[date, set[str]] = defaultdict(set)
        for message in played(catalog, procedure, zone, treated_at):
            covered[message.at.date()] |= set(message.covers)
        for day in range(1, 8):
            assert {"sunscreen", "cleanse", "moisturise"} <= covered[first + timedelta(day)]


@pytest.mark.parametrize("procedure", EXTENDED)
@pytest.mark.parametrize("zone", ZONES)
def test_makeup_is_spoken_of_once_and_never_before_the_wait_is_over(
    catalog: Catalog, procedure: str, zone: str
) -> None:
    wait = timedelta(hours=catalog.procedure(procedure).rules["makeup"].hours)
    for treated_at in times_of_day():
        messages = played(catalog, procedure, zone, treated_at)
        at = [message.at for message in messages if "makeup" in message.covers]
        assert len(at) == 1
        assert at[0] >= treated_at + wait


def test_a_patient_after_rf_waits_longer_for_makeup_and_retinol(catalog: Catalog) -> None:
    plain = catalog.procedure("microneedling").rules
    heat = catalog.procedure("rf_microneedling").rules
    assert heat["makeup"].hours > plain["makeup"].hours
    assert heat["retinoid"].hours > plain["retinoid"].hours


@pytest.mark.parametrize("key", ["redness", "healing_timeline", "blisters_burns", "swelling"])
def test_a_patient_after_rf_is_told_of_burns_whatever_she_asks_about_her_skin(
    catalog: Catalog, key: str
) -> None:
    for since in (None, 3.0, 75.0, 200.0):
        text = topic(catalog, "rf_microneedling", key, since=since)
        assert any(word in text for word in ("lister", "hollow", "white")), (key, since)


def test_a_patient_after_rf_is_not_told_that_day_three_is_clear(catalog: Catalog) -> None:
    assert "little redness" in topic(catalog, "microneedling", "healing_timeline", since=75)
    assert "little redness" not in topic(catalog, "rf_microneedling", "healing_timeline", since=75)


def test_washing_means_the_hair_to_a_patient_after_scalp_needling(catalog: Catalog) -> None:
    text = topic(catalog, "scalp_microneedling", "cleansing", since=7, asks="may")
    assert text.startswith("Not yet. You can wash your hair from tomorrow 13:00")
    assert topic(catalog, "scalp_microneedling", "cleansing", since=25, asks="may").startswith(
        "Yes"
    )


@pytest.mark.parametrize("procedure", ["microneedling", *EXTENDED])
def test_minoxidil_put_on_too_early_is_answered_without_blame_and_with_the_moment(
    catalog: Catalog, procedure: str
) -> None:
    text = topic(catalog, procedure, "minoxidil", since=4, asks="did")
    assert "tomorrow 13:00" in first_paragraph(text)
    assert "your heart pounds" in text
    assert "999" in text


@pytest.mark.parametrize("procedure", ["microneedling", *EXTENDED])
@pytest.mark.parametrize(
    "key", ["systemic_emergency", "numbing_cream", "nodules_granuloma", "product_reaction"]
)
@pytest.mark.parametrize("asks", ["other", "may", "did", "normal"])
def test_the_first_words_on_a_pressing_topic_lead_to_a_number(
    catalog: Catalog, procedure: str, key: str, asks: str
) -> None:
    for since in (None, 3.0, 30.0, 500.0):
        first = first_paragraph(topic(catalog, procedure, key, since=since, asks=asks))
        assert "999" in first or CLINIC.phone in first
