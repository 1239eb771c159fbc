"""The sample patients and clinics for whom the linter renders every text."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from content.catalog import Catalog
from content.inventory import Text
from content.model import ClinicVoice, Procedure
from content.moments import Moment
from content.view import Standing, standing_in_general, view

SAMPLE_HOURS = (0.5, 4.0, 20.0, 30.0, 50.0, 75.0, 125.0, 200.0, 480.0, 1500.0)
"""Hours since the treatment at which every text is looked at."""


def sample_contexts(procedure: Procedure, now: datetime) -> Iterator[dict[str, Any]]:
    """Yield what any template sees, for patients at many hours and two kinds of clinic."""
    voices = (
        ClinicVoice("Riverside Skin", "+44 20 7946 0018", "999", "Samaritans, 116 123", "Mon-Fri"),
        ClinicVoice("", "", "112", open_now=False, sunscreen_from_start=True),
    )
    for voice in voices:
        for standing in _standings(procedure, now):
            for asks in ("other", "may", "did", "normal"):
                yield view(standing, voice, asks=asks)


def _standings(procedure: Procedure, now: datetime) -> Iterator[Standing]:
    yield standing_in_general(procedure, now=now, zone=UTC)
    hours = {key: rule.hours for key, rule in procedure.rules.items()}
    for since in SAMPLE_HOURS:
        treated = now - timedelta(hours=since)
        ends = {key: treated + timedelta(hours=length) for key, length in hours.items()}
        yield Standing(now, UTC, treated, ends, hours)


class Samples:
    """What each kind of template is given when it is said in earnest, and no more than that.

    Only topics hear how a question was put; only the bot's own screens and messages to many are
    given names besides those of the view.
    """

    def __init__(self, catalog: Catalog, now: datetime) -> None:
        self._views = {
            procedure.key: list(sample_contexts(procedure, now))
            for procedure in catalog.procedures.values()
        }
        self._any = min(catalog.procedures)
        self._more = _screen_names(now)

    def of(self, text: Text) -> Iterator[dict[str, Any]]:
        """Yield the contexts of one template."""
        for context in self._views[text.procedure or self._any]:
            if text.kind != "topics" and context["asks"] != "other":
                continue
            yield {**context, **self._more} if text.kind in ("screens", "broadcasts") else context


def _screen_names(now: datetime) -> dict[str, Any]:
    """Return what the bot's own screens are given besides the view."""
    moment = Moment(now + timedelta(hours=20), now)
    return {
        "version": "2026.1",
        "marketing": True,
        "local_time": "15:42",
        "clinic_name": "Riverside Skin",
        "running": [("Wear makeup", moment)],
        "coming": [(moment, "Day 1")] * 8,
        "asks_dose": False,
        "languages": ["English", "Español"],
        "read_by": moment,
        "way": True,
        "at": moment,
        "until": moment,
        "since": moment,
        "outage": {"late": 12, "skipped": 3, "uncertain": 1},
        "change": "changed",
        "level": "urgent",
        "ref": "R7K2M9QX",
        "procedure": None,
        "hours": 30.0,
        "signs": ["pus"],
        "said": "<b>is this pus</b>",
        "words": lambda table, key: f"{table} {key}",
        **outreach(moment),
        **desk(moment),
    }


def outreach(moment: Moment) -> dict[str, Any]:
    """Return a sample of every name that those texts use; `moment` is some hours ahead."""
    return {
        "starts": moment,
        "first": moment,
        "elsewhere": True,
        "state": "confirmed",
        "kind": "Microneedling",
        "answered": moment,
        "session": {"starts": moment, "state": "confirmed", "elsewhere": True},
        "sessions": [
            {"starts": moment, "ref": "R7K2M9QX", "state": "confirmed", "answered": "2026"}
        ],
        "patients": [],
        "step": "patient",
        "reason": "past",
        "name": "town",
        "title": "Sun care",
        "next_session": moment,
        "recipients": 1200,
        "skipped": [("opted_out", 3)],
        "who": ["Day 0 to 3", "Face"],
        "below": ["Something's wrong"],
        "minutes": 1,
        "seconds": 42,
        "asleep": 3,
        "awake": moment,
        "under_way": 2,
        "matched": 38,
        "unknown": ["R7K2M9QX"],
        "bar": "■■■□□□□□□□",
        "percent": 30,
        "outcomes": [("sent", 360), ("waiting", 840)],
        "reasons": [("opted_out", 2)],
        "uncertain": ["R7K2M9QX", "B3D5F7H9"],
        "more": 2,
        "sent": True,
        "days": 7,
        "joined": 12,
        "opted_out": 1,
        "delivered": 140,
        "done": 85,
        "questions": 34,
        "unanswered": 3,
        "escalations": 5,
        "first_reply": 14,
        "confirmed": 6,
        "booked": 9,
    }


def desk(moment: Moment) -> dict[str, Any]:
    """Return a sample of every name that the texts of a clinic's desk use."""
    return {
        "signs": [{"sign": "pus", "level": "urgent", "matched": "yellow stuff"}],
        "turns": [{"said": "<b>is this pus</b>", "media": ""}, {"said": "", "media": "photo"}],
        "before": [{"said": "can I wear makeup", "topics": ["makeup"]}],
        "texts": ["<b>is this pus</b>", ""],
        "cut": True,
        "ours": True,
        "lost": [{"said": "Come in at five.", "by": "Rosa", "outcome": "uncertain"}],
        "came": moment,
        "stage": "taken",
        "by": "Rosa",
        "has": 201,
        "warned": moment,
        "taken": moment,
        "closed": moment,
        "closed_by": "Rosa",
        "seen": moment,
        "raised": True,
        "everyone": [(201, "Rosa"), (202, "Bea")],
        "media": "photo",
        "total": 2,
        "waiting": [
            {"ref": "R7K2M9QX", "level": "urgent", "came": moment, "by": "Rosa", "warned": True}
        ],
        "reference": "4711",
        "user": 201,
        "outcome": "sent",
        "kept": "held",
        "area": "Face",
        "treated_at": moment,
        "next_at": moment,
        "exceptions": [("Wear makeup", "72")],
        "link": "https://t.me/bot?start=code",
        "least": "6",
        "most": "72",
        "rule": "Wear makeup",
        "roster": [{"label": "4711", "procedure": "", "day": 2, "mark": "waits"}],
        "page": 1,
        "pages": 3,
        "status": "active",
        "ticked": 5,
        "asked": 8,
        "upcoming": (moment, "Day 1"),
        "notes": [{"at": moment, "by": "Rosa", "said": "prefers Spanish"}],
        "detail": "",
        "wrote": [{"at": moment, "said": "can I wear makeup", "topics": ["Makeup"]}],
        "people": [{"name": "Rosa", "role": "owner"}],
        "count": 14,
        "refused": [
            {
                "why": "it is too long",
                "quoted": "",
                "here": False,
                "count": 13,
                "patients": ["R7K2M9QX", "4711"],
                "more": 3,
            },
            {
                "why": "this reason:",
                "quoted": "<MEDIA>",
                "here": True,
                "count": 1,
                "patients": [],
                "more": 0,
            },
        ],
        "messages": [{"at": moment, "link": "https://t.me/c/1/2"}, {"at": moment, "link": ""}],
        "owner": True,
        "text": "Please come in at five.",
    }
