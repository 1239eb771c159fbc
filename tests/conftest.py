"""What every story starts from: a clock that stands still, an empty store, the library."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import structlog

from content.catalog import LIBRARY, Catalog
from content.understand import Knowledge, load_knowledge
from scheduler.store.engine import Store
from tests.fakes.clock import FakeClock
from tests.fakes.messenger import FakeMessenger
from tests.fakes.people import World, build_world


@pytest.fixture(scope="session", autouse=True)
def plain_logs() -> None:
    """Logs as short lines: the library's own form draws a page for each error of a test."""
    plain = structlog.dev.ConsoleRenderer(
        colors=False, exception_formatter=structlog.dev.plain_traceback
    )
    structlog.configure(processors=[structlog.processors.add_log_level, plain])


@pytest.fixture(scope="session")
def catalog() -> Catalog:
    return Catalog()


@pytest.fixture(scope="session")
def knowledge() -> Knowledge:
    return load_knowledge(LIBRARY)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def store() -> Iterator[Store]:
    opened = Store(":memory:", durable=False)
    yield opened
    opened.close()


@pytest.fixture
def messenger() -> FakeMessenger:
    return FakeMessenger()


@pytest.fixture
def world(store: Store, catalog: Catalog, clock: FakeClock) -> World:
    return build_world(store, catalog, clock())
