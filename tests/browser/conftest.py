"""A real Chromium and the demonstration in it; skipped, with the reason, where there is none."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Page, async_playwright

from bot.sandbox.demo import demonstration
from content.catalog import LIBRARY, Catalog
from content.understand import Knowledge, load_knowledge

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test here, and skip it where no Chromium is installed."""
    for item in items:
        if "browser" not in item.path.parts:
            continue
        item.add_marker(pytest.mark.browser)
        if CHROMIUM is None:
            item.add_marker(pytest.mark.skip(reason="there is no chromium on this machine"))


@pytest.fixture(scope="session")
def knowledge() -> Knowledge:
    return load_knowledge(LIBRARY)


@pytest.fixture
async def page(catalog: Catalog, knowledge: Knowledge) -> AsyncIterator[Page]:
    """The demonstration, just opened; whatever the browser complains of fails the test."""
    complaints: list[str] = []
    async with demonstration(0, catalog, knowledge) as url, async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGS)
        page = await browser.new_page(viewport={"width": 1280, "height": 860})
        page.set_default_timeout(15_000)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "console",
            lambda said: (
                complaints.append(said.text) if said.type in ("error", "warning") else None
            ),
        )
        page.on("requestfailed", lambda request: complaints.append(request.url))
        await page.goto(url)
        await page.locator("#group .message").first.wait_for()
        yield page
        await browser.close()
    assert complaints == []
