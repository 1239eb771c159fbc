"""Who would get a broadcast: counted page by page, with the reasons of those left out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlite_utils import Database

from content.catalog import Catalog
from scheduler.model import Broadcast, Clinic
from scheduler.services import segment, wording
from scheduler.services.segment import RECENT, Needs
from scheduler.store import broadcasts, clinics
from scheduler.store.broadcasts import Candidate
from scheduler.store.engine import Store

PAGE = 500


@dataclass(frozen=True, slots=True)
class Audience:
    """Who would get a broadcast now.

    Attributes:
        recipients: How many.
        skipped: Reason -> how many are meant but left out.
        languages: Language -> how many of the recipients read it.
        samples: Language -> a recipient, for a preview.
    """

    recipients: int = 0
    skipped: Mapping[str, int] = field(default_factory=dict)
    languages: Mapping[str, int] = field(default_factory=dict)
    samples: Mapping[str, int] = field(default_factory=dict)


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

    def page(self, db: Database, limit: int = PAGE) -> bool:
        """Look at the next patients; False if there were none left."""
        page = broadcasts.candidates(
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
            self._languages.total(), skipped, dict(self._languages), dict(self._samples)
        )

    def _look(self, candidate: Candidate) -> None:
        self._unknown -= set(segment.of_candidate(candidate))
        if not segment.matches(candidate, self._conditions, self._then):
            return
        if reason := segment.left_out(candidate, self._clinic, self._needs, self._then):
            self._skipped[reason] += 1
            return
        language = candidate.patient.language
        self._languages[language] += 1
        self._samples.setdefault(language, candidate.patient.id)


def needs_of(catalog: Catalog, broadcast: Broadcast) -> Needs:
    """Return what a broadcast asks of a patient."""
    return wording.needs(
        catalog,
        template=broadcast.template,
        text=broadcast.text,
        marketing=broadcast.marketing,
    )
