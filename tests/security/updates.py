"""Anything that Telegram can tell a bot, and much that it never would, as hypothesis strategies."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from bot.patient import contents as patient_contents
from bot.sandbox.chats import Json
from bot.staff import contents as staff_contents
from tests.fakes.people import ANA_CHAT, HILLTOP_GROUP, OLGA, RIVERSIDE_GROUP, ROSA
from tests.security.conftest import (
    BEA,
    BEN_CHAT,
    BOT_ID,
    CARLA,
    NEW_CHAT,
    NOBODYS_GROUP,
    OUT_CHAT,
    STRANGER,
    Line,
)

NOON = 1_795_528_800
CODE = "a-code-nobody-has-used"
"""Stands for a code that opens an enrolment; it is as long as one."""

LONG = {"(ten thousand letters)": "x" * 10_000, "(pus without end)": "pus " * 2_500}
"""What stands for what is too long to print when a test fails."""

LARGEST_ID = 2**52 - 1
"""Telegram's numbers have at most 52 bits (https://core.telegram.org/bots/api#chat)."""

PEOPLE = (ANA_CHAT, BEN_CHAT, NEW_CHAT, OUT_CHAT, STRANGER, ROSA, BEA, CARLA, OLGA, LARGEST_ID)
GROUPS = (RIVERSIDE_GROUP, HILLTOP_GROUP, NOBODYS_GROUP, -LARGEST_ID)
ALIASES = ("parar", "ayuda", "hoy", "olvidar", "privacidad", "idioma", "nosuchcommand", "connect")
COMMANDS = (*patient_contents.COMMANDS, *staff_contents.COMMANDS, *ALIASES)
KINDS = (*patient_contents.TAPS, *staff_contents.TAPS)

SAID = (
    "can I wear makeup yet?",
    "is this redness normal",
    "there is pus and it smells",
    "I can't breathe and my lips are swollen",
    "I want to speak to someone",
    "stop",
    "gracias",
    "London",
    "0",
    "?",
    " ",
    "\u200b\u200d\ufeff",
    "مرحبا هل هذا طبيعي؟",
    "\u202eemit drawkcab\u202c",
    "<b>bold</b> <a href='https://example.org'>x</a> <script>alert(1)</script> &lt; &amp;",
    "<b>never closed",
    "{{ ''.__class__.__mro__ }} {% for x in y %} {# #}",
    "${7*7} %s %(name)s {0}",
    "'; DROP TABLE patient; --",
    "\x00\x01\x1f",
    "👩\u200d🦰" * 40,
    *LONG,
    "A" * 22,
    "a b c d e f g h i j k l m n o p q r s t u v",
    "../../etc/passwd",
    "9" * 60,
    "٣٤٥",
    "²",
)


def texts() -> st.SearchStrategy[str]:
    """What a person may type."""
    return st.one_of(st.sampled_from(SAID), st.text(max_size=60))


def numbers() -> st.SearchStrategy[int]:
    """Numbers of messages and rows: such as exist here, and others."""
    return st.one_of(st.integers(1, 12), st.sampled_from([0, -1, 2**31, LARGEST_ID]))


def user(number: int, *, language: str | None = "en", is_bot: bool = False) -> Json:
    """Somebody's account."""
    head: Json = {"id": number, "is_bot": is_bot, "first_name": f"Person {number}"}
    return {**head, "language_code": language} if language else head


@st.composite
def accounts(draw: st.DrawFn) -> Json:
    """Somebody: of a clinic, a patient, a stranger, or a program."""
    return user(
        draw(st.sampled_from((*[ANA_CHAT] * 4, *[ROSA] * 4, *PEOPLE))),
        language=draw(st.sampled_from(["en", "es", "es-MX", "xx", "", None])),
        is_bot=draw(st.integers(0, 19)) == 19,
    )


