"""From words to a path: rules and learned heads together, the higher level wins.

A rule never waits for the model and the model never silences a rule about self-harm; each finds
what the other misses. The cuts were set on the messages of `tests/bench/safety` that may be seen.
"""

from __future__ import annotations

from dataclasses import replace

from content.understand import question, subjects
from content.understand.head import ALARM, CONTACT, EMERGENCY, Heard, Model
from content.understand.knowledge import HEARD, Knowledge
from content.understand.result import Finding, Route, Understanding
from content.understand.signs import Reading, find_signs
from content.understand.subjects import MOST_OFFERED

BASE = "microneedling"
ANSWERED_LANGUAGES = frozenset({"en", "es"})
RANK = {Route.CONTACT: 1, Route.URGENT: 2, Route.EMERGENCY: 3}

URGENT_CUT, CONTACT_CUT = 0.7, 0.6
SECONDED_CUT = 0.5
"""What a head needs where a rule, or the alarm head, has found one level less."""
CALMED_CUT = 0.9
"""What a head alone needs where the rules read that a sign is denied, eased or asked in general,
and where the message asks for a dose, plays a trick or may be about something else."""
PERHAPS_OFF_TOPIC, LIKELY_OFF_TOPIC, SURELY_OFF_TOPIC = 0.2, 0.5, 0.85
HARDLY_ALARMING = 0.3
DOUBT, TRUST_IN_TOPIC = 0.25, 0.3
"""A message is unknown where off-topic, less a share of the best topic's score, comes to this."""


def understand(
    said: str,
    *,
    knowledge: Knowledge,
    language: str,
    hours_since: float | None,
    procedure: str = BASE,
) -> Understanding:
    """Return what a message comes to.

    Args:
        said: What the patient wrote, as it came.
        knowledge: What `load_knowledge` returned.
        language: The patient's language.
        hours_since: Hours since the latest treatment; None if not known.
        procedure: The procedure she had.

    Returns:
        The route, the warning signs, the topics to answer and to offer. A message that is about
        nothing we know, or that tries to steer the program, is `unknown`.
    """
    reading = find_signs(said, knowledge.signs, hours_since=hours_since)
    phrases, spoken = knowledge.phrases, question.spoken(said)
    tongue = question.guess_language(spoken, phrases, language) or reading.language
    asks = question.asks(spoken, phrases)
    extra = (procedure,) if procedure != BASE else ()
    heard = knowledge.model.hear(said, *extra)
    dose = bool(phrases.dose.search(spoken))
    small_talk = question.small_talk(spoken, phrases)
    refused = dose or question.is_injection(said, spoken, phrases)
    wary = refused and asks != "did"  # who has taken too much asks about a dose as well
    empty = small_talk is not None or not any(map(str.isalpha, spoken))

    by_rule = [found for found in reading.findings if not _is_elsewhere(found, heard)]
    by_ear = [] if empty else _by_ear(said, heard, knowledge.model, reading, wary=wary)
    findings = sorted(
        [found for found in (*by_rule, *by_ear) if not (refused and found.level is Route.CONTACT)],
        key=lambda found: -RANK[found.level],
    )
    topics = subjects.choose(said, heard, knowledge, extra)
    if findings:
        return Understanding(
            findings[0].level,
            answered=topics.answered[:1],
            offered=topics.offered,
            scores=heard.topics,
            findings=tuple(findings),
            asks=asks,
            asks_dose=dose,
            language=tongue,
        )
    unknown = Understanding(
        Route.UNKNOWN,
        scores=heard.topics,
        asks=asks,
        small_talk=small_talk,
        asks_dose=dose,
        language=tongue,
    )
    if refused or empty or (heard.off_topic >= LIKELY_OFF_TOPIC and _is_doubtful(heard)):
        return unknown
    if tongue and tongue not in ANSWERED_LANGUAGES:
        return unknown
    if _is_doubtful(heard) or not topics.answered:
        return replace(unknown, offered=(*topics.answered, *topics.offered)[:MOST_OFFERED])
    return Understanding(
        Route.ROUTINE,
        answered=topics.answered,
        offered=topics.offered,
        scores=heard.topics,
        asks=asks,
        asked=topics.asked,
        language=tongue,
    )


def _by_ear(
    said: str, heard: Heard, model: Model, reading: Reading, *, wary: bool
) -> list[Finding]:
    """Return what the heads hear beyond what the rules found; `wary` asks for more certainty."""
    found = max((RANK[finding.level] for finding in reading.findings), default=0)
    calmed = not found and bool(reading.denied or reading.eased or reading.hypothetical)
    elsewhere = wary or heard.off_topic >= PERHAPS_OFF_TOPIC
    least = CALMED_CUT if calmed or elsewhere else 0.0
    alarmed = heard.alarm >= max(URGENT_CUT, least) or (
        found == RANK[Route.CONTACT] and heard.alarm >= SECONDED_CUT
    )
    if (alarmed or found >= RANK[Route.URGENT]) and heard.emergency >= SECONDED_CUT:
        harm = next(iter(heard.topics), "") == "mental_distress"
        sign, head = "heard_self_harm" if harm else "heard_emergency", EMERGENCY
    elif alarmed:
        sign, head = "heard_urgent", ALARM
    elif heard.contact >= CONTACT_CUT and not elsewhere:
        sign, head = "heard_contact", CONTACT
    else:
        return []
    if RANK[HEARD[sign]] <= found:
        return []
    return [Finding(sign, HEARD[sign], model.telling(said, head))]


def _is_elsewhere(found: Finding, heard: Heard) -> bool:
    """Whether a message is surely about something else; an emergency always counts."""
    return (
        found.level is not Route.EMERGENCY
        and heard.off_topic > SURELY_OFF_TOPIC
        and heard.alarm < HARDLY_ALARMING
    )


def _is_doubtful(heard: Heard) -> bool:
    """Whether a message is more likely none of our matters than about its best topic."""
    best = max(heard.topics.values(), default=0.0)
    return heard.off_topic - TRUST_IN_TOPIC * best >= DOUBT
