"""`backup`, `restore`, `migrate` and `status`: nothing is lost and nothing half-done."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from bot.lock import only_one
from scheduler import housekeeping
from scheduler.store import records
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


def test_the_status_tells_how_old_the_last_backup_is(shell: Shell) -> None:
    shell.clinic()
    assert shell("status", "--json").json["last_backup_seconds"] is None
    with closing(Store(shell.database)) as store:
        store.run(records.keep, housekeeping.BACKED_UP, "2026-11-24T02:00:00.000000Z")
    assert shell("status", "--json").json["last_backup_seconds"] == 12 * 3600


@pytest.mark.parametrize(
    "command",
    [
        ["status"], ["backup", "copy.db"], ["audit", "export", "--clinic", "x"],
        ["clinic", "list"], ["patient", "list"], ["broadcast", "list", "--clinic", "x"],
        ["sessions", "list", "--clinic", "x"], ["report", "--clinic", "x"],
        ["content", "drafts"], ["content", "gaps"], ["staff", "list", "--clinic", "x"],
    ],
    ids=lambda command: " ".join(command[:2]),
)  # fmt: skip
def test_in_the_wrong_folder_a_command_says_so_and_makes_no_database(
    shell: Shell, command: list[str]
) -> None:
    said = shell(*command).refusal
    assert str(shell.database) in said
    assert "AFTERCARE_DATABASE" in said
    assert list(shell.folder.iterdir()) == []


def test_what_begins_or_restores_a_database_makes_it(shell: Shell) -> None:
    shell.clinic()
    shell("backup", "copy.db")
    for name, command in {"m.db": ["migrate"], "r.db": ["restore", "copy.db"]}.items():
        shell.set(database=name)
        assert shell(*command).code == 0
        assert shell("status").code == 0


def test_a_restore_by_a_link_is_refused_while_the_bot_runs_and_leaves_the_link(
    shell: Shell,
) -> None:
    shell.clinic()
    shell("backup", "copy.db")
    shell.clinic("Hilltop")
    link = shell.folder / "link.db"
    link.symlink_to(shell.database)
    shell.set(database=str(link))
    with only_one(shell.database):
        assert "another bot is running" in shell("restore", "copy.db").refusal
    assert shell("restore", "copy.db").code == 0
    assert link.is_symlink()
    shell.set(database=str(shell.database))
    assert slugs(shell) == ["riverside-skin"]


@pytest.mark.parametrize("folder", ["a#b", "a?b", "a%41b", "a b", "ñ"])
def test_a_folder_may_be_called_anything(shell: Shell, folder: str) -> None:
    (shell.folder / folder).mkdir()
    shell.set(database=f"{folder}/aftercare.db")
    shell.clinic()
    assert shell("backup", f"{folder}/copy.db").code == 0
    assert shell("restore", f"{folder}/copy.db").code == 0
    assert slugs(shell) == ["riverside-skin"]
