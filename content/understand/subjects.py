"""Which topics a message is about: one answered, more if it asks several things, others offered."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from content.understand import question
from content.understand.head import Heard
from content.understand.knowledge import Knowledge
from content.understand.result import Asks

MOST_ANSWERED, MOST_OFFERED = 3, 3
OFFER_CUT, SURE_OFFER_CUT = -1.0, 0.0
"""The least score of a topic that is offered, and where a message is likely about nothing here."""
PART_CUT, PART_LEAD, WHOLE_CUT, SURE_CUT = 0.1, 0.4, -0.6, 0.8
"""What the best topic of a part needs: a score, a lead over the second, and either some score in
the whole message or a sure one of its own."""
SHORTEST_PART = 2
MOST_PARTS = 12

_ENDS = re.compile(
    r"([.!?;\n]+|[,&+]|\b(?:and|also|plus|or|y|tambien|también|o|ademas|además)\b)", re.IGNORECASE
)
_STOP = re.compile(r"[.!?;\n]")


@dataclass(frozen=True, slots=True)
class Subjects:
    """The topics of a message.

    Attributes:
        answered: In the order they were asked, at least the best one.
        offered: The next best, best first.
        asked: How each answered one was asked; empty if the message asks one thing.
    """

    answered: tuple[str, ...]
    offered: tuple[str, ...]
    asked: tuple[Asks, ...] = ()


def choose(
    said: str, heard: Heard, knowledge: Knowledge, listen: Callable[[str], Heard]
) -> Subjects:
    """Return the topics to answer and to offer.

    Args:
        said: The message.
        heard: What the model heard in the whole of it.
        knowledge: How questions are put.
        listen: Hears a part of it.
    """
    several = _several(said, heard, knowledge, listen)
    answered = tuple(several) or tuple(heard.topics)[:1]
    others = nearest(heard, len(answered) + MOST_OFFERED)
    offered = [topic for topic in others if topic not in answered]
    return Subjects(answered, tuple(offered[:MOST_OFFERED]), tuple(several.values()))


def nearest(heard: Heard, most: int = MOST_OFFERED, least: float = OFFER_CUT) -> tuple[str, ...]:
    """Return the topics that a message may be about, best first."""
    return tuple([topic for topic, score in heard.topics.items() if score >= least][:most])


def best(heard: Heard) -> tuple[str, ...]:
    """Return the topics to ask about where it is not clear what is meant, however unlikely."""
    return tuple(heard.topics)[:MOST_OFFERED]


def sure(heard: Heard) -> tuple[str, ...]:
    """Return the topics of a message that is surely about nothing here."""
    return nearest(heard, least=SURE_OFFER_CUT)


def _several(
    said: str, heard: Heard, knowledge: Knowledge, listen: Callable[[str], Heard]
) -> dict[str, Asks]:
    """Return the topics that the parts of a message clearly ask about, if more than one."""
    found: dict[str, Asks] = {}
    for part, asked in _questions(said, knowledge)[:MOST_PARTS]:
        topics = listen(part).topics
        (first, score), (_, second) = list(topics.items())[:2]
        clear = score >= PART_CUT and score - second >= PART_LEAD
        borne_out = heard.topics[first] >= WHOLE_CUT or score >= SURE_CUT
        if clear and borne_out and first not in found:
            found[first] = asked
    if len(found) < 2:  # noqa: PLR2004
        return {}
    return dict(list(found.items())[:MOST_ANSWERED])


def _questions(said: str, knowledge: Knowledge) -> list[tuple[str, Asks]]:
    """Return the parts of a message that ask, with how each is put.

    In "can I swim and wear makeup" the second part asks as the first does; "no pain" after a
    comma asks nothing.
    """
    pieces = [*_ENDS.split(said), ""]
    if sum(len(part.split()) >= SHORTEST_PART for part in pieces[::2]) < 2:  # noqa: PLR2004
        return []
    found: list[tuple[str, Asks]] = []
    before: Asks | None = None
    for part, end in zip(pieces[::2], pieces[1::2], strict=True):
        own = question.asks(question.spoken(part), knowledge.phrases)
        asked = before if own == "other" else own
        if asked is None and "?" in end:
            asked = "other"
        if asked is not None and len(part.split()) >= SHORTEST_PART:
            found.append((part, asked))
        before = None if _STOP.search(end) else asked
    return found if len(found) > 1 else []
