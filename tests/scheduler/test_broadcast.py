"""A clinic writes to many: only those who are meant, once, and nothing more once it is stopped."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest

from scheduler.delivery import Delivery
from scheduler.messenger import Blocked, RetryAfter, Sent, Unknown
from scheduler.model import Broadcast, Patient, Priority
from scheduler.outreach import outreach
from scheduler.services import audience, broadcast, enrolment, preferences, sessions, steering
from scheduler.services.broadcast import BroadcastError
from scheduler.services.segment import SegmentError
from scheduler.services.wording import WordingError
from scheduler.store import broadcasts, claims, clinics, outbox, patients, recipients
from tests.fakes.clock import FakeClock
from tests.fakes.messenger import FakeMessenger, NoPacer
from tests.fakes.people import World

HELLO = "We are closed on Monday."


class Desk:
    """Riverside's desk: makes broadcasts and lets them run."""

    def __init__(self, world: World, clock: FakeClock, messenger: FakeMessenger) -> None:
        self.world, self.clock, self.messenger = world, clock, messenger
        self.delivery = self.start()

    def start(self) -> Delivery:
        """Start the sender anew, as after a restart."""
        self.delivery = Delivery(self.world.store, self.messenger, NoPacer(), self.clock)
        return self.delivery

    def patients(self, count: int, **how: object) -> list[Patient]:
        return [
            self.world.join(
                treated_at=self.clock() - timedelta(days=10),
                now=self.clock(),
                chat_id=500 + number + 100 * len(how),
                **how,  # type: ignore[arg-type]
            )
            for number in range(count)
        ]

    def create(self, *, text: str = HELLO, **how: object) -> Broadcast:
        made, self.audience = self.world.store.run(
            broadcast.create,
            self.world.catalog,
            self.world.riverside,
            **{"text": text, "actor": "shell", "now": self.clock(), **how},  # type: ignore[arg-type]
        )
        return made

    def confirm(self, made: Broadcast) -> Broadcast:
        return self.world.store.run(
            lambda db: broadcast.confirm(
                db,
                made,
                audience.count(db, self.world.catalog, made, self.clock()),
                actor="shell",
                now=self.clock(),
            )
        )

    def now(self, made: Broadcast) -> Broadcast:
        return self.world.store.run(broadcast.found, made.id)

    async def tick(self, **delta: float) -> Counter[str]:
        self.clock.forward(**delta)
        return await outreach(self.world.store, self.world.catalog, self.clock(), batch=3, ahead=4)

    async def run(self, rounds: int = 30) -> None:
        """Tick and send until nothing is left to do."""
        for _ in range(rounds):
            await self.tick(seconds=2)
            await self.delivery.drain()

    def outcomes(self, made: Broadcast) -> dict[str, int]:
        counts = self.world.store.run(
            lambda db: recipients.outcomes(db, broadcast.found(db, made.id))
        )
        return {state: n for state, n in counts.items() if n}

    def got(self) -> Counter[int]:
        return Counter(message.chat_id for message in self.messenger.sent)


@pytest.fixture
def desk(world: World, clock: FakeClock, messenger: FakeMessenger) -> Desk:
    return Desk(world, clock, messenger)


async def test_everybody_who_is_meant_gets_it_once(desk: Desk) -> None:
    everybody = desk.patients(11)
    made = desk.confirm(desk.create())
    assert made.state == "scheduled"
    await desk.run()
    assert desk.now(made).state == "done"
    assert desk.outcomes(made) == {"sent": 11}
    assert desk.got() == {patient.chat_id: 1 for patient in everybody}


async def test_a_draft_is_sent_to_nobody(desk: Desk) -> None:
    desk.patients(2)
    made = desk.create()
    await desk.run(3)
    assert desk.outcomes(made) == {}
    assert not desk.messenger.sent
    assert made.state == "draft"


async def test_another_clinics_patients_hear_nothing(desk: Desk) -> None:
    desk.patients(2)
    desk.world.join(
        treated_at=desk.clock(), now=desk.clock(), chat_id=900, clinic=desk.world.hilltop
    )
    desk.confirm(desk.create())
    await desk.run()
    assert 900 not in desk.got()


