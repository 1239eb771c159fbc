"""What a patient writes reaches one card, one person has it, and nothing urgent is forgotten."""

from __future__ import annotations

from datetime import timedelta
from itertools import count

import pytest
from sqlite_utils import Database

from content.catalog import Catalog
from content.telegram_html import problems
from scheduler import payload
from scheduler.delivery import Delivery
from scheduler.messenger import (
    Attachment,
    Blocked,
    Rejected,
    RetryAfter,
    SendResult,
    Sent,
    Unknown,
    Unreachable,
)
from scheduler.model import Escalation, OutboxRow, Patient
from scheduler.services import (
    answering,
    asking,
    cards,
    desk,
    inbox,
    people,
    raising,
    sharing,
    showing,
    thread,
)
from scheduler.services.asking import Heard
from scheduler.store import clinics, edits, media, members, outbox, patients, proposals, talk, turns
from scheduler.store import inbox as store_inbox
from scheduler.store.members import Member
from scheduler.store.turns import Turn
from tests.fakes import ears
from tests.fakes.clock import FakeClock
from tests.fakes.messenger import FakeMessenger, NoPacer
from tests.fakes.people import ANA_CHAT, OLGA, RIVERSIDE_GROUP, ROSA, World

BEA = 202
NUMBERS = count(9000)


class Story:
    """Ana, treated this morning, and the people of her clinic."""

    def __init__(
        self, world: World, clock: FakeClock, messenger: FakeMessenger, catalog: Catalog
    ) -> None:
        self.world, self.clock, self.messenger = world, clock, messenger
        self.store, self.catalog = world.store, catalog
        self.delivery = Delivery(world.store, messenger, NoPacer(), clock)
        now = clock()
        world.join(treated_at=now - timedelta(hours=30), now=now)
        self.rosa = self._member(ROSA, "Rosa")
        self.bea = self._member(BEA, "Bea")

    def _member(self, user_id: int, name: str) -> Member:
        clinic, now = self.world.riverside, self.clock()
        self.store.run(people.let_in, clinic, user_id, name, now)
        found = self.store.run(people.known, clinic.id, user_id, name)
        assert found is not None
        return found

    @property
    def ana(self) -> Patient:
        return self.world.patient()

    def writes(self, said: str) -> Heard:
        """Ana writes; the clinic's group is brought up to date."""
        heard = self.store.run(
            asking.hear,
            self.ana,
            chat_id=ANA_CHAT,
            message_id=next(NUMBERS),
            said=said,
            understood=ears.heard(said),
            now=self.clock(),
        )
        if heard.escalation is not None:
            self.store.run(thread.sync, self.catalog, heard.escalation, self.clock())
        return heard

    def card(self, heard: Heard) -> Escalation:
        assert heard.escalation is not None
        return self.store.run(talk.escalation, heard.escalation)

    def in_group(self) -> list[OutboxRow]:
        """What is queued for the clinic's group, oldest first."""
        return [row for row in self.everything() if row.chat_id == RIVERSIDE_GROUP]

    def everything(self) -> list[OutboxRow]:
        return self.store.run(_all)

    async def sweep(self) -> dict[str, int]:
        return dict(await raising.sweep(self.store, self.catalog, self.clock()))

    def answers(self, row: Escalation, by: Member, said: str) -> answering.Answered:
        return self.store.run(
            answering.answer,
            self.catalog,
            self.store.run(talk.escalation, row.id),
            by,
            self.clock(),
            said=said,
            attachment=None,
            chat_id=RIVERSIDE_GROUP,
            message_id=next(NUMBERS),
        )


def kept_turn(story: Story, answered: answering.Answered) -> Turn:
    """The row that keeps an answer of Riverside's staff."""
    assert answered.turn is not None
    turn = story.store.run(turns.of_clinic, story.world.riverside.id, answered.turn)
    assert turn is not None
    return turn


def _all(db: Database) -> list[OutboxRow]:
    found = [outbox.by_id(db, number) for number in range(1, 500)]
    return [row for row in found if row is not None]


