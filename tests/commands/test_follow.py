"""The shell watches a broadcast until it ends, and shows where one stands."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from sqlite_utils import Database

from content.catalog import Catalog
from scheduler.clock import system_clock
from scheduler.services import broadcast, dispatch, steering
from scheduler.store import outbox, recipients
from scheduler.store.engine import Store
from scheduler.store.rows import all_rows
from scheduler.wall_time import QuietHours
from tests.commands.test_broadcasts import CLINIC, Shell, shell

__all__ = ["shell"]

Steps = list[Callable[[Database], object]]


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch, shell: Shell, tmp_path: Path) -> Iterator[Steps]:
    """What a bot does meanwhile: one step each time the shell looks again."""
    left: Steps = []
    store = Store(tmp_path / "a.db", durable=False)

    def pause(_: float) -> None:
        store.run(left.pop(0))

    monkeypatch.setattr("bot.commands.follow.time", SimpleNamespace(sleep=pause))
    yield left
    store.close()


def nothing(_: Database) -> None:
    """The bot is busy with somebody else."""


def advance(catalog: Catalog) -> Callable[[Database], object]:
    return lambda db: dispatch.advance(db, catalog, system_clock())


def deliver(db: Database) -> None:
    (row,) = all_rows(db, "SELECT id FROM outbox WHERE broadcast_id IS NOT NULL")
    outbox.finish(db, row["id"], "sent", system_clock())


@pytest.fixture
def scheduled(shell: Shell, steps: Steps, catalog: Catalog, monkeypatch: pytest.MonkeyPatch) -> int:
    """One that waits to begin and, step by step, reaches its one patient."""
    monkeypatch.setattr(QuietHours, "next_open", lambda _self, at, _zone: at)
    made = shell.run("broadcast", "create", "--clinic", CLINIC, "--text", "Hi", "--confirm")
    go = advance(catalog)
    steps += [nothing, go, go, go, nothing, deliver, go]
    return int(made["broadcast"])


def test_on_a_pipe_each_change_is_one_line_and_it_ends_with_the_broadcast(
    shell: Shell, scheduled: int, steps: Steps
) -> None:
    code, out, err = shell.refused("broadcast", "show", f"{scheduled}", "--follow")
    assert (code, err, steps) == (0, "", [])
    assert out.splitlines() == [
        "scheduled 0/1 waiting 1",
        "sending 0/1 waiting 1",
        "sending 1/1 sent 1",
        "done 1/1 sent 1",
    ]


def test_with_json_it_prints_one_document_at_the_end(shell: Shell, scheduled: int) -> None:
    shown = shell.run("broadcast", "show", f"{scheduled}", "--follow")
    assert (shown["state"], shown["outcomes"]["sent"]) == ("done", 1)


def test_on_a_terminal_a_bar_moves_and_the_report_follows(
    shell: Shell, scheduled: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "100")
    code, out, _ = shell.refused("broadcast", "show", f"{scheduled}", "--follow")
    assert code == 0
    assert "━" in out
    assert "1/1" in out
    assert "Outcomes" in out


def test_it_ends_when_somebody_pauses_or_stops_it(
    shell: Shell, scheduled: int, steps: Steps
) -> None:
    for change, state in ((steering.pause, "paused"), (steering.cancel, "cancelled")):
        steps[:] = [
            lambda db, change=change: change(  # type: ignore[misc]
                db, broadcast.found(db, scheduled), actor="shell", now=system_clock()
            )
        ]
        _, out, _ = shell.refused("broadcast", "show", f"{scheduled}", "--follow")
        assert out.splitlines()[-1].startswith(state)
        shell.refused("broadcast", "resume", f"{scheduled}")


def test_a_draft_is_not_waited_for(shell: Shell, steps: Steps) -> None:
    shell.run("broadcast", "create", "--clinic", CLINIC, "--text", "Hi")
    assert shell.refused("broadcast", "show", "1", "--follow")[1] == "draft 0/1 waiting 1\n"


@pytest.mark.parametrize("as_json", [False, True])
def test_to_break_off_ends_the_watching_and_not_the_broadcast(
    shell: Shell,
    scheduled: int,
    steps: Steps,
    as_json: bool,  # noqa: FBT001
) -> None:
    def interrupt(_: Database) -> None:
        raise KeyboardInterrupt

    steps[1:] = [interrupt]
    words = ("--json",) if as_json else ()
    code, out, err = shell.refused("broadcast", "show", f"{scheduled}", "--follow", *words)
    assert (code, err) == (130, "You watch it no longer; it goes on.\n")
    if as_json:
        assert json.loads(out)["state"] == "scheduled"
    assert shell.run("broadcast", "show", f"{scheduled}")["state"] == "scheduled"


def test_a_long_list_of_references_is_only_begun(shell: Shell, tmp_path: Path) -> None:
    path = tmp_path / "who.txt"
    names = [shell.reference, *(f"X-{number:02}" for number in range(30))]
    path.write_text("\n".join(names), encoding="utf-8")
    code, out, _ = shell.refused(
        "broadcast", "create", "--clinic", CLINIC, "--text", "Hi", "--segment", f"references={path}"
    )
    assert code == 0
    assert "Not known here: x-00, x-01" in out
    assert "x-09 and 20 more." in out
    _, out, _ = shell.refused("broadcast", "show", "1")
    said = " ".join(out.replace("│", " ").split())
    assert "and 21 more" in said
    assert "x-29" not in said
    assert "unknown_reference" in said
    assert len(shell.run("broadcast", "show", "1")["segments"][0].split(",")) == 31


def test_every_reason_is_shown_also_one_that_nobody_has_heard_of(
    shell: Shell, scheduled: int, steps: Steps, tmp_path: Path
) -> None:
    shell.refused("broadcast", "show", f"{scheduled}", "--follow")
    store = Store(tmp_path / "a.db", durable=False)
    store.run(lambda db: db.execute("UPDATE outbox SET state = 'skipped', detail = 'odd'"))
    assert store.run(lambda db: recipients.reasons(db, broadcast.found(db, scheduled))) == {
        "odd": 1
    }
    store.close()
    _, out, _ = shell.refused("broadcast", "show", f"{scheduled}")
    assert "odd" in out
    assert "opted_out" in out


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"x\n" * 600_000, "over 1 MB"),
        (b"PK\x03\x04\xff\xfe", "save it as CSV UTF-8"),
        (b'a\n"b" c', "is not CSV"),
        (b"\n", "is empty"),
    ],
)
def test_a_file_that_is_no_list_is_one_line(
    shell: Shell, tmp_path: Path, content: bytes, says: str
) -> None:
    path = tmp_path / "who.csv"
    path.write_bytes(content)
    code, out, err = shell.refused(
        "broadcast", "create", "--clinic", CLINIC, "--text", "Hi", "--segment", f"references={path}"
    )
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert says in err


def test_a_message_for_later_says_when_and_who_sleeps_then(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AFTERCARE_MESSAGES_PER_SECOND", "0.005")
    words = ("broadcast", "create", "--clinic", CLINIC, "--text", "Hi", "--at")
    _, out, _ = shell.refused(*words, "2090-06-06T12:00")
    assert "1 patient, from 2090-06-06 12:00+01:00, about 3 minutes." in " ".join(out.split())
    _, out, _ = shell.refused(*words, "2090-06-06T22:30")
    said = " ".join(out.split())
    assert "1 patient, from 2090-06-06 22:30+01:00, 1 of them in quiet hours then" in said
    assert "the last gets it 2090-06-07 08:00+01:00." in said
