"""A clinic with very many patients, made in one go: only a benchmark needs them that fast."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic

from sqlite_utils import Database

from content.catalog import Catalog
from scheduler import payload
from scheduler.clock import Clock
from scheduler.messenger import Button
from scheduler.model import Priority
from scheduler.services import desk
from scheduler.store.engine import Store, stamp
from tests.bench.crowd import FIRST_CHAT

NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)  # a Tuesday, 10:00 in London
TREATED = NOW - timedelta(hours=25)
TEXT = (
    "<b>Day 1: keep it calm and covered</b>\n\n"
    "<b>Sun.</b> Stay in the shade, wear a hat with a wide brim, no sunscreen yet today.\n\n"
    "<b>Wash.</b> Lukewarm water, a gentle cleanser, clean fingertips. Pat dry.\n\n"
    "<b>Moisturise.</b> A light, bland cream, as often as your skin feels tight.\n\n"
    "No hard exercise until Thursday 09:00, in 2 days.\n\n"
    "Many people wake up pink and puffy, most of all round the eyes. If yours gets worse, comes "
    "back, or worries you, tap <b>Something's wrong</b>."
)
"""About what a reminder says; every sender of the benchmark sends it."""

BUTTONS = ("Done", "Later", "Something's wrong")


def running() -> Clock:
    """Return a clock that starts at `NOW` and goes on as time does."""
    began = monotonic()
    return lambda: NOW + timedelta(seconds=monotonic() - began)


def open_clinic(path: Path, catalog: Catalog) -> Store:
    """Return a new store, fully synchronous, with one clinic that many patients go to."""
    store = Store(path)
    store.run(
        desk.add_clinic,
        catalog,
        name="Riverside Skin",
        timezone="Europe/London",
        phone="+44 20 7946 0018",
        emergency_number="999",
        language="en",
        now=TREATED,
    )
    return store


def fill(
    store: Store, patients: int, *, pending: int = 0, due: int = 0, now: datetime = NOW
) -> None:
    """Enter active patients, all treated within the same day.

    Args:
        store: A store of `open_clinic`.
        patients: How many.
        pending: How many reminders wait, in the weeks to come.
        due: How many patients have a reminder due at `now`.
        now: The present instant of what will run on the store.
    """
    store.run(_fill, patients, pending, due, now)


def queue(store: Store, count: int, *, priority: Priority = Priority.REMINDER) -> None:
    """Put one message for each of the first patients into the outbox, due at `NOW`."""
    store.run(_queue, count, priority)


_COUNTING = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :count)"


def _fill(db: Database, patients: int, pending: int, due: int, now: datetime) -> None:
    treated = stamp(now - (NOW - TREATED))
    db.execute(
        f"{_COUNTING} INSERT INTO patient (ref, clinic_id, chat_id, state, language, timezone,"
        " invited_at, joined_at) SELECT printf('P%07d', i), 1, :chat + i - 1, 'active', 'en',"
        " 'Europe/London', :treated, :treated FROM n",
        {"count": patients, "chat": FIRST_CHAT, "treated": treated},
    )
    db.execute(
        "INSERT INTO treatment (patient_id, procedure, area, treated_at, created_at)"
        " SELECT id, 'microneedling', 'face', strftime('%Y-%m-%dT%H:%M:00.000000Z', :treated,"
        " printf('-%d minutes', id % 480)), :treated FROM patient",
        {"treated": treated},
    )
    if pending:
        db.execute(
            f"{_COUNTING} INSERT INTO reminder (patient_id, treatment_id, step, due_at,"
            " not_before, stale_at) SELECT (i - 1) % :patients + 1, (i - 1) % :patients + 1,"
            " printf('step%d', (i - 1) / :patients), at, at, '2027-12-01T00:00:00.000000Z' FROM"
            " (SELECT i, strftime('%Y-%m-%dT%H:%M:00.000000Z', :now, '+1 day',"
            " printf('+%d minutes', (i * 7919) % 40000)) AS at FROM n)",
            {"count": pending, "patients": patients, "now": stamp(now)},
        )
    if due:
        db.execute(
            "INSERT INTO reminder (patient_id, treatment_id, step, due_at, not_before, stale_at)"
            " SELECT id, id, 'day1_morning', :now, :now, :stale FROM patient LIMIT :due",
            {"due": due, "now": stamp(now), "stale": stamp(now + timedelta(hours=9))},
        )


def _queue(db: Database, count: int, priority: Priority) -> None:
    buttons = tuple((Button(label, f"1:wrong:{n}"),) for n, label in enumerate(BUTTONS))
    db.execute(
        "INSERT INTO outbox (dedupe_key, clinic_id, patient_id, chat_id, kind, priority, payload,"
        " content_version, created_at, due_at, expires_at)"
        " SELECT 'bench:' || id, 1, id, chat_id, :kind, :priority, :payload, 'bench', :now, :now,"
        " :expires FROM patient ORDER BY id LIMIT :count",
        {
            "count": count,
            "kind": priority.name.lower(),
            "priority": int(priority),
            "payload": payload.pack(TEXT, buttons),
            "now": stamp(NOW),
            "expires": stamp(NOW + timedelta(hours=9)),
        },
    )
