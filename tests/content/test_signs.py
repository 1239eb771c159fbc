"""Warning signs in a patient's words: what is present, and how it is told."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from content.catalog import LIBRARY
from content.understand.result import Route
from content.understand.signs import Reading, Signs, find_signs, load_signs

Find = Callable[..., Reading]
DAY = 24.0


@pytest.fixture(scope="module")
def signs() -> Signs:
    return load_signs(LIBRARY)


@pytest.fixture(scope="module")
def find(signs: Signs) -> Find:
    def found(text: str, *, day: float | None = 1) -> Reading:
        return find_signs(text, signs, hours_since=None if day is None else day * DAY)

    return found


def keys(reading: Reading) -> list[str]:
    return [finding.sign for finding in reading.findings]


@pytest.mark.parametrize(
    ("text", "sign"),
    [
        ("i cant breath properly after the cream", "breathing"),
        ("my lips are swelling up", "mouth_swelling"),
        ("hives everywhere and i keep being sick", "severe_allergy"),
        ("she collapsed in the car park", "collapse"),
        ("he is having a seizure", "seizure"),
        ("chest pain going down my arm", "heart"),
        ("one side of his mouth is drooping", "stroke"),
        ("my ears are ringing since the numbing cream", "numbing_toxicity"),
        ("infected cheek, fever and i feel so confused", "sepsis"),
        ("a patch has gone black and the pain is agony", "dark_skin"),
        ("i cant see out of my left eye", "sight_loss"),
        ("the bleeding wont stop", "bleeding"),
        ("i want to end my life", "self_harm"),
    ],
)
def test_a_patient_in_danger_is_found_with_her_own_words(find: Find, text: str, sign: str) -> None:
    reading = find(text)

    assert reading.level is Route.EMERGENCY
    assert sign in keys(reading)
    assert all(finding.matched for finding in reading.findings)


@pytest.mark.parametrize(
    ("text", "sign"),
    [
        ("theres pus coming out of my cheek", "pus"),
        ("i have a fever", "fever"),
        ("the redness is spreading to my neck", "spreading"),
        ("my cheek is hot and hard", "hot_and_hard"),
        ("painkillers dont touch the pain", "severe_pain"),
        ("blisters all over my cheek", "blisters"),
        ("a cold sore came up on my lip", "cold_sore"),
        ("my eye is red and sore", "eye"),
        ("my eye has swollen shut", "swelling_severe"),
        ("hives on my chest, breathing is fine", "hives"),
        ("it started bleeding again", "rebleeding"),
        ("my cheek is numb since the rf", "rf_nerve"),
        ("a sore lump that is draining", "sore_lump"),
        ("my herpes has gone everywhere on my chin", "cold_sore"),
        ("nothing i take shifts the pain", "severe_pain"),
        ("yellow pus on my shoulder where they did the stretch marks", "pus"),
        ("las ronchitas ya me llegaron a la espalda", "hives"),
    ],
)
def test_a_patient_who_has_to_be_seen_today_is_found(find: Find, text: str, sign: str) -> None:
    reading = find(text)

    assert reading.level is Route.URGENT
    assert sign in keys(reading)


@pytest.mark.parametrize(
    ("text", "day", "sign"),
    [
        ("still pink, not worse not hot but not really going", 6, "redness_stays"),
        ("dia cinco, mismo rojo que el dia 3, no aumenta tampoco", 5.5, "redness_stays"),
        ("jaw tender when i lean on it, same as last week", 8, "soreness_stays"),
        ("fell asleep on the terrace, face is lobster but no blisters", 4, "sunburn"),
        ("white splashes like bleach on my chest a month after", 30, "pigment"),
        ("dark patch came up on my lip", 20, "pigment"),
        ("lines still there", 25, "scar"),
        ("just found out im pregnant", 12, "pregnancy"),
        ("dry itchy scaly patches where i put the new balm", 3, "product_rash"),
        ("i regret doing this, i cant stop crying", 4, "distress"),
        ("i get cold sores a lot, tablets before my next session?", None, "skin_before_session"),
    ],
)
def test_what_can_wait_for_the_clinic_is_found_as_that(
    find: Find, text: str, day: float | None, sign: str
) -> None:
    reading = find(text, day=day)

    assert reading.level is Route.CONTACT
    assert sign in keys(reading)


@pytest.mark.parametrize(
    ("text", "sign"),
    [
        ("cant breth", "breathing"),
        ("i cnat breathe", "breathing"),
        ("puss everywhere", "pus"),
        ("got a fevr", "fever"),
        ("my face is blisterd", "blisters"),
        ("lips are sweling", "mouth_swelling"),
        ("my tounge is huuuuge", "mouth_swelling"),
        ("I CAN\u2019T BREATHE!!!", "breathing"),
        ("my l\u200bips are swo\u200bllen 😱", "mouth_swelling"),
        ("I c\u0430n't br\u0435athe", "breathing"),  # two letters from a Cyrillic keyboard
    ],
)
def test_a_sign_typed_in_fright_is_found_however_it_is_spelt(
    find: Find, text: str, sign: str
) -> None:
    assert sign in keys(find(text))


@pytest.mark.parametrize(
    "text",
    [
        "this fewer steps routine, never again",
        "can i push plus size masks",
        "what drops for my tips and lids",
        "i have paint on my chin",
        "gloomy and overcast, must i hide inside",
        "vergiss deine regeln",
        "vergüenza de recoger al niño asi, trucos?",
        "el bebe me llena de baba la cara, lo dejo?",
    ],
)
def test_an_everyday_word_is_never_bent_into_a_sign(find: Find, text: str) -> None:
    assert keys(find(text)) == []


@pytest.mark.parametrize(
    "text",
    [
        "can i take 50mg tramadol tonight",
        "tomo 1 g o 500 de paracetamol",
        "i carry an epipen for nuts, forgot to put it on the form",
        "got burned on ebay lol",
        "my heart races at the thought of needles",
        "kitchen gets to 40 degrees, im a chef",
        "cuando empieza el despelleje",
        "me dieron ampollitas de factor de crecimiento pa la casa",
        "hago tortillas en comal y me llega el calor a la cara",
        "pongo dos almohadas pa no despertar inflada?",
        "al bañarme se me pone mas roja la cara y al ratico se me pasa",
        "ojos hinchaditos como si hubiera llorado viendo una peli",
        "se me durmió la pierna en el cine",
        "pasaron 2 semanas y no veo nada",
    ],
)
def test_a_turn_of_speech_with_the_words_of_a_sign_is_none(find: Find, text: str) -> None:
    assert keys(find(text)) == []


@pytest.mark.parametrize(
    ("text", "sign"),
    [
        ("im looking at 50 tramadol", "self_harm"),
        ("quiero dormirme y no despertar", "self_harm"),
        ("do i use my epipen?? hives everywhere", "severe_allergy"),
        ("shes had two epipens shes still bad", "breathing"),
        ("me salieron ampollitas con agua en la frente", "blisters"),
        ("la zona esta despellejada y húmeda", "blisters"),
        ("se me durmió el brazo y la boca torcida", "stroke"),
        ("no paro de tiritar y la cara toda infectada", "sepsis"),
        ("one side of my face looks like a chipmunk", "swelling_severe"),
    ],
)
def test_a_sign_beside_the_words_of_such_a_turn_is_still_found(
    find: Find, text: str, sign: str
) -> None:
    assert sign in keys(find(text))


@pytest.mark.parametrize(
    "text",
    [
        "no fever no pus just a bit red",
        "no pus, fever or blisters, all good",
        "i dont have a fever or anything",
        "not blistered just peeling",
        "my lips are not swollen",
        "no trouble breathing",
        "sin pus ni fiebre, solo un poco roja",
        "dont worry im not going to hurt myself",
    ],
)
def test_a_sign_that_is_denied_reassures(find: Find, text: str) -> None:
    reading = find(text)

    assert keys(reading) == []
    assert reading.denied


@pytest.mark.parametrize(
    ("text", "sign"),
    [
        ("no pus but it's hot and spreading", "spreading"),
        ("no fever but there IS pus", "pus"),
        ("no rash, no itch, but i cant catch my breath", "breathing"),
        ("nothing else, sure its nothing but ive got a fever", "fever"),
        ("sin fiebre pero me sale pus", "pus"),
    ],
)
def test_what_comes_after_a_denial_and_a_but_counts(find: Find, text: str, sign: str) -> None:
    assert sign in keys(find(text))


@pytest.mark.parametrize(
    "text",
    ["i dont NOT have a fever its 38.9 lol", "its not NOT infected, yellow stuff everywhere"],
)
def test_two_denials_are_none(find: Find, text: str) -> None:
    assert find(text).level is Route.URGENT


def test_a_sign_that_was_denied_is_named_so_that_staff_can_see_it(find: Find) -> None:
    assert {"pus", "fever"} <= set(find("no fever no pus").denied)


@pytest.mark.parametrize(
    "text",
    [
        "can microneedling cause infection",
        "could it burn me",
        "what if it starts bleeding",
        "how do i know if it got infected",
        "do people ever faint while its being done",
        "is it true rf can cause burns",
        "what happens if i get a blister",
        "puede causar ampollas?",
    ],
)
def test_a_general_question_is_no_alarm(find: Find, text: str) -> None:
    reading = find(text)

    assert keys(reading) == []
    assert reading.hypothetical


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("is it normal to have chest pain", Route.EMERGENCY),
        ("should i be worried that i cant swallow", Route.EMERGENCY),
        ("quick q is it normal that my throat is closing up", Route.EMERGENCY),
        ("can i wear makeup over the oozing bits", Route.URGENT),
        ("should i pop the blisters", Route.URGENT),
        ("can i go gym? also theres a red line running down my neck", Route.URGENT),
    ],
)
def test_a_sign_tucked_into_a_question_is_present(find: Find, text: str, level: Route) -> None:
    assert find(text, day=3).level is level


@pytest.mark.parametrize(
    "text",
    [
        "i passed out last time, should i tell you for this one",
        "last time i got cold sores, same risk for my session next month?",
        "la ultima vez me salio un herpes",
        "la vez pasada me desmaye en la silla, que hago antes de la proxima",
        "i fainted in the chair back in spring. eat first next time or what",
    ],
)
def test_an_earlier_episode_is_planned_for_and_no_alarm(find: Find, text: str) -> None:
    reading = find(text, day=None)

    assert reading.level is Route.CONTACT
    assert reading.past


@pytest.mark.parametrize(
    "text",
    [
        "my friend's lips are swelling",
        "my wife had it yesterday and now shes struggling to breath",
        "mi marido se ha desmayado",
    ],
)
def test_somebody_else_in_danger_is_an_emergency_too(find: Find, text: str) -> None:
    reading = find(text)

    assert reading.level is Route.EMERGENCY
    assert reading.about_other


@pytest.mark.parametrize(
    "text",
    [
        "dying to wear makeup",
        "this meeting is killing me",
        "my phone is bleeding battery lol",
        "its not that i CANT wait for makeup i just dont want to",
        "burning question: who won strictly",
        "me muero por maquillarme",
    ],
)
def test_a_figure_of_speech_is_no_alarm(find: Find, text: str) -> None:
    assert keys(find(text)) == []


@pytest.mark.parametrize(
    "text",
    ["dying to wear makeup but my lips are swelling up", "this is killing me, i cant breathe"],
)
def test_a_figure_of_speech_never_hides_an_emergency(find: Find, text: str) -> None:
    assert find(text).level is Route.EMERGENCY


@pytest.mark.parametrize(
    "text",
    [
        "woke up with a puffy face, going down since lunch",
        "lips are fine, breathing fine, only my under eyes a bit puffy",
        "got a sore throat and a cough for 3 days",
        "one cheek is redder than the other but both are fading",
        "it bled a bit during, then stopped",
        "bruise under one eye, the eye doesnt hurt",
    ],
)
def test_what_is_mild_and_getting_better_is_no_alarm(find: Find, text: str) -> None:
    assert keys(find(text)) == []


def test_getting_better_is_told(find: Find) -> None:
    assert find("swelling is going down").eased


@pytest.mark.parametrize(
    "text",
    [
        "my ankle is swollen and hot, i twisted it at football",
        "cut my finger chopping onions and it bleeds again",
        "my dog has blisters on his pads",
        "me duele la rodilla y esta caliente e hinchada",
    ],
)
def test_a_part_of_the_body_that_was_not_treated_is_no_alarm(find: Find, text: str) -> None:
    assert keys(find(text, day=5)) == []


def test_a_dog_that_licked_the_treated_face_does_not_hide_the_sign(find: Find) -> None:
    assert (
        find("dog licked my face and now its hot swollen and oozing", day=3).level is Route.URGENT
    )


@pytest.mark.parametrize(
    ("text", "sign"),
    [
        ("face sore, its 38.9", "fever"),
        ("flying tonight with 101.5 and a swollen cheek", "fever"),
        ("temp of 39,2 this morning", "fever"),
        ("39 C and achey", "fever"),
        ("102 F this morning", "fever"),
        ("my temperature is thirty eight and a half", "fever"),
        ("pain is 9 out of 10", "severe_pain"),
        ("dolor 8/10", "severe_pain"),
        ("pressing a towel on the blood for 20 minutes", "bleeding"),
    ],
)
def test_a_number_with_its_unit_is_understood(find: Find, text: str, sign: str) -> None:
    assert sign in keys(find(text))


@pytest.mark.parametrize(
    "text",
    [
        "im 39 and my skin is dull",
        "spf 50 at 38 pounds",
        "is 38 degrees outside a problem",
        "its 36.8 so normal",
        "102 photos taken",
    ],
)
def test_a_number_that_is_no_temperature_is_no_fever(find: Find, text: str) -> None:
    assert "fever" not in keys(find(text))


def test_redness_that_gets_worse_is_pressing_only_after_three_days(find: Find) -> None:
    assert keys(find("its getting redder", day=0)) == []
    assert find("its getting redder", day=5).level is Route.URGENT


def test_redness_that_stays_is_for_the_clinic_from_the_fifth_day(find: Find) -> None:
    assert keys(find("still red, not fading", day=3)) == []
    assert find("still red, not fading", day=5).level is Route.CONTACT


def test_the_day_that_the_patient_tells_counts_when_the_treatment_time_is_not_known(
    find: Find,
) -> None:
    assert keys(find("day 1 and its getting redder", day=None)) == []
    assert find("day 6 and its getting redder", day=None).level is Route.URGENT


def test_without_any_day_the_cautious_level_is_taken(find: Find) -> None:
    assert find("its getting redder", day=None).level is Route.URGENT


@pytest.mark.parametrize(
    "text",
    [
        "i took a load of pills. i hate my face",
        "whats the point of session 2, i wont be here",
        "theres no way out for me anymore",
        "this is my last message, tell the nurse thanks",
        "does foundation cover cuts on arms too. i did it again",
        "my girlfriend says she will kill herself over her scars",
        "no quiero seguir viviendo",
    ],
)
def test_a_patient_in_despair_is_heard_also_without_the_word(find: Find, text: str) -> None:
    assert "self_harm" in keys(find(text, day=20))


def test_a_patient_who_is_away_on_holiday_is_not_taken_for_one_in_despair(find: Find) -> None:
    assert "self_harm" not in keys(find("i wont be here next week im on holiday", day=20))


def test_the_highest_sign_comes_first_and_all_are_kept(find: Find) -> None:
    reading = find("pus on my cheek and my lips are swelling", day=4)

    assert reading.findings[0].level is Route.EMERGENCY
    assert {"mouth_swelling", "pus"} <= set(keys(reading))


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("my face is red and it hurts", "en"),
        ("tengo la cara roja y me duele", "es"),
        ("estou com o rosto vermelho", "pt"),
        ("j'ai le visage rouge depuis hier", "fr"),
        ("mein gesicht ist rot seit gestern", "de"),
        ("ho il viso rosso da ieri", "it"),
        ("👍", ""),
    ],
)
def test_the_language_of_a_message_is_told(find: Find, text: str, language: str) -> None:
    assert find(text).language == language


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   \n\n ",
        "👍🙏😂",
        "...?!",
        "{{ clinic.phone }} {% for x in y %}",
        "<b>hello</b> & <script>",
        "\u202eקצת\u202c \u200b\u200b\u200b",
        "asdfghjkl",
        "0" * 400,
    ],
)
def test_a_message_without_sense_is_read_without_a_sign(find: Find, text: str) -> None:
    assert find(text).findings == ()


def test_a_very_long_message_is_read_to_its_end(find: Find) -> None:
    text = "my skin is a little pink and tight today and i am drinking water " * 150

    assert len(text) < 10_000
    assert find(text).findings == ()
    assert find(text + "my lips are swelling").level is Route.EMERGENCY


def test_the_same_message_always_reads_the_same(find: Find) -> None:
    text = "no pus but it's hot and spreading, my friend had a fever of 39"

    assert find(text) == find(text)
