"""What the linter gives to texts that a patient's standing alone cannot fill in."""

from __future__ import annotations

from typing import Any

from content.moments import Moment


def outreach(moment: Moment) -> dict[str, Any]:
    """Return a sample of every name that those texts use; `moment` is some hours ahead."""
    return {
        "starts": moment,
        "first": moment,
        "elsewhere": True,
        "state": "confirmed",
        "kind": "Microneedling",
        "sessions": [{"starts": moment, "ref": "R7K2M9QX", "state": "confirmed"}],
        "patients": [],
        "step": "patient",
        "reason": "past",
        "name": "town",
        "title": "Sun care",
        "next_session": moment,
        "recipients": 1200,
        "skipped": [("opted_out", 3)],
        "minutes": 1,
        "seconds": 42,
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
        "came": moment,
        "stage": "taken",
        "by": "Rosa",
        "taken": moment,
        "closed": moment,
        "closed_by": "Rosa",
        "seen": moment,
        "raised": True,
        "everyone": [(201, "Rosa"), (202, "Bea")],
        "media": "photo",
        "total": 2,
        "waiting": [{"ref": "R7K2M9QX", "level": "urgent", "came": moment, "by": "Rosa"}],
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
        "owner": True,
        "text": "Please come in at five.",
    }