@st.composite
def rooms(draw: st.DrawFn, sender: Json) -> Json:
    """A chat in which somebody may say something."""
    at_work = sender["id"] in (ROSA, BEA, OLGA) and draw(st.integers(0, 3)) > 0
    if at_work:
        group = HILLTOP_GROUP if sender["id"] == OLGA else RIVERSIDE_GROUP
        return {"id": group, "type": "group", "title": "Staff"}
    kind = draw(st.sampled_from(["private"] * 6 + ["group", "supergroup", "channel"]))
    if kind == "private":
        return {"id": sender["id"], "type": kind, "first_name": sender["first_name"]}
    return {"id": draw(st.sampled_from(GROUPS)), "type": kind, "title": "A <group>"}


def _file(**more: Any) -> Json:
    return {"file_id": "AgACfile", "file_unique_id": "AQfile", "file_size": 10, **more}


def _commanded(text: str) -> Json:
    entity = {"type": "bot_command", "offset": 0, "length": len(text.split(maxsplit=1)[0])}
    return {"text": text, "entities": [entity]}


@st.composite
def commands(draw: st.DrawFn) -> Json:
    """A command, with whatever may follow it."""
    name = draw(st.sampled_from(COMMANDS))
    at = draw(st.sampled_from(["", "", "@aftercare_try_bot", "@another_bot"]))
    rest = draw(st.one_of(st.just(""), st.just(CODE), texts()))
    return _commanded(f"/{name}{at} {rest}".rstrip(" "))


def contents() -> st.SearchStrategy[Json]:
    """What a message may hold, of every kind there is."""
    size = {"width": 10, "height": 10}
    media: list[Json] = [
        {"photo": [_file(**size)]},
        {"photo": [_file(**size)], "media_group_id": "77"},
        {"photo": []},
        {"voice": _file(duration=3)},
        {"video": _file(duration=3, **size)},
        {"video_note": _file(duration=3, length=10)},
        {"audio": _file(duration=3)},
        {"document": _file(mime_type="image/png", file_name="../x.png")},
        {"document": _file()},
        {"animation": _file(duration=3, **size), "document": _file()},
        {"sticker": _file(type="regular", is_animated=False, is_video=False, **size)},
        {"story": {"id": 1, "chat": {"id": 5, "type": "private"}}},
    ]
    plain: list[Json] = [
        {"location": {"latitude": 51.5, "longitude": -0.1}},
        {"location": {"latitude": 89.9, "longitude": 179.9}, "edit_date": NOON},
        {"location": {"latitude": 0.0, "longitude": -30.0, "live_period": 60}},
        {"venue": {"location": {"latitude": 1, "longitude": 1}, "title": "x", "address": "y"},
         "location": {"latitude": 1, "longitude": 1}},
        {"contact": {"phone_number": "+1", "first_name": "<b>"}},
        {"dice": {"emoji": "🎲", "value": 3}},
        {"poll": _poll()},
        {"game": {"title": "x", "description": "y", "photo": []}},
        {"web_app_data": {"data": "{}", "button_text": "x"}},
        {"users_shared": {"request_id": 1, "users": [{"user_id": 5}]}},
        {"paid_media": {"star_count": 1, "paid_media": []}},
        {"successful_payment": {"currency": "XTR", "total_amount": 1, "invoice_payload": "x",
                                "telegram_payment_charge_id": "a",
                                "provider_payment_charge_id": "b"}},
        {"text": ""},
        {},
    ]  # fmt: skip
    service: list[Json] = [
        {"new_chat_members": [user(BOT_ID, is_bot=True)]},
        {"left_chat_member": user(BEA)},
        {"left_chat_member": user(OLGA)},
        {"left_chat_member": user(BOT_ID, is_bot=True)},
        {"new_chat_title": "{{ x }}"},
        {"delete_chat_photo": True},
        {"group_chat_created": True},
        {"migrate_to_chat_id": -1_000_000_009_999},
        {"migrate_from_chat_id": -1_000_000_009_998},
        {"pinned_message": {"message_id": 1, "date": 0, "chat": {"id": 1, "type": "private"}}},
        {"message_auto_delete_timer_changed": {"message_auto_delete_time": 60}},
        {"video_chat_started": {}},
        {"forum_topic_created": {"name": "x", "icon_color": 1}},
        {"write_access_allowed": {}},
        {"boost_added": {"boost_count": 1}},
        {"connected_website": "example.org"},
        {"a_kind_of_next_year": {"x": 1}},
    ]
    captioned = st.tuples(st.sampled_from(media), texts()).map(lambda t: {**t[0], "caption": t[1]})
    return st.one_of(
        texts().map(lambda said: {"text": said}),
        commands(),
        st.sampled_from(media),
        captioned,
        st.sampled_from(plain),
        st.sampled_from(service),
    )


