"""Joining: the code, what this bot is and is not, the consent, the clock, the day's card."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

from telegram import Message
from tzfpy import get_tz

from bot.patient import keyboards
from bot.patient.conversation import Conversation, enrolled
from bot.patient.home import show_home
from bot.patient.zones import find_zone
from bot.staff.invitation import joined
from content.moments import clock_time
from scheduler.buttons import pack
from scheduler.messenger import Button
from scheduler.services import enrolment, preferences
from scheduler.services.enrolment import Opened
from scheduler.store import clinics, patients

AGES = (0, 3, 6, 12, 24, 48, 72)
"""For how many hours a treatment may be past that a patient enters herself."""


async def start(conversation: Conversation) -> None:
    """`/start`, with the code that a link carries or without."""
    text = (conversation.message and conversation.message.text) or ""
    _, _, code = text.partition(" ")
    if code.strip():
        await use_code(conversation, code)
    elif conversation.patient and conversation.patient.state == "joining":
        await ask_consent(conversation)
    elif conversation.patient:
        if conversation.patient.state == "blocked":
            await conversation.house.store.tx(patients.mark_returned, conversation.chat_id)
        await show_home(await conversation.again())
    else:
        await without_code(conversation)


async def without_code(conversation: Conversation) -> None:
    """Tell a person how to get a code; a clinic may let her enrol herself."""
    offering = await conversation.house.store.tx(clinics.open_to_all)
    buttons = tuple((Button(clinic.name, pack("self", clinic.slug)),) for clinic in offering)
    name = "no_code_self" if buttons else "no_code"
    await conversation.say(conversation.screen(name), buttons)


async def use_code(conversation: Conversation, code: str) -> None:
    """Let a patient in by her code, or say in one sentence why not."""
    house = conversation.house
    opened = await house.store.tx(
        enrolment.open_code,
        code,
        chat_id=conversation.chat_id,
        language=conversation.language,
        now=conversation.now,
    )
    if not isinstance(opened, Opened):
        await conversation.say(conversation.screen(f"code_{opened}"))
        return
    conversation = await conversation.again()
    if conversation.known().state == "joining":
        await ask_consent(conversation)
        return
    if not opened.again:
        await house.store.tx(
            enrolment.join_again, house.catalog, opened.patient.id, conversation.now
        )
        await joined(house, opened.patient.id)
        await conversation.say(conversation.screen("treatment_added"))
    await show_home(conversation)


async def ask_consent(conversation: Conversation) -> None:
    """Say what this is and who reads it, then ask."""
    await conversation.say(conversation.screen("welcome"))
    await conversation.say(
        conversation.screen("consent", version=enrolment.CONSENT_VERSION),
        keyboards.consent(conversation.words, offers=False),
    )


async def offers(conversation: Conversation) -> None:
    """Turn the consent to offers on or off before agreeing."""
    if not _joining(conversation):
        return
    wanted = conversation.told.text() == "1"
    await conversation.edit(
        conversation.screen("consent", version=enrolment.CONSENT_VERSION),
        keyboards.consent(conversation.words, offers=wanted),
    )


async def agree(conversation: Conversation) -> None:
    """The yes: the plan starts, and the clock is confirmed."""
    if not _joining(conversation):
        await enrolled(show_home)(conversation)
        return
    house, patient = conversation.house, conversation.known()
    marketing = conversation.told.text() == "1"
    await house.store.tx(
        enrolment.agree, house.catalog, patient.id, marketing=marketing, now=conversation.now
    )
    await joined(house, patient.id)
    conversation = await conversation.again()
    await conversation.edit(conversation.screen("agreed", marketing=marketing))
    await ask_timezone(conversation)


async def decline(conversation: Conversation) -> None:
    """The no: nothing is sent, and the way to the clinic stays."""
    if not _joining(conversation):
        return
    await conversation.house.store.tx(enrolment.decline, conversation.known().id, conversation.now)
    await conversation.edit(conversation.screen("declined"))


async def ask_timezone(conversation: Conversation) -> None:
    """Ask whether the clock is right, in words a person can check at a glance."""
    patient = conversation.known()
    local = clock_time(conversation.now.astimezone(patient.zone), conversation.language)
    await conversation.say(
        conversation.screen("timezone", local_time=local),
        keyboards.timezone_right(conversation.words),
    )


async def choose_timezone(conversation: Conversation) -> None:
    """Offer cities to tap, a city to type, and a location to share."""
    patient = conversation.known()
    await conversation.house.store.tx(patients.change, patient.id, asked="timezone")
    await conversation.edit(
        conversation.screen("timezone_choose"), keyboards.timezones(conversation.words)
    )
    await conversation.say(
        conversation.screen("timezone_share"),
        ask_location=conversation.words("button", "share_location"),
    )


async def set_timezone(conversation: Conversation) -> None:
    """A tap on a city, or on "that is right"."""
    patient = conversation.known()
    choice = conversation.told.text() or "keep"
    if choice == "keep":
        await conversation.house.store.tx(patients.change, patient.id, asked=None)
        await conversation.edit(conversation.screen("timezone_kept"))
    elif choice in conversation.words.table("city"):
        await _live_by(conversation, choice)
        return
    await show_home(await conversation.again())


async def location(conversation: Conversation) -> None:
    """A shared location tells the zone; the place itself is not kept."""
    message = conversation.message
    shared = message.location if isinstance(message, Message) else None
    if shared is None:
        return
    zone = get_tz(shared.longitude, shared.latitude)
    if not zone:
        await conversation.say(conversation.screen("timezone_unknown"), remove_keyboard=True)
        return
    await _live_by(conversation, zone)


async def city(conversation: Conversation, typed: str) -> bool:
    """A typed city; False if it is none, so that the text is heard as something else."""
    zone = find_zone(typed, conversation.words.table("city"))
    if zone is None:
        return False
    await _live_by(conversation, zone)
    return True


async def _live_by(conversation: Conversation, zone: str) -> None:
    house, patient = conversation.house, conversation.known()
    await house.store.tx(preferences.set_timezone, house.catalog, patient, zone, conversation.now)
    conversation = await conversation.again()
    local = clock_time(conversation.now.astimezone(ZoneInfo(zone)), conversation.language)
    await conversation.say(
        conversation.screen("timezone_set", local_time=local), remove_keyboard=True
    )
    await show_home(conversation)


async def enrol_oneself(conversation: Conversation) -> None:
    """A clinic that lets patients in: ask when, in steps of hours and days."""
    slug = conversation.told.text()
    clinic = await conversation.house.store.tx(clinics.by_slug, slug)
    if clinic is None or not clinic.self_enrol or conversation.patient is not None:
        await conversation.say(conversation.screen("no_code"))
        return
    buttons = tuple(
        (Button(conversation.words("ago", str(hours)), pack("treated", slug, hours)),)
        for hours in AGES
    )
    await conversation.edit(conversation.screen("self_when", clinic_name=clinic.name), buttons)


async def treated(conversation: Conversation) -> None:
    """The patient's own word of when she was treated."""
    slug, hours = conversation.told.text(), conversation.told.text(1)
    house = conversation.house
    if _joining(conversation):
        await ask_consent(conversation)
        return
    clinic = await house.store.tx(clinics.by_slug, slug)
    offered = hours in map(str, AGES)
    if clinic is None or not clinic.self_enrol or not offered or conversation.patient is not None:
        await conversation.say(conversation.screen("no_code"))
        return
    await house.store.tx(
        enrolment.enrol_oneself,
        house.catalog,
        clinic=clinic,
        procedure="microneedling",
        treated_at=conversation.now - timedelta(hours=int(hours)),
        chat_id=conversation.chat_id,
        language=conversation.language,
        now=conversation.now,
    )
    await ask_consent(await conversation.again())


def _joining(conversation: Conversation) -> bool:
    return conversation.patient is not None and conversation.patient.state == "joining"
