"""A clinic hands over its list of appointments: what is good is shown, what is bad has a reason."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from scheduler.model import Patient
from scheduler.services import sessions, timetable
from scheduler.services.timetable import Bad, Entry, TimetableError
from scheduler.store import sessions as rows
from scheduler.store.rows import changed
from tests.fakes.clock import FakeClock
from tests.fakes.people import World


@pytest.fixture
def ana(world: World, clock: FakeClock) -> Patient:
    return world.join(treated_at=clock() - timedelta(days=10), now=clock())


def look(world: World, clock: FakeClock, text: str | bytes) -> tuple[list[Entry], list[Bad]]:
    content = text if isinstance(text, bytes) else text.encode()
    return world.store.run(timetable.look, world.riverside, content, clock())


def apply(world: World, clock: FakeClock, good: list[Entry]) -> None:
    world.store.run(timetable.apply, good, actor="shell", now=clock())


def test_a_good_row_is_shown_first_and_written_only_when_applied(
    world: World, clock: FakeClock, ana: Patient
) -> None:
    good, bad = look(
        world, clock, f"reference,start,kind\n{ana.ref},2026-12-10 14:30,microneedling\n"
    )
    assert not bad
    assert [(entry.line, entry.change) for entry in good] == [(2, "new")]
    assert world.store.run(rows.listed) == []
    apply(world, clock, good)
    (session,) = world.store.run(rows.of_patient, ana.id)
    assert session.starts_at == datetime(2026, 12, 10, 14, 30, tzinfo=UTC)
    assert (session.kind, session.source, session.state) == ("microneedling", "import", "booked")


@pytest.mark.parametrize(
    "text",
    [
        "\ufeffReference;Start;Kind\r\n{ref};2026-12-10T14:30;x\r\n",
        "Patient ID\tstarts at\n{ref}\t2026-12-10 14:30\n",
        'ref,when,type\n"{ref}","2026-12-10 14:30","first, long"\n\n',
        "tipo,INICIO,Referencia\nx,2026-12-10 15:30+01:00,{ref}\n",
    ],
)
def test_spreadsheets_write_it_in_many_ways(
    world: World, clock: FakeClock, ana: Patient, text: str
) -> None:
    good, bad = look(world, clock, text.format(ref=ana.ref.lower()))
    assert not bad
    assert [entry.starts_at for entry in good] == [datetime(2026, 12, 10, 14, 30, tzinfo=UTC)]


def test_every_bad_row_is_named_with_its_line_and_reason_and_the_good_ones_stay(
    world: World, clock: FakeClock, ana: Patient
) -> None:
    other = world.join(treated_at=clock(), now=clock(), chat_id=102, clinic=world.hilltop)
    lines = [
        "reference,start,kind",
        f"{ana.ref},2026-12-10 14:30,x",
        "nobody,2026-12-10 14:30,x",
        f"{other.ref},2026-12-10 14:30,x",
        f"{ana.ref},2026-11-01 14:30,x",
        f"{ana.ref},10/12/2026 2pm,x",
        f"{ana.ref},2026-12-10,x",
        f"{ana.ref},2026-12-10 14:30,x",
        ",2026-12-10 14:30,x",
        f"{ana.ref},2026-12-11 14:30,x,y,z",
        f"{ana.ref},2026-12-12 14:30,{'x' * 41}",
    ]
    good, bad = look(world, clock, "\n".join(lines))
    assert [entry.line for entry in good] == [2]
    reasons = {row.line: row.reason for row in bad}
    assert sorted(reasons) == [3, 4, 5, 6, 7, 8, 9, 10, 11]
    for line, part in {
        3: "no patient of this clinic has the reference 'nobody'",
        4: "no patient of this clinic",
        5: "in the past",
        6: "is not a time",
        7: "is not a time",
        8: "the same appointment as line 2",
        9: "no reference",
        10: "5 cells",
        11: "at most 40",
    }.items():
        assert part in reasons[line]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "no column reference and start"),
        (b"name,start\nAna,2026-12-10 14:30\n", "no column reference"),
        ("reference,start\nJosé,2026-12-10 14:30".encode("latin-1"), "not UTF-8"),
        (b"reference,start\n\x00,2026", "not text"),
        (b'reference,start\n"Ana,2026-12-10 14:30\n', "is not CSV"),
        (b"reference,start\n" + b"x" * 2_000_001, "over 2 MB"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_in_one_sentence(
    world: World, clock: FakeClock, content: bytes, says: str
) -> None:
    with pytest.raises(TimetableError, match=says):
        look(world, clock, content)


def test_a_new_time_for_her_one_appointment_moves_it(
    world: World, clock: FakeClock, ana: Patient
) -> None:
    header = "reference,start,kind\n"
    apply(world, clock, look(world, clock, f"{header}{ana.ref},2026-12-10 14:30,x\n")[0])
    again, _ = look(world, clock, f"{header}{ana.ref},2026-12-10 14:30,x\n")
    assert [entry.change for entry in again] == ["unchanged"]
    moved, _ = look(world, clock, f"{header}{ana.ref},2026-12-12 09:00,x\n")
    assert [entry.change for entry in moved] == ["moved"]
    apply(world, clock, moved)
    (session,) = world.store.run(rows.of_patient, ana.id)
    assert session.starts_at.day == 12


def test_two_appointments_of_one_patient_are_two(
    world: World, clock: FakeClock, ana: Patient
) -> None:
    text = f"reference,start\n{ana.ref},2026-12-10 14:30\n{ana.ref},2027-01-10 14:30\n"
    good, bad = look(world, clock, text)
    assert ([entry.change for entry in good], bad) == (["new", "new"], [])


def test_a_missed_appointment_is_known_from_the_list(
    world: World, clock: FakeClock, ana: Patient
) -> None:
    session = world.store.run(
        sessions.book,
        ana,
        clock() + timedelta(hours=1),
        source="shell",
        actor="shell",
        now=clock(),
    )
    clock.forward(hours=5)
    start = session.starts_at.isoformat()
    good, bad = look(world, clock, f"reference,start,state\n{ana.ref},{start},missed\n")
    assert ([entry.change for entry in good], bad) == (["missed"], [])
    apply(world, clock, good)
    fresh = world.store.run(rows.by_id, session.id)
    assert fresh is not None
    assert fresh.state == "missed"


def test_two_patients_with_one_reference_are_not_guessed_between(
    world: World, clock: FakeClock, ana: Patient
) -> None:
    other = world.join(treated_at=clock(), now=clock(), chat_id=102)
    for patient in (ana, other):
        world.store.run(
            changed,
            "UPDATE patient SET reference = 'K-7' WHERE id = :id",
            {"id": patient.id},
        )
    _, bad = look(world, clock, "reference,start\nK-7,2026-12-10 14:30\n")
    assert bad == [Bad(2, "2 patients have the reference 'K-7'")]