def text_of(row: OutboxRow) -> str:
    return payload.unpack(row.payload, row.chat_id).text


@pytest.fixture
def story(world: World, clock: FakeClock, messenger: FakeMessenger, catalog: Catalog) -> Story:
    return Story(world, clock, messenger, catalog)


def test_a_warning_sign_makes_one_card_with_what_matters(story: Story) -> None:
    story.writes("can I wear makeup")
    story.writes("there is pus on my cheek")
    (row,) = story.in_group()
    text = text_of(row)
    assert "URGENT" in text
    assert story.ana.ref in text
    assert "day 1, 30\xa0h" in text
    assert "there is pus on my cheek" in text
    assert "pus" in text.split("Matched:")[1]
    assert "can I wear makeup" in text
    assert not problems(text)


def test_a_second_warning_goes_to_the_same_card_and_the_higher_level_wins(story: Story) -> None:
    first = story.writes("there is pus")
    second = story.writes("I cannot breathe")
    assert second.escalation == first.escalation
    assert second.joined
    assert story.card(second).level == "emergency"
    newest = text_of(story.in_group()[-1])
    assert "EMERGENCY" in newest
    assert "there is pus" in newest
    assert "I cannot breathe" in newest
    story.writes("still pus here")
    assert story.card(second).level == "emergency"


def test_a_higher_sign_on_a_taken_card_has_to_be_taken_anew(story: Story) -> None:
    card = story.card(story.writes("there is pus"))
    story.store.run(inbox.take, story.catalog, card, story.rosa, story.clock())
    story.writes("I cannot breathe")
    fresh = story.store.run(talk.escalation, card.id)
    assert fresh.state == "open"
    assert fresh.raise_at is not None


def test_what_she_writes_next_comes_under_the_card_until_it_is_closed(story: Story) -> None:
    card = story.card(story.writes("there is pus"))
    follow = story.writes("can I wear makeup")
    assert follow.escalation == card.id
    assert "can I wear makeup" in text_of(story.in_group()[-1])
    assert payload.unpack(story.in_group()[-1].payload, 0).silent
    story.store.run(inbox.close, card, story.rosa, story.clock())
    before = len(story.in_group())
    assert story.writes("and can I wear makeup now").escalation is None
    assert len(story.in_group()) == before


def test_only_one_of_two_people_has_it_and_the_patient_hears_once_that_it_was_seen(
    story: Story,
) -> None:
    card = story.card(story.writes("there is pus"))
    now = story.clock()
    assert story.store.run(inbox.take, story.catalog, card, story.rosa, now) == "taken"
    assert story.store.run(inbox.take, story.catalog, card, story.bea, now) == "held"
    assert story.store.run(inbox.take, story.catalog, card, story.rosa, now) == "yours"
    story.store.run(inbox.give_back, card, story.rosa, now)
    assert story.store.run(inbox.take, story.catalog, card, story.bea, now) == "taken"
    seen = [row for row in story.everything() if row.dedupe_key.startswith("seen:")]
    assert [row.chat_id for row in seen] == [ANA_CHAT]
    assert "Riverside Skin has seen this" in text_of(seen[0])


async def test_an_answer_reaches_the_patient_escaped_and_under_the_clinics_name(
    story: Story,
) -> None:
    card = story.card(story.writes("there is pus"))
    answered = story.answers(card, story.rosa, "Come at <5> & bring a mask")
    (number,) = answered.outbox
    sent = await story.delivery.settle(number)
    assert sent is not None
    assert sent.state == "sent"
    assert sent.chat_id == ANA_CHAT
    assert text_of(sent) == (
        "<b>Riverside Skin writes:</b>\n\nCome at &lt;5&gt; &amp; bring a mask"
    )
    assert story.store.run(talk.escalation, card.id).taken_by == ROSA


