"""The buttons of a patient's conversation."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from bot.patient.conversation import in_pairs
from content.catalog import Words
from content.model import ClinicVoice, Procedure
from scheduler.buttons import pack
from scheduler.messenger import Button, Keyboard


def home(words: Words) -> Keyboard:
    """The four buttons of the home card."""
    return (
        (
            Button(words("button", "can_i"), pack("cani"), style="primary"),
            Button(words("button", "is_normal"), pack("normal")),
        ),
        (
            Button(words("button", "today"), pack("today")),
            wrong_button(words),
        ),
    )


def wrong_button(words: Words) -> Button:
    """The way to a person, on every card."""
    return Button(words("button", "wrong"), pack("wrong"), style="danger")


def wrong(words: Words) -> Keyboard:
    """Only the way to a person."""
    return ((wrong_button(words),),)


@lru_cache(maxsize=512)
def topics(words: Words, keys: tuple[str, ...], *, pass_on: int | None = None) -> Keyboard:
    """Offered topics, then the way to a person; `pass_on` names the message to hand over."""
    rows = [(Button(words("topic", key), pack("topic", key)),) for key in keys]
    if pass_on is not None:
        rows.append((Button(words("button", "pass_on"), pack("pass", pass_on), style="primary"),))
    return (*rows, (wrong_button(words),))


def waits(words: Words, procedure: Procedure) -> Keyboard:
    """Every wait that patients ask about."""
    asked = [rule for rule in procedure.rules.values() if rule.asked]
    buttons = [Button(words("rule", rule.key), pack("can", rule.key)) for rule in asked]
    return (*in_pairs(buttons), (Button(words("button", "home"), pack("home")),))


def help_now(words: Words, voice: ClinicVoice) -> Keyboard:
    """Under a warning: the clinic's number to copy, and a message to a person."""
    call: Keyboard = ()
    if voice.phone:
        call = ((Button(words("button", "copy_phone"), copy_text=voice.phone),),)
    return (*call, (Button(words("button", "write_clinic"), pack("write"), style="primary"),))


def consent(words: Words, *, offers: bool) -> Keyboard:
    """Agree, with or without offers, or not at all."""
    toggle = "offers_on" if offers else "offers_off"
    return (
        (Button(words("button", toggle), pack("offers", int(not offers))),),
        (Button(words("button", "agree"), pack("agree", int(offers)), style="success"),),
        (Button(words("button", "decline"), pack("decline")),),
    )


def timezone_right(words: Words) -> Keyboard:
    """Whether the clock is right."""
    return (
        (
            Button(words("button", "yes"), pack("zone", "keep"), style="success"),
            Button(words("button", "other_zone"), pack("zones")),
        ),
    )


def timezones(words: Words) -> Keyboard:
    """Common zones by the names of their cities."""
    cities = words.table("city")
    return in_pairs([Button(str(name), pack("zone", zone)) for zone, name in cities.items()])


def languages(names: Sequence[tuple[str, str]]) -> Keyboard:
    """Every language, told as (key, name), by its own name."""
    return tuple((Button(name, pack("lang", key)),) for key, name in names)


def sure(words: Words, yes: str, kind: str) -> Keyboard:
    """One confirmation of something that cannot be undone."""
    return (
        (Button(words("button", yes), pack(kind, "yes"), style="danger"),),
        (Button(words("button", "keep"), pack(kind, "no")),),
    )
