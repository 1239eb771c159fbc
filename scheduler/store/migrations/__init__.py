"""The schema, as the steps that made it. An applied step is never renamed or changed.

Times are UTC text of one width (see `stamp`), so the text order is the time order; a CHECK refuses
anything else. Indexes over waiting rows are partial: a query has to repeat their WHERE. The SQL of
each step stands in a module of its own.
"""

from __future__ import annotations

import sqlite3

from sqlite_utils import Database, Migrations

from scheduler.store.migrations import (
    aftermath,
    alerts,
    conversation,
    desk,
    due,
    first_week,
    keeping,
    operations,
    outreach,
    questions,
)

MIGRATIONS = Migrations("aftercare")


@MIGRATIONS()
def m0001_first_week(db: Database) -> None:
    """Clinics, patients, treatments, the plan, the outbox and what was said."""
    _run(db, first_week.SCHEMA)


@MIGRATIONS()
def m0002_desk(db: Database) -> None:
    """The clinic's desk: threads, posts, drafts, notes and media."""
    _run(db, desk.SCHEMA)


@MIGRATIONS()
def m0003_outreach(db: Database) -> None:
    """Appointments, broadcasts and what a clinic sets about both."""
    _run(db, outreach.SCHEMA)


@MIGRATIONS()
def m0004_operations(db: Database) -> None:
    """Broadcasts by turns, and updates that survive a crash."""
    _run(db, operations.SCHEMA)


@MIGRATIONS()
def m0005_conversation(db: Database) -> None:
    """Every kind of file, posts that are edited, and answers part by part."""
    _run(db, conversation.SCHEMA)


@MIGRATIONS()
def m0006_questions(db: Database) -> None:
    """Questions in a group about a broadcast."""
    _run(db, questions.SCHEMA)


@MIGRATIONS()
def m0007_alerts(db: Database) -> None:
    """Posts of a card numbered for good, and fresh warnings on a card that is taken."""
    _run(db, alerts.SCHEMA)


@MIGRATIONS()
def m0008_due(db: Database) -> None:
    """When a patient's next reminder is due."""
    _run(db, due.SCHEMA)


@MIGRATIONS()
def m0009_keeping(db: Database) -> None:
    """Messages that hold a file or an answer, for the night that empties them."""
    _run(db, keeping.SCHEMA)


@MIGRATIONS()
def m0010_aftermath(db: Database) -> None:
    """What is to be emptied after an erasure, and what Telegram refused."""
    _run(db, aftermath.SCHEMA)


def _run(db: Database, script: str) -> None:
    """Run a script statement by statement; `executescript` would commit the transaction."""
    held = ""
    for line in script.splitlines():
        held += line + "\n"
        if sqlite3.complete_statement(held):
            db.execute(held)
            held = ""


LATEST = frozenset(step.name for step in MIGRATIONS.pending(Database(memory=True)))


def applied(connection: sqlite3.Connection) -> set[str] | None:
    """Return the names of the steps a file has had; None if it is not a database of ours."""
    table = connection.execute(
        "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = '_sqlite_migrations'"
    ).fetchone()
    if table is None:
        return None
    rows = connection.execute(
        "SELECT name FROM _sqlite_migrations WHERE migration_set = ?", [MIGRATIONS.name]
    ).fetchall()
    return {str(row[0]) for row in rows} or None
