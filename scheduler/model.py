"""The people and things of the schedule, as the store hands them out. Times are aware, in UTC."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time
from enum import IntEnum
from typing import Literal
from zoneinfo import ZoneInfo

PatientState = Literal["invited", "joining", "active", "stopped", "blocked"]
"""`invited` has a code, `joining` tapped it but has not agreed, `stopped` opted out, `blocked`
cannot be reached until they return."""

OutboxState = Literal["waiting", "trying", "sent", "blocked", "failed", "uncertain", "skipped"]
Level = Literal["emergency", "urgent", "contact", "unknown"]
ConsentKind = Literal["care", "marketing", "media"]
SessionState = Literal["booked", "confirmed", "wants_other_time", "cancelled", "missed", "done"]
SessionSource = Literal["treated", "group", "shell", "import"]
NoticeStage = Literal["7d", "24h", "again", "missed"]
BroadcastState = Literal["draft", "scheduled", "sending", "paused", "done", "cancelled"]
Role = Literal["owner", "staff"]


class Priority(IntEnum):
    """Who goes first when several messages are due; lower is sooner."""

    ESCALATION = 0
    REPLY = 1
    REMINDER = 2
    BROADCAST = 3


@dataclass(frozen=True, slots=True)
class Clinic:
    """A clinic and what it has set.

    Attributes:
        id: Its key in the store.
        slug: Its name in commands.
        name: Its name for people.
        timezone: Where it is by the clock.
        language: The language of its staff group.
        phone: The number patients call.
        emergency_number: The number for an emergency there.
        crisis_line: Whom to turn to in a crisis of mind, in words.
        opens: When people begin to answer, wall time.
        closes: When they stop.
        open_days: ISO weekdays on which they answer, such as `1-5` or `1,2,6`.
        waits: Rule -> hours that this clinic sets instead of the library's.
        sunscreen_from_start: Whether mineral sunscreen is allowed on the first day.
        self_enrol: Whether a patient may join without a code.
        raise_minutes: After how many minutes an urgent card that nobody took is raised again, one
            number for each time.
        raise_closed: The least level that is raised again while the clinic is closed.
        weekly_cap: The most unasked messages to one patient in seven days that a broadcast may
            add to; plan and broadcasts count together.
        care_counts: Whether that cap holds for broadcasts of care too, not for offers alone.
        weekly_report: Whether its group gets the report every Monday.
        chat_id: Its staff group, once connected.
    """

    id: int
    slug: str
    name: str
    timezone: str
    language: str
    phone: str
    emergency_number: str
    crisis_line: str
    opens: time
    closes: time
    open_days: str
    waits: Mapping[str, float]
    sunscreen_from_start: bool
    self_enrol: bool
    raise_minutes: tuple[int, ...]
    raise_closed: Literal["urgent", "emergency", "never"]
    weekly_cap: int
    care_counts: bool
    weekly_report: bool
    chat_id: int | None

    @property
    def zone(self) -> ZoneInfo:
        """The zone object of `timezone`."""
        return ZoneInfo(self.timezone)


@dataclass(frozen=True, slots=True)
class Patient:
    """A patient, known by a random reference and never by name.

    Attributes:
        id: The key in the store.
        ref: The public reference, random.
        clinic_id: The clinic she belongs to.
        reference: The clinic's own reference, optional.
        chat_id: Her chat, once joined.
        state: Where she stands.
        language: Her language, one that we have.
        timezone: Where she is by the clock.
        quiet_from: When nothing is sent any more of an evening.
        quiet_to: When it may be sent again.
        paused_until: Nothing unasked is sent before this; None if not paused.
        asked: What the bot asked last and waits to hear, such as `timezone`.
        way_told_at: When she was last told the way to help outside the clinic's hours.
        invited_at: When her code was made.
        joined_at: When she agreed.
    """

    id: int
    ref: str
    clinic_id: int
    reference: str
    chat_id: int | None
    state: PatientState
    language: str
    timezone: str
    quiet_from: time
    quiet_to: time
    paused_until: datetime | None
    asked: str | None
    way_told_at: datetime | None
    invited_at: datetime
    joined_at: datetime | None

    @property
    def zone(self) -> ZoneInfo:
        """The zone object of `timezone`."""
        return ZoneInfo(self.timezone)


@dataclass(frozen=True, slots=True)
class Treatment:
    """One treatment of one patient.

    Attributes:
        id: Its key.
        patient_id: Whose it is.
        procedure: What was done, a key of the library.
        area: Where, a key of the procedure's areas; empty if not said.
        treated_at: When.
        waits: Rule -> hours set for this treatment alone.
        cancelled: Whether it was entered by mistake.
    """

    id: int
    patient_id: int
    procedure: str
    area: str
    treated_at: datetime
    waits: Mapping[str, float]
    cancelled: bool


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """One message that is to be sent unasked, and what became of it.

    Attributes:
        id: Its key.
        dedupe_key: What makes it unique: the same key is never queued twice.
        clinic_id: The clinic it speaks for, None for somebody who has none.
        patient_id: The patient it is for, None if it is for staff.
        chat_id: Where it goes.
        kind: What it is.
        priority: Who goes first.
        payload: Text, buttons and file, as `scheduler.payload` writes them.
        content_version: The edition of the library its text came from.
        state: What became of it.
        attempts: How often it may have been sent; `scheduler.store.aside.ONCE` more if the first
            such try is the last.
        created_at: When it was queued.
        due_at: When it may be sent.
        expires_at: From when it is not worth sending.
        finished_at: When its fate was known.
        message_id: Telegram's number of it, once sent.
        detail: Why it was not sent, in words.
    """

    id: int
    dedupe_key: str
    clinic_id: int | None
    patient_id: int | None
    chat_id: int
    kind: str
    priority: int
    payload: str
    content_version: str
    state: OutboxState
    attempts: int
    created_at: datetime
    due_at: datetime
    expires_at: datetime
    finished_at: datetime | None
    message_id: int | None
    detail: str


@dataclass(frozen=True, slots=True)
class Reminder:
    """One step of one treatment's plan.

    Attributes:
        id: Its key.
        patient_id: Whose it is.
        treatment_id: The treatment it belongs to.
        step: The step's key in the procedure.
        due_at: When it is to be sent.
        not_before: Before this it would be wrong.
        stale_at: From this on it is not worth sending.
        shown: Whether its text is said or another part of the same message says it.
    """

    id: int
    patient_id: int
    treatment_id: int
    step: str
    due_at: datetime
    not_before: datetime
    stale_at: datetime
    shown: bool


@dataclass(frozen=True, slots=True)
class Escalation:
    """Something a person of the clinic has to see.

    Attributes:
        id: Its key.
        clinic_id: The clinic.
        patient_id: The patient.
        level: How pressing it is.
        context: JSON: day, procedure, what was said and matched.
        state: `open`, `taken` or `closed`.
        opened_at: When the patient wrote.
        taken_at: When a person took it, or sent the first answer.
        taken_by: Who has it or had it.
        closed_at: When it was closed.
        closed_by: Who closed it.
        seen_at: When the patient was told that a person saw it.
        raised: How often its card was raised again.
        raise_at: When its card is next raised, if nobody reacts.
        warned_at: When the patient wrote of a warning sign to which the one who has it has not
            reacted; None if there is nothing of the kind.
        card_wanted: Whether its card has to be posted anew.
    """

    id: int
    clinic_id: int
    patient_id: int
    level: Level
    context: str
    state: Literal["open", "taken", "closed"]
    opened_at: datetime
    taken_at: datetime | None
    taken_by: int | None
    closed_at: datetime | None
    closed_by: int | None
    seen_at: datetime | None
    raised: int
    raise_at: datetime | None
    warned_at: datetime | None
    card_wanted: bool


@dataclass(frozen=True, slots=True)
class Session:
    """An appointment of a patient for her next session.

    Attributes:
        id: Its key.
        clinic_id: The clinic.
        patient_id: Whose it is.
        starts_at: When it begins.
        kind: What it is for: a procedure's key or the clinic's own word; may be empty.
        state: Where it stands; `booked` until the patient has answered.
        source: Where it was entered.
        booked_at: When this start was set; a reminder due before that is not sent.
        answered_at: When the patient last answered.
        moves: How often it was moved; calendars need it to replace what they hold.
    """

    id: int
    clinic_id: int
    patient_id: int
    starts_at: datetime
    kind: str
    state: SessionState
    source: SessionSource
    booked_at: datetime
    answered_at: datetime | None
    moves: int


@dataclass(frozen=True, slots=True)
class Notice:
    """One message about one appointment, still to be queued.

    Attributes:
        id: Its key.
        session_id: The appointment.
        stage: Which message it is.
        due_at: When it is to be sent.
        stale_at: From when it is not worth sending.
    """

    id: int
    session_id: int
    stage: NoticeStage
    due_at: datetime
    stale_at: datetime


@dataclass(frozen=True, slots=True)
class Broadcast:
    """One message of a clinic to many of its patients.

    Attributes:
        id: Its key.
        clinic_id: The clinic it speaks for.
        template: The library's template; empty if the clinic wrote its own text.
        text: The clinic's own text; empty if a template is used.
        segments: Who is meant, as `scheduler.services.segment` writes it.
        marketing: Whether it needs consent to marketing.
        state: Where it stands.
        at: When it is to begin; None for a draft without a time.
        skipped: Reason -> how many were left out when recipients were gathered.
        looked_to: The patient up to whom recipients were gathered.
        created_by: Who made it, as the audit log names people.
        created_at: When.
        started_at: When sending began.
        gathered_at: When everybody had been looked at.
        finished_at: When it was done or cancelled.
        progress_message: The message in the group that shows how far it is.
        progress_shown: What that message shows now.
        progress_at: When it was last changed.
    """

    id: int
    clinic_id: int
    template: str
    text: str
    segments: tuple[str, ...]
    marketing: bool
    state: BroadcastState
    at: datetime | None
    skipped: Mapping[str, int]
    looked_to: int
    created_by: str
    created_at: datetime
    started_at: datetime | None
    gathered_at: datetime | None
    finished_at: datetime | None
    progress_message: int | None
    progress_shown: str
    progress_at: datetime | None
