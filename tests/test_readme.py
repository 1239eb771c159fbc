"""The front door is true: every command and setting is there, and nothing else is promised."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from bot.cli import cli
from bot.patient import contents as patient_contents
from bot.settings import Settings
from bot.staff import contents as staff_contents

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def commands(group: click.Group, path: str = "aftercare") -> Iterator[str]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, f"{path} {name}")
        else:
            yield f"{path} {name}"


def test_the_front_door_opens_with_two_lines_to_copy() -> None:
    blocks = re.findall(r"<!-- (\w+) -->\n```bash\n(.+?)\n```", README)
    names = [name for name, _ in blocks[:2]]
    assert names == ["try", "tests"]
    for _, line in blocks[:2]:
        assert "\n" not in line
        assert "python3 -m venv" in line


@pytest.mark.parametrize("command", sorted(commands(cli)))
def test_every_command_is_told(command: str) -> None:
    assert f"`{command}" in README


def test_no_command_is_told_that_is_not_there() -> None:
    told = set(
        re.findall(r"^\| `(aftercare [a-z -]+?)(?: [A-Z<\[-].*?)?` \|", README, re.MULTILINE)
    )
    assert told
    assert told <= set(commands(cli))


@pytest.mark.parametrize("name", sorted(Settings.model_fields))
def test_every_setting_is_told(name: str) -> None:
    assert f"`AFTERCARE_{name.upper()}`" in README


def test_no_setting_is_told_that_is_not_there() -> None:
    told = set(re.findall(r"\bAFTERCARE_([A-Z_]+)\b", README))
    assert told == {name.upper() for name in Settings.model_fields}


def test_every_command_of_the_chat_is_told() -> None:
    for name in (*patient_contents.COMMANDS, *staff_contents.MENU):
        assert f"`/{name}`" in README


def test_every_file_that_the_front_door_points_to_is_there() -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", README):
        assert (ROOT / target).exists(), target
