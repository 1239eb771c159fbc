"""How the last days went at a clinic, in numbers that a bot can honestly give.

Delivered means that Telegram took the message, tapped that a button was tapped. Nobody can know
what was read.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from statistics import median
from typing import Any

from sqlite_utils import Database

from content.catalog import Catalog, Words
from scheduler.model import Clinic
from scheduler.services.care import open_now, open_weekdays
from scheduler.store import clinics, figures, records
from scheduler.wall_time import at_wall_time

WEEK = 7
LONGEST = 366
MOST_TOPICS = 8


class ReportError(Exception):
    """A report cannot be made like that; the text says why."""


@dataclass(frozen=True, slots=True)
class Report:
    """The numbers of some whole days, by the clinic's clock.

    Attributes:
        clinic: The clinic.
        days: The dates, in order; the last one is today so far.
        joined: Date -> patients who joined.
        done: Date -> taps on Done.
        topics: Topic -> questions that were answered with it, the most asked first.
        delivered: Unasked messages that Telegram took.
        questions: Messages of patients.
        unanswered: Those that were not understood.
        escalations: What was put before the clinic.
        first_reply: Median minutes to the first reply; None if there was none.
        opted_out: Patients who said stop.
        booked: Appointments in these days and the week to come.
        confirmed: Those of them that the patient confirmed or came to.
    """

    clinic: Clinic
    days: tuple[date, ...]
    joined: Mapping[date, int]
    done: Mapping[date, int]
    topics: Mapping[str, int]
    delivered: int
    questions: int
    unanswered: int
    escalations: int
    first_reply: int | None
    opted_out: int
    booked: int
    confirmed: int


def report(db: Database, clinic: Clinic, now: datetime, *, days: int = WEEK) -> Report:
    """Return the numbers of so many days, today included.

    Raises:
        ReportError: If the number of days is none or more than a year.
    """
    if not 1 <= days <= LONGEST:
        raise ReportError(f"{days} days cannot be reported; expected 1 to {LONGEST}")
    today = now.astimezone(clinic.zone).date()
    dates = tuple(today - timedelta(days=back) for back in reversed(range(days)))
    since = at_wall_time(dates[0], time(), clinic.zone)
    until = now + timedelta(microseconds=1)
    asked = figures.questions(db, clinic.id, since, until)
    raised = figures.escalations(db, clinic.id, since, until)
    waits = [(replied - opened).total_seconds() / 60 for opened, replied in raised if replied]
    booked, confirmed = figures.sessions(db, clinic.id, since, now + timedelta(days=WEEK))
    topics = Counter(topics[0] for route, topics in asked if topics and route != "unknown")
    return Report(
        clinic=clinic,
        days=dates,
        joined=_by_day(figures.joined(db, clinic.id, since, until), clinic, dates),
        done=_by_day(figures.done(db, clinic.id, since, until), clinic, dates),
        topics=dict(topics.most_common()),
        delivered=figures.delivered(db, clinic.id, since, until),
        questions=len(asked),
        unanswered=sum(route == "unknown" for route, _ in asked),
        escalations=len(raised),
        first_reply=round(median(waits)) if waits else None,
        opted_out=figures.opted_out(db, clinic.id, since, until),
        booked=booked,
        confirmed=confirmed,
    )


def caption(catalog: Catalog, made: Report, language: str) -> str:
    """Return the report in three plain sentences."""
    words = catalog.words(language)
    return catalog.screen(
        language,
        "report_caption",
        {
            "title": title(made, words),
            "days": len(made.days),
            "joined": sum(made.joined.values()),
            "done": sum(made.done.values()),
            "delivered": made.delivered,
            "questions": made.questions,
            "unanswered": made.unanswered,
            "escalations": made.escalations,
            "first_reply": made.first_reply,
            "opted_out": made.opted_out,
            "booked": made.booked,
            "confirmed": made.confirmed,
        },
    )


def title(made: Report, words: Words) -> str:
    """Return the clinic and the dates."""
    return words("report", "title").format(
        clinic=made.clinic.name, first=f"{made.days[0]:%d.%m.}", last=f"{made.days[-1]:%d.%m.%Y}"
    )


def as_json(made: Report) -> dict[str, Any]:
    """Return plain values fit for JSON."""
    return {
        "clinic": made.clinic.slug,
        "from": made.days[0].isoformat(),
        "to": made.days[-1].isoformat(),
        "joined": {day.isoformat(): n for day, n in made.joined.items()},
        "done": {day.isoformat(): n for day, n in made.done.items()},
        "topics": dict(made.topics),
        "delivered": made.delivered,
        "questions": made.questions,
        "unanswered": made.unanswered,
        "escalations": made.escalations,
        "first_reply_minutes": made.first_reply,
        "opted_out": made.opted_out,
        "sessions": made.booked,
        "sessions_confirmed": made.confirmed,
    }


def as_csv(catalog: Catalog, made: Report, language: str) -> bytes:
    """Return the numbers as CSV in UTF-8 with the mark that spreadsheets look for."""
    words = catalog.words(language)
    file = io.StringIO(newline="")
    writer = csv.writer(file)
    writer.writerow([words("report", name) for name in ("what", "day", "count")])
    for name, by_day in (("joined", made.joined), ("done", made.done)):
        for day, count in by_day.items():
            writer.writerow([words("report", name), day.isoformat(), count])
    for topic, count in made.topics.items():
        writer.writerow([words("report", "topics"), named(words, topic), count])
    for name in ("delivered", "questions", "unanswered", "escalations", "opted_out", "confirmed"):
        writer.writerow([words("report", name), "", getattr(made, name)])
    writer.writerow([words("report", "first_reply"), "", made.first_reply])
    return file.getvalue().encode("utf-8-sig")


def as_chart(catalog: Catalog, made: Report, language: str) -> dict[str, Any]:
    """Return what the picture shows, in words and numbers."""
    words = catalog.words(language)
    top = list(made.topics.items())[:MOST_TOPICS]
    sums = ("unanswered", "escalations", "opted_out", "confirmed")
    return {
        "title": title(made, words),
        "nothing": words("report", "nothing"),
        "panels": [
            *(
                {
                    "title": words("report", name),
                    "labels": [f"{day:%d.%m.}" for day in by_day],
                    "values": list(by_day.values()),
                    "across": False,
                }
                for name, by_day in (("joined", made.joined), ("done", made.done))
            ),
            {
                "title": words("report", "topics"),
                "labels": [named(words, topic) for topic, _ in top],
                "values": [count for _, count in top],
                "across": True,
            },
            {
                "title": words("report", "count"),
                "labels": [words("report", name) for name in sums],
                "values": [getattr(made, name) for name in sums],
                "across": True,
            },
        ],
    }


def named(words: Words, topic: str) -> str:
    """Return a topic as people call it; one that the library no longer has by its key."""
    return str(words.table("topic").get(topic, topic))


def weekly_due(db: Database, now: datetime) -> list[Clinic]:
    """Return the clinics whose weekly report is due: once a week, when the week opens.

    A bot that was down then makes it up within the week, while the clinic is open; a clinic that
    has had none yet waits for its first Monday.
    """
    due = []
    for clinic in clinics.listed(db):
        if not clinic.weekly_report or clinic.chat_id is None or not open_now(clinic, now):
            continue
        local = now.astimezone(clinic.zone)
        monday = local.date() - timedelta(days=local.weekday())
        opening = monday + timedelta(days=min(open_weekdays(clinic.open_days), default=1) - 1)
        last = _last(db, clinic)
        if last != monday.isoformat() and (last is not None or local.date() == opening):
            due.append(clinic)
    return due


def weekly_made(db: Database, clinic: Clinic, now: datetime) -> None:
    """Note that this week's report was made."""
    local = now.astimezone(clinic.zone)
    monday = local.date() - timedelta(days=local.weekday())
    records.keep(db, _fact(clinic), monday.isoformat())


def _last(db: Database, clinic: Clinic) -> str | None:
    return records.fact(db, _fact(clinic))


def _fact(clinic: Clinic) -> str:
    return f"report.week.{clinic.id}"


def _by_day(
    instants: list[datetime], clinic: Clinic, dates: tuple[date, ...]
) -> dict[date, int]:  # fmt: skip
    counts = Counter(at.astimezone(clinic.zone).date() for at in instants)
    return {day: counts[day] for day in dates}
