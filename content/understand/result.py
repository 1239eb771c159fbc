"""What understanding a message comes to: the path its answer takes, and what it is about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal


class Route(StrEnum):
    """Which fixed path a reply takes; it chooses wording and is never shown as a verdict."""

    EMERGENCY = "emergency"
    URGENT = "urgent"
    CONTACT = "contact"
    ROUTINE = "routine"
    UNKNOWN = "unknown"


Asks = Literal["may", "did", "normal", "other"]
"""How a question was put: may I, I already did, is this normal, or another way."""

SmallTalk = Literal["greeting", "thanks", "goodbye"]


@dataclass(frozen=True, slots=True)
class Finding:
    """A warning sign found in a message.

    Attributes:
        sign: The sign's key in `warning_signs.toml`; for what only the learned head heard,
            `heard_emergency`, `heard_urgent` or `heard_contact`.
        level: How pressing it is at this hour since the treatment.
        matched: The patient's own words that gave it away.
    """

    sign: str
    level: Route
    matched: str


@dataclass(frozen=True, slots=True)
class Understanding:
    """What a patient's words came to.

    Attributes:
        route: The path of the reply; the highest level of the findings.
        answered: Topics to answer, in the order they were asked.
        offered: Topics to offer as buttons, best first.
        scores: The score of every topic considered, for tests and for the gap report.
        findings: Every warning sign, the highest level first.
        asks: How the question was put.
        asked: How the question about each answered topic was put, where they differ.
        small_talk: A greeting, thanks or goodbye and nothing else.
        asks_dose: Whether it asks how much of a medicine to take.
        language: The language the message seems to be in, an ISO code; empty if not clear.
    """

    route: Route
    answered: tuple[str, ...] = ()
    offered: tuple[str, ...] = ()
    scores: Mapping[str, float] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()
    asks: Asks = "other"
    small_talk: SmallTalk | None = None
    asks_dose: bool = False
    language: str = ""
    asked: tuple[Asks, ...] = ()

    def each_asks(self) -> tuple[Asks, ...]:
        """Return how the question about each answered topic was put, in their order."""
        return self.asked or (self.asks,) * len(self.answered)

    @staticmethod
    def nothing() -> Understanding:
        """Return the understanding of a message that is not read but passed on as it is."""
        return Understanding(Route.UNKNOWN)
