"""What the bot does before it listens."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest
from structlog.testing import capture_logs

from bot import app
from bot.memory import LOOKED_AT_AFTER
from content.catalog import Catalog
from content.tables import ContentError
from content.understand import Knowledge
from scheduler.services import desk
from scheduler.store.engine import Store
from tests.fakes.clock import FakeClock
from tests.fakes.telegram import telegram_with_bot


@pytest.fixture
def heap() -> Iterator[None]:
    """Let what is set aside in a test be collected after it, as often as before."""
    threshold = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*threshold)


@pytest.mark.usefixtures("heap", "world")
async def test_the_answers_are_made_ready_in_the_languages_of_the_clinics_before_the_first_patient(
    store: Store,
    catalog: Catalog,
    clock: FakeClock,
    knowledge: Knowledge,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("Clinica Sol", "Clinica Mar"):
        store.run(
            desk.add_clinic,
            catalog,
            name=name,
            language="es",
            timezone="Europe/Madrid",
            phone="+34 600 100 200",
            emergency_number="112",
            now=clock(),
        )
    ready: list[str] = []
    monkeypatch.setattr(app, "rehearse", lambda *a: ready.append(a[-1]))
    async with telegram_with_bot(store, catalog, clock, knowledge=knowledge) as (_, bot):
        frozen = gc.get_freeze_count()
        await bot.make_ready()
        assert ready == ["en", "es"]
        assert gc.get_freeze_count() > frozen
        assert gc.get_threshold() == LOOKED_AT_AFTER


@pytest.mark.usefixtures("heap", "world")
async def test_a_wrong_word_in_the_library_does_not_keep_the_bot_from_starting(
    store: Store,
    catalog: Catalog,
    clock: FakeClock,
    knowledge: Knowledge,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def wrong(*_: object) -> None:
        raise ContentError("en/words.toml: topic.makeup is missing")

    monkeypatch.setattr(app, "rehearse", wrong)
    async with telegram_with_bot(store, catalog, clock, knowledge=knowledge) as (_, bot):
        with capture_logs() as logs:
            await bot.make_ready()
    assert [entry["event"] for entry in logs] == ["rehearsal.failed"]