async def test_it_waits_for_its_time(desk: Desk) -> None:
    desk.patients(1)
    made = desk.confirm(desk.create(at=desk.clock() + timedelta(hours=1)))
    await desk.run(3)
    assert desk.now(made).state == "scheduled"
    await desk.tick(hours=1)
    await desk.run(3)
    assert desk.now(made).state == "done"


async def test_who_must_not_be_written_to_is_left_out_with_the_reason(desk: Desk) -> None:
    ana, bea, cleo, dora, _ = desk.patients(5)
    store, now = desk.world.store, desk.clock()
    store.run(preferences.stop, desk.world.catalog, ana, now)
    store.run(preferences.pause, bea, now)
    store.run(patients.mark_blocked, cleo.id)
    store.run(clinics.change, desk.world.riverside.id, {"weekly_cap": 1})
    store.run(
        outbox.add,
        dedupe_key="earlier",
        clinic_id=dora.clinic_id,
        patient_id=dora.id,
        chat_id=1,
        priority=Priority.REMINDER,
        payload="{}",
        content_version="",
        now=now - timedelta(days=2),
        expires_at=now - timedelta(days=1),
    )
    desk.create()
    assert desk.audience.recipients == 1
    assert desk.audience.skipped == {
        "opted_out": 1, "paused": 1, "blocked": 1, "messaged_recently": 1,
    }  # fmt: skip


async def test_care_may_be_freed_from_the_weekly_cap_and_an_offer_may_not(desk: Desk) -> None:
    desk.patients(1)
    store = desk.world.store
    store.run(clinics.change, desk.world.riverside.id, {"weekly_cap": 0, "care_counts": 0})
    desk.create()
    assert desk.audience.recipients == 1
    with pytest.raises(BroadcastError, match="left out"):
        desk.create(marketing=True)


async def test_an_offer_goes_only_to_those_who_agreed_to_offers(desk: Desk) -> None:
    ana, _ = desk.patients(2)
    desk.world.store.run(
        patients.record_consent,
        ana.id,
        "marketing",
        enrolment.CONSENT_VERSION,
        given=True,
        now=desk.clock(),
    )
    made = desk.create(text="", template="offer_news")
    assert made.marketing
    assert desk.audience.skipped == {"no_marketing_consent": 1}
    desk.confirm(made)
    await desk.run()
    (sent,) = desk.messenger.sent
    assert sent.chat_id == ana.chat_id
    assert sent.buttons[0][0].text == "No more offers"


async def test_an_opt_out_counts_for_what_has_not_left(desk: Desk) -> None:
    everybody = desk.patients(9)
    made = desk.confirm(desk.create())
    await desk.tick(seconds=2)
    for patient in (everybody[1], everybody[-1]):  # one waits in the outbox, one does not yet
        desk.world.store.run(preferences.stop, desk.world.catalog, patient, desk.clock())
    await desk.run()
    assert desk.outcomes(made) == {"sent": 7, "skipped": 2}
    assert not {everybody[1].chat_id, everybody[-1].chat_id} & set(desk.got())


@pytest.mark.parametrize("stop", [steering.pause, steering.cancel])
async def test_nothing_leaves_after_it_was_stopped(desk: Desk, stop: object) -> None:
    desk.patients(9)
    made = desk.confirm(desk.create())
    await desk.tick(seconds=2)
    desk.world.store.run(stop, desk.now(made), actor="shell", now=desk.clock())  # type: ignore[arg-type]
    await desk.run(5)
    assert not desk.messenger.sent


async def test_a_row_that_was_on_its_way_when_it_was_paused_waits_too(desk: Desk) -> None:
    desk.patients(2)
    made = desk.confirm(desk.create())
    desk.messenger.results.append(RetryAfter(1))
    await desk.tick(seconds=2)
    await desk.delivery.drain()
    assert len(desk.messenger.sent) == 2
    desk.world.store.run(steering.pause, desk.now(made), actor="shell", now=desk.clock())
    await desk.run(3)
    assert len(desk.messenger.sent) == 2
    assert desk.outcomes(made) == {"sent": 1, "waiting": 1}
    desk.world.store.run(steering.resume, desk.now(made), actor="shell", now=desk.clock())
    await desk.run(3)
    assert desk.outcomes(made) == {"sent": 2}