def _poll() -> Json:
    return {
        "id": "1", "question": "x", "options": [{"text": "a", "voter_count": 0,
        "persistent_id": "1"}], "total_voter_count": 0, "is_closed": False,
        "is_anonymous": True, "type": "regular", "allows_multiple_answers": False,
        "allows_revoting": False, "members_only": False,
    }  # fmt: skip


@st.composite
def messages(draw: st.DrawFn) -> Json:
    """A message, as it stands in an update."""
    sender = draw(accounts())
    message: Json = {
        "message_id": draw(st.one_of(st.integers(500, 512), st.just(LARGEST_ID))),
        "date": NOON,
        "chat": draw(rooms(sender)),
        "from": sender,
        **draw(contents()),
    }
    if draw(st.booleans()):
        message |= draw(st.sampled_from(list(_frames(message))))
    return message


def _frames(message: Json) -> Any:
    """What may come around a message."""
    other = {"message_id": 1, "date": NOON, "chat": message["chat"]}
    yield {"reply_to_message": {**other, "from": user(BOT_ID, is_bot=True), "text": "x"}}
    yield {"reply_to_message": {**other, "message_id": 2, "from": user(BOT_ID, is_bot=True)}}
    yield {"reply_to_message": {**other, "from": user(ANA_CHAT), "text": "x"}}
    yield {"forward_origin": {"type": "hidden_user", "sender_user_name": "x", "date": NOON}}
    yield {"via_bot": user(9, is_bot=True)}
    yield {"sender_chat": {"id": -5, "type": "channel", "title": "x"}}
    yield {"has_protected_content": True, "message_thread_id": 4, "is_topic_message": True}
    yield {"quote": {"text": "x", "position": 0}, "external_reply": {
        "origin": {"type": "hidden_user", "sender_user_name": "x", "date": NOON}}}  # fmt: skip
    yield {"from": None}


def arguments() -> st.SearchStrategy[str]:
    """What a button may carry, ours and others'."""
    ours = (
        "1", "2", "3", "7", "0", "999", "yes", "no", "keep", "Europe/London", "America/New_York",
        "makeup", "sunscreen", "en", "es", "riverside-skin", "hilltop-clinic", "24",
        "microneedling", "face", "now", "-1", "9" * 19, "9" * 40, "1" * 15, "", "..", "a/b", "1.5",
    )  # fmt: skip
    return st.one_of(st.sampled_from(ours), st.text(max_size=12), st.integers().map(str))


@st.composite
def tapped_data(draw: st.DrawFn) -> str:
    """The data of a button."""
    version = draw(st.sampled_from(["v1"] * 9 + ["v0", "v2", "", "V1"]))
    kind = draw(st.sampled_from(KINDS))
    args = draw(st.lists(arguments(), max_size=3))
    return draw(st.one_of(
        st.just(":".join([version, kind, *args])),
        st.just(":".join([version, kind, *args])),
        st.just(f"v1:{kind}:".ljust(64, "9")),
        st.just(f"v1:{kind}:".ljust(65, "a")),
        texts(),
    ))  # fmt: skip


