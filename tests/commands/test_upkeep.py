"""`backup`, `restore`, `migrate` and `status`: nothing is lost and nothing half-done."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from bot.lock import only_one
from scheduler.store.engine import Store
from tests.commands.conftest import Shell


def slugs(shell: Shell) -> list[str]:
    return [row["clinic"] for row in shell("clinic", "list", "--json").json]


def test_a_backup_comes_back(shell: Shell) -> None:
    shell.clinic()
    made = shell("backup", "copy.db", "--json").json
    assert made["backup"] == "copy.db"
    assert made["bytes"] == (shell.folder / "copy.db").stat().st_size
    shell.clinic("Hilltop")
    restored = shell("restore", "copy.db", "--json").json
    assert slugs(shell) == ["riverside-skin"]
    assert restored["kept"].endswith("aftercare.db.before-restore")
    shell.set(database=restored["kept"])
    assert slugs(shell) == ["hilltop", "riverside-skin"]


def test_for_a_person_it_is_said_in_words(shell: Shell) -> None:
    shell.clinic()
    assert "Copied to copy.db" in shell("backup", "copy.db").out
    said = shell("restore", "copy.db")
    assert "is now the backup" in said.out
    assert "kept as aftercare.db.before-restore" in said.out
    shell.set(database="fresh.db")
    assert "kept as" not in shell("restore", "copy.db").out


def test_a_backup_over_another_file_or_into_nowhere_is_refused(shell: Shell) -> None:
    shell.clinic()
    (shell.folder / "notes.txt").write_text("mine", encoding="utf-8")
    assert "exists already" in shell("backup", "notes.txt").refusal
    assert (shell.folder / "notes.txt").read_text(encoding="utf-8") == "mine"
    assert "there is no folder" in shell("backup", "nowhere/copy.db").refusal


def test_a_backup_can_be_taken_while_the_bot_runs_and_a_restore_cannot(shell: Shell) -> None:
    shell.clinic()
    bot = Store(shell.database)
    with only_one(shell.database):
        assert shell("backup", "copy.db").code == 0
        assert "another bot is running" in shell("restore", "copy.db").refusal
        assert slugs(shell) == ["riverside-skin"]
    bot.close()


def test_restoring_from_nothing_or_from_itself_changes_nothing(shell: Shell) -> None:
    shell.clinic()
    (shell.folder / "diary.txt").write_text("Dear diary", encoding="utf-8")
    for wrong in ("nowhere.db", "diary.txt", "aftercare.db"):
        assert shell("restore", wrong).refusal
    assert slugs(shell) == ["riverside-skin"]


def newer(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db, db:
        db.execute(
            "INSERT INTO _sqlite_migrations (migration_set, name, applied_at)"
            " VALUES ('aftercare', 'm9999_tomorrow', '2030-01-01')"
        )


def corrupt(path: Path) -> None:
    path.write_bytes(b"SQLite format 3\x00" + b"\xff" * 8000)


def foreign(path: Path) -> None:
    path.unlink()
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("CREATE TABLE recipe (id INTEGER)")


@pytest.mark.parametrize("spoil", [newer, corrupt, foreign])
@pytest.mark.parametrize("command", [["status"], ["migrate"], ["clinic", "list"], ["backup", "b"]])
def test_a_database_that_is_not_ours_to_use_is_refused_by_every_command(
    shell: Shell, spoil: Callable[[Path], None], command: list[str]
) -> None:
    shell.clinic()
    spoil(shell.database)
    before = shell.dump()
    assert "aftercare.db" in shell(*command).refusal
    assert shell.dump() == before
    assert not (shell.folder / "b").exists()


def test_migrating_says_that_it_is_done(shell: Shell) -> None:
    assert shell("migrate", "--json").json == {"database": "aftercare.db", "up_to_date": True}
    assert "up to date" in shell("migrate").out


def test_the_status_counts_and_names_nobody(shell: Shell) -> None:
    enrolled = shell.patient(shell.clinic())
    status = shell("status", "--json").json
    assert status["clinics"] == 1
    assert (status["patients"], status["patients_active"]) == (1, 0)
    assert status["outbox"] == {}
    assert status["open_escalations"] == 0
    assert status["oldest_waiting_seconds"] == 0
    assert status["next_reminder_due"] is None
    assert status["now"].startswith("2026-11-24T14:00")
    assert enrolled["patient"] not in shell("status").out
