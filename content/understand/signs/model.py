"""What a warning sign is, and what reading a message for them comes to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from content.understand.result import Finding, Route

if TYPE_CHECKING:
    from content.understand.signs.lexicon import Lexicon

RANK = {Route.ROUTINE: 0, Route.CONTACT: 1, Route.URGENT: 2, Route.EMERGENCY: 3}
"""How pressing a level is; a higher number wins."""


@dataclass(frozen=True, slots=True)
class Group:
    """Word lists that have to be heard close together in one clause.

    Attributes:
        lists: Names of the lists, all of which must be heard.
        without: Names of lists of which none may be heard in that clause.
    """

    lists: tuple[str, ...]
    without: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Pattern:
    """One way a sign is told: groups that must all be heard somewhere in the message.

    Attributes:
        text: The pattern as it stands in the file, such as `lips + swelling`.
        groups: What it means.
    """

    text: str
    groups: tuple[Group, ...]


@dataclass(frozen=True, slots=True)
class Stage:
    """The level of a sign from an hour on.

    Attributes:
        from_hours: Hours since the treatment.
        level: How pressing the sign is from then.
    """

    from_hours: float
    level: Route


@dataclass(frozen=True, slots=True)
class Sign:
    """A warning sign.

    Attributes:
        key: Its name in `warning_signs.toml`.
        level: How pressing it is when the hour since the treatment plays no part or is not known.
        wording: The template under `_shared/<language>/warnings` that is sent.
        patterns: The ways it is told.
        timing: Its level by the hour; empty if it is the same at any time.
        sources: Keys of the sources it rests on.
        grade: A (regulator, review, guideline) to D (our own default).
        reviewed_by: The clinician who signed it, empty until one did.
        eases: Whether "it is going down" takes the sign away.
        certain: Whether it counts however it is told, unless it is denied.
        past: The sign that an earlier episode of it raises; empty if none.
    """

    key: str
    level: Route
    wording: str
    patterns: tuple[Pattern, ...]
    timing: tuple[Stage, ...] = ()
    sources: tuple[str, ...] = ()
    grade: str = "D"
    reviewed_by: str = ""
    eases: bool = False
    certain: bool = False
    past: str = ""

    def at(self, hours: float | None) -> Route:
        """Return the level at an hour since the treatment; the cautious one if it is not known."""
        if hours is None or not self.timing:
            return self.level
        level = Route.ROUTINE
        for stage in self.timing:
            if hours >= stage.from_hours:
                level = stage.level
        return level


@dataclass(frozen=True, slots=True)
class Source:
    """Where a sign comes from: a title and where it can be read."""

    title: str
    url: str


@dataclass(frozen=True, slots=True)
class Signs:
    """Every warning sign and the word lists they are told in; read once, then only looked up.

    Attributes:
        signs: The signs by key, in the order of the file.
        sources: Where they come from, by key.
        lexicon: The word lists of every language.
        index: The patterns by the list that each begins with.
    """

    signs: Mapping[str, Sign]
    sources: Mapping[str, Source]
    lexicon: Lexicon
    index: Mapping[str, tuple[tuple[Sign, Pattern], ...]]

    def sign(self, key: str) -> Sign:
        """Return a sign; raises `KeyError` if there is none of that name."""
        return self.signs[key]

    def wording(self, key: str) -> str:
        """Return the name of the template that is sent for a sign; `KeyError` if unknown."""
        return self.signs[key].wording


@dataclass(frozen=True, slots=True)
class Reading:
    """What reading one message for warning signs came to.

    Attributes:
        findings: The signs that are present, the highest level first.
        denied: Keys of the signs that the patient says are not there.
        eased: Whether something is told to be mild or getting better.
        hypothetical: Whether a sign was only asked about in general.
        past: Whether a sign was told of an earlier time.
        about_other: Whether somebody else is spoken of.
        language: The language it seems to be written in, an ISO code; empty if not clear.
        elsewhere: Whether it is of a part of the body that was not treated, or of an animal.
        traits: What it says of the body, as names that the learned heads know.
    """

    findings: tuple[Finding, ...] = ()
    denied: tuple[str, ...] = ()
    eased: bool = False
    hypothetical: bool = False
    past: bool = False
    about_other: bool = False
    language: str = ""
    elsewhere: bool = False
    traits: tuple[str, ...] = ()

    @property
    def level(self) -> Route | None:
        """The highest level found, or None."""
        return self.findings[0].level if self.findings else None
