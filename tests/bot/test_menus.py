"""The menus that Telegram shows: in each language, for patients and for a clinic's group."""

from __future__ import annotations

import json
from typing import Any

from bot.menus import tell_menus
from bot.patient.contents import COMMANDS
from content.catalog import Catalog
from content.understand import Knowledge
from scheduler.store.engine import Store
from tests.fakes.clock import FakeClock
from tests.fakes.telegram import telegram_with_bot


async def test_every_language_gets_both_menus(
    store: Store, catalog: Catalog, clock: FakeClock, knowledge: Knowledge
) -> None:
    async with telegram_with_bot(store, catalog, clock, knowledge=knowledge) as (telegram, _):
        menus: dict[tuple[str, str], list[Any]] = telegram.cloud.commands
        found = {(scope.split(":")[0], language) for scope, language in menus}
        assert len(menus) == 2 * len(catalog.languages), found
        names = [[row["command"] for row in menu] for menu in menus.values()]
        assert list(COMMANDS) in names
        told = json.dumps(list(menus.values()), ensure_ascii=False)
        assert catalog.words("es")("command", "forget") in told


async def test_a_bot_without_menus_still_works(
    store: Store, catalog: Catalog, clock: FakeClock, knowledge: Knowledge
) -> None:
    async with telegram_with_bot(store, catalog, clock, knowledge=knowledge) as (telegram, bot):
        telegram.faults.fail(400, "Bad Request: no", method="setMyCommands")
        await tell_menus(bot.application.bot, catalog, ["start"], [])
        ana = telegram.person("Ana")
        await ana.send("/help")
        assert ana.messages
