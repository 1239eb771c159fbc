"""`aftercare clinic` and `aftercare staff`: entered, shown, changed, and nothing half-done."""

from __future__ import annotations

import pytest

from scheduler.services import desk
from scheduler.store import clinics
from scheduler.store.engine import Store
from tests.commands.conftest import Shell
from tests.fakes.clock import FakeClock
from tests.fakes.people import RIVERSIDE_GROUP, ROSA

ADD = {
    "--name": "Clínica Ribera",
    "--timezone": "Europe/Madrid",
    "--phone": "+34 910 000 000",
    "--emergency-number": "112",
    "--language": "es",
}


def words(**changed: str) -> list[str]:
    given = {**ADD, **{f"--{key.replace('_', '-')}": value for key, value in changed.items()}}
    return ["clinic", "add", *(word for pair in given.items() for word in pair)]


def test_a_clinic_is_entered_with_a_code_for_its_group(shell: Shell) -> None:
    added = shell(*words(), "--json").json
    assert added.keys() == {"clinic", "connect_code"}
    assert added["clinic"] == "clinica-ribera"
    assert len(added["connect_code"]) == 22
    again = shell(*words(), "--json").json
    assert again["clinic"] == "clinica-ribera-2"
    told = shell(*words())
    assert "/connect " in told.out
    assert told.code == 0


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"timezone": "Madrid"}, "Madrid"),
        ({"language": "de"}, "de"),
        ({"name": " "}, "name"),
        ({"phone": "call us"}, "phone"),
        ({"emergency_number": "help"}, "emergency"),
    ],
)
def test_a_value_that_cannot_be_is_refused_and_no_clinic_is_there(
    shell: Shell, changed: dict[str, str], told: str
) -> None:
    assert told in shell(*words(**changed)).refusal
    assert shell("clinic", "list", "--json").json == []


def test_what_is_missing_is_named(shell: Shell) -> None:
    line = shell("clinic", "add", "--name", "X").refusal
    assert "Missing option '--timezone'" in line
    assert "aftercare --help" in line


def test_clinics_are_listed_and_shown(shell: Shell) -> None:
    shell("migrate")
    assert "none" in shell("clinic", "list").out
    slug = shell.clinic()
    (row,) = shell("clinic", "list", "--json").json
    assert row == shell("clinic", "show", slug, "--json").json
    assert row["opens"] == "09:00"
    assert row["connected"] is False
    assert "Riverside Skin" in shell("clinic", "list").out
    assert "+44 20 7946 0018" in shell("clinic", "show", slug).out
    assert "there is no clinic 'nowhere'; known: riverside-skin" in (
        shell("clinic", "show", "nowhere").refusal
    )


def test_settings_are_changed_together(shell: Shell) -> None:
    slug = shell.clinic()
    changed = shell(
        "clinic", "set", slug, "phone=+44 20 7946 0999", "wait.makeup=48", "self_enrol=yes",
        "opens=08:30", "open_days=1-6", "crisis_line=Samaritans, 116 123", "--json",
    ).json  # fmt: skip
    assert changed["phone"] == "+44 20 7946 0999"
    assert changed["waits"] == {"makeup": 48}
    assert changed["self_enrol"] is True
    assert (changed["opens"], changed["open_days"]) == ("08:30", "1-6")
    assert shell("clinic", "set", slug, "wait.makeup=", "--json").json["waits"] == {}
    assert "self_enrol set" in shell("clinic", "set", slug, "self_enrol=no").out


@pytest.mark.parametrize(
    "wrong",
    ["wait.makeup=5", "wait.makeup=soon", "wait.tea=5", "self_enrol=maybe", "opens=25:00",
     "open_days=Mon", "colour=red", "nothing", "timezone=Mars/Base", "chat_id=5"],
)  # fmt: skip
def test_one_wrong_setting_changes_none(shell: Shell, wrong: str) -> None:
    slug = shell.clinic()
    before = shell("clinic", "show", slug, "--json").json
    assert shell("clinic", "set", slug, "phone=+44 20 7946 0999", wrong).refusal
    assert shell("clinic", "show", slug, "--json").json == before


def test_a_new_code_for_a_group(shell: Shell) -> None:
    slug = shell.clinic()
    made = shell("clinic", "connect-code", slug, "--json").json
    assert made["clinic"] == slug
    assert shell("clinic", "connect-code", slug).out.startswith("/connect ")
    assert "no clinic" in shell("clinic", "connect-code", "nowhere").refusal


def test_who_may_act_is_listed_and_taken_away(shell: Shell, clock: FakeClock) -> None:
    slug = shell.clinic()
    store = Store(shell.database)
    clinic = store.run(clinics.by_slug, slug)
    assert clinic is not None
    code = store.run(desk.connect_code, clinic, clock())
    store.run(desk.connect, code, chat_id=RIVERSIDE_GROUP, user_id=ROSA, now=clock())
    store.close()
    (row,) = shell("staff", "list", "--clinic", slug, "--json").json
    assert (row["user_id"], row["role"]) == (ROSA, "owner")
    assert str(ROSA) in shell("staff", "list", "--clinic", slug).out
    assert "does not act for" in shell("staff", "remove", "999", "--clinic", slug).refusal
    removed = shell("staff", "remove", str(ROSA), "--clinic", slug, "--json").json
    assert removed == {"clinic": slug, "removed": ROSA}
    assert shell("staff", "list", "--clinic", slug, "--json").json == []
    assert "does not act" in shell("staff", "remove", str(ROSA), "--clinic", slug).refusal
