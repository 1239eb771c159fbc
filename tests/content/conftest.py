"""What the stories about understanding start from."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from content.catalog import LIBRARY
from content.understand import Knowledge, Understanding, load_knowledge, understand

Reader = Callable[..., Understanding]


@pytest.fixture(scope="session")
def knowledge() -> Knowledge:
    return load_knowledge(LIBRARY)


@pytest.fixture(scope="session")
def read(knowledge: Knowledge) -> Reader:
    """Understand a message of an English-speaking patient, a day after her treatment."""

    def understood(
        said: str,
        *,
        language: str = "en",
        hours_since: float | None = 30.0,
        procedure: str = "microneedling",
    ) -> Understanding:
        return understand(
            said,
            knowledge=knowledge,
            language=language,
            hours_since=hours_since,
            procedure=procedure,
        )

    return understood
