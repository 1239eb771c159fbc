"""What a procedure is made of: rules, steps, topics and their sources, as plain data.

These are read from `library/<procedure>/procedure.toml` by `content.manifest`. Nothing here knows
a patient, a clock or a language.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Care = Literal["sunscreen", "cleanse", "moisturise", "makeup", "results", "next_session"]
"""What a step reminds of: `sunscreen` is sun protection in any form."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where a fact or a default comes from.

    Attributes:
        key: Its name in the manifest.
        title: What it is.
        url: Where it can be read.
        grade: A (regulator, label, review, controlled study), B (single report, charity page),
            C (a clinic's custom) or D (an editorial default that a clinician has to sign).
    """

    key: str
    title: str
    url: str
    grade: Literal["A", "B", "C", "D"]


@dataclass(frozen=True, slots=True)
class Rule:
    """A wait, written once: every reminder, answer and overview reads it from here.

    Attributes:
        key: Its name, as in `--wait makeup=72`.
        hours: How many hours after the treatment the wait ends, unless somebody set another.
        least: The shortest wait that a clinic may set, in hours.
        most: The longest, in hours.
        topic: The topic that explains it.
        asked: Whether it stands in the "Can I…?" list.
        sources: Keys of the sources of the default and of its range.
    """

    key: str
    hours: float
    least: float
    most: float
    topic: str
    asked: bool
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """One reminder of the plan.

    It is due either on a day at a wall time (`day` and `at`) or when a wait ends (`rule`).

    Attributes:
        key: Its name; a template of the same name says it.
        covers: What it reminds of.
        stale_hours: How many hours after its time it is still worth sending.
        day: Days after the local date of the treatment.
        at: The wall time in the patient's zone.
        rule: The wait whose end makes it due; never earlier.
        ticks: Whether it carries the Done and Later buttons.
        marketing: Whether it needs consent to marketing.
    """

    key: str
    covers: tuple[Care, ...]
    stale_hours: float
    day: int | None = None
    at: dt.time | None = None
    rule: str | None = None
    ticks: bool = True
    marketing: bool = False


@dataclass(frozen=True, slots=True)
class Topic:
    """Something patients ask about.

    Attributes:
        key: Its name; a template of the same name answers it.
        rules: The waits that its answer reads.
        related: Topics that are offered next to it.
        sources: Keys of the sources of its facts.
    """

    key: str
    rules: tuple[str, ...]
    related: tuple[str, ...]
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Review:
    """Who stands for the content.

    Attributes:
        version: The edition of the procedure's content.
        date: When that edition was made.
        reviewed_by: The clinician who signed it, empty until one did.
        reviewed_on: When that was.
    """

    version: str
    date: dt.date
    reviewed_by: str = ""
    reviewed_on: dt.date | None = None

    @property
    def signed(self) -> bool:
        """Whether a clinician has signed this edition."""
        return bool(self.reviewed_by) and self.reviewed_on is not None


@dataclass(frozen=True, slots=True)
class Pace:
    """How the plan spreads its messages.

    Attributes:
        merge_minutes: Messages due within this many minutes of each other become one.
        most_a_day: The most messages on one local day.
        settle_minutes: How long after joining the first reminder may come.
    """

    merge_minutes: int
    most_a_day: int
    settle_minutes: int


@dataclass(frozen=True, slots=True, eq=False)
class Procedure:
    """Everything the library says of one procedure, apart from the wording.

    It is read once and only equal to itself, so what follows from it can be remembered.

    Attributes:
        key: The name of its folder.
        extends: The procedure whose rules, topics and templates it inherits.
        review: Who stands for it.
        pace: How its plan spreads.
        rules: The waits, by key.
        steps: The plan, in the order of the manifest.
        topics: What patients ask about, by key.
        sources: Where the facts come from, by key.
        areas: The treated areas that staff choose from.
    """

    key: str
    review: Review
    pace: Pace
    rules: Mapping[str, Rule]
    steps: tuple[Step, ...]
    topics: Mapping[str, Topic]
    sources: Mapping[str, Source]
    areas: tuple[str, ...] = ()
    extends: str | None = None

    def step(self, key: str) -> Step:
        """Return the step of that name; raises `KeyError` if the plan has none."""
        for step in self.steps:
            if step.key == key:
                return step
        raise KeyError(key)


@dataclass(frozen=True, slots=True)
class ClinicVoice:
    """The clinic as a template may name it.

    Attributes:
        name: Its name.
        phone: The number patients call, as they dial it.
        emergency_number: The number for an emergency where the clinic is.
        crisis_line: Whom to call or text in a crisis of mind, in words.
        hours: When people answer, in words; empty if not set.
        open_now: Whether people answer at this moment.
        sunscreen_from_start: Whether the clinic allows mineral sunscreen on the first day.
    """

    name: str
    phone: str
    emergency_number: str
    crisis_line: str = ""
    hours: str = ""
    open_now: bool = True
    sunscreen_from_start: bool = False
