"""From what was understood to the words a patient reads."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from content.answer import Answer, answer
from content.catalog import Catalog
from content.model import ClinicVoice
from content.telegram_html import problems, visible
from content.understand import Finding, Knowledge, Route, Understanding
from content.view import Standing
from tests.content.conftest import Reader

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
CLINIC = ClinicVoice("Riverside", "+44 20 7946 0018", "999", "Samaritans, 116 123", "Mon-Fri")


class Desk:
    """Answers what is understood, for a patient some hours after her treatment."""

    def __init__(self, catalog: Catalog, knowledge: Knowledge) -> None:
        self.catalog, self.knowledge = catalog, knowledge

    def say(self, understood: Understanding, *, hours: float = 6.0, language: str = "en") -> Answer:
        rules = self.catalog.procedure("microneedling").rules
        treated = NOW - timedelta(hours=hours)
        ends = {key: treated + timedelta(hours=rule.hours) for key, rule in rules.items()}
        lengths = {key: rule.hours for key, rule in rules.items()}
        return answer(
            understood,
            catalog=self.catalog,
            knowledge=self.knowledge,
            procedure="microneedling",
            language=language,
            standing=Standing(NOW, UTC, treated, ends, lengths),
            clinic=CLINIC,
        )


@pytest.fixture
def desk(catalog: Catalog, knowledge: Knowledge) -> Desk:
    return Desk(catalog, knowledge)


def test_can_i_yet_is_answered_to_the_minute(desk: Desk) -> None:
    said = desk.say(Understanding(Route.ROUTINE, answered=("makeup",), asks="may"))
    assert "Not yet" in said.text
    assert "06:00" in said.text


def test_already_done_gets_its_own_answer(desk: Desk) -> None:
    asked = desk.say(Understanding(Route.ROUTINE, answered=("makeup",), asks="may"))
    done = desk.say(Understanding(Route.ROUTINE, answered=("makeup",), asks="did"))
    assert done.text != asked.text
    assert "Not yet" not in done.text


def test_each_of_two_questions_is_answered_as_it_was_put(desk: Desk) -> None:
    said = desk.say(
        Understanding(
            Route.ROUTINE, answered=("makeup", "swimming"), asks="did", asked=("did", "may")
        )
    )
    makeup, swimming = said.text.split("<b>Swimming</b>")
    assert "Take it off" in makeup
    assert "Not yet" in swimming


def test_an_answer_offers_first_what_else_was_meant_and_then_what_goes_with_it(desk: Desk) -> None:
    related = desk.catalog.procedure("microneedling").topics["makeup"].related
    said = desk.say(Understanding(Route.ROUTINE, answered=("makeup",), offered=("swimming",)))
    assert said.offered == ("swimming", *related)[:3]
    assert desk.say(Understanding(Route.ROUTINE, answered=("makeup",))).offered == related[:3]


def test_the_highest_of_several_signs_speaks(desk: Desk, knowledge: Knowledge) -> None:
    low = Finding("heard_contact", Route.CONTACT, "bump")
    high = Finding("heard_emergency", Route.EMERGENCY, "breathe")
    said = desk.say(Understanding(Route.EMERGENCY, findings=(high, low), answered=("makeup",)))
    assert "999" in visible(said.text)
    assert said.offered == ()


def test_harm_to_oneself_is_met_with_the_crisis_line(desk: Desk) -> None:
    found = Finding("heard_self_harm", Route.EMERGENCY, "no way out")
    said = desk.say(Understanding(Route.EMERGENCY, findings=(found,)))
    assert "Samaritans" in said.text


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("sign", ["heard_emergency", "heard_urgent", "heard_contact"])
def test_every_level_that_is_only_heard_has_fixed_words(
    desk: Desk, knowledge: Knowledge, sign: str, language: str
) -> None:
    route = Route(knowledge.wording(sign))
    found = Finding(sign, route, "it")
    said = desk.say(Understanding(route, findings=(found,)), language=language)
    assert said.route is route
    assert problems(said.text) == []
    assert visible(said.text).strip()


def test_what_is_not_clear_is_offered_and_can_be_passed_on(desk: Desk) -> None:
    said = desk.say(Understanding(Route.UNKNOWN, offered=("makeup", "swimming")))
    assert said.offered == ("makeup", "swimming")
    assert said.pass_on


def test_a_dose_is_left_to_a_doctor(desk: Desk) -> None:
    dose = desk.say(Understanding(Route.UNKNOWN, asks_dose=True))
    other = desk.say(Understanding(Route.UNKNOWN))
    assert dose.text != other.text
    assert dose.pass_on


def test_a_kind_word_gets_a_kind_word_and_no_button_to_pass_it_on(desk: Desk) -> None:
    said = desk.say(Understanding(Route.UNKNOWN, small_talk="thanks", language="en"))
    assert (said.offered, said.pass_on) == ((), False)


def test_another_language_is_told_which_ones_there_are(desk: Desk) -> None:
    said = desk.say(Understanding(Route.UNKNOWN, language="fr"))
    assert "English and Español" in visible(said.text)
    assert said.pass_on


@pytest.mark.parametrize(
    "typed",
    ["<b>bold</b> can i swim", "{{ 7 * 7 }} swim", "</b><a href='x'>", "&lt;script&gt; makeup"],
)
def test_what_a_patient_types_never_comes_back_as_markup(
    desk: Desk, read: Reader, typed: str
) -> None:
    said = desk.say(read(typed))
    assert problems(said.text) == []
    assert "49" not in visible(said.text).split()
    assert "script" not in said.text
