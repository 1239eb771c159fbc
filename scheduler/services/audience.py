"""Who would get a broadcast: counted page by page, with the reasons of those left out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlite_utils import Database

from content.catalog import Catalog
from scheduler.model import Broadcast, Clinic, Patient
from scheduler.services import eligibility, segment, wording
from scheduler.services.eligibility import RECENT, Needs
from scheduler.store import candidates, clinics
from scheduler.store.candidates import Candidate
from scheduler.store.engine import Store
from scheduler.wall_time import QuietHours

PAGE = 500


@dataclass(frozen=True, slots=True)
class Audience:
    """Who would get a broadcast now.

    Attributes:
        recipients: How many.
        skipped: Reason -> how many are meant but left out.
        languages: Language -> how many of the recipients read it.
        samples: Language -> a recipient, for a preview.
        unknown: References of a list that no patient of the clinic has, folded, by name.
        asleep: How many of the recipients are in their quiet hours when it begins.
        awake: When the last of those is written to.
    """

    recipients: int = 0
    skipped: Mapping[str, int] = field(default_factory=dict)
    languages: Mapping[str, int] = field(default_factory=dict)
    samples: Mapping[str, int] = field(default_factory=dict)
    unknown: tuple[str, ...] = ()
    asleep: int = 0
    awake: datetime | None = None


def nobody(audience: Audience) -> str:
    """Say in one sentence why nobody would get a broadcast."""
    if not audience.skipped:
        return "nobody is in this segment"
    why = ", ".join(f"{reason} {n}" for reason, n in sorted(audience.skipped.items()))
    return f"everybody in this segment is left out ({why})"


def count(db: Database, catalog: Catalog, broadcast: Broadcast, now: datetime) -> Audience:
    """Return who would get a broadcast when it is to be sent, or now if no time is set."""
    tally = Tally(catalog, broadcast, clinics.by_id(db, broadcast.clinic_id), now)
    while tally.page(db):
        pass
    return tally.audience


async def counted(
    store: Store, catalog: Catalog, broadcast: Broadcast, clinic: Clinic, now: datetime
) -> Audience:
    """Return the same, page by page, so that nobody's answer waits for a large clinic."""
    tally = Tally(catalog, broadcast, clinic, now)
    while await store.tx(tally.page):
        pass
    return tally.audience


class Tally:
    """Counts who would get a broadcast, a page of patients at a time.

    Args:
        catalog: The words.
        broadcast: The broadcast.
        clinic: Its clinic.
        now: The present instant.
    """

    def __init__(
        self, catalog: Catalog, broadcast: Broadcast, clinic: Clinic, now: datetime
    ) -> None:
        self._clinic, self._then = clinic, max(broadcast.at or now, now)
        self._needs = needs_of(catalog, broadcast)
        self._conditions = segment.read(broadcast.segments)
        self._unknown = set(segment.named(self._conditions))
        self._after = 0
        self._skipped: Counter[str] = Counter()
        self._languages: Counter[str] = Counter()
        self._samples: dict[str, int] = {}
        self._asleep = 0
        self._awake: datetime | None = None

    def page(self, db: Database, limit: int = PAGE) -> bool:
        """Look at the next patients; False if there were none left."""
        page = candidates.page(
            db,
            self._clinic.id,
            after=self._after,
            limit=limit,
            now=self._then,
            since=self._then - RECENT,
        )
        for candidate in page:
            self._look(candidate)
            self._after = candidate.patient.id
        return len(page) == limit

    @property
    def audience(self) -> Audience:
        """What was found so far."""
        skipped = dict(self._skipped)
        if self._unknown:
            skipped["unknown_reference"] = len(self._unknown)
        return Audience(
            recipients=self._languages.total(),
            skipped=skipped,
            languages=dict(self._languages),
            samples=dict(self._samples),
            unknown=tuple(sorted(self._unknown)),
            asleep=self._asleep,
            awake=self._awake,
        )

    def _look(self, candidate: Candidate) -> None:
        self._unknown -= set(eligibility.of_candidate(candidate))
        if not eligibility.matches(candidate, self._conditions, self._then):
            return
        if reason := eligibility.left_out(candidate, self._clinic, self._needs, self._then):
            self._skipped[reason] += 1
            return
        self._count_sleeper(candidate.patient)
        language = candidate.patient.language
        self._languages[language] += 1
        self._samples.setdefault(language, candidate.patient.id)

    def _count_sleeper(self, patient: Patient) -> None:
        hours = QuietHours(patient.quiet_from, patient.quiet_to)
        opens = hours.next_open(self._then, patient.zone)
        if opens > self._then:
            self._asleep += 1
            self._awake = max(opens, self._awake or opens)


def needs_of(catalog: Catalog, broadcast: Broadcast) -> Needs:
    """Return what a broadcast asks of a patient."""
    return wording.needs(
        catalog,
        template=broadcast.template,
        text=broadcast.text,
        marketing=broadcast.marketing,
    )
