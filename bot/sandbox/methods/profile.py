"""The methods about the bot itself: its account, its command menus, its descriptions."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

from bot.sandbox.arguments import Arguments
from bot.sandbox.chats import Json
from bot.sandbox.cloud import Cloud, Event
from bot.sandbox.entities import units
from bot.sandbox.refusal import bad_request

MAX_COMMANDS = 100
LIMITS = {"description": 512, "short_description": 120, "name": 64}

_COMMAND = re.compile(r"[a-z0-9_]{1,32}")
_LANGUAGE = re.compile(r"(?:[a-z]{2})?")


def get_me(cloud: Cloud, _: Arguments) -> Json:
    """`getMe`."""
    return {
        **cloud.bot.head(),
        "can_join_groups": True,
        "can_read_all_group_messages": cloud.reads_all_messages,
        "supports_inline_queries": False,
        "can_connect_to_business": False,
        "has_main_web_app": False,
    }


def set_my_commands(cloud: Cloud, args: Arguments) -> bool:
    """`setMyCommands`."""
    commands = args.rows("commands")
    if len(commands) > MAX_COMMANDS:
        raise bad_request("BOT_COMMANDS_TOO_MUCH")
    for command in commands:
        if not isinstance(command, dict):
            raise bad_request("can't parse BotCommand: expected an Object")
        if not _COMMAND.fullmatch(str(command.get("command"))):
            raise bad_request("BOT_COMMAND_INVALID")
        if not 1 <= len(str(command.get("description") or "")) <= 256:  # noqa: PLR2004
            raise bad_request("BOT_COMMAND_DESCRIPTION_INVALID")
    cloud.commands[_scope(args)] = commands
    cloud.tell(Event("commands"))
    return True


def get_my_commands(cloud: Cloud, args: Arguments) -> list[Json]:
    """`getMyCommands`."""
    return cloud.commands.get(_scope(args), [])


def delete_my_commands(cloud: Cloud, args: Arguments) -> bool:
    """`deleteMyCommands`."""
    cloud.commands.pop(_scope(args), None)
    cloud.tell(Event("commands"))
    return True


def set_my(field: str) -> Callable[[Cloud, Arguments], bool]:
    """Return `setMyDescription` and its like."""

    def set_(cloud: Cloud, args: Arguments) -> bool:
        text = args.text(field)
        if units(text) > LIMITS[field]:
            raise bad_request(f"{field.replace('_', ' ')} is too long")
        cloud.profile[field, _language(args)] = text
        return True

    return set_


def get_my(field: str) -> Callable[[Cloud, Arguments], Json]:
    """Return `getMyDescription` and its like."""

    def get(cloud: Cloud, args: Arguments) -> Json:
        return {field: cloud.profile.get((field, _language(args)), "")}

    return get


def commands_for(cloud: Cloud, kind: str, language: str) -> list[Json]:
    """Return the menu that a person of a language sees in a chat of a kind."""
    scopes = {"private": "all_private_chats"}.get(kind, "all_group_chats")
    for scope in (scopes, "default"):
        for told in (language, ""):
            found = cloud.commands.get((json.dumps({"type": scope}), told))
            if found is not None:
                return found
    return []


def _scope(args: Arguments) -> tuple[str, str]:
    scope = args.table("scope") or {"type": "default"}
    return json.dumps(scope, sort_keys=True), _language(args)


def _language(args: Arguments) -> str:
    language = args.text("language_code")
    if not _LANGUAGE.fullmatch(language):
        raise bad_request("invalid language code specified")
    return language
