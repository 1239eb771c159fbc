"""`aftercare patient`: enrolled in seconds, corrected, handed out and erased."""

from __future__ import annotations

import io
from contextlib import closing
from pathlib import Path

import pytest

from content.catalog import Catalog
from scheduler import payload
from scheduler.model import Priority
from scheduler.services import enrolment
from scheduler.services.enrolment import Opened
from scheduler.store import outbox, patients
from scheduler.store.engine import Store
from tests.commands.conftest import Shell
from tests.fakes.clock import FakeClock
from tests.fakes.people import ANA_CHAT


def join(shell: Shell, catalog: Catalog, clock: FakeClock, code: str) -> None:
    """Let the patient tap her code and agree."""
    store = Store(shell.database)
    opened = store.run(enrolment.open_code, code, chat_id=ANA_CHAT, language="en", now=clock())
    assert isinstance(opened, Opened)
    store.run(enrolment.agree, catalog, opened.patient.id, marketing=False, now=clock())
    store.close()


def test_a_patient_gets_a_code_a_link_and_a_picture(shell: Shell) -> None:
    slug = shell.clinic()
    enrolled = shell.patient(slug, "--qr", "code.png", "--reference", "4711")
    assert enrolled.keys() == {"patient", "code", "link"}
    assert enrolled["link"] == f"https://t.me/riverside_bot?start={enrolled['code']}"
    assert (shell.folder / "code.png").read_bytes().startswith(b"\x89PNG")
    told = shell("patient", "enrol", "--clinic", slug, "--treated-at", "2026-11-24T14:00+02:00")
    assert "https://t.me/riverside_bot?start=" in told.out
    assert "█" in told.out or "▀" in told.out
    assert "until 2026-12-08" in told.out


def test_without_the_bots_name_it_says_how_to_set_it(shell: Shell) -> None:
    shell.set(bot_username="")
    slug = shell.clinic()
    said = shell("patient", "enrol", "--clinic", slug, "--treated-at", "2026-11-24T12:00", "--json")
    assert "your_bot" in said.json["link"]
    assert "AFTERCARE_BOT_USERNAME" in said.err


@pytest.mark.parametrize(
    ("more", "told"),
    [
        (["--treated-at", "yesterday"], "is not a time; expected ISO 8601"),
        (["--treated-at", "2026-11-25T12:00"], "in the future"),
        (["--treated-at", "2024-11-25T12:00"], "more than a year ago"),
        (["--procedure", "botox"], "there is no procedure 'botox'; expected one of"),
        (["--wait", "makeup=5"], "makeup can be 6 to 72 hours, not 5"),
        (["--wait", "makeup=nan"], "makeup"),
        (["--wait", "makeup"], "expected RULE=HOURS"),
        (["--wait", "tea=5"], "there is no wait 'tea'"),
        (["--clinic", "nowhere"], "there is no clinic 'nowhere'"),
        (["--qr", "nowhere/code.png"], "could not be written"),
        (["--area", "elbow"], "elbow"),
    ],
)
def test_a_slip_enrols_nobody(shell: Shell, more: list[str], told: str) -> None:
    slug = shell.clinic()
    words = ["patient", "enrol", "--clinic", slug, "--treated-at", "2026-11-24T12:00", *more]
    assert told in shell(*words).refusal
    assert shell("patient", "list", "--json").json == []


def test_patients_are_listed_by_clinic_and_shown(
    shell: Shell, catalog: Catalog, clock: FakeClock
) -> None:
    slug, other = shell.clinic(), shell.clinic("Hilltop")
    enrolled = shell.patient(slug, "--wait", "makeup=72")
    assert shell("patient", "list", "--clinic", other, "--json").json == []
    (row,) = shell("patient", "list", "--clinic", slug, "--json").json
    assert (row["state"], row["day"]) == ("invited", 0)
    join(shell, catalog, clock, enrolled["code"])
    shown = shell("patient", "show", enrolled["patient"].lower(), "--json").json
    assert shown["state"] == "active"
    assert shown["waits_end"]["makeup"] == "2026-11-27T12:00:00+00:00"
    assert shown["treatments"][0]["waits"] == {"makeup": 72}
    assert shown["upcoming"]
    assert enrolled["patient"] in shell("patient", "show", enrolled["patient"]).out
    assert enrolled["patient"] in shell("patient", "list").out
    assert "there is no patient 'X'" in shell("patient", "show", "X").refusal


