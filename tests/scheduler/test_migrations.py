"""The schema: strict tables, rows that go with their patient, an old file brought up."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlite_utils import Database

from scheduler.store.engine import Store
from scheduler.store.migrations import LATEST, MIGRATIONS, applied


def columns(db: Database, table: str) -> set[str]:
    return {column.name for column in db.table(table).columns}


def tables(db: Database) -> list[str]:
    return [name for name in db.table_names() if not name.startswith(("_sqlite", "sqlite_"))]


def test_every_table_is_strict(store: Store) -> None:
    loose = store.run(
        lambda db: [name for name in tables(db) if "STRICT" not in db.table(name).schema]
    )
    assert loose == []


def test_a_text_where_a_number_belongs_is_refused(store: Store) -> None:
    with pytest.raises(sqlite3.IntegrityError, match="cannot store TEXT"):
        store.run(lambda db: db.execute("INSERT INTO incoming VALUES (1, '', '', 'no')"))


def test_whatever_belongs_to_a_patient_goes_with_her(store: Store) -> None:
    def left_behind(db: Database) -> list[str]:
        return [
            f"{table}.{row[3]}"
            for table in tables(db)
            for row in db.execute(f"PRAGMA foreign_key_list({table})").fetchall()
            if row[2] == "patient" and row[6] != "CASCADE"
        ]

    assert store.run(left_behind) == []


def test_a_table_with_a_patients_id_knows_that_it_is_one(store: Store) -> None:
    def unbound(db: Database) -> list[str]:
        return [
            table
            for table in tables(db)
            if "patient_id" in columns(db, table)
            and "patient" not in {key.other_table for key in db.table(table).foreign_keys}
        ]

    assert store.run(unbound) == []


def test_an_orphan_is_refused(store: Store) -> None:
    with pytest.raises(sqlite3.IntegrityError, match="FOREIGN KEY"):
        store.run(
            lambda db: db.execute(
                "INSERT INTO note (patient_id, user_id, at, said) VALUES (999, 1, '', '')"
            )
        )


def test_the_audit_log_only_grows(store: Store) -> None:
    store.run(
        lambda db: db.execute(
            "INSERT INTO audit (at, actor, action, subject) VALUES ('', 'a', 'b', 'c')"
        )
    )

    def change(db: Database, sql: str) -> None:
        db.execute(sql)

    for sql in ("UPDATE audit SET actor = 'x'", "DELETE FROM audit"):
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            store.run(change, sql)


def test_a_database_of_the_first_version_is_brought_up_and_keeps_its_clinic(
    tmp_path: Path,
) -> None:
    path = tmp_path / "old.db"
    db = Database(path, strict=True)
    steps = list(MIGRATIONS.pending(db))
    MIGRATIONS.apply(db, stop_before=steps[1].name)
    db.execute(
        "INSERT INTO clinic (slug, name, timezone, language, phone, emergency_number, created_at)"
        " VALUES ('old', 'Old', 'UTC', 'en', '1', '112', '2026-01-01T00:00:00.000000Z')"
    )
    db.close()
    with closing(sqlite3.connect(path)) as before:
        assert applied(before) == {steps[0].name}
    store = Store(path)
    try:
        found = store.run(lambda db: db.execute("SELECT slug, weekly_cap FROM clinic").fetchall())
        assert found == [("old", 16)]
        assert store.run(lambda db: applied(db.conn)) == set(LATEST)
    finally:
        store.close()


BEFORE_CONVERSATION = """
INSERT INTO clinic (slug, name, timezone, language, phone, emergency_number, created_at)
    VALUES ('old', 'Old', 'UTC', 'en', '1', '112', '2026-01-01T00:00:00.000000Z');
INSERT INTO patient (ref, clinic_id, state, language, timezone, invited_at)
    VALUES ('R1', 1, 'active', 'en', 'UTC', '2026-01-01T00:00:00.000000Z');
INSERT INTO media (patient_id, message_id, kind, file_id, at, expires_at)
    VALUES (1, 7, 'voice', 'v', '', '2026-01-01T00:00:00.000000Z');
INSERT INTO escalation (clinic_id, patient_id, level, context, opened_at)
    VALUES (1, 1, 'urgent', '{}', '2026-01-01T00:00:00.000000Z');
INSERT INTO turn (escalation_id, side, at, media_id) VALUES (1, 'patient', '', 1);
INSERT INTO turn (escalation_id, side, at, user_id) VALUES (1, 'clinic', '', 5);
INSERT INTO outbox (dedupe_key, clinic_id, patient_id, chat_id, kind, priority, payload,
    content_version, created_at, due_at, expires_at)
    SELECT column1, 1, 1, 9, 'reply', 1, '{}', '', '2026-01-01T00:00:00.000000Z',
        '2026-01-01T00:00:00.000000Z', '2026-01-01T00:00:00.000000Z'
    FROM (VALUES ('turn:2:0'), ('turn:2:1'), ('turn:20:0'));
"""


def test_files_and_answers_of_before_keep_their_kind_and_what_became_of_them(
    tmp_path: Path,
) -> None:
    path = tmp_path / "old.db"
    db = Database(path, strict=True)
    MIGRATIONS.apply(db, stop_before="m0005_conversation")
    db.conn.executescript(BEFORE_CONVERSATION)
    db.close()
    store = Store(path)
    try:
        assert store.run(_found, "SELECT kind, file_id FROM media") == [("voice", "v")]
        assert store.run(_found, "SELECT id FROM turn ORDER BY id") == [(1,), (2,)]
        parts = "SELECT turn_id, place, outbox_id FROM answer_part ORDER BY place"
        assert store.run(_found, parts) == [(2, 0, 1), (2, 1, 2)]
        with pytest.raises(sqlite3.IntegrityError, match="CHECK"):
            store.run(_found, "UPDATE media SET kind = 'sticker'")
    finally:
        store.close()


def _found(db: Database, sql: str) -> list[tuple[object, ...]]:
    return db.execute(sql).fetchall()


def test_an_empty_file_has_had_no_step() -> None:
    with closing(sqlite3.connect(":memory:")) as empty:
        assert applied(empty) is None
