"""Who may do what in a clinic's group: every command, button and reply, and every kind of person.

The table is made from the bot's own tables of contents, so a new line is under test at once.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlite_utils import Database

from bot.sandbox.groups import Group
from bot.sandbox.people import Person
from bot.sandbox.refusal import bad_request
from bot.staff import contents
from scheduler.buttons import pack
from scheduler.model import Clinic, Patient
from scheduler.services import broadcast, sessions
from scheduler.services.files import MOST_FILES
from scheduler.store import patients, talk
from scheduler.store.rows import all_rows
from tests.staff.conftest import Town

STRANGER = "Only people in this group can do that."
REMOVED = "You were removed from this clinic's staff. An owner can let you in again with /staff."
OWNERS = "Only an owner of the clinic can do that."
OLD = "That button is too old or not for this clinic. Nothing was changed."
REFUSALS = {STRANGER, REMOVED, OWNERS, OLD}

CHOICES = {
    "tr.proc": "microneedling",
    "tr.area": "face",
    "tr.time": "now",
    "tr.page": "next",
    "tr.next": "w4",
    "tr.rule": "makeup",
    "pt.time": "h1",
    "pt.rule": "makeup",
    "pt.stop": "yes",
    "ss.set": "confirmed",
    "bc.new": "sun_care",
    "bc.seg": "no_session",
    "bc.page": "area",
    "bc.time": "tomorrow",
}
"""What a button carries besides the row it names, where it does nothing without."""

KEPT_TABLES = (
    "clinic", "staff", "patient", "treatment", "escalation", "turn", "draft", "note", "proposal",
    "consent", "audit", "reminder", "code", "media", "session", "broadcast",
)  # fmt: skip


class Scene:
    """Riverside with one of everything that a button can name."""

    def __init__(self, town: Town) -> None:
        self.town = town
        self.names: dict[object, int] = {}

    async def build(self) -> Scene:
        town = self.town
        await town.stan.send("/start")
        await town.joins()
        await town.ana.send("there is pus on my cheek")
        await town.rosa.send("Come today.", town.group, reply_to=town.card())
        await town.rosa.send("/treated", town.group)
        await town.rosa.tap("Microneedling", town.group)
        patient = await town.store.tx(patients.by_chat, town.ana.id)
        assert patient is not None
        (row,) = await town.store.tx(talk.escalations, patient_id=patient.id)
        self.names = {
            contents.ESCALATION: row.id,
            contents.PATIENT: patient.id,
            contents.DRAFT: await town.store.tx(_newest, "draft"),
            contents.TURN: await town.store.tx(_newest, "turn"),
            contents.PERSON: town.carla.id,
            contents.SESSION: await town.store.tx(_booked, patient, town.clock()),
            contents.BROADCAST: await town.store.tx(_drafted, town, town.riverside),
        }
        return self

    def data(self, kind: str) -> str:
        entry = contents.TAPS[kind]
        named = [] if entry.find is None else [str(self.names[entry.find])]
        if kind == "st.out":
            named = [str(self.town.bea.id)]
        choice = [CHOICES[kind]] if kind in CHOICES else []
        return pack(kind, *named, *choice)

    async def taps(self, person: Person, data: str, at: Group | None) -> str:
        """What the person is told in front of the button; empty if nothing."""
        before = len(person.toasts)
        await person.tap(data=data, at=at)
        said = person.toasts[before:]
        return said[-1] if said else ""

    async def kept(self) -> dict[str, object]:
        return await self.town.store.tx(_snapshot)


def _snapshot(db: Database) -> dict[str, object]:
    return {table: all_rows(db, f"SELECT * FROM {table}") for table in KEPT_TABLES}


def _booked(db: Database, patient: Patient, now: datetime) -> int:
    at = now + timedelta(days=20)
    return sessions.book(db, patient, at, source="shell", actor="shell", now=now).id


def _drafted(db: Database, town: Town, clinic: Clinic) -> int:
    return broadcast.draft(
        db, town.bot.catalog, clinic, template="sun_care", actor="shell", now=town.clock()
    ).id


def _newest(db: Database, table: str) -> int:
    return int(db.execute(f"SELECT MAX(id) FROM {table}").fetchone()[0])


@pytest.fixture
async def scene(town: Town) -> Scene:
    return await Scene(town).build()


@pytest.mark.parametrize("kind", sorted(contents.TAPS))
async def test_a_button_works_for_the_clinics_own_people_and_for_nobody_else(
    scene: Scene, kind: str
) -> None:
    town, data, entry = scene.town, scene.data(kind), contents.TAPS[kind]
    before = await scene.kept()
    assert await scene.taps(town.stan, data, town.group) == STRANGER
    assert await scene.taps(town.olga, data, town.group) == STRANGER
    assert await scene.taps(town.ana, data, town.group) == STRANGER
    assert await scene.taps(town.carla, data, town.group) == REMOVED
    await scene.taps(town.ana, data, None)
    await scene.taps(town.stan, data, None)
    if entry.find is not None:
        assert await scene.taps(town.olga, data, town.hill) == OLD
        gone = pack(kind, 987654)
        assert await scene.taps(town.rosa, gone, town.group) == OLD
        assert await scene.taps(town.rosa, pack(kind), town.group) == OLD
        assert await scene.taps(town.rosa, pack(kind, "junk"), town.group) == OLD
    if entry.role == "owner":
        assert await scene.taps(town.bea, data, town.group) == OWNERS
    assert await scene.kept() == before
    if entry.role == "staff":
        assert await scene.taps(town.bea, data, town.group) not in REFUSALS
    assert await scene.taps(town.rosa, data, town.group) not in REFUSALS


@pytest.mark.parametrize("name", sorted(contents.COMMANDS))
async def test_a_command_works_for_the_clinics_own_people_and_for_nobody_else(
    scene: Scene, name: str
) -> None:
    town = scene.town
    before = await scene.kept()
    await town.carla.send(f"/{name}", town.group)
    assert town.group.last.text == REMOVED
    town.group.chat.members[town.stan.id] = "member"  # an update that claims he is there
    town.group.chat.members[town.ana.id] = "member"
    for person in (town.stan, town.ana):
        town.telegram.faults.refuse(bad_request("user not found"), method="getChatMember")
        await person.send(f"/{name}", town.group)
        assert town.group.last.text == STRANGER
    await town.stan.send(f"/{name}")
    assert await scene.kept() == before
    for person in (town.rosa, town.bea):
        await person.send(f"/{name}", town.group)
        assert town.group.last.text not in REFUSALS


async def test_another_clinics_lists_show_nothing_of_ours(scene: Scene) -> None:
    town = scene.town
    patient = await town.store.tx(patients.by_chat, town.ana.id)
    assert patient is not None
    for name in contents.COMMANDS:
        await town.olga.send(f"/{name}", town.hill)
        said = " ".join([town.hill.last.text, *town.hill.last.labels])
        assert patient.ref not in said
        assert "Rosa" not in said


ANSWERS = {"broadcast_time": "tomorrow 10:00", "broadcast_list": "{patient}"}
"""What a reply says, where not any word will do."""


async def _posted(scene: Scene, kind: str) -> None:
    """Let the group have the message that the reply is about."""
    town, names = scene.town, scene.names
    asked = {
        "reference": pack("tr.page", names[contents.DRAFT], "reference"),
        "note": pack("pt.note", names[contents.PATIENT]),
        "answer": pack("in.reply", names[contents.ESCALATION]),
        "broadcast": pack("bc.own"),
        "broadcast_list": pack("bc.list", names[contents.BROADCAST]),
        "broadcast_time": pack("bc.time", names[contents.BROADCAST], "type"),
    }
    if kind in asked:
        await town.rosa.tap(data=asked[kind], at=town.group)
    elif kind == "said":
        await town.ana.send("it is hot")
    elif kind == "files":
        await town.ana.photo()
        await town.ana.tap("Yes, show it")
        for _ in range(MOST_FILES):
            await town.ana.photo()
    elif kind == "session":
        minute = int((town.clock() + timedelta(days=20)).timestamp()) // 60
        await town.ana.tap(data=pack("sess", "move", names[contents.SESSION], minute))


@pytest.mark.parametrize("kind", sorted(contents.REPLIES))
async def test_a_reply_counts_only_from_the_clinics_own_people(scene: Scene, kind: str) -> None:
    town = scene.town
    await _posted(scene, kind)
    to = town.card() if kind == "card" else town.group.last
    if kind == "thread":
        to = next(said for said in town.group.messages if "Delivered" in said.text)
    before, heard = await scene.kept(), len(town.ana.messages)
    await town.carla.send("forged", town.group, reply_to=to)
    assert town.group.last.text == REMOVED
    assert await scene.kept() == before
    assert len(town.ana.messages) == heard
    patient = await town.store.tx(patients.by_chat, town.ana.id)
    answer = ANSWERS.get(kind, "R-4711").format(patient=patient.ref if patient else "")
    await town.rosa.send(answer, town.group, reply_to=to)
    assert await scene.kept() != before


@pytest.mark.parametrize(
    "data",
    ["x", "v1", "v1:", "v0:in.take:1", "v9:in.take:1", "v1:nothing:1", "in.take:1",
     "v1:in.take:1:" + "x" * 60, "v1:in.take:-1", "v1:in.take:1 OR 1=1",
     "v1:in.take:99999999999999999999"],
)  # fmt: skip
async def test_a_button_that_we_never_made_changes_nothing(scene: Scene, data: str) -> None:
    before = await scene.kept()
    assert await scene.taps(scene.town.rosa, data, scene.town.group) == OLD
    assert await scene.kept() == before


async def test_a_member_of_the_group_becomes_staff_at_the_first_word_and_not_before(
    town: Town,
) -> None:
    await town.group.join(town.stan)
    rows = await town.store.tx(_staff)
    assert town.stan.id not in rows
    await town.stan.send("/inbox", town.group)
    assert (await town.store.tx(_staff))[town.stan.id] == "staff"


async def test_who_leaves_the_group_loses_the_right_at_once(town: Town) -> None:
    await town.group.leave(town.bea)
    assert town.bea.id not in await town.store.tx(_staff)
    await town.bea.tap(data="v1:in.list:0", at=town.group)
    assert town.bea.toasts[-1] == REMOVED


async def test_only_an_owner_lets_a_removed_person_in_again(town: Town) -> None:
    await town.carla.send("/inbox", town.group)
    assert town.group.last.text == REMOVED
    await town.rosa.send("/staff", town.group)
    await town.rosa.tap("Let in again: Carla", town.group)
    await town.carla.send("/inbox", town.group)
    assert town.group.last.text not in REFUSALS


async def test_when_telegram_cannot_be_asked_nobody_new_gets_in(town: Town) -> None:
    await town.group.join(town.stan)
    town.telegram.faults.fail(method="getChatMember")
    await town.stan.send("/inbox", town.group)
    assert town.group.last.text == "We could not check who you are just now. Please try again."
    await town.stan.send("/inbox", town.group)
    assert town.group.last.text not in REFUSALS


async def test_every_action_of_staff_is_in_the_log_and_the_log_cannot_be_changed(
    scene: Scene,
) -> None:
    town = scene.town
    rows = await town.store.tx(lambda db: all_rows(db, "SELECT actor, action FROM audit"))
    done = {row["action"] for row in rows if row["actor"] == f"user:{town.rosa.id}"}
    assert done >= {
        "clinic.connected", "staff.removed", "patient.invited", "escalation.taken",
        "escalation.answered",
    }  # fmt: skip
    with pytest.raises(Exception, match="append-only"):
        await town.store.tx(lambda db: db.execute("DELETE FROM audit"))


def _staff(db: Database) -> dict[int, str]:
    rows = all_rows(db, "SELECT user_id, role FROM staff WHERE removed_at IS NULL")
    return {row["user_id"]: row["role"] for row in rows}
