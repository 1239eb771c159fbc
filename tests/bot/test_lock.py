"""One bot on one database."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.lock import only_one
from scheduler.store.files import StoreError


def test_a_second_bot_on_the_same_database_is_refused(tmp_path: Path) -> None:
    database = tmp_path / "aftercare.db"
    with only_one(database):
        with pytest.raises(StoreError, match="another bot is running"), only_one(database):
            pytest.fail("both were let in")
        with only_one(tmp_path / "other.db"):
            pass
    with only_one(database):
        pass


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    lock = only_one(tmp_path / "nowhere" / "aftercare.db")
    with pytest.raises(StoreError, match="could not be opened"), lock:
        pytest.fail("there is no such folder")


def test_a_second_bot_by_a_link_to_the_same_database_is_refused(tmp_path: Path) -> None:
    database, link = tmp_path / "data" / "aftercare.db", tmp_path / "aftercare.db"
    database.parent.mkdir()
    link.symlink_to(database)
    with (
        only_one(database),
        pytest.raises(StoreError, match="another bot is running"),
        only_one(link),
    ):
        pytest.fail("both were let in")
