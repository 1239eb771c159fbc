"""A clinic hears of what Telegram refused: whom it was for and why, once an hour at most."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from content.catalog import Catalog
from scheduler import payload
from scheduler.delivery import Delivery
from scheduler.messenger import Rejected, SendResult
from scheduler.model import Clinic, Patient, Priority
from scheduler.services import asking, posting, raising, thread
from scheduler.store import clinics, outbox, patients
from tests.fakes.clock import FakeClock
from tests.fakes.messenger import FakeMessenger, NoPacer
from tests.fakes.people import HILLTOP_GROUP, RIVERSIDE_GROUP, World
from tests.scheduler.test_privacy import PUS, SECRET

MARKUP = Rejected("Can't parse entities: unsupported start tag")


class Story:
    """A sender, the rounds of the schedule, and what each group was told of refusals."""

    def __init__(
        self, world: World, catalog: Catalog, clock: FakeClock, messenger: FakeMessenger
    ) -> None:
        self.world, self.store, self.catalog, self.clock = world, world.store, catalog, clock
        self.messenger = messenger
        self.delivery = Delivery(world.store, messenger, NoPacer(), clock)
        self.chats = iter(range(500, 900))

    def patient(self, clinic: Clinic | None = None) -> Patient:
        now = self.clock()
        clinic = clinic or self.world.riverside
        return self.world.join(treated_at=now, now=now, chat_id=next(self.chats), clinic=clinic)

    def queue(self, patient: Patient, priority: Priority = Priority.REMINDER) -> None:
        assert patient.chat_id is not None
        now = self.clock()
        self.store.run(
            outbox.add, dedupe_key=f"{patient.id}:{now}:{priority}", clinic_id=patient.clinic_id,
            patient_id=patient.id, chat_id=patient.chat_id, priority=priority,
            payload=payload.pack("Wash gently."), content_version="1", now=now,
            expires_at=now + timedelta(hours=9),
        )  # fmt: skip

    async def sent(self, *results: SendResult) -> None:
        self.messenger.results.extend(results)
        await self.delivery.drain()

    async def later(self, *, minutes: int, every: int = 1) -> None:
        """Time passes, with a round of the schedule and of the sender every so many minutes."""
        for _ in range(minutes // every):
            self.clock.forward(minutes=every)
            await raising.sweep(self.store, self.catalog, self.clock())
            await self.delivery.drain()

    def told(self, chat_id: int = RIVERSIDE_GROUP) -> list[str]:
        sent = [message for message in self.messenger.sent if message.chat_id == chat_id]
        return [message.text for message in sent if "refused" in message.text]


@pytest.fixture
async def story(
    world: World, catalog: Catalog, clock: FakeClock, messenger: FakeMessenger
) -> AsyncIterator[Story]:
    made = Story(world, catalog, clock, messenger)
    yield made
    await made.delivery.stop()


async def test_a_clinic_is_told_which_patient_did_not_get_her_reminder_and_why(
    story: Story,
) -> None:
    ana = story.patient()
    story.queue(ana)
    await story.sent(MARKUP)
    await story.later(minutes=3)
    (told,) = story.told()
    assert "refused one message" in told
    assert f"1 to <b>{ana.ref}</b>: a mistake in its formatting" in told


async def test_many_refusals_are_one_post_with_the_first_few_names(story: Story) -> None:
    found = [story.patient() for _ in range(23)]
    for patient in found:
        story.queue(patient)
    await story.sent(*[MARKUP] * 23)
    await story.later(minutes=30)
    (told,) = story.told()
    assert "23 to" in told
    assert found[0].ref in told
    assert "and 3 more" in told


async def test_what_is_refused_later_in_the_hour_waits_for_the_next_post(story: Story) -> None:
    ana, bea = story.patient(), story.patient()
    story.queue(ana)
    await story.sent(MARKUP)
    await story.later(minutes=10)
    story.queue(bea)
    await story.sent(Rejected("Message is too long"))
    await story.later(minutes=45)
    assert len(story.told()) == 1
    await story.later(minutes=15)
    last = story.told()[1]
    assert bea.ref in last
    assert ana.ref not in last
    assert "it is too long" in last
    await story.later(minutes=300, every=10)
    assert len(story.told()) == 2


async def test_a_reason_that_has_no_plain_words_is_quoted_and_safe(story: Story) -> None:
    story.queue(story.patient())
    await story.sent(Rejected("WEBPAGE_<b>MEDIA"))
    await story.later(minutes=2)
    assert 'Telegram says "WEBPAGE_&lt;b&gt;MEDIA"' in story.told()[0]


async def test_a_refused_answer_of_the_bot_is_told_and_a_refused_broadcast_has_its_report(
    story: Story,
) -> None:
    story.queue(story.patient(), Priority.REPLY)
    story.queue(story.patient(), Priority.BROADCAST)
    await story.sent(MARKUP, MARKUP)
    await story.later(minutes=3)
    (told,) = story.told()
    assert "refused one message" in told


async def test_no_other_clinic_hears_of_it(story: Story) -> None:
    story.queue(story.patient(story.world.hilltop))
    await story.sent(MARKUP)
    await story.later(minutes=3)
    assert not story.told()
    assert len(story.told(HILLTOP_GROUP)) == 1


async def test_a_card_that_the_group_does_not_take_is_named_with_its_patient(
    story: Story,
) -> None:
    ana = story.patient()
    assert ana.chat_id is not None
    heard = story.store.run(
        asking.hear, ana, chat_id=ana.chat_id, message_id=1, said=SECRET, understood=PUS,
        now=story.clock(),
    )  # fmt: skip
    assert heard.escalation is not None
    story.store.run(thread.sync, story.catalog, heard.escalation, story.clock())
    await story.sent(Rejected("not enough rights to send text messages to the chat"))
    await story.later(minutes=3)
    assert f"to this group about <b>{ana.ref}</b>: the bot may not write there" in story.told()[0]


async def test_a_refused_post_about_refusals_is_followed_by_none_about_itself(
    story: Story,
) -> None:
    story.queue(story.patient())
    await story.sent(MARKUP)
    story.messenger.results.append(Rejected("not enough rights to send text messages"))
    await story.later(minutes=240, every=5)
    assert len(story.told()) == 1


async def test_a_clinic_without_a_group_hears_of_it_once_it_has_one(story: Story) -> None:
    story.queue(story.patient())
    story.store.run(clinics.unbind, RIVERSIDE_GROUP, now=story.clock())
    await story.sent(MARKUP)
    await story.later(minutes=60, every=5)
    story.store.run(clinics.bind, story.world.riverside.id, RIVERSIDE_GROUP)
    await story.later(minutes=3)
    assert len(story.told()) == 1


async def test_of_an_erased_patient_nothing_is_told(story: Story) -> None:
    ana = story.patient()
    story.queue(ana)
    await story.sent(MARKUP)
    story.store.run(patients.erase, ana.id)
    await story.later(minutes=60, every=5)
    assert not story.told()


async def test_another_post_to_the_group_that_is_refused_is_told_without_a_patient(
    story: Story,
) -> None:
    story.store.run(
        posting.post, story.catalog, story.world.riverside, "report", "Sums", story.clock(),
        key="report:1",
    )  # fmt: skip
    await story.sent(Rejected("wrong file identifier"))
    await story.later(minutes=3)
    assert "1 to this group: its file could not be used" in story.told()[0]


async def test_a_clinic_that_speaks_spanish_reads_it_in_spanish(story: Story) -> None:
    story.store.run(clinics.change, story.world.riverside.id, {"language": "es"})
    story.queue(story.patient())
    await story.sent(MARKUP)
    await story.later(minutes=3)
    said = [message.text for message in story.messenger.sent if "rechazó" in message.text]
    assert len(said) == 1
    assert "hay un error en su formato" in said[0]