@st.composite
def taps(draw: st.DrawFn) -> Json:
    """A tap on a button."""
    sender = draw(accounts())
    tap: Json = {"id": "1", "from": sender, "chat_instance": "1", "data": draw(tapped_data())}
    room = draw(rooms(sender))
    match draw(st.sampled_from(["message"] * 8 + ["gone", "inline", "game"])):
        case "message":
            account = user(BOT_ID, is_bot=True)
            tap["message"] = {
                "message_id": draw(numbers()),
                "date": NOON,
                "chat": room,
                "from": account,
                "text": "x",
            }
        case "gone":
            tap["message"] = {"message_id": draw(numbers()), "date": 0, "chat": room}
        case "inline":
            tap["inline_message_id"] = "x"
        case "game":
            del tap["data"]
            tap["game_short_name"] = "x"
    return tap


@st.composite
def member_changes(draw: st.DrawFn, who: Json | None = None) -> Json:
    """Somebody's standing in a chat changed."""
    sender = draw(accounts())
    about = who or draw(accounts())
    standing = st.sampled_from(["creator", "member", "left", "kicked", "restricted"])
    return {
        "chat": draw(rooms(sender)),
        "from": sender,
        "date": NOON,
        "old_chat_member": _standing(about, draw(standing)),
        "new_chat_member": _standing(about, draw(standing)),
    }


def _standing(about: Json, status: str) -> Json:
    rights = (
        "can_send_messages", "can_send_audios", "can_send_documents", "can_send_photos",
        "can_send_videos", "can_send_video_notes", "can_send_voice_notes", "can_send_polls",
        "can_send_other_messages", "can_add_web_page_previews", "can_change_info",
        "can_invite_users", "can_pin_messages", "can_manage_topics", "can_edit_tag",
        "can_react_to_messages",
    )  # fmt: skip
    more: dict[str, Json] = {
        "creator": {"is_anonymous": False},
        "kicked": {"until_date": 0},
        "restricted": {"is_member": True, "until_date": 0, **dict.fromkeys(rights, True)},
    }
    return {"user": about, "status": status, **more.get(status, {})}


@st.composite
def others(draw: st.DrawFn) -> tuple[str, Json]:
    """What is no message and no tap."""
    sender = draw(accounts())
    said = draw(texts())
    room = draw(rooms(sender))
    business = {
        "business_connection_id": "b1",
        "message_id": 3,
        "date": NOON,
        "chat": {"id": sender["id"], "type": "private", "first_name": "x"},
        "from": sender,
        **draw(st.one_of(st.just({"text": said}), commands())),
    }
    emoji = [{"type": "emoji", "emoji": "👍"}]
    inline = {"id": "1", "from": sender, "query": said, "offset": ""}
    asked = {"chat": room, "from": sender, "user_chat_id": sender["id"], "date": NOON}
    boost = {"boost_id": "1", "add_date": NOON, "source": {"source": "premium", "user": sender}}
    told: list[tuple[str, Json]] = [
        ("inline_query", inline),
        ("chosen_inline_result", {"result_id": "1", "from": sender, "query": said}),
        ("shipping_query", {"id": "1", "from": sender, "invoice_payload": said,
                            "shipping_address": dict.fromkeys(
                                ("country_code", "state", "city", "street_line1", "street_line2",
                                 "post_code"), "x")}),
        ("pre_checkout_query", {"id": "1", "from": sender, "currency": "XTR", "total_amount": 1,
                                "invoice_payload": said}),
        ("poll", _poll()),
        ("poll_answer", {"poll_id": "1", "user": sender, "option_ids": [0],
                         "option_persistent_ids": ["1"]}),
        ("message_reaction", {"chat": room, "message_id": 1, "user": sender, "date": NOON,
                              "old_reaction": [], "new_reaction": emoji}),
        ("message_reaction_count", {"chat": room, "message_id": 1, "date": NOON, "reactions": []}),
        ("chat_join_request", asked),
        ("business_connection", {"id": "b1", "user": sender, "user_chat_id": sender["id"],
                                 "date": NOON, "can_reply": True, "is_enabled": True}),
        ("business_message", business),
        ("edited_business_message", {**business, "edit_date": NOON}),
        ("deleted_business_messages", {"business_connection_id": "b1", "chat": business["chat"],
                                       "message_ids": [1]}),
        ("guest_message", {**business, "business_connection_id": None}),
        ("chat_boost", {"chat": room, "boost": {**boost, "expiration_date": NOON}}),
        ("removed_chat_boost", {"chat": room, "boost_id": "1", "remove_date": NOON,
                                "source": boost["source"]}),
        ("purchased_paid_media", {"from": sender, "paid_media_payload": said}),
        ("a_kind_of_next_year", {"from": sender, "text": said}),
    ]  # fmt: skip
    return draw(st.sampled_from(told))


