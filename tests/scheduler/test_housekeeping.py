"""The night's work: backups with rotation, and words and patients that are kept no longer."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import structlog

from content.understand import Finding, Route, Understanding
from scheduler import payload
from scheduler.housekeeping import Keeping, backup_age, keep_house
from scheduler.messenger import Attachment, Outgoing
from scheduler.model import Patient, Priority
from scheduler.services import asking
from scheduler.store import drafts, incoming, outbox, parts, patients, retention, talk, turns
from scheduler.store.engine import Store
from tests.fakes.clock import FakeClock
from tests.fakes.people import ANA_CHAT, RIVERSIDE_GROUP, ROSA, World

NIGHT = datetime(2026, 11, 25, 2, 30, tzinfo=UTC)
NO_BACKUPS = Keeping(None, 1, words_days=90, patient_days=730)
ROUTINE = Understanding(Route.ROUTINE, answered=("makeup",))


@pytest.fixture
def ana(world: World, clock: FakeClock) -> Patient:
    return world.join(treated_at=clock(), now=clock())


def says(store: Store, ana: Patient, now: datetime, text: str, number: int = 1) -> None:
    store.run(
        asking.hear, ana, chat_id=ANA_CHAT, message_id=number, said=text, understood=ROUTINE,
        now=now,
    )  # fmt: skip


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


async def test_by_day_nothing_is_done_and_by_night_once(store: Store, tmp_path: Path) -> None:
    keeping = Keeping(tmp_path, 3, 90, 730)
    assert await keep_house(store, keeping, NIGHT.replace(hour=14)) == {}
    assert (await keep_house(store, keeping, NIGHT))["backups"] == 1
    assert await keep_house(store, keeping, NIGHT + timedelta(minutes=10)) == {}
    assert await keep_house(store, keeping, NIGHT + timedelta(hours=20)) == {}
    assert (await keep_house(store, keeping, NIGHT + timedelta(days=1)))["backups"] == 1


async def test_a_night_that_was_missed_is_made_up_for_by_day(store: Store, tmp_path: Path) -> None:
    keeping = Keeping(tmp_path, 3, 90, 730)
    await keep_house(store, keeping, NIGHT)
    missed = await keep_house(store, keeping, NIGHT + timedelta(days=1, hours=8))
    assert missed["backups"] == 1


async def test_only_the_newest_backups_are_kept_and_each_opens(
    store: Store, tmp_path: Path
) -> None:
    (tmp_path / "notes.txt").write_text("mine", encoding="utf-8")
    keeping = Keeping(tmp_path, 2, 90, 730)
    for night in range(4):
        await keep_house(store, keeping, NIGHT + timedelta(days=night))
    names = names_in(tmp_path)
    assert names == [
        "aftercare-20261127-023000.db", "aftercare-20261128-023000.db", "notes.txt",
    ]  # fmt: skip
    Store(tmp_path / names[0]).close()


async def test_a_patients_words_go_after_the_time_that_was_promised(
    store: Store, ana: Patient, clock: FakeClock
) -> None:
    says(store, ana, clock(), "can I wear makeup")
    late = clock() + timedelta(days=80)
    says(store, ana, late, "and now?", number=2)
    night = NIGHT + timedelta(days=91)
    assert (await keep_house(store, NO_BACKUPS, night))["words"] == 1
    kept = [(row["said"], row["topics"]) for row in store.run(talk.exchanges, ana.id)]
    assert kept == [("", '["makeup"]'), ("and now?", '["makeup"]')]


async def test_messages_to_staff_that_quote_patients_go_too(
    world: World, store: Store, ana: Patient, clock: FakeClock
) -> None:
    def queue(key: str, patient_id: int | None, chat_id: int) -> int:
        row = store.run(
            outbox.add,
            dedupe_key=key, clinic_id=ana.clinic_id, patient_id=patient_id, chat_id=chat_id,
            priority=Priority.ESCALATION, payload="{}", content_version="", now=clock(),
            expires_at=clock() + timedelta(hours=1),
        )  # fmt: skip
        assert row is not None
        return row

    card, hers = queue("card", None, RIVERSIDE_GROUP), queue("hers", ana.id, ANA_CHAT)
    waiting = queue("waits", None, RIVERSIDE_GROUP)
    for row in (card, hers):
        store.run(outbox.finish, row, "sent", clock())
    assert (await keep_house(store, NO_BACKUPS, NIGHT + timedelta(days=91)))["messages"] == 1
    assert store.run(outbox.by_id, card) is None
    assert store.run(outbox.by_id, hers) is not None
    assert store.run(outbox.by_id, waiting) is not None


async def test_a_patient_goes_when_neither_treatment_nor_word_is_recent(
    world: World, store: Store, ana: Patient, clock: FakeClock
) -> None:
    bea = world.join(treated_at=clock(), now=clock(), chat_id=102)
    says(store, bea, clock() + timedelta(days=100), "hello")
    keeping = Keeping(None, 1, words_days=3650, patient_days=100)
    assert (await keep_house(store, keeping, NIGHT + timedelta(days=101)))["patients"] == 1
    assert store.run(patients.by_id, ana.id) is None
    assert store.run(patients.by_id, bea.id) is not None


def queued(
    store: Store, ana: Patient, key: str, now: datetime, *, file: bytes | None = None
) -> int:
    """Queue an answer to Ana, with a file if there is one, and return its row."""
    attachment = Attachment("document", "hers.json", file) if file else None
    row = store.run(
        outbox.add,
        dedupe_key=key, clinic_id=ana.clinic_id, patient_id=ana.id, chat_id=ANA_CHAT,
        priority=Priority.REPLY, payload=payload.pack("you wrote: pus", attachment=attachment),
        content_version="", now=now, expires_at=now + timedelta(hours=6),
    )  # fmt: skip
    assert row is not None
    return row


def said_in(store: Store, row: int) -> Outgoing:
    found = store.run(outbox.by_id, row)
    assert found is not None
    return payload.unpack(found.payload, ANA_CHAT)


async def test_the_copy_of_her_data_goes_once_it_has_left_and_what_waits_stays(
    store: Store, ana: Patient, clock: FakeClock
) -> None:
    left = queued(store, ana, "reply:left", clock(), file=b"all of it")
    waits = queued(store, ana, "reply:waits", clock(), file=b"all of it")
    store.run(outbox.finish, left, "sent", clock())
    assert (await keep_house(store, NO_BACKUPS, NIGHT))["files"] == 1
    assert said_in(store, left).attachment is None
    assert said_in(store, left).text == "you wrote: pus"
    still = said_in(store, waits).attachment
    assert still is not None
    assert still.content == b"all of it"


async def test_answers_of_the_bot_go_with_her_words_and_those_of_her_clinic_stay(
    store: Store, ana: Patient, clock: FakeClock
) -> None:
    says(store, ana, clock(), "can I wear makeup")
    heard = store.run(asking.pass_on, ana, message_id=1, now=clock())
    assert heard is not None
    assert heard.escalation is not None
    bots, clinics = (queued(store, ana, key, clock()) for key in ("reply:1", "turn:1:0"))
    turn = store.run(
        turns.add_clinic_turn, heard.escalation, clock(),
        user_id=ROSA, said="yes", attachment=None, chat_id=RIVERSIDE_GROUP, message_id=9,
    )  # fmt: skip
    assert turn is not None
    store.run(parts.carry, turn, 0, clinics)
    for row in (bots, clinics):
        store.run(outbox.finish, row, "sent", clock())
    assert "answers" not in await keep_house(store, NO_BACKUPS, NIGHT + timedelta(days=80))
    assert (await keep_house(store, NO_BACKUPS, NIGHT + timedelta(days=91)))["answers"] == 1
    assert said_in(store, bots).text == ""
    assert said_in(store, clinics).text == "you wrote: pus"


async def test_an_old_card_keeps_its_signs_and_none_of_the_words_they_were_found_in(
    store: Store, ana: Patient, clock: FakeClock
) -> None:
    pus = Finding("pus", Route.URGENT, "pus under my eye")
    urgent = Understanding(Route.URGENT, findings=(pus,))
    heard = store.run(
        asking.hear, ana, chat_id=ANA_CHAT, message_id=1, said="there is pus under my eye",
        understood=urgent, now=clock(),
    )  # fmt: skip
    assert heard.escalation is not None
    assert "quotes" not in await keep_house(store, NO_BACKUPS, NIGHT + timedelta(days=80))
    assert (await keep_house(store, NO_BACKUPS, NIGHT + timedelta(days=91)))["quotes"] == 1
    context = json.loads(store.run(talk.escalation, heard.escalation).context)
    assert context["signs"] == [{"sign": "pus", "level": "urgent", "matched": ""}]
    assert "quotes" not in await keep_house(store, NO_BACKUPS, NIGHT + timedelta(days=92))


async def test_an_enrolment_that_leads_to_nobody_any_more_goes_with_her(
    store: Store, world: World, clock: FakeClock
) -> None:
    begun = store.run(drafts.add, world.riverside.id, ROSA, RIVERSIDE_GROUP, clock())
    store.run(drafts.change, begun.id, reference="R-17")
    assert "drafts" not in await keep_house(store, NO_BACKUPS, NIGHT + timedelta(days=700))
    assert (await keep_house(store, NO_BACKUPS, NIGHT + timedelta(days=731)))["drafts"] == 1


async def test_a_backup_that_fails_keeps_no_promise_from_being_kept_and_is_told(
    store: Store, ana: Patient, clock: FakeClock, tmp_path: Path
) -> None:
    says(store, ana, clock(), "can I wear makeup")
    (tmp_path / "a file").write_text("x", encoding="utf-8")
    wrong = Keeping(tmp_path / "a file" / "backups", 3, 90, 730)
    night = NIGHT + timedelta(days=91)
    with structlog.testing.capture_logs() as told:
        counts = await keep_house(store, wrong, night)
    assert (counts["words"], counts["failed"], counts["backups"]) == (1, 1, 0)
    (line,) = [line for line in told if line["event"] == "backup.failed"]
    assert line["folder"] == str(wrong.backups)
    assert "Not a directory" in line["reason"]
    assert store.run(backup_age, night) is None


async def test_a_backup_that_failed_is_tried_again_in_an_hour_and_its_age_is_known(
    store: Store, tmp_path: Path
) -> None:
    (tmp_path / "a file").write_text("x", encoding="utf-8")
    wrong = Keeping(tmp_path / "a file" / "backups", 3, 90, 730)
    right = Keeping(tmp_path / "backups", 3, 90, 730)
    assert (await keep_house(store, right, NIGHT))["backups"] == 1
    assert (await keep_house(store, wrong, NIGHT + timedelta(days=1)))["failed"] == 1
    assert await keep_house(store, right, NIGHT + timedelta(days=1, minutes=50)) == {}
    later = NIGHT + timedelta(days=1, minutes=60)
    assert store.run(backup_age, later) == timedelta(hours=25)
    assert await keep_house(store, right, later) == {"backups": 1}
    assert store.run(backup_age, later + timedelta(hours=1)) == timedelta(hours=1)
    assert await keep_house(store, right, later + timedelta(hours=2)) == {}


async def test_a_part_that_fails_keeps_no_other_from_its_work_and_comes_again(
    store: Store, ana: Patient, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    says(store, ana, clock(), "can I wear makeup")
    store.run(incoming.keep, [(1, "{}")], NIGHT)
    night = NIGHT + timedelta(days=91)

    def fails(*_: object) -> int:
        raise ValueError("one poisonous row")

    with monkeypatch.context() as broken:
        broken.setattr(retention, "forget_words", fails)
        counts = await keep_house(store, NO_BACKUPS, night)
    assert (counts["failed"], counts["updates"], counts["words"]) == (1, 1, 0)
    assert (await keep_house(store, NO_BACKUPS, night + timedelta(minutes=10)))["words"] == 1


async def test_a_clock_that_was_ahead_for_one_night_keeps_no_later_night_from_its_work(
    store: Store, tmp_path: Path
) -> None:
    keeping = Keeping(tmp_path, 3, 90, 730)
    await keep_house(store, keeping, NIGHT)
    await keep_house(store, keeping, NIGHT + timedelta(days=365))
    for night in range(1, 5):
        counts = await keep_house(store, keeping, NIGHT + timedelta(days=night))
        assert counts["backups"] == 1
    assert names_in(tmp_path) == [f"aftercare-202611{day}-023000.db" for day in (27, 28, 29)], (
        "what bears a date to come goes first"
    )


async def test_half_a_backup_that_a_crash_left_goes_and_counts_for_none(
    store: Store, tmp_path: Path
) -> None:
    for half in ("aftercare-20261124-023000.db.part", "aftercare-20261124-023000.db.part-journal"):
        (tmp_path / half).write_bytes(b"half")
    await keep_house(store, Keeping(tmp_path, 1, 90, 730), NIGHT)
    assert names_in(tmp_path) == ["aftercare-20261125-023000.db"]


async def test_numbers_of_old_updates_go(store: Store) -> None:
    store.run(incoming.keep, [(1, "{}")], NIGHT - timedelta(days=3))
    assert (await keep_house(store, NO_BACKUPS, NIGHT))["updates"] == 1
