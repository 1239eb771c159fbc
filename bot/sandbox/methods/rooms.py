"""The methods that look at chats and their members."""

from __future__ import annotations

from bot.sandbox.arguments import Arguments
from bot.sandbox.chats import Json
from bot.sandbox.cloud import Cloud, member
from bot.sandbox.refusal import bad_request

_PRESENT = ("creator", "administrator", "member", "restricted")


def get_chat(cloud: Cloud, args: Arguments) -> Json:
    """`getChat`."""
    chat = cloud.open_chat(args)
    full: Json = {
        **chat.head(),
        "accent_color_id": 0,
        "max_reaction_count": 11,
        "accepted_gift_types": {
            "unlimited_gifts": False,
            "limited_gifts": False,
            "unique_gifts": False,
            "premium_subscription": False,
            "gifts_from_channels": False,
        },
    }
    if chat.pinned and chat.pinned[-1] in chat.log:
        full["pinned_message"] = chat.log[chat.pinned[-1]].raw
    return full


def get_chat_member(cloud: Cloud, args: Arguments) -> Json:
    """`getChatMember`."""
    chat = cloud.open_chat(args)
    user = cloud.users.get(args.whole("user_id"))
    if user is None:
        raise bad_request("user not found")
    return member(user, chat.members.get(user.id, "left"))


def get_chat_administrators(cloud: Cloud, args: Arguments) -> list[Json]:
    """`getChatAdministrators`."""
    chat = cloud.open_chat(args)
    if chat.kind == "private":
        raise bad_request("there are no administrators in the private chat")
    return [
        member(cloud.users[user_id], status)
        for user_id, status in chat.members.items()
        if status in ("creator", "administrator")
    ]


def get_chat_member_count(cloud: Cloud, args: Arguments) -> int:
    """`getChatMemberCount`."""
    return sum(status in _PRESENT for status in cloud.open_chat(args).members.values())


def leave_chat(cloud: Cloud, args: Arguments) -> bool:
    """`leaveChat`."""
    chat = cloud.open_chat(args)
    if chat.kind == "private":
        raise bad_request("chat member status can't be changed in private chats")
    cloud.membership(chat, cloud.bot, "left", by=cloud.bot)
    return True