async def test_a_stopped_row_that_telegram_had_put_off_is_not_sent(desk: Desk) -> None:
    desk.patients(1)
    made = desk.confirm(desk.create())
    desk.messenger.results.append(RetryAfter(1))
    await desk.tick(seconds=2)
    await desk.delivery.drain()
    store = desk.world.store
    (row,) = store.run(claims.due, desk.clock.forward(seconds=5), 9)
    store.run(steering.cancel, desk.now(made), actor="shell", now=desk.clock())
    store.run(outbox.again, row.id, desk.clock())  # as if its request had ended just now
    await desk.run(3)
    assert len(desk.messenger.sent) == 1
    assert desk.outcomes(made) == {"skipped": 1}


async def test_paused_and_resumed_it_reaches_everybody_once(desk: Desk) -> None:
    everybody = desk.patients(10)
    made = desk.confirm(desk.create())
    for _ in range(3):
        await desk.tick(seconds=2)
        desk.world.store.run(steering.pause, desk.now(made), actor="shell", now=desk.clock())
        await desk.run(2)
        desk.world.store.run(steering.resume, desk.now(made), actor="shell", now=desk.clock())
        await desk.tick(seconds=2)
        await desk.delivery.drain()
    await desk.run()
    assert desk.got() == {patient.chat_id: 1 for patient in everybody}
    assert desk.outcomes(made) == {"sent": 10}


async def test_after_a_crash_nobody_gets_it_twice_and_the_one_in_doubt_is_named(
    desk: Desk,
) -> None:
    everybody = desk.patients(8)
    made = desk.confirm(desk.create())
    await desk.tick(seconds=2)
    store = desk.world.store
    (row, *_) = store.run(claims.due, desk.clock(), 9)
    store.run(outbox.begin, [row.id], desk.clock())  # its request was under way
    await desk.start().recover()
    await desk.run()
    assert desk.outcomes(made) == {"sent": 7, "uncertain": 1}
    (named,) = store.run(recipients.uncertain, made.id)
    assert named["ref"] == next(p.ref for p in everybody if p.chat_id == row.chat_id)
    assert max(desk.got().values()) == 1


async def test_every_way_of_ending_is_counted(desk: Desk) -> None:
    desk.patients(4)
    made = desk.confirm(desk.create())
    desk.messenger.results.extend([Blocked("bot was blocked"), Unknown("timed out"), Sent(1)])
    await desk.run()
    assert desk.outcomes(made) == {"blocked": 1, "uncertain": 1, "sent": 2}
    assert desk.now(made).state == "done"


async def test_who_sleeps_gets_it_in_the_morning(desk: Desk) -> None:
    ana, _ = desk.patients(2)
    desk.world.store.run(patients.change, ana.id, timezone="Asia/Tokyo")  # 23:00 there
    made = desk.confirm(desk.create())
    await desk.run(3)
    assert desk.outcomes(made) == {"sent": 1, "waiting": 1}
    await desk.tick(hours=9)
    await desk.run(3)
    assert desk.outcomes(made) == {"sent": 2}


async def test_each_reads_it_in_her_language_with_her_own_day_and_session(desk: Desk) -> None:
    (ana,) = desk.patients(1)
    desk.patients(1, language="es")
    for patient in (ana, desk.world.patient(600)):
        desk.world.store.run(
            sessions.book,
            patient,
            desk.clock() + timedelta(days=3),
            source="shell",
            actor="shell",
            now=desk.clock(),
        )
    desk.confirm(desk.create(text="{clinic} <3: day {day}, {procedure}, {next_session}"))
    await desk.run()
    texts = {message.chat_id: message.text for message in desk.messenger.sent}
    assert texts[ana.chat_id or 0] == ("Riverside Skin &lt;3: day 10, Microneedling, Friday 14:00")
    assert "viernes a las 14:00" in texts[600]


