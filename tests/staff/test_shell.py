"""The desk from the shell: the audit log, drafts of templates, who may act, what is set."""

from __future__ import annotations

import json
import tomllib
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bot.cli import cli
from bot.commands.drafts import as_toml
from scheduler.services import desk, people
from scheduler.services.settings import DeskError
from scheduler.store import clinics
from scheduler.store.engine import Store

NOW = datetime(2026, 11, 24, 14, tzinfo=UTC)


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AFTERCARE_DATABASE", str(tmp_path / "clinic.db"))
    run("clinic", "add", "--name", "Riverside Skin", "--timezone", "Europe/London", "--phone",
        "+44 20 7946 0018", "--emergency-number", "999")  # fmt: skip
    return tmp_path / "clinic.db"


def run(*words: str) -> Result:
    return CliRunner().invoke(cli, words)


def shown(*words: str) -> object:
    result = run(*words, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_the_audit_log_of_a_clinic_is_exported_oldest_first(database: Path) -> None:
    rows = shown("audit", "export", "--clinic", "riverside-skin")
    assert isinstance(rows, list)
    assert rows[0]["action"] == "clinic.added"
    assert rows[0]["actor"] == "shell"
    assert run("audit", "export", "--clinic", "riverside-skin").exit_code == 0


def test_the_log_of_an_unknown_clinic_is_one_clear_line(database: Path) -> None:
    result = run("audit", "export", "--clinic", "nowhere")
    assert result.exit_code == 2
    assert "there is no clinic 'nowhere'" in result.output


def test_a_person_removed_from_the_shell_is_out_at_once(database: Path) -> None:
    store = Store(database, durable=False)
    clinic = store.run(clinics.by_slug, "riverside-skin")
    assert clinic is not None
    code = store.run(desk.connect_code, clinic, NOW)
    store.run(desk.connect, code, chat_id=-1, user_id=201, now=NOW, name="Rosa")
    assert shown("staff", "list", "--clinic", "riverside-skin")[0]["name"] == "Rosa"  # type: ignore[index]
    assert run("staff", "remove", "201", "--clinic", "riverside-skin").exit_code == 0
    found = store.run(people.known, clinic.id, 201, "Rosa")
    assert found is not None
    assert found.removed
    rows = shown("audit", "export", "--clinic", "riverside-skin")
    assert isinstance(rows, list)
    assert rows[-1]["action"] == "staff.removed"
    store.close()


def test_drafts_are_listed_and_written_as_toml(database: Path, tmp_path: Path) -> None:
    assert shown("content", "drafts") == []
    target = tmp_path / "drafts.toml"
    assert run("content", "drafts", "--export", str(target)).exit_code == 0
    assert tomllib.loads(target.read_text()) == {}


def test_a_draft_survives_the_way_through_toml_whatever_it_says() -> None:
    words = 'Say "yes" \\ twice\nand smile \x7f é'
    row = {"id": 1, "clinic": "riverside-skin", "topics": ["makeup"], "text": words}
    (draft,) = tomllib.loads(as_toml([row]))["draft"]
    assert draft["text"] == words
    assert draft["topics"] == ["makeup"]
    assert draft["reviewed_by"] == ""


@pytest.mark.parametrize(
    "setting", ["raise_minutes=soon", "raise_minutes=0", "raise_minutes=1,2,3,4,5,6",
                "raise_closed=sometimes", "opens=late", "open_days=8", "phone=call me"],
)  # fmt: skip
def test_a_setting_that_cannot_be_is_refused(database: Path, setting: str) -> None:
    result = run("clinic", "set", "riverside-skin", setting)
    assert isinstance(result.exception, DeskError)
    key = setting.split("=", maxsplit=1)[0]
    assert key in str(result.exception)


def test_a_clinic_sets_when_cards_are_raised(database: Path) -> None:
    assert run("clinic", "set", "riverside-skin", "raise_minutes=5, 15", "raise_closed=never")
    told = shown("clinic", "show", "riverside-skin")
    assert isinstance(told, dict)
    assert (told["raise_minutes"], told["raise_closed"]) == ("5,15", "never")
