"""From words to a path: rules and learned heads together, the higher level wins.

A rule never waits for the model and the model never silences a rule about self-harm; each finds
what the other misses. The cuts were set on the messages of `tests/bench/safety` that may be seen.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from content.understand import question, subjects
from content.understand.features import words
from content.understand.head import CONTACT, EMERGENCY, URGENT, Heard, Model
from content.understand.knowledge import HEARD, Knowledge
from content.understand.result import Finding, Route, Understanding
from content.understand.signs import Reading, find_signs

BASE = "microneedling"
ANSWERED_LANGUAGES = frozenset({"en", "es"})
RANK = {Route.CONTACT: 1, Route.URGENT: 2, Route.EMERGENCY: 3}

CALLS = {"help": "asks_person", "dying": "ambulance"}
"""The sign that a cry for help is, where it is all of a message."""
SELF_HARM = "self_harm"
"""The sign that a question of how much of a medicine kills is."""

URGENT_CUT, CONTACT_CUT = 0.35, 0.5
"""On 720 messages before they were learnt, an urgent cut of 0.6 missed one of 86 and raised a false
alarm in 6 of 382; of 0.25 to 0.4 missed none and raised 7; of 0.2 raised 8. Of 477 ordinary
messages a contact cut of 0.7 passes 9 on, of 0.5 14; of 26 for the clinic 0.5 finds two more."""
SECONDED_CUT = 0.5
"""What the heads need for an alarm where a rule has found one level less."""
EMERGENCY_SHARE = 0.4
"""From this share of an alarm on it is an emergency and not only urgent."""
CALMED_CUT = 0.8
"""What the heads alone need where the rules read that a sign is denied, eased or asked in general,
and where the message may be about something else or tells what was done and asks for a dose."""
ELSEWHERE_CUT, ASKED_CUT = 0.95, 0.98
"""What they need where a message is of an animal, of a part of the body that was not treated, or
asks for a dose or plays a trick; the second where it asks "may I" and so tells of nothing."""
WARY = {"did": CALMED_CUT, "may": ASKED_CUT}
FEWEST_WORDS = 2
SOFT_CUT = 0.03
"""Below this the heads are sure enough of no alarm that an urgent rule becomes a contact."""
SURE_SIGNS = frozenset({"fever", "pus", "blisters", "eye"})
"""What no head softens: their words are seldom said of anything else."""
HINT_OF_OFF_TOPIC, PERHAPS_OFF_TOPIC, LIKELY_OFF_TOPIC, SURELY_OFF_TOPIC = 0.05, 0.2, 0.6, 0.85
OF_ELSEWHERE = 0.2
"""What such a message adds to how likely it is none of our matters."""
HARDLY_ALARMING = 0.3
DOUBTED_OFF_TOPIC, DOUBT, TRUST_IN_TOPIC = 0.01, 0.15, 0.3
"""From the first on a message is unknown where off-topic, less a share of the best topic's score,
comes to the second."""
VAGUE_SCORE, VAGUE_LEAD = -0.6, 0.3
"""Below such a score, and with less of a lead over the second, the best topic is right in one of
four messages: then asking what is meant helps more than answering."""
FOREIGN_CUT = 0.1
"""What the best topic needs where a message has no common word of any language and no word of any
concept."""


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
    heard = knowledge.model.hear(said, *extra, *reading.traits)
    dose = question.dose(spoken, phrases)
    asks_dose = dose == "safe"
    small_talk = question.small_talk(spoken, phrases)
    refused = asks_dose or question.is_trick(said, spoken, phrases)
    wary = WARY.get(asks, ELSEWHERE_CUT) if refused else 0.0
    # "I took eight, how many may I?" asks for a dose as well: what was done may be a danger.
    empty = small_talk is not None or not any(map(str.isalpha, spoken))

    by_rule = [
        _softened(found, heard) for found in reading.findings if not _is_elsewhere(found, heard)
    ]
    if (cry := question.calls(spoken, phrases)) and not by_rule:
        by_rule = [Finding(sign := CALLS[cry], knowledge.signs.sign(sign).level, spoken.strip())]
    known = {found.sign for found in by_rule}
    if SELF_HARM not in known and dose == "fatal":
        by_rule.append(Finding(SELF_HARM, knowledge.signs.sign(SELF_HARM).level, spoken.strip()))
    by_ear = [] if empty else _by_ear(said, heard, knowledge.model, reading, wary=wary)
    findings = sorted(
        [found for found in (*by_rule, *by_ear) if not (refused and found.level is Route.CONTACT)],
        key=lambda found: -RANK[found.level],
    )
    topics = subjects.choose(said, heard, knowledge, partial(_listen, knowledge, extra))
    if findings:
        return Understanding(
            findings[0].level,
            answered=() if cry else topics.answered[:1],
            offered=() if cry else topics.offered,
            scores=heard.topics,
            findings=tuple(findings),
            asks=asks,
            asks_dose=asks_dose,
            language=tongue,
        )
    unknown = Understanding(
        Route.UNKNOWN,
        scores=heard.topics,
        asks=asks,
        small_talk=small_talk,
        asks_dose=asks_dose,
        language=tongue,
    )
    if refused or empty or (tongue and tongue not in ANSWERED_LANGUAGES):
        return unknown
    if heard.off_topic >= SURELY_OFF_TOPIC:
        return replace(unknown, offered=subjects.sure(heard))
    if heard.off_topic >= LIKELY_OFF_TOPIC or (
        not tongue and _is_foreign(said, heard, knowledge.model)
    ):
        return replace(unknown, offered=subjects.nearest(heard))
    if _is_doubtful(heard, reading) or (_is_vague(heard) and not topics.asked):
        return replace(unknown, offered=subjects.best(heard))
    return Understanding(
        Route.ROUTINE,
        answered=topics.answered,
        offered=topics.offered,
        scores=heard.topics,
        asks=asks,
        asked=topics.asked,
        language=tongue,
    )


def _listen(knowledge: Knowledge, extra: tuple[str, ...], part: str) -> Heard:
    """Return what is heard in one part of a message."""
    traits = find_signs(part, knowledge.signs, hours_since=None).traits
    return knowledge.model.hear(part, *extra, *traits)


def _by_ear(
    said: str, heard: Heard, model: Model, reading: Reading, *, wary: float
) -> list[Finding]:
    """Return what the heads hear beyond what the rules found; `wary` is the least they need.

    A lone word is for the rules: the heads have too little of it to go by.
    """
    if sum(map(str.isalpha, words(said))) < FEWEST_WORDS:
        return []
    found = max((RANK[finding.level] for finding in reading.findings), default=0)
    calmed = not found and bool(reading.denied or reading.eased or reading.hypothetical)
    elsewhere = bool(wary) or heard.off_topic >= PERHAPS_OFF_TOPIC
    least = max(wary if not found else 0.0, CALMED_CUT if calmed or elsewhere else 0.0)
    least = ELSEWHERE_CUT if reading.elsewhere and not found else least
    alarmed = heard.alarm >= max(URGENT_CUT, least) or (
        found == RANK[Route.CONTACT] and heard.alarm >= SECONDED_CUT
    )
    of_alarm = heard.emergency >= EMERGENCY_SHARE * heard.alarm
    confirmed = found >= RANK[Route.URGENT] and heard.alarm >= SECONDED_CUT
    if (alarmed or confirmed) and of_alarm:
        harm = next(iter(heard.topics), "") == "mental_distress"
        sign, level = "heard_self_harm" if harm else "heard_emergency", EMERGENCY
    elif alarmed:
        sign, level = "heard_urgent", URGENT
    elif heard.contact >= CONTACT_CUT and not elsewhere and heard.off_topic < HINT_OF_OFF_TOPIC:
        sign, level = "heard_contact", CONTACT
    else:
        return []
    if RANK[HEARD[sign]] <= found:
        return []
    return [Finding(sign, HEARD[sign], model.telling(said, level))]


def _softened(found: Finding, heard: Heard) -> Finding:
    """Return an urgent sign as one for the clinic if the heads are sure that it is none.

    "Does salt make it puffier?" has the words of a sign. An emergency is never softened.
    """
    soft = found.level is Route.URGENT and found.sign not in SURE_SIGNS
    if soft and heard.alarm < SOFT_CUT:
        return replace(found, level=Route.CONTACT)
    return found


def _is_elsewhere(found: Finding, heard: Heard) -> bool:
    """Whether a message is surely about something else; an emergency always counts."""
    return (
        found.level is not Route.EMERGENCY
        and heard.off_topic > SURELY_OFF_TOPIC
        and heard.alarm < HARDLY_ALARMING
    )


def _is_doubtful(heard: Heard, reading: Reading) -> bool:
    """Whether a message is none of our matters more likely than it is about its best topic."""
    best = next(iter(heard.topics.values()))
    off_topic = heard.off_topic + (OF_ELSEWHERE if reading.elsewhere else 0)
    return off_topic >= DOUBTED_OFF_TOPIC and off_topic - TRUST_IN_TOPIC * best >= DOUBT


def _is_vague(heard: Heard) -> bool:
    """Whether even the best topic is little more than a guess."""
    best, second = list(heard.topics.values())[:2]
    return best < VAGUE_SCORE and best - second < VAGUE_LEAD


def _is_foreign(said: str, heard: Heard, model: Model) -> bool:
    """Whether no word of a message is one of ours, and pieces of words alone suggest a topic."""
    best = next(iter(heard.topics.values()))
    return best < FOREIGN_CUT and not any(map(model.concepts.of, words(said)))