async def test_who_has_nothing_to_fill_in_is_left_out_rather_than_shown_a_gap(
    desk: Desk,
) -> None:
    desk.patients(1)
    with pytest.raises(BroadcastError, match="nothing_to_fill_in 1"):
        desk.create(text="See you {next_session}")


@pytest.mark.parametrize(
    ("segments", "count"),
    [
        (["all"], 3),
        ([], 3),
        (["procedure=microneedling"], 3),
        (["language=es"], 1),
        (["day=10"], 2),
        (["day=0-9"], 1),
        (["session=7"], 1),
        (["no_session"], 2),
        (["no_session", "day=10"], 1),
    ],
)
async def test_a_segment_means_those_for_whom_all_of_it_is_true(
    desk: Desk, segments: list[str], count: int
) -> None:
    ana, _ = desk.patients(2)
    desk.world.join(
        treated_at=desk.clock() - timedelta(days=2),
        now=desk.clock(),
        chat_id=700,
        language="es",
    )
    desk.world.store.run(
        sessions.book,
        ana,
        desk.clock() + timedelta(days=5),
        source="shell",
        actor="shell",
        now=desk.clock(),
    )
    desk.create(segments=segments)
    assert desk.audience.recipients == count


async def test_a_list_of_references_names_the_unknown_and_those_who_have_not_joined(
    desk: Desk,
) -> None:
    (ana,) = desk.patients(1)
    desk.world.invite(treated_at=desk.clock(), now=desk.clock())
    invited = desk.world.store.run(patients.listed, desk.world.riverside.id)[0]
    desk.create(segments=[f"references={ana.ref.lower()},{invited.ref},nobody"])
    assert desk.audience.recipients == 1
    assert desk.audience.skipped == {"not_joined": 1, "unknown_reference": 1}


@pytest.mark.parametrize(
    "segment",
    ["town=x", "procedure=facial", "area=toe", "language=xx", "day=", "day=9-3", "day=a", "session",
     "references=", "no_session=1"],
)  # fmt: skip
async def test_a_segment_that_cannot_be_understood_says_what_was_expected(
    desk: Desk, segment: str
) -> None:
    desk.patients(1)
    with pytest.raises(SegmentError, match="expected"):
        desk.create(segments=[segment])
    assert desk.world.store.run(broadcasts.listed) == []


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("Dear {name}", "no placeholder {name}"),
        ("x" * 4097, "Telegram takes 4096"),
        ("😀" * 2049, "Telegram takes 4096"),
        ("x" * 4090 + "{clinic}", "Telegram takes 4096"),
        ("  ", "expected either a template or a text"),
    ],
)
async def test_a_text_that_cannot_be_sent_is_refused_before_anything_is_made(
    desk: Desk, text: str, says: str
) -> None:
    desk.patients(1)
    with pytest.raises(WordingError, match=says.replace("{", r"\{").replace("}", r"\}")):
        desk.create(text=text)
    assert desk.world.store.run(broadcasts.listed) == []


async def test_a_time_that_has_passed_and_an_empty_segment_are_refused(desk: Desk) -> None:
    desk.patients(1)
    with pytest.raises(BroadcastError, match="in the past"):
        desk.create(at=desk.clock() - timedelta(hours=1))
    with pytest.raises(BroadcastError, match="nobody is in this segment"):
        desk.create(segments=["day=300"])
    assert desk.world.store.run(broadcasts.listed) == []


async def test_what_is_over_cannot_be_confirmed_paused_or_resumed(desk: Desk) -> None:
    desk.patients(1)
    made = desk.confirm(desk.create())
    await desk.run()
    done = desk.now(made)
    for change in (steering.pause, steering.resume, steering.cancel):
        with pytest.raises(BroadcastError, match="done"):
            desk.world.store.run(change, done, actor="shell", now=desk.clock())
    with pytest.raises(BroadcastError, match="not a draft"):
        desk.confirm(done)


