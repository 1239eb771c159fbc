"""What every story starts from: a clock that stands still, an empty store, the library."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from content.catalog import Catalog
from scheduler.store.engine import Store
from tests.fakes.clock import FakeClock
from tests.fakes.messenger import FakeMessenger
from tests.fakes.people import World, build_world


@pytest.fixture(scope="session")
def catalog() -> Catalog:
    return Catalog()


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
