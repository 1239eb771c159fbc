"""Which topics a message is about: one answered, more if it asks several things, others offered."""

from __future__ import annotations

import re
from dataclasses import dataclass

from content.understand import question
from content.understand.head import Heard
from content.understand.knowledge import Knowledge
from content.understand.result import Asks

MOST_ANSWERED, MOST_OFFERED = 3, 3
ANSWER_CUT = -0.75
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
        answered: In the order they were asked; empty if none is clear.
        offered: The next best, best first.
        asked: How each answered one was asked; empty if the message asks one thing.
    """

    answered: tuple[str, ...]
    offered: tuple[str, ...]
    asked: tuple[Asks, ...] = ()


def choose(said: str, heard: Heard, knowledge: Knowledge, extra: tuple[str, ...]) -> Subjects:
    """Return the topics to answer and to offer.

    Args:
        said: The message.
        heard: What the model heard in the whole of it.
        knowledge: The model, to hear each part.
        extra: Further features of the message.
    """
    ranked = list(heard.topics)
    several = _several(said, heard, knowledge, extra)
    if several:
        answered, asked = tuple(several), tuple(several.values())
    else:
        first = ranked[0]
        answered, asked = (first,) if heard.topics[first] >= ANSWER_CUT else (), ()
    others = [topic for topic in ranked if topic not in answered]
    return Subjects(answered, tuple(others[:MOST_OFFERED]), asked)


def _several(
    said: str, heard: Heard, knowledge: Knowledge, extra: tuple[str, ...]
) -> dict[str, Asks]:
    """Return the topics that the parts of a message clearly ask about, if more than one."""
    found: dict[str, Asks] = {}
    for part, asked in _questions(said, knowledge)[:MOST_PARTS]:
        topics = knowledge.model.hear(part, *extra).topics
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