@dataclass(frozen=True)
class Press:
    """A tap on a button that the bot has shown, as it was or with a part of it altered."""

    by: Json
    at: Json
    pick: int
    altered: tuple[int, str] | None

    def update(self, line: Line) -> Json | None:
        """Return the update; None if the bot has shown no button there."""
        shown = line.buttons(self.at["id"])
        if not shown:
            return None
        message, data = shown[self.pick % len(shown)]
        if self.altered:
            parts = data.split(":")
            parts[self.altered[0] % len(parts)] = self.altered[1]
            data = ":".join(parts)
        tap = {"id": "1", "from": self.by, "chat_instance": "1", "data": data, "message": message}
        return {"callback_query": tap}


@dataclass(frozen=True)
class Reply:
    """A reply to something that the bot has said in a chat."""

    by: Json
    at: Json
    pick: int
    content: Json

    def update(self, line: Line) -> Json | None:
        """Return the update; None if the bot has said nothing there."""
        said = line.shown(self.at["id"])
        if not said:
            return None
        message = {
            "message_id": 1000 + self.pick,
            "date": NOON,
            "chat": self.at,
            "from": self.by,
            "reply_to_message": said[self.pick % len(said)],
        }
        return {"message": {**message, **self.content}}


@st.composite
def presses(draw: st.DrawFn) -> Press:
    """A tap on what is really there."""
    sender = draw(accounts())
    altered = draw(st.one_of(st.none(), st.none(), st.tuples(st.integers(1, 3), arguments())))
    return Press(sender, draw(rooms(sender)), draw(st.integers(0, 99)), altered)


@st.composite
def replies(draw: st.DrawFn) -> Reply:
    """A reply to what is really there."""
    sender = draw(accounts())
    return Reply(sender, draw(rooms(sender)), draw(st.integers(0, 40)), draw(contents()))


Happening = Json | Press | Reply


def happenings() -> st.SearchStrategy[Happening]:
    """What comes in: updates out of nowhere, and people who use what the bot has shown them."""
    return st.one_of(updates(), presses(), presses(), replies())


def as_sent(update: Json, code: str) -> Json:
    """Return an update with what stood for something in it."""
    told = json.dumps(update, ensure_ascii=False).replace(CODE, code)
    for name, said in LONG.items():
        told = told.replace(name, said)
    return dict(json.loads(told))


def updates() -> st.SearchStrategy[Json]:
    """Updates without their number."""
    said = messages()
    account = user(BOT_ID, is_bot=True)
    channel: Json = {"from": None, "chat": {"id": -77, "type": "channel", "title": "x"}}
    return st.one_of(
        said.map(lambda m: {"message": m}),
        said.map(lambda m: {"message": m}),
        taps().map(lambda t: {"callback_query": t}),
        taps().map(lambda t: {"callback_query": t}),
        said.map(lambda m: {"edited_message": {**m, "edit_date": NOON + 60}}),
        said.map(lambda m: {"channel_post": {**m, **channel}}),
        said.map(lambda m: {"edited_channel_post": {**m, **channel, "edit_date": NOON + 60}}),
        member_changes(account).map(lambda c: {"my_chat_member": c}),
        member_changes().map(lambda c: {"chat_member": c}),
        others().map(lambda o: {o[0]: o[1]}),
    )