def test_the_same_message_of_staff_goes_out_once(story: Story) -> None:
    card = story.card(story.writes("there is pus"))
    first, again = (
        story.store.run(
            answering.answer,
            story.catalog,
            card,
            story.rosa,
            story.clock(),
            said="Come today",
            attachment=None,
            chat_id=RIVERSIDE_GROUP,
            message_id=77,
        )
        for _ in range(2)
    )
    assert first.outbox
    assert again.turn is None


def test_an_answer_to_what_somebody_else_has_is_kept_and_one_tap_sends_it(story: Story) -> None:
    card = story.card(story.writes("there is pus"))
    story.store.run(inbox.take, story.catalog, card, story.rosa, story.clock())
    kept = story.answers(card, story.bea, "Come today")
    assert (kept.kept, kept.outbox) == ("held", ())
    turn = kept_turn(story, kept)
    sent = story.store.run(answering.send_kept, story.catalog, card, turn, story.bea, story.clock())
    assert sent.outbox
    assert story.store.run(talk.escalation, card.id).taken_by == BEA
    turn = kept_turn(story, kept)
    twice = story.store.run(
        answering.send_kept, story.catalog, card, turn, story.bea, story.clock()
    )
    assert twice.kept == "again"


def test_an_answer_to_a_closed_card_is_kept_and_one_tap_opens_it_again(story: Story) -> None:
    card = story.card(story.writes("there is pus"))
    story.store.run(inbox.close, card, story.rosa, story.clock())
    kept = story.answers(card, story.rosa, "One more thing")
    assert kept.kept == "closed"
    turn = kept_turn(story, kept)
    story.store.run(answering.send_kept, story.catalog, card, turn, story.rosa, story.clock())
    fresh = story.store.run(talk.escalation, card.id)
    assert (fresh.state, fresh.closed_at) == ("taken", None)


async def test_a_long_answer_and_a_picture_arrive_whole(story: Story) -> None:
    card = story.card(story.writes("there is pus"))
    story.store.run(
        answering.answer,
        story.catalog,
        card,
        story.rosa,
        story.clock(),
        said="word " * 300,
        attachment=Attachment("photo", "", file_id="rosas-photo"),
        chat_id=RIVERSIDE_GROUP,
        message_id=78,
    )
    await story.delivery.drain()
    to_ana = [message for message in story.messenger.sent if message.chat_id == ANA_CHAT]
    words = "".join(message.text for message in to_ana if message.attachment is None)
    assert words.count("word") == 300
    assert to_ana[-1].attachment == Attachment("photo", "", file_id="rosas-photo")


async def test_the_group_hears_of_an_answer_that_had_to_wait_and_then_failed(
    story: Story,
) -> None:
    card = story.card(story.writes("there is pus"))
    await story.delivery.drain()
    answered = story.answers(card, story.rosa, "Come today")
    story.messenger.results.append(Unreachable("no network"))
    assert answered.outbox
    await story.delivery.drain()
    assert await story.sweep() == {}
    story.clock.forward(minutes=1)
    story.messenger.results.append(Blocked("bot was blocked by the user"))
    await story.delivery.drain()
    story.clock.forward(minutes=2)
    assert (await story.sweep())["undelivered"] == 1
    assert "has blocked the bot" in text_of(story.in_group()[-1])
    assert "undelivered" not in await story.sweep()


async def test_an_urgent_card_nobody_took_is_raised_after_10_then_30_minutes_by_name(
    story: Story,
) -> None:
    heard = story.writes("there is pus")
    assert await story.sweep() == {}
    story.clock.forward(minutes=10)
    assert await story.sweep() == {"raised": 1, "posted": 1}
    newest = text_of(story.in_group()[-1])
    assert "Nobody has taken this yet" in newest
    assert f'<a href="tg://user?id={ROSA}">Rosa</a>' in newest
    assert f'<a href="tg://user?id={BEA}">Bea</a>' in newest
    assert not problems(newest)
    story.clock.forward(minutes=29)
    assert await story.sweep() == {}
    story.clock.forward(minutes=1)
    assert (await story.sweep())["raised"] == 1
    story.clock.forward(minutes=60)
    assert await story.sweep() == {}
    story.clock.forward(hours=24)
    assert (await story.sweep())["raised"] == 1, "once more at the next opening"
    story.store.run(inbox.take, story.catalog, story.card(heard), story.rosa, story.clock())
    story.clock.forward(days=2)
    assert await story.sweep() == {}