def test_a_correction_moves_what_waits_and_a_slip_changes_nothing(
    shell: Shell, catalog: Catalog, clock: FakeClock
) -> None:
    enrolled = shell.patient(shell.clinic())
    ref = enrolled["patient"]
    join(shell, catalog, clock, enrolled["code"])
    corrected = shell(
        "patient", "correct", ref, "--treated-at", "2026-11-24T10:00", "--wait", "makeup=48",
        "--json",
    ).json  # fmt: skip
    assert corrected["patient"] == ref
    assert corrected["reminders_waiting"] > 0
    shown = shell("patient", "show", ref, "--json").json
    assert shown["waits_end"]["makeup"] == "2026-11-26T10:00:00+00:00"
    for slip in (["--treated-at", "2027-01-01T10:00"], ["--wait", "makeup=1"], ["--wait", "tea=1"]):
        assert shell("patient", "correct", ref, *slip).refusal
    assert shell("patient", "show", ref, "--json").json == shown
    cancelled = shell("patient", "correct", ref, "--cancel")
    assert "0 reminders wait" in cancelled.out
    assert "no treatment to correct" in shell("patient", "correct", ref, "--cancel").refusal


def test_everything_about_a_patient_is_handed_out_and_then_erased(shell: Shell) -> None:
    ref = shell.patient(shell.clinic(), "--reference", "4711")["patient"]
    kept = shell("patient", "export", ref).json
    assert (kept["patient"], kept["clinic_reference"]) == (ref, "4711")
    assert shell("patient", "erase", ref, "--json").json == {"patient": ref, "erased": True}
    assert shell("patient", "list", "--json").json == []
    assert "there is no patient" in shell("patient", "erase", ref, "--yes").refusal


def test_erasing_asks_first(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    ref = shell.patient(shell.clinic())["patient"]
    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
    assert shell("patient", "erase", ref).code == 130
    assert len(shell("patient", "list", "--json").json) == 1
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))
    assert f"{ref} is erased" in shell("patient", "erase", ref).out


def test_a_picture_that_cannot_be_written_leaves_no_code_behind(
    shell: Shell, tmp_path: Path
) -> None:
    slug = shell.clinic()
    shell(
        "patient", "enrol", "--clinic", slug, "--treated-at", "2026-11-24T12:00", "--qr", "a/b.png"
    )
    assert shell("patient", "list", "--json").json == []


def test_what_became_of_the_last_messages_is_shown_with_the_reason(
    shell: Shell, clock: FakeClock
) -> None:
    ref = shell.patient(shell.clinic())["patient"]
    with closing(Store(shell.database)) as store:
        found = store.run(patients.by_ref, ref)
        assert found is not None
        for number, detail in enumerate(("stale", "paused", "paused"), 1):
            row = store.run(
                outbox.add,
                dedupe_key=f"reminder:1:step_{number}", clinic_id=found.clinic_id,
                patient_id=found.id, chat_id=5, priority=Priority.REMINDER,
                payload=payload.pack("x"),
                content_version="", now=clock(), expires_at=clock(),
            )  # fmt: skip
            assert row is not None
            store.run(outbox.finish, row, "skipped", clock.forward(hours=1), detail=detail)
    shown = shell("patient", "show", ref, "--json").json
    assert [(row["state"], row["reason"]) for row in shown["past"]] == [
        ("skipped", "paused"), ("skipped", "paused"), ("skipped", "stale"),
    ]  # fmt: skip
    assert shown["past"][0]["at"] == "2026-11-24T17:00:00+00:00"
    assert shown["past"][0]["step"] == "step_3"
    said = shell("patient", "show", ref).out
    assert "What became of the last messages" in said
    assert "stale" in said
    assert shell("status", "--json").json["skipped"] == {"paused": 2, "stale": 1}
    assert "paused" in shell("status").out
    kept = shell("patient", "export", ref).json
    assert [row["reason"] for row in kept["messages_to_you"]] == ["stale", "paused", "paused"]
