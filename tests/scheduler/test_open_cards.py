"""A card that stays open: for weeks, past what is kept, and when she writes of a sign again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
from sqlite_utils import Database

from content.catalog import Catalog
from content.telegram_html import problems
from scheduler import payload
from scheduler.housekeeping import Keeping, keep_house
from scheduler.messenger import Outgoing
from scheduler.model import Escalation, OutboxRow, Priority
from scheduler.services import files, inbox, sharing, thread
from scheduler.store import inbox as store_inbox
from scheduler.store import outbox, patients, posts, talk
from scheduler.store.engine import Store, stamp
from scheduler.store.migrations import MIGRATIONS
from tests.fakes.clock import FakeClock
from tests.fakes.messenger import FakeMessenger
from tests.fakes.people import ANA_CHAT, RIVERSIDE_GROUP, ROSA, World
from tests.scheduler.test_inbox import Story, text_of

A_WEEK = Keeping(None, 1, words_days=7, patient_days=730)


@pytest.fixture
def story(world: World, clock: FakeClock, messenger: FakeMessenger, catalog: Catalog) -> Story:
    return Story(world, clock, messenger, catalog)


def message(row: OutboxRow) -> Outgoing:
    return payload.unpack(row.payload, row.chat_id)


def labels(row: OutboxRow) -> list[str]:
    return [button.text for line in message(row).buttons for button in line]


async def days_pass(story: Story, days: int) -> dict[str, int]:
    """The schedule at work every six hours, and housekeeping every night; what was done by it."""
    done: dict[str, int] = {}
    for _ in range(4 * days):
        now = story.clock.forward(hours=6)
        for name, count in (await story.sweep()).items():
            done[name] = done.get(name, 0) + count
        await story.delivery.drain()
        await keep_house(story.store, A_WEEK, now)
    return done


async def taken(story: Story, said: str = "there is pus") -> Escalation:
    """Ana wrote of a warning sign, the group has it, Rosa took it."""
    card = story.card(story.writes(said))
    await story.delivery.drain()
    story.store.run(inbox.take, story.catalog, card, story.rosa, story.clock())
    return card


def fresh(story: Story, card: Escalation) -> Escalation:
    return story.store.run(talk.escalation, card.id)


async def test_a_card_nobody_takes_is_raised_at_every_opening_longer_than_words_are_kept(
    story: Story,
) -> None:
    card = story.card(story.writes("there is pus"))
    await story.delivery.drain()
    done = await days_pass(story, 21)
    assert "broken" not in done
    assert done["raised"] >= 14, "at each opening of three weeks"
    assert done["posted"] == done["raised"], "and nothing else is posted anew"
    story.writes("it is worse, more pus today")
    assert "it is worse, more pus today" in text_of(story.in_group()[-1])
    assert fresh(story, card).state == "open"


async def test_what_she_writes_on_a_taken_card_arrives_after_its_first_posts_are_forgotten(
    story: Story,
) -> None:
    card = await taken(story)
    first = story.in_group()[0]
    assert await days_pass(story, 10) == {}, "the group is not shown again what it was shown"
    story.writes("it is worse, more pus today")
    assert "it is worse, more pus today" in text_of(story.in_group()[-1])
    assert first.message_id is not None
    about = story.store.run(posts.at, RIVERSIDE_GROUP, first.message_id)
    assert about is not None, "a reply to the first card is still understood"
    assert about.escalation_id == card.id


async def test_of_an_open_card_no_words_are_kept_longer_than_was_promised(story: Story) -> None:
    await taken(story, "there is pus on my left cheek")
    story.writes("and my left ear itches")
    await story.delivery.drain()
    await days_pass(story, 10)
    dump = story.store.run(lambda db: "\n".join(db.conn.iterdump()))
    assert "left cheek" not in dump
    assert "left ear" not in dump


async def test_a_card_opened_again_after_all_was_forgotten_shows_nothing_empty(
    story: Story,
) -> None:
    card = await taken(story)
    for said in ("one", "two", "three", "four", "five"):
        story.writes(said)
    await story.delivery.drain()
    story.store.run(inbox.close, card, story.rosa, story.clock())
    await days_pass(story, 10)
    before = len(story.in_group())
    story.store.run(inbox.reopen, card, story.rosa, story.clock())
    assert await story.sweep() == {"posted": 1}
    assert [row.kind for row in story.in_group()[before:]] == ["escalation"]
    assert await story.sweep() == {}


async def test_another_patients_card_with_the_number_of_an_erased_one_is_posted(
    story: Story, world: World
) -> None:
    first = story.card(story.writes("there is pus"))
    story.store.run(lambda db: db.execute("DELETE FROM patient"))
    story.clock.forward(days=1)
    world.join(treated_at=story.clock(), now=story.clock())
    again = story.card(story.writes("there is pus"))
    assert again.id == first.id, "SQLite gives a number again"
    assert len(story.in_group()) == 2


def test_an_open_card_of_an_older_database_goes_on(
    tmp_path: Path, catalog: Catalog, clock: FakeClock
) -> None:
    path, at = tmp_path / "old.db", stamp(clock())
    db = Database(path, strict=True)
    MIGRATIONS.apply(db, stop_before="m0007_alerts")
    db.conn.executescript(f"""
        INSERT INTO clinic (slug, name, timezone, language, phone, emergency_number, created_at,
            chat_id) VALUES ('old', 'Old', 'UTC', 'en', '1', '112', '{at}', -1);
        INSERT INTO patient (ref, clinic_id, state, language, timezone, invited_at)
            VALUES ('R1', 1, 'active', 'en', 'UTC', '{at}');
        INSERT INTO escalation (clinic_id, patient_id, level, context, opened_at, raised, raise_at)
            VALUES (1, 1, 'urgent',
            '{{"procedure": null, "hours": null, "signs": [], "before": []}}', '{at}', 1, '{at}');
        INSERT INTO outbox (dedupe_key, clinic_id, chat_id, kind, priority, payload,
            content_version, created_at, due_at, expires_at, state, finished_at)
            SELECT 'card:1:' || column1, 1, -1, 'escalation', 0, '{{"text": "x"}}', '',
            '{at}', '{at}', '{at}', 'sent', '{at}' FROM (VALUES (1), (2), (5));
        INSERT INTO post (outbox_id, kind, escalation_id) SELECT id, 'card', 1 FROM outbox;
    """)
    db.close()
    store = Store(path)
    try:
        assert [row.id for row in store.run(store_inbox.due_to_raise, clock(), 5)] == [1]
        for expected in (4, 5):
            store.run(store_inbox.raised, 1)
            assert store.run(thread.sync, catalog, 1, clock()) == 1
            newest = store.run(outbox.by_id, expected)
            assert newest is not None
            assert newest.state == "waiting"
    finally:
        store.close()


async def test_a_sign_again_on_a_taken_card_is_an_alert_that_names_level_and_taker(
    story: Story,
) -> None:
    await taken(story)
    story.clock.forward(hours=3)
    heard = story.writes("now the pus spreads")
    alert = story.in_group()[-1]
    assert alert.priority == Priority.ESCALATION
    assert not message(alert).silent
    assert "A warning sign again" in message(alert).text
    assert "URGENT" in message(alert).text
    assert "now the pus spreads" in message(alert).text
    assert f'<a href="tg://user?id={ROSA}">Rosa</a> has it' in message(alert).text
    assert "Seen, I have it" in labels(alert)
    assert not problems(message(alert).text)
    before = len(story.in_group())
    story.writes("pus and more pus")
    (with_her_words,) = story.in_group()[before:]
    assert "warning sign again" not in text_of(with_her_words), "one alert, until somebody reacts"
    assert story.card(heard).taken_by == ROSA


async def test_an_alert_to_which_nobody_reacts_is_raised_by_the_clinics_minutes(
    story: Story,
) -> None:
    await taken(story)
    story.clock.forward(hours=1)
    story.writes("now the pus spreads")
    story.clock.forward(minutes=9)
    assert "raised" not in await story.sweep()
    story.clock.forward(minutes=1)
    assert (await story.sweep())["raised"] == 1
    raised = text_of(story.in_group()[-1])
    assert "Nobody has reacted yet." in raised
    assert ">Rosa</a> has it" in raised
    assert ">Bea</a>" in raised
    assert not problems(raised)
    story.clock.forward(minutes=30)
    assert (await story.sweep())["raised"] == 1
    story.clock.forward(hours=24)
    assert (await story.sweep())["raised"] == 1, "then at each opening"


REACTIONS: dict[str, Callable[[Story, Escalation], object]] = {
    "she_who_has_it_replies": lambda story, card: story.answers(card, story.rosa, "Come today"),
    "she_who_has_it_taps_seen": lambda story, card: story.store.run(
        inbox.see, story.catalog, card, story.rosa, story.clock()
    ),
    "she_takes_it_anew": lambda story, card: story.store.run(
        inbox.take, story.catalog, card, story.rosa, story.clock()
    ),
    "somebody_closes_it": lambda story, card: story.store.run(
        inbox.close, card, story.bea, story.clock()
    ),
    "somebody_asks_her_to_call": lambda story, card: story.store.run(
        inbox.ask_to_call, story.catalog, card, story.bea, story.clock()
    ),
}


@pytest.mark.parametrize("reaction", REACTIONS)
async def test_an_alert_is_not_raised_after(story: Story, reaction: str) -> None:
    card = await taken(story)
    story.clock.forward(hours=1)
    story.writes("now the pus spreads")
    REACTIONS[reaction](story, card)
    assert fresh(story, card).warned_at is None
    for _ in range(6):
        story.clock.forward(minutes=12)
        assert "raised" not in await story.sweep()


async def test_a_reply_that_was_kept_back_is_no_reaction(story: Story) -> None:
    card = await taken(story)
    story.writes("now the pus spreads")
    assert story.answers(card, story.bea, "Come today").kept == "held"
    story.clock.forward(minutes=10)
    assert (await story.sweep())["raised"] == 1


async def test_whoever_taps_seen_has_it_and_the_patient_is_told_each_time(story: Story) -> None:
    card = await taken(story)
    for by in (story.bea, story.rosa):
        story.clock.forward(hours=1)
        story.writes("now the pus spreads")
        assert story.store.run(inbox.see, story.catalog, card, by, story.clock())
        assert fresh(story, card).taken_by == by.user_id
        assert not story.store.run(inbox.see, story.catalog, card, by, story.clock())
    told = [row for row in story.everything() if row.dedupe_key.startswith("seen:")]
    assert [row.chat_id for row in told] == [ANA_CHAT] * 3


async def test_an_alert_given_back_is_raised_as_one_that_nobody_has(story: Story) -> None:
    card = await taken(story)
    story.writes("now the pus spreads")
    story.store.run(inbox.give_back, card, story.rosa, story.clock())
    story.clock.forward(minutes=10)
    assert (await story.sweep())["raised"] == 1
    assert "Nobody has taken this yet" in text_of(story.in_group()[-1])


async def test_a_sign_again_on_a_card_that_nobody_took_for_days_is_raised_by_the_minutes(
    story: Story,
) -> None:
    story.writes("there is pus")
    await story.delivery.drain()
    story.writes("more pus")
    assert "more pus" in text_of(story.in_group()[-1])
    assert story.in_group()[-1].priority == Priority.REPLY, "it is raised in a moment anyway"
    await days_pass(story, 2)
    while not 9 <= story.clock().hour < 16:
        story.clock.forward(hours=1)
        await story.sweep()
    story.writes("now the pus spreads")
    assert story.in_group()[-1].priority == Priority.ESCALATION
    story.clock.forward(minutes=10)
    assert (await story.sweep())["raised"] == 1


async def test_a_clinic_that_raises_nothing_is_alerted_once_to_a_sign_again(story: Story) -> None:
    story.store.run(lambda db: db.execute("UPDATE clinic SET raise_minutes = ''"))
    story.writes("there is pus")
    story.writes("more pus")
    card = await taken(story, "still pus")
    before = len(story.in_group())
    story.writes("now the pus spreads")
    story.writes("pus again")
    alerts = [row for row in story.in_group()[before:] if row.priority == Priority.ESCALATION]
    assert len(alerts) == 1
    assert fresh(story, card).raise_at is None


def sends_photos(story: Story, many: int, start: int) -> None:
    """Ana, who agreed to it, sends photos one by one; the group is brought up to date."""
    now = story.clock()
    for number in range(start, start + many):
        received = story.store.run(
            sharing.receive, story.ana, kind="photo", file_id=f"file-{number}",
            message_id=number, album="", now=now,
        )  # fmt: skip
        assert received.heard is not None
        assert received.heard.escalation is not None
        story.store.run(thread.sync, story.catalog, received.heard.escalation, now)


def photos(story: Story) -> list[str]:
    """The photos that are queued for the group, in order."""
    shown = [message(row).attachment for row in story.in_group()]
    return [file.file_id for file in shown if file is not None and file.file_id]


def agrees(story: Story, now: datetime) -> None:
    story.store.run(
        patients.record_consent, story.ana.id, "media", sharing.WORDING, given=True, now=now
    )


async def test_a_flood_of_photos_is_counted_and_each_is_shown_at_a_tap(story: Story) -> None:
    card = await taken(story)
    agrees(story, story.clock())
    sends_photos(story, 33, start=100)
    assert photos(story) == [f"file-{number}" for number in range(100, 100 + files.MOST_FILES)]
    counted = story.in_group()[-1]
    assert "sent 23 more files" in text_of(counted)
    assert labels(counted) == ["Show files"]
    for _ in range(5):
        story.store.run(files.show_more, story.catalog, card, story.clock())
    assert photos(story) == [f"file-{number}" for number in range(100, 133)]
    counted_now = story.store.run(outbox.by_id, counted.id)
    assert counted_now is not None
    assert text_of(counted_now) == "All files are shown."
    assert labels(counted_now) == []
    assert story.store.run(files.show_more, story.catalog, card, story.clock()) == 0


async def test_photos_are_shown_again_after_a_while_and_after_an_answer(story: Story) -> None:
    card = await taken(story)
    agrees(story, story.clock())
    sends_photos(story, 12, start=100)
    assert len(photos(story)) == files.MOST_FILES
    story.answers(card, story.rosa, "Please show me the other cheek too")
    sends_photos(story, 2, start=200)
    assert photos(story)[-2:] == ["file-200", "file-201"]
    sends_photos(story, 10, start=300)
    assert len(photos(story)) == 2 * files.MOST_FILES
    story.clock.forward(seconds=files.TOGETHER.total_seconds() + 1)
    sends_photos(story, 3, start=400)
    assert photos(story)[-3:] == ["file-400", "file-401", "file-402"]


async def test_two_files_too_many_between_her_words_are_one_count_each(story: Story) -> None:
    card = await taken(story)
    agrees(story, story.clock())
    sends_photos(story, 11, start=100)
    assert "sent 1 more file." in text_of(story.in_group()[-1])
    story.writes("that is the left side")
    sends_photos(story, 1, start=200)
    assert "sent 1 more file." in text_of(story.in_group()[-1])
    assert story.store.run(files.show_more, story.catalog, card, story.clock()) == 2
    assert photos(story)[-2:] == ["file-110", "file-200"]


async def test_files_of_a_new_group_are_counted_too(story: Story) -> None:
    await taken(story)
    agrees(story, story.clock())
    sends_photos(story, 15, start=100)
    await story.delivery.drain()
    story.clock.forward(hours=1)
    before = len(story.everything())
    story.store.run(lambda db: db.execute("UPDATE clinic SET chat_id = -1007 WHERE id = 1"))
    await story.sweep()
    anew = [row for row in story.everything()[before:] if row.chat_id == -1007]
    shown = [row for row in anew if message(row).attachment]
    assert len(shown) == files.MOST_FILES
    assert "sent 5 more files" in text_of(anew[-1])