async def test_what_is_not_urgent_is_not_raised(story: Story) -> None:
    story.writes("I am unhappy with the result")
    story.clock.forward(hours=3)
    assert await story.sweep() == {}


@pytest.mark.parametrize(
    ("setting", "said", "raised"),
    [
        ("never", "I cannot breathe", False),
        ("emergency", "I cannot breathe", True),
        ("emergency", "there is pus", False),
        ("urgent", "there is pus", True),
    ],
)
async def test_at_night_a_card_is_raised_as_the_clinic_has_set(
    story: Story, setting: str, said: str, *, raised: bool
) -> None:
    story.store.run(
        desk.set_clinic,
        story.catalog,
        story.world.riverside,
        {"raise_closed": setting, "raise_minutes": "5"},
        story.clock(),
    )
    story.clock.forward(hours=8)  # 22:00 in London
    story.writes(said)
    story.clock.forward(minutes=5)
    counts = await story.sweep()
    assert ("raised" in counts) is raised
    if not raised:
        assert counts["deferred"] == 1
        story.clock.forward(hours=11)  # after nine the next morning
        assert (await story.sweep())["raised"] == 1


async def test_what_comes_while_no_group_is_connected_is_posted_once_one_is(
    story: Story,
) -> None:
    now = story.clock()
    story.store.run(desk.disconnected, RIVERSIDE_GROUP, ROSA, now)
    story.writes("there is pus")
    story.writes("and it hurts")
    assert story.in_group() == []
    assert await story.sweep() == {}
    code = story.store.run(desk.connect_code, story.world.riverside, now)
    story.store.run(desk.connect, code, chat_id=-5005, user_id=ROSA, now=now)
    assert (await story.sweep())["posted"] == 1
    (card,) = [row for row in story.everything() if row.chat_id == -5005]
    assert "there is pus" in text_of(card)
    assert "and it hurts" in text_of(card)
    assert await story.sweep() == {}


async def test_a_group_that_is_gone_leaves_the_clinic_unconnected_and_the_card_waiting(
    story: Story,
) -> None:
    story.writes("there is pus")
    story.messenger.results.append(Blocked("bot was kicked from the group chat"))
    await story.delivery.drain()
    assert story.store.run(clinics.by_id, story.world.riverside.id).chat_id is None
    code = story.store.run(desk.connect_code, story.world.riverside, story.clock())
    story.store.run(desk.connect, code, chat_id=RIVERSIDE_GROUP, user_id=ROSA, now=story.clock())
    assert (await story.sweep())["posted"] == 1


async def test_open_cards_follow_a_group_that_became_a_supergroup(story: Story) -> None:
    story.writes("there is pus")
    await story.delivery.drain()
    story.store.run(clinics.move_chat, RIVERSIDE_GROUP, -1007)
    assert (await story.sweep())["posted"] == 1
    assert [row.chat_id for row in story.everything()][-1] == -1007
    assert await story.sweep() == {}


async def test_a_card_that_cannot_be_composed_comes_plain_with_the_way_to_her_words(
    story: Story,
) -> None:
    broken = story.card(story.writes("there is pus"))
    story.store.run(store_inbox.lift, broken.id, "urgent", "{}", card=True)
    assert await story.sweep() == {"posted": 1}
    plain = payload.unpack(story.in_group()[-1].payload, RIVERSIDE_GROUP)
    assert "URGENT" in plain.text
    assert story.ana.ref in plain.text
    assert [button.text for (button, *_) in plain.buttons][-1] == "What she wrote"
    assert await story.sweep() == {}


