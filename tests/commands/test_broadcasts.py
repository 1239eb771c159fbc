"""The shell writes to many, reads lists of appointments and counts, and is refused in one line."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot import cli
from content.catalog import Catalog
from scheduler.clock import system_clock
from scheduler.services import preferences
from scheduler.store.engine import Store
from tests.fakes.people import build_world

CLINIC = "riverside-skin"


class Shell:
    """Runs commands as a person at a terminal would, and reads what they print."""

    def __init__(self, capsys: pytest.CaptureFixture[str], reference: str) -> None:
        self.capsys, self.reference = capsys, reference

    def run(self, *words: str) -> Any:
        """Return the JSON that a command prints."""
        code, out, _ = self.refused(*words, "--json")
        assert code == 0
        return json.loads(out)

    def refused(self, *words: str) -> tuple[int, str, str]:
        """Return exit code, stdout and stderr."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("sys.argv", ["aftercare", *words])
            code = 0
            try:
                cli.main()
            except SystemExit as end:
                code = int(end.code or 0)
        out, err = self.capsys.readouterr()
        return code, out, err


@pytest.fixture
def shell(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    catalog: Catalog,
) -> Shell:
    """Riverside has two patients, one of whom opted out."""
    monkeypatch.setenv("AFTERCARE_DATABASE", str(tmp_path / "a.db"))
    monkeypatch.chdir(tmp_path)
    now = system_clock()
    store = Store(tmp_path / "a.db", durable=False)
    world = build_world(store, catalog, now)
    ana = world.join(treated_at=now - timedelta(days=5), now=now)
    bea = world.join(treated_at=now - timedelta(days=5), now=now, chat_id=102)
    store.run(preferences.stop, catalog, bea, now)
    store.close()
    return Shell(capsys, ana.ref)


def test_a_draft_is_counted_and_shown_and_sent_only_when_confirmed(shell: Shell) -> None:
    made = shell.run("broadcast", "create", "--clinic", CLINIC, "--text", "Hello {clinic}")
    assert made == {"broadcast": 1, "recipients": 1, "skipped": {"opted_out": 1}}
    shown = shell.run("broadcast", "show", "1")
    assert shown["state"] == "draft"
    assert shown["outcomes"] == {
        "waiting": 1, "sent": 0, "blocked": 0, "failed": 0, "uncertain": 0, "skipped": 0,
    }  # fmt: skip
    assert shell.run("broadcast", "confirm", "1")["state"] == "scheduled"
    assert [row["broadcast"] for row in shell.run("broadcast", "list")] == [1]


def test_it_is_paused_resumed_and_cancelled(shell: Shell) -> None:
    shell.run("broadcast", "create", "--clinic", CLINIC, "--template", "sun_care", "--confirm")
    for name, state in (("pause", "paused"), ("resume", "scheduled"), ("cancel", "cancelled")):
        assert shell.run("broadcast", name, "1") == {"broadcast": 1, "state": state}
        assert shell.run("broadcast", "show", "1")["state"] == state
    code, _, err = shell.refused("broadcast", "resume", "1")
    assert (code, err) == (2, "aftercare: broadcast 1 is cancelled; nothing to resume\n")


def test_a_list_of_references_names_the_patients(shell: Shell, tmp_path: Path) -> None:
    path = tmp_path / "who.csv"
    path.write_text(f"reference,note\n{shell.reference},x\nnobody,y\n", encoding="utf-8")
    made = shell.run(
        "broadcast", "create", "--clinic", CLINIC, "--text", "Hi", "--segment",
        f"references={path}",
    )  # fmt: skip
    assert (made["recipients"], made["skipped"]) == (1, {"unknown_reference": 1})


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--text", "Dear {name}"], "no placeholder {name}"),
        (["--text", "x" * 4097], "Telegram takes 4096"),
        (["--text", "Hi", "--template", "sun_care"], "either a template or a text"),
        (["--template", "nope"], "no template 'nope'"),
        (["--text", "Hi", "--segment", "day=300"], "nobody is in this segment"),
        (["--text", "Hi", "--segment", "toe"], "is not a segment"),
        (["--text", "Hi", "--segment", "references=none.csv"], "could not be read"),
        (["--text", "Hi", "--at", "2020-01-01T10:00"], "in the past"),
        (["--text", "Hi", "--at", "soon"], "is not a time"),
        (["--text", "Hi", "--marketing"], "no_marketing_consent 1"),
    ],
)
def test_what_cannot_be_sent_is_one_line_and_nothing_is_made(
    shell: Shell, words: list[str], says: str
) -> None:
    code, out, err = shell.refused("broadcast", "create", "--clinic", CLINIC, "--confirm", *words)
    assert (code, out) == (2, "")
    assert says in err
    assert err.count("\n") == 1
    assert shell.run("broadcast", "list") == []


def test_appointments_are_shown_then_applied_then_listed(shell: Shell, tmp_path: Path) -> None:
    start = (system_clock() + timedelta(days=9)).strftime("%Y-%m-%d 14:30")
    path = tmp_path / "next.csv"
    path.write_text(
        f"reference,start,kind\n{shell.reference},{start},\nnobody,{start},\n", encoding="utf-8"
    )
    shown = shell.run("sessions", "import", str(path), "--clinic", CLINIC)
    assert ([row["change"] for row in shown["rows"]], shown["applied"]) == (["new"], False)
    assert [row["line"] for row in shown["errors"]] == [3]
    assert shell.run("sessions", "list") == []
    shell.run("sessions", "import", str(path), "--clinic", CLINIC, "--apply")
    (listed,) = shell.run("sessions", "list", "--clinic", CLINIC)
    assert (listed["patient"], listed["state"]) == (shell.reference, "booked")
    assert (listed["answered"], listed["answered_at"]) == (False, None)
    assert "14:30" in listed["start"]
    assert shell.run("sessions", "list", "--clinic", "hilltop-clinic") == []


def test_a_report_is_printed_and_its_table_written(shell: Shell, tmp_path: Path) -> None:
    numbers = shell.run("report", "--clinic", CLINIC, "--csv", str(tmp_path / "r.csv"))
    assert (sum(numbers["joined"].values()), numbers["opted_out"]) == (2, 1)
    assert "Joined a day" in (tmp_path / "r.csv").read_text(encoding="utf-8-sig")
    code, _, err = shell.refused("report", "--clinic", CLINIC, "--csv", str(tmp_path / "no" / "r"))
    assert (code, "could not be written" in err) == (2, True)
