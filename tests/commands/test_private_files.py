"""What a command writes of patients, or to let one in, is read by its owner alone."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.commands.common import write_private
from scheduler import private
from tests.commands.conftest import Shell


@pytest.fixture(autouse=True)
def usual_umask() -> Iterator[None]:
    """The umask of most machines, by which others may read what is made."""
    before = os.umask(0o022)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize(
    "command",
    [
        ["patient", "enrol", "--clinic", "riverside-skin", "--treated-at", "2026-11-24T12:00",
         "--qr"],
        ["report", "--clinic", "riverside-skin", "--csv"],
        ["report", "--clinic", "riverside-skin", "--png"],
        ["content", "drafts", "--export"],
        ["backup"],
    ],
    ids=["qr", "csv", "png", "drafts", "backup"],
)  # fmt: skip
def test_nobody_else_can_read_what_a_command_writes(shell: Shell, command: list[str]) -> None:
    shell.clinic()
    assert shell(*command, "made").code == 0
    made = shell.folder / "made"
    assert made.stat().st_size
    assert mode(made) == 0o600


def test_a_database_that_others_could_read_is_shut_when_it_is_opened(shell: Shell) -> None:
    shell.clinic()
    shell.database.chmod(0o644)
    assert shell("status").err == ""
    assert mode(shell.database) == 0o600


def test_a_database_of_somebody_else_that_others_can_read_is_told(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    shell.clinic()
    shell.database.chmod(0o644)

    def refused(_: Path, __: int) -> None:
        raise PermissionError("not yours")

    monkeypatch.setattr(Path, "chmod", refused)
    said = shell("status", "--json")
    assert said.json["clinics"] == 1
    (line,) = said.err.splitlines()
    assert "others can read aftercare.db" in line


def test_a_file_that_cannot_be_written_whole_stays_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "numbers.csv"
    target.write_bytes(b"the old ones")
    target.chmod(0o644)

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(Exception, match="No space left"):
        write_private(target, b"the new ones")
    assert target.read_bytes() == b"the old ones"
    assert list(tmp_path.iterdir()) == [target]
    monkeypatch.undo()
    private.write(target, b"the new ones")
    assert (target.read_bytes(), mode(target)) == (b"the new ones", 0o600)


def test_a_link_is_followed_and_a_device_is_written_to(tmp_path: Path) -> None:
    (tmp_path / "real.csv").write_bytes(b"old")
    (tmp_path / "link.csv").symlink_to(tmp_path / "real.csv")
    private.write(tmp_path / "link.csv", b"new")
    assert (tmp_path / "link.csv").is_symlink()
    assert (tmp_path / "real.csv").read_bytes() == b"new"
    private.write(Path(os.devnull), b"gone")
    assert not Path(os.devnull).is_file()