async def test_what_cannot_be_posted_at_all_does_not_hold_up_another(
    story: Story, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(*_: object) -> None:
        raise RuntimeError("no")

    monkeypatch.setattr(cards, "plain", breaks)
    world.join(treated_at=story.clock(), now=story.clock(), chat_id=102)
    story.store.run(desk.disconnected, RIVERSIDE_GROUP, ROSA, story.clock())
    broken = story.card(story.writes("there is pus"))
    story.store.run(store_inbox.lift, broken.id, "urgent", "{}", card=True)
    other = story.store.run(
        asking.hear, world.patient(102), chat_id=102, message_id=1, said="pus",
        understood=ears.heard("pus"), now=story.clock(),
    )  # fmt: skip
    assert other.escalation is not None
    code = story.store.run(desk.connect_code, world.riverside, story.clock())
    story.store.run(desk.connect, code, chat_id=RIVERSIDE_GROUP, user_id=ROSA, now=story.clock())
    assert await story.sweep() == {"posted": 1, "broken": 1}
    assert await story.sweep() == {}, "it is left alone for a while"


def test_a_photo_waits_for_consent_and_is_passed_once_by_its_name(story: Story) -> None:
    ana, now = story.ana, story.clock()

    def sends(number: int, album: str = "") -> sharing.Received:
        return story.store.run(
            sharing.receive, ana, kind="photo", file_id=f"file-{number}", message_id=number,
            album=album, now=now,
        )  # fmt: skip

    assert sends(1, "a").outcome == "ask"
    assert sends(2, "a").outcome == "held"
    assert sends(2, "a").outcome == "known"
    assert story.in_group() == []
    heard = story.store.run(sharing.decide, ana, yes=True, now=now)
    assert heard is not None
    assert heard.escalation is not None
    story.store.run(thread.sync, story.catalog, heard.escalation, now)
    files = [payload.unpack(row.payload, 0).attachment for row in story.in_group()]
    assert [file.file_id for file in files if file] == ["file-1", "file-2"]
    assert sends(3).outcome == "passed"
    assert sends(3).outcome == "known"


def test_a_no_forgets_the_photo_and_holds_for_the_next(story: Story) -> None:
    ana, now = story.ana, story.clock()
    send = {"kind": "voice", "file_id": "v", "message_id": 5, "album": "", "now": now}
    story.store.run(sharing.receive, ana, **send)  # type: ignore[arg-type]
    assert story.store.run(sharing.decide, ana, yes=False, now=now) is None
    assert story.store.run(media.held, ana.id) == []
    assert story.store.run(sharing.receive, ana, **send).outcome == "refused"  # type: ignore[arg-type]


async def test_the_name_of_a_file_is_forgotten_everywhere_after_its_time(story: Story) -> None:
    ana, now = story.ana, story.clock()
    story.store.run(sharing.decide, ana, yes=True, now=now)
    received = story.store.run(
        sharing.receive, ana, kind="photo", file_id="secret-name", message_id=9, album="", now=now
    )
    assert received.heard is not None
    assert received.heard.escalation is not None
    story.store.run(thread.sync, story.catalog, received.heard.escalation, now)
    await story.delivery.drain()
    assert any("secret-name" in row.payload for row in story.everything())
    story.clock.forward(days=31)
    assert (await story.sweep())["forgotten"] == 1
    assert not any("secret-name" in row.payload for row in story.everything())


async def test_a_file_that_was_shown_twice_is_forgotten_in_both_messages(story: Story) -> None:
    ana, now = story.ana, story.clock()
    story.store.run(sharing.decide, ana, yes=True, now=now)
    received = story.store.run(
        sharing.receive, ana, kind="photo", file_id="secret-name", message_id=9, album="", now=now
    )
    assert received.heard is not None
    card = received.heard.escalation
    assert card is not None
    story.store.run(thread.sync, story.catalog, card, now)
    await story.delivery.drain()
    story.store.run(lambda db: db.execute("UPDATE outbox SET state = 'failed' WHERE id IN"
                    " (SELECT outbox_id FROM post WHERE kind = 'card')"))  # fmt: skip
    story.store.run(thread.sync, story.catalog, card, story.clock.forward(minutes=11))
    assert sum("secret-name" in row.payload for row in story.everything()) == 2
    story.clock.forward(days=31)
    await story.sweep()
    assert not any("secret-name" in row.payload for row in story.everything())


async def test_what_quotes_a_patient_leaves_the_store_with_her(story: Story) -> None:
    card = story.card(story.writes("my very own words, pus"))
    story.answers(card, story.rosa, "Come today")
    await story.delivery.drain()
    story.store.run(patients.erase, story.ana.id)
    assert not any("my very own words" in row.payload for row in story.everything())
    assert story.store.run(_count, "turn") == 0
    assert story.store.run(_count, "post") == 0


def _count(db: Database, table: str) -> int:
    return int(db.execute(f"SELECT COUNT(*) FROM {table}").fetchone()[0])


def test_a_saved_answer_is_a_draft_without_the_patients_words(story: Story) -> None:
    card = story.card(story.writes("there is pus"))
    answered = story.answers(card, story.rosa, "Keep it clean and call us.")
    turn = kept_turn(story, answered)
    assert story.store.run(answering.propose, card, turn, story.rosa, story.clock())
    assert not story.store.run(answering.propose, card, turn, story.rosa, story.clock())
    (draft,) = story.store.run(proposals.listed)
    assert draft["text"] == "Keep it clean and call us."
    assert "there is pus" not in str(draft)


def test_a_removed_person_stays_out_until_an_owner_says_otherwise(story: Story) -> None:
    clinic, now = story.world.riverside, story.clock()
    assert story.store.run(people.remove, clinic, story.rosa, BEA, now) is None
    removed = story.store.run(people.let_in, clinic, BEA, "Bea", now)
    assert removed is not None
    assert removed.removed
    story.store.run(people.let_in_again, clinic, story.rosa, BEA, now)
    back = story.store.run(members.find, clinic.id, BEA)
    assert back is not None
    assert not back.removed


def test_the_last_owner_cannot_be_removed(story: Story) -> None:
    refusal = story.store.run(people.remove, story.world.riverside, story.rosa, ROSA, story.clock())
    assert refusal == "staff_last_owner"


def test_a_code_does_not_take_a_group_away_from_another_clinic(story: Story) -> None:
    code = story.store.run(desk.connect_code, story.world.hilltop, story.clock())
    taken = story.store.run(
        desk.connect, code, chat_id=RIVERSIDE_GROUP, user_id=OLGA, now=story.clock()
    )
    assert taken is None
    found = story.store.run(clinics.by_chat, RIVERSIDE_GROUP)
    assert found is not None
    assert found.id == story.world.riverside.id


def test_another_clinic_finds_none_of_it(story: Story) -> None:
    card = story.card(story.writes("there is pus"))
    answered = story.answers(card, story.rosa, "Come today")
    other = story.world.hilltop.id
    assert story.store.run(store_inbox.of_clinic, other, card.id) is None
    assert answered.turn is not None
    assert story.store.run(turns.of_clinic, other, answered.turn) is None
    assert story.store.run(store_inbox.waiting, other) == []


@pytest.mark.parametrize("language", ["en", "es"])
def test_every_shape_of_a_card_is_sound_in_every_language(story: Story, language: str) -> None:
    story.store.run(
        desk.set_clinic, story.catalog, story.world.riverside, {"language": language},
        story.clock(),
    )  # fmt: skip
    card = story.card(story.writes("there is pus"))
    for change in (None, inbox.take, inbox.close):
        if change is inbox.take:
            story.store.run(inbox.take, story.catalog, card, story.rosa, story.clock())
        elif change is inbox.close:
            story.store.run(inbox.close, card, story.rosa, story.clock())
        shown = story.store.run(cards.card, story.catalog, card.id, story.clock())
        assert not problems(shown.text)
        assert shown.buttons
    bare = story.store.run(asking.ask_for_person, story.ana, story.clock())
    assert bare.escalation is not None
    shown = story.store.run(cards.card, story.catalog, bare.escalation, story.clock())
    assert not problems(shown.text)


def test_patient_words_in_a_card_are_inert(story: Story) -> None:
    story.writes("<b>pus</b> {{ 7 * 7 }} <script>")
    text = text_of(story.in_group()[0])
    assert "&lt;b&gt;pus&lt;/b&gt; {{ 7 * 7 }} &lt;script&gt;" in text


@pytest.mark.parametrize("language", ["en", "es"])
async def test_what_stands_below_a_card_is_sound_in_every_language(
    story: Story, language: str
) -> None:
    story.store.run(
        desk.set_clinic, story.catalog, story.world.riverside, {"language": language},
        story.clock(),
    )  # fmt: skip
    card = story.card(story.writes("there is pus"))
    await story.delivery.drain()
    for said in ["<i>" * 1300, *["and <b>more</b>"] * 70]:
        story.writes(said)
    for end in (Unknown("no answer"), Blocked("blocked"), Rejected("no")):
        answered = story.answers(card, story.rosa, "Come <today>")
        story.messenger.results.append(end)
        await story.delivery.settle(answered.outbox[0])
    await story.delivery.drain()
    texts = [text_of(row) for row in story.in_group()]
    texts.append(story.store.run(cards.card, story.catalog, card.id, story.clock()).text)
    assert [problems(text) for text in texts] == [[] for _ in texts]


async def test_words_that_join_a_post_before_it_left_go_out_with_it(story: Story) -> None:
    story.writes("there is pus")
    await story.delivery.drain()
    story.writes("it itches")
    story.writes("since this morning")
    (post,) = [row for row in story.in_group() if row.state == "waiting"]
    assert "it itches" in text_of(post)
    assert "since this morning" in text_of(post)


async def test_words_that_join_a_post_on_its_way_are_edited_in(story: Story) -> None:
    heard = story.writes("there is pus")
    await story.delivery.drain()
    story.writes("it itches")
    await story.delivery.drain()
    story.writes("since this morning")
    assert heard.escalation is not None
    (edit,) = story.store.run(showing.due, story.catalog, heard.escalation, story.clock())
    assert "it itches" in edit.text
    assert "since this morning" in edit.text
    story.writes("should I wash it")
    story.store.run(showing.settle, edit, Sent(edit.message_id), story.clock())
    wanted = story.store.run(edits.escalations, story.clock(), 9)
    assert wanted == [(heard.escalation, RIVERSIDE_GROUP)], "what came meanwhile is still wanted"


@pytest.mark.parametrize(
    ("end", "wait"),
    [(RetryAfter(30.0), 30), (Unreachable("no network"), 5), (Unknown("no answer"), 5)],
)
async def test_an_edit_that_failed_is_wanted_later(
    story: Story, end: SendResult, wait: float
) -> None:
    heard = story.writes("there is pus")
    await story.delivery.drain()
    assert heard.escalation is not None
    story.store.run(inbox.take, story.catalog, story.card(heard), story.rosa, story.clock())
    (edit,) = story.store.run(showing.due, story.catalog, heard.escalation, story.clock())
    story.store.run(showing.settle, edit, end, story.clock())
    story.clock.forward(seconds=wait - 1)
    assert story.store.run(showing.due, story.catalog, heard.escalation, story.clock()) == []
    story.clock.forward(seconds=1)
    assert story.store.run(showing.due, story.catalog, heard.escalation, story.clock()) != []


async def test_an_answer_of_a_person_is_tried_once_and_the_bots_own_words_again(
    story: Story,
) -> None:
    card = story.card(story.writes("there is pus"))
    await story.delivery.drain()
    answered = story.answers(card, story.rosa, "Come today")
    story.messenger.results.append(Unknown("no answer"))
    row = await story.delivery.settle(answered.outbox[0])
    assert row is not None
    assert row.state == "uncertain"
    called = story.store.run(inbox.ask_to_call, story.catalog, card, story.rosa, story.clock())
    assert called is not None
    story.messenger.results.append(Unknown("no answer"))
    row = await story.delivery.settle(called)
    assert row is not None
    assert row.state == "waiting"
