"""`simulate` plays the plan that a patient would get."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from content.catalog import Catalog
from content.model import ClinicVoice
from scheduler.preview import Played, play

CLINIC = ClinicVoice("Riverside Skin", "+44 20 7946 0018", "999")


def played(catalog: Catalog, treated: str, zone: str, **more: object) -> list[Played]:
    at = datetime.fromisoformat(treated).replace(tzinfo=ZoneInfo(zone))
    given: dict[str, object] = {
        "procedure": "microneedling", "treated_at": at, "zone": ZoneInfo(zone), "joined_at": at,
        "waits": {}, "language": "en", "clinic": CLINIC,
    }  # fmt: skip
    return play(catalog, **{**given, **more})  # type: ignore[arg-type]


def test_the_first_days_say_what_they_cover_in_words(catalog: Catalog) -> None:
    messages = played(catalog, "2026-11-24T14:00", "Europe/Madrid", days=7)
    covers = {care for message in messages for care in message.covers}
    assert covers == {"sunscreen", "cleanse", "moisturise", "makeup"}
    assert all(message.text for message in messages)
    assert messages[0].step in messages[0].steps
    assert (messages[-1].at.date() - messages[0].at.date()).days <= 7


def test_days_cut_the_plan_at_a_local_date(catalog: Catalog) -> None:
    first_day = played(catalog, "2026-11-24T09:00", "Asia/Kolkata", days=0)
    assert {message.at.date().isoformat() for message in first_day} == {"2026-11-24"}
    assert len(played(catalog, "2026-11-24T09:00", "Asia/Kolkata")) > len(first_day)


def test_makeup_is_allowed_in_words_only_when_it_is(catalog: Catalog) -> None:
    messages = played(catalog, "2026-11-24T14:00", "Europe/Madrid", waits={"makeup": 72.0})
    (makeup,) = [message for message in messages if "makeup" in message.covers]
    assert makeup.at >= datetime.fromisoformat("2026-11-27T14:00+01:00")
    assert "can wear makeup again" in makeup.text


def test_spanish_is_played_in_spanish(catalog: Catalog) -> None:
    messages = played(catalog, "2026-11-24T14:00", "Europe/Madrid", language="es", days=2)
    assert any("Día" in message.text for message in messages)


@pytest.mark.parametrize("late", [timedelta(days=3), timedelta(days=30)])
def test_who_joins_late_starts_from_then(catalog: Catalog, late: timedelta) -> None:
    treated = datetime.fromisoformat("2026-11-24T14:00+01:00")
    messages = played(catalog, "2026-11-24T14:00", "Europe/Madrid", joined_at=treated + late)
    assert messages
    assert min(message.at for message in messages) >= treated + late
