"""The shell as a person uses it: a folder with a database of its own, and what a command says."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bot.cli import main
from bot.commands import clinics, patients, talk, upkeep, wording
from tests.fakes.clock import FakeClock


@dataclass(frozen=True)
class Said:
    """What a command said and how it ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one document on stdout; raises unless the command ended well."""
        assert self.code == 0, self.err
        return json.loads(self.out)

    @property
    def refusal(self) -> str:
        """The one line on stderr of a command that was refused and said nothing else."""
        assert self.code == 2
        assert self.out == ""
        (line,) = self.err.splitlines()
        assert line.startswith("aftercare: ")
        assert "Traceback" not in line
        return line


@dataclass(frozen=True)
class Shell:
    """Runs `aftercare`."""

    folder: Path
    _captured: Callable[[], tuple[str, str]]
    _monkeypatch: pytest.MonkeyPatch

    @property
    def database(self) -> Path:
        """The database that the commands use."""
        return self.folder / "aftercare.db"

    def __call__(self, *words: str) -> Said:
        self._monkeypatch.setattr(sys, "argv", ["aftercare", *words])
        self._captured()
        code = 0
        try:
            main()
        except SystemExit as done:
            code = int(done.code or 0)
        out, err = self._captured()
        return Said(code, out, err)

    def set(self, **settings: str) -> None:
        """Set settings in the environment, such as `token`."""
        for name, value in settings.items():
            self._monkeypatch.setenv(f"AFTERCARE_{name.upper()}", value)

    def dump(self) -> bytes:
        """Return the database file as it lies there."""
        return self.database.read_bytes()

    def clinic(self, name: str = "Riverside Skin") -> str:
        """Enter a clinic and return its slug."""
        slug: str = self(
            "clinic", "add", "--name", name, "--timezone", "Europe/London", "--phone",
            "+44 20 7946 0018", "--emergency-number", "999", "--json",
        ).json["clinic"]  # fmt: skip
        return slug

    def patient(self, clinic: str, *more: str) -> dict[str, str]:
        """Enrol a patient treated at noon of the test's day."""
        enrolled: dict[str, str] = self(
            "patient", "enrol", "--clinic", clinic, "--treated-at", "2026-11-24T12:00", "--json",
            *more,
        ).json  # fmt: skip
        return enrolled


@pytest.fixture
def shell(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    clock: FakeClock,
) -> Shell:
    for name in [name for name in os.environ if name.startswith("AFTERCARE_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    for module in (clinics, patients, talk, upkeep, wording):
        monkeypatch.setattr(module, "system_clock", clock)
    shell = Shell(tmp_path, lambda: tuple(capsys.readouterr()), monkeypatch)  # type: ignore[arg-type, return-value]
    shell.set(bot_username="riverside_bot")
    return shell
