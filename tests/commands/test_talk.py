"""`aftercare simulate` and `ask`: the plan and the answers without a database."""

from __future__ import annotations

import io
import json
from collections import Counter
from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from tests.commands.conftest import Shell


def simulate(shell: Shell, *more: str, treated: str, zone: str) -> list[dict[str, object]]:
    played: list[dict[str, object]] = shell(
        "simulate", "--procedure", "microneedling", "--treated-at", treated, "--timezone", zone,
        "--json", *more,
    ).json  # fmt: skip
    return played


@pytest.mark.parametrize(
    ("zone", "treated"),
    [
        ("Europe/London", "2026-03-27T16:20"),  # clocks go forward on day 2
        ("Europe/Madrid", "2026-10-23T09:05"),  # clocks go back on day 2
        ("Asia/Kathmandu", "2026-11-24T20:45"),
        ("Australia/Lord_Howe", "2026-04-03T11:00"),
        ("America/St_Johns", "2026-03-07T07:30"),
        ("Pacific/Auckland", "2028-02-27T14:00"),  # a leap day is day 2
        ("America/New_York", "2026-11-24T23:59"),
    ],
)
def test_the_plan_keeps_its_promises_in_any_zone(shell: Shell, zone: str, treated: str) -> None:
    messages = simulate(shell, treated=treated, zone=zone)
    assert all(row.keys() == {"at", "step", "covers", "text"} for row in messages)
    at = [datetime.fromisoformat(str(row["at"])) for row in messages]
    assert all(earlier < later for earlier, later in pairwise(at))
    assert all(8 <= when.hour < 21 for when in at)
    assert max(Counter(when.date() for when in at).values()) <= 3
    start = datetime.fromisoformat(treated).date()
    for day in range(1, 8):
        said = {
            care
            for row, when in zip(messages, at, strict=True)
            if when.date() == start + timedelta(days=day)
            for care in row["covers"]  # type: ignore[attr-defined]
        }
        assert {"sunscreen", "cleanse", "moisturise"} <= said, day
    makeup = [when for row, when in zip(messages, at, strict=True) if "makeup" in row["covers"]]  # type: ignore[operator]
    assert len(makeup) == 1
    treated_at = datetime.fromisoformat(treated).replace(tzinfo=at[0].tzinfo)
    assert makeup[0] >= treated_at + timedelta(hours=23)  # an hour less on a spring day's clock


def test_enrolling_on_day_three_starts_from_then(shell: Shell) -> None:
    messages = simulate(
        shell, "--enrolled-at", "2026-11-27T12:00", treated="2026-11-24T12:00",
        zone="Europe/London",
    )  # fmt: skip
    assert str(messages[0]["at"]) >= "2026-11-27T12:00"
    assert not any("makeup" in row["covers"] for row in messages)  # type: ignore[operator]


def test_a_longer_wait_and_only_the_first_days_in_spanish(shell: Shell) -> None:
    messages = simulate(
        shell, "--wait", "makeup=72", "--days", "4", "--language", "es",
        treated="2026-11-24T12:00", zone="Europe/Madrid",
    )  # fmt: skip
    (makeup,) = [row for row in messages if "makeup" in row["covers"]]  # type: ignore[operator]
    assert str(makeup["at"]) >= "2026-11-27T12:00"
    assert "maquill" in str(makeup["text"])
    assert all("<b>" not in str(row["text"]) for row in messages)
    assert str(messages[-1]["at"]) < "2026-11-29"


def test_for_a_person_the_plan_is_text(shell: Shell) -> None:
    said = shell(
        "simulate", "--treated-at", "2026-11-24T12:00+01:00", "--timezone", "Europe/Madrid"
    )
    assert said.code == 0
    assert "Wed 25 Nov" in said.out


SIMULATE = {"--treated-at": "2026-11-24T12:00", "--timezone": "Europe/Madrid"}


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"--timezone": "Madrid"}, "Madrid"),
        ({"--treated-at": "noon"}, "is not a time"),
        ({"--procedure": "botox"}, "there is no procedure 'botox'"),
        ({"--language": "de"}, "there is no language 'de'; expected one of en, es"),
        ({"--wait": "makeup=1"}, "makeup can be 6 to 72 hours, not 1"),
        ({"--days": "-1"}, "--days"),
        ({"--enrolled-at": "x"}, "is not a time"),
    ],
)
def test_a_slip_in_simulate_is_one_line(shell: Shell, changed: dict[str, str], told: str) -> None:
    words = [word for pair in {**SIMULATE, **changed}.items() for word in pair]
    assert told in shell("simulate", *words, "--json").refusal


def test_a_question_is_answered_as_a_patient_would_get_it(shell: Shell) -> None:
    said = shell("ask", "can I wear makeup yet?", "--hours-since", "19", "--json").json
    assert said.keys() == {"route", "topics", "offered", "answer"}
    assert (said["route"], said["topics"]) == ("routine", ["makeup"])
    assert "in 5 hours" in said["answer"]
    assert "route routine" in shell("ask", "can I wear makeup yet?").out


def test_many_questions_are_answered_in_their_order(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = [
        {"id": "a", "text": "can I wear makeup yet?", "hours_since": 30},
        {"id": 2, "text": "no puedo respirar", "language": "es"},
        {"id": None, "text": "what is the capital of France"},
    ]
    monkeypatch.setattr("sys.stdin", io.StringIO("\n".join(map(json.dumps, asked)) + "\n\n"))
    said = shell("ask", "-", "--json")
    rows = [json.loads(line) for line in said.out.splitlines()]
    assert [row["id"] for row in rows] == ["a", 2, None]
    assert [row["route"] for row in rows] == ["routine", "emergency", "unknown"]
    assert rows[0].keys() == {"id", "route", "topics", "offered", "answer"}


def test_nothing_asked_is_nothing_answered(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    assert shell("ask", "-", "--json").out == ""