async def test_two_clinics_at_once_are_both_served(desk: Desk) -> None:
    desk.patients(6)
    for number in range(6):
        desk.world.join(
            treated_at=desk.clock(), now=desk.clock(), chat_id=900 + number,
            clinic=desk.world.hilltop,
        )  # fmt: skip
    ours = desk.confirm(desk.create())
    theirs, _ = desk.world.store.run(
        broadcast.create, desk.world.catalog, desk.world.hilltop, text=HELLO, actor="shell",
        now=desk.clock(),
    )  # fmt: skip
    desk.confirm(theirs)
    await desk.tick(seconds=2)
    first = desk.world.store.run(claims.due, desk.clock(), 4)
    assert len({row.clinic_id for row in first}) == 2
    await desk.run()
    assert (desk.now(ours).state, desk.now(theirs).state) == ("done", "done")


async def test_few_rows_wait_in_the_outbox_however_many_are_meant(desk: Desk) -> None:
    desk.patients(12)
    made = desk.confirm(desk.create())
    await desk.tick(seconds=2)
    assert desk.world.store.run(recipients.waiting, made.id) == 4
    assert desk.outcomes(made) == {"waiting": 12}


async def test_a_message_has_the_way_to_a_person_under_it(desk: Desk) -> None:
    desk.patients(1)
    desk.confirm(desk.create())
    await desk.run()
    (sent,) = desk.messenger.sent
    assert sent.buttons[0][0].text == "Something's wrong"


async def test_an_erased_patient_is_counted_nowhere(desk: Desk) -> None:
    ana, _ = desk.patients(2)
    made = desk.confirm(desk.create())
    await desk.tick(seconds=2)
    desk.world.store.run(patients.erase, ana.id)
    await desk.run()
    assert desk.outcomes(made) == {"sent": 1}


async def test_one_that_waits_for_its_time_can_be_begun_at_once(desk: Desk) -> None:
    desk.patients(1)
    made = desk.confirm(desk.create(at=desk.clock() + timedelta(days=3)))
    desk.world.store.run(steering.hasten, made, actor="shell", now=desk.clock())
    await desk.run(3)
    assert desk.outcomes(made) == {"sent": 1}
    with pytest.raises(BroadcastError, match="waits for no time"):
        desk.world.store.run(steering.hasten, made, actor="shell", now=desk.clock())


async def test_what_was_stopped_meanwhile_is_not_resumed_by_somebody_who_saw_it_paused(
    desk: Desk,
) -> None:
    desk.patients(1)
    made = desk.confirm(desk.create())
    store = desk.world.store
    paused = store.run(steering.pause, made, actor="shell", now=desk.clock())
    store.run(steering.cancel, paused, actor="shell", now=desk.clock())
    with pytest.raises(BroadcastError, match="nothing to resume"):
        store.run(steering.resume, paused, actor="shell", now=desk.clock())
    await desk.run(3)
    assert not desk.messenger.sent


async def test_what_was_changed_since_it_was_seen_is_not_sent(desk: Desk) -> None:
    desk.patients(1)
    made, store, now = desk.create(), desk.world.store, desk.clock()
    seen = broadcast.seal(made)
    changed = store.run(broadcast.change, made, actor="shell", now=now, at=now + timedelta(hours=2))
    with pytest.raises(BroadcastError, match="changed since"):
        store.run(broadcast.confirm, changed, desk.audience, actor="shell", now=now, seen=seen)
    seen = broadcast.seal(changed)
    confirmed = store.run(
        broadcast.confirm, changed, desk.audience, actor="shell", now=now, seen=seen
    )
    assert confirmed.state == "scheduled"
    with pytest.raises(BroadcastError, match="not a draft"):
        store.run(broadcast.change, confirmed, actor="shell", now=now, marketing=True)


async def test_the_report_still_knows_what_of_a_list_was_unknown(desk: Desk) -> None:
    (ana,) = desk.patients(1)
    made = desk.confirm(desk.create(segments=[f"references={ana.ref},nobody"]))
    await desk.run(3)
    assert desk.now(made).skipped == {"unknown_reference": 1}


async def test_a_stopped_broadcast_says_of_everybody_that_it_was_stopped(desk: Desk) -> None:
    desk.patients(9)
    made = desk.confirm(desk.create())
    await desk.tick(seconds=2)
    stopped = desk.world.store.run(steering.cancel, made, actor="shell", now=desk.clock())
    assert desk.world.store.run(recipients.reasons, stopped) == {"stopped": 9}
