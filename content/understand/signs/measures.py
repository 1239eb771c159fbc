"""Numbers with units: a temperature, minutes of bleeding, a pain score, days since treatment."""

from __future__ import annotations

from collections.abc import Sequence

from content.understand.signs.lexicon import Lexicon
from content.understand.signs.terms import Hit
from content.understand.signs.text import Token

MEASURES = ("fever_reading", "ten_minutes", "pain_score", "many")
"""What a pattern may name besides lists: 38 C (100.4 F) and more; ten minutes and more; a pain
of 8 out of 10 and more; ten and more of something that is counted."""

FEVER_C, MOST_C = 38.0, 43.0
FEVER_F, MOST_F = 100.4, 110.0
LONG_MINUTES = 10
STRONG_PAIN, MOST_PAIN = 8, 10
MANY, STRENGTH, MOST_COUNTED = 10, 200, 500
_AMOUNTS = frozenset(
    {"mg", "mcg", "ml", "g", "gr", "grams", "miligramos", "am", "pm", "h", "percent"}
)
_WEIGHTS = _AMOUNTS | {"kg", "kilos", "kilo", "lb", "lbs", "pounds", "fm", "euros", "km", "miles"}
_MOMENTS = frozenset({"at", "las", "day", "dia", "by", "age", "until", "hasta", "week", "semana"})
_HOURS = {"day": 24.0, "week": 168.0, "month": 720.0}
_MINUTES = {"minute": 1, "hour": 60}
_CELSIUS, _FAHRENHEIT = frozenset({"c", "celsius", "centigrade"}), frozenset({"f", "fahrenheit"})
_DEGREES = frozenset({"degrees", "degree", "deg", "grados", "grad", "degres", "graus", "gradi"})
_TEMPERATURE = frozenset(
    {"temp", "temps", "tmp", "temperature", "fever", "thermometer", "fiebre", "temperatura"}
    | {"febre", "fievre", "fieber", "temperatur", "febbre", "calentura", "goraczka"}
)
_WEATHER = frozenset(
    {"outside", "outdoors", "weather", "forecast", "shade", "afuera", "fuera", "sombra", "calle"}
    | {"kitchen", "oven", "cocina", "horno"}
)
_AHEAD = frozenset({"in", "en", "dans", "em", "tra", "fra", "next", "every", "cada", "dentro"})
_TENS = (20, 30, 40)
_NEAR = 3


def number(token: Token, lexicon: Lexicon) -> float | None:
    """Return the number that a token stands for, in figures or as a word."""
    if token.word[:1].isdigit():
        try:
            return float(token.word.replace(",", "."))
        except ValueError:
            return None
    return lexicon.numbers.get(token.word)


def measures(found: Sequence[Token], lexicon: Lexicon) -> tuple[list[Hit], float | None]:
    """Read the numbers of a message.

    Args:
        found: The message's words and signs.
        lexicon: Where the words for units and numbers are.

    Returns:
        The measures heard, and the hours since the treatment that the patient speaks of, or None.
    """
    hits: list[Hit] = []
    stated: list[float] = []
    for place, token in enumerate(found):
        if token.mark or (value := number(token, lexicon)) is None:
            continue
        if value in _TENS:
            value += _unit_after(found, place, lexicon)
        after = [other.word for other in found[place + 1 : place + 1 + _NEAR]]
        before = [other.word for other in found[max(0, place - _NEAR) : place]]
        if _is_fever(token.word, value, after, before):
            hits.append(Hit("fever_reading", place, place + 1, ""))
        unit = lexicon.units.get(after[0]) if after else None
        if unit in _MINUTES and value * _MINUTES[unit] >= LONG_MINUTES:
            hits.append(Hit("ten_minutes", place, place + 2, ""))
        elif unit in _HOURS and not _AHEAD.intersection(before[-1:]):
            stated.append(value * _HOURS[unit])
        elif before and lexicon.units.get(before[-1]) == "day":
            stated.append(value * 24)
        if MANY <= value <= MOST_COUNTED and _is_count(value, after, before, lexicon):
            hits.append(Hit("many", place, place + 1, ""))
        if STRONG_PAIN <= value <= MOST_PAIN and _out_of_ten(found, place):
            hits.append(Hit("pain_score", place, place + 1, ""))
    return hits, max(stated, default=None)


def _unit_after(found: Sequence[Token], place: int, lexicon: Lexicon) -> float:
    """Return what follows "thirty" in "thirty eight" or "treinta y ocho"; 0 if nothing does."""
    if found[place].word.isdigit():
        return 0
    for token in found[place + 1 : place + 3]:
        value = number(token, lexicon)
        if value is not None and value < _TENS[0]:
            return value
    return 0


def _is_fever(word: str, value: float, after: list[str], before: list[str]) -> bool:
    unit = next((each for each in after[:2] if each not in _DEGREES), "")
    if _WEATHER.intersection(before + after):
        return False
    told = bool(_TEMPERATURE.intersection(before + after))
    exact = "." in word or "," in word
    if FEVER_F <= value <= MOST_F:
        degrees = _DEGREES.intersection(after) != frozenset()
        return unit in _FAHRENHEIT or told or degrees or (exact and unit not in _WEIGHTS)
    if FEVER_C <= value < MOST_C:
        return exact or told or unit in _CELSIUS or _DEGREES.intersection(after) != frozenset()
    return False


def _is_count(value: float, after: list[str], before: list[str], lexicon: Lexicon) -> bool:
    """Whether a number counts things: no amount such as "400 mg" or "500 de", no time, no day."""
    if value >= STRENGTH and after[:1] == ["de"]:
        return False
    counted = after[:1] and after[0].isalpha() and after[0] not in (*_AMOUNTS, *lexicon.units)
    return bool(counted) and not _MOMENTS.intersection(before[-1:])


def _out_of_ten(found: Sequence[Token], place: int) -> bool:
    rest = [token.raw.lower() for token in found[place + 1 : place + 4]]
    return rest[:2] == ["/", "10"] or (rest[-1:] in (["10"], ["ten"], ["diez"]) and "." not in rest)
