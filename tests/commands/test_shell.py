"""The shell as a whole: every command explains itself, and every slip is one line and a 2."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import click
import pytest

from bot.cli import cli
from tests.commands.conftest import Shell


def every(group: click.Group = cli, *before: str) -> Iterator[tuple[str, ...]]:
    for name, command in group.commands.items():
        yield (*before, name)
        if isinstance(command, click.Group):
            yield from every(command, *before, name)


@pytest.mark.parametrize("words", list(every()), ids=" ".join)
def test_every_command_explains_itself(shell: Shell, words: tuple[str, ...]) -> None:
    said = shell(*words, "--help")
    assert said.code == 0
    assert said.out.startswith("Usage: aftercare")
    assert len(said.out.splitlines()) > 3


def test_the_version_is_told(shell: Shell) -> None:
    assert shell("--version").out.startswith("aftercare")


@pytest.mark.parametrize(
    "words", [["nonsense"], ["clinic", "nonsense"], ["--nonsense"], ["patient", "show"]]
)
def test_a_slip_is_one_line_and_makes_no_database(shell: Shell, words: list[str]) -> None:
    assert shell(*words).refusal
    assert not shell.database.exists()


def test_a_wrong_setting_stops_every_command_that_reads_it(shell: Shell) -> None:
    shell.set(messages_per_second="fast")
    for words in (["status"], ["run"], ["clinic", "list"], ["content", "list"]):
        assert "AFTERCARE_MESSAGES_PER_SECOND is wrong" in shell(*words).refusal
    assert not shell.database.exists()


def test_the_bot_does_not_run_without_a_token(shell: Shell) -> None:
    assert "AFTERCARE_TOKEN is not set" in shell("run").refusal
    assert not shell.database.exists()


def test_the_bot_does_not_run_on_a_database_that_is_not_ours(shell: Shell) -> None:
    shell.database.write_bytes(b"Dear diary, " * 100)
    shell.set(token="4242:" + "x" * 35)
    before = shell.dump()
    assert "is damaged or not a database" in shell("run").refusal
    assert shell.dump() == before


def test_aftercare_and_python_m_bot_are_the_same_program(shell: Shell) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "bot", "nonsense"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("aftercare: No such command 'nonsense'")
