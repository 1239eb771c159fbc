"""What somebody sees who runs `aftercare try` and spends two minutes with it."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.async_api import Locator, Page, expect


def phone(page: Page) -> Locator:
    return page.locator("#patient")


def group(page: Page) -> Locator:
    return page.locator("#group")


async def enrol(page: Page) -> None:
    """The clinic enrols, the patient scans and agrees."""
    await page.get_by_role("button", name="Enrol a patient treated now").click()
    await expect(group(page).get_by_role("img", name="Picture")).to_be_visible()
    await page.get_by_role("button", name="Scan the code").click()
    await phone(page).get_by_role("button", name="I agree").click()
    await phone(page).get_by_role("button", name="Yes, that is right").click()
    await expect(phone(page).locator(".log")).to_contain_text("Day 0")


async def say(page: Page, words: str) -> None:
    """The patient writes."""
    await phone(page).get_by_role("textbox").fill(words)
    await page.keyboard.press("Enter")


async def days_pass(page: Page, days: int) -> None:
    """The clock moves from day 0, one day a click."""
    for day in range(1, days + 1):
        await page.get_by_role("button", name="+1 day").click()
        await expect(page.locator("#day")).to_have_text(f"Day {day}")
        await expect(page.get_by_role("button", name="+1 day")).to_be_enabled()


async def test_a_patient_is_enrolled_asks_warns_the_clinic_and_is_cared_for_all_week(
    page: Page,
) -> None:
    await enrol(page)
    await expect(group(page).locator(".log")).to_contain_text("joined")

    await say(page, "can I wear makeup?")
    await expect(phone(page).locator(".message").last).to_contain_text("tomorrow 14:00")

    await say(page, "there is yellow pus coming out of my cheek")
    await expect(phone(page).locator(".log")).to_contain_text("+44 20 7946 0018")
    await expect(group(page).locator(".log")).to_contain_text("URGENT")
    await expect(group(page).locator(".log")).to_contain_text("pus coming out of my cheek")

    await days_pass(page, 7)
    for day in range(1, 8):
        await expect(phone(page).locator(".log")).to_contain_text(f"Day {day}:")
    await expect(phone(page).locator(".log")).to_contain_text("you can wear makeup again")


async def test_done_changes_the_reminder_in_place(page: Page) -> None:
    await enrol(page)
    await page.get_by_role("button", name="Next message").click()
    done = phone(page).get_by_role("button", name="Done")
    await expect(done).to_be_visible()
    reminders = await phone(page).locator(".message").count()
    await done.click()
    await expect(done).to_have_count(0)
    await expect(phone(page).locator(".message").last).to_contain_text("edited")
    assert await phone(page).locator(".message").count() == reminders


async def test_the_clinic_answers_a_question_as_a_reply_in_its_group(page: Page) -> None:
    await enrol(page)
    await say(page, "there is pus coming out of my cheek")
    card = group(page).locator(".message", has_text="URGENT")
    await card.get_by_role("button", name="I'll take it").click()
    await card.hover()
    await card.locator(".doings").get_by_role("button", name="Reply").click()
    await group(page).get_by_role("textbox").fill("Please come in at four.")
    await page.keyboard.press("Enter")
    await expect(phone(page).locator(".log")).to_contain_text("Please come in at four.")


async def test_a_spanish_phone_gets_spanish_words(page: Page) -> None:
    await page.get_by_label("Phone language").select_option("es")
    await page.get_by_role("button", name="Start without a code").click()
    await expect(phone(page).locator(".message.own")).to_contain_text("/start")
    await expect(phone(page).locator(".log")).to_contain_text("código")
    await phone(page).get_by_role("button", name="Commands").click()
    await expect(phone(page).get_by_role("button", name="/plan")).to_be_visible()


async def test_the_whole_first_talk_can_be_had_by_keyboard_alone(page: Page) -> None:
    await page.get_by_role("button", name="Enrol a patient treated now").focus()
    await page.keyboard.press("Enter")
    scan = page.get_by_role("button", name="Scan the code")
    await expect(scan).to_be_enabled()
    await scan.focus()
    await page.keyboard.press("Space")
    agree = phone(page).get_by_role("button", name="I agree")
    await agree.focus()
    outline = await agree.evaluate("button => getComputedStyle(button).outlineStyle")
    await page.keyboard.press("Enter")
    await expect(phone(page).get_by_role("button", name="Yes, that is right")).to_be_visible()
    await phone(page).get_by_role("button", name="Commands").focus()
    await page.keyboard.press("Enter")
    await expect(phone(page).get_by_role("button", name="/start")).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(phone(page).get_by_role("textbox")).to_be_focused()
    assert outline == "solid"


async def test_start_again_begins_with_nobody_enrolled(page: Page) -> None:
    await enrol(page)
    await page.get_by_role("button", name="Start again").click()
    await expect(page.locator("#day")).to_have_text("No patient yet")
    await expect(phone(page).locator(".message")).to_have_count(0)
    await expect(group(page).locator(".log")).to_contain_text("Riverside Skin is connected")


async def test_the_page_fits_a_phone_and_both_colour_schemes(page: Page, tmp_path: Path) -> None:
    await enrol(page)
    grounds = {}
    for scheme in ("light", "dark"):
        await page.emulate_media(color_scheme=scheme)
        for name, width in (("desktop", 1280), ("phone", 390)):
            await page.set_viewport_size({"width": width, "height": 844})
            await page.screenshot(path=tmp_path / f"{name}-{scheme}.png")
            wide = await page.evaluate("document.documentElement.scrollWidth")
            assert wide <= width, f"{name} in {scheme} is {wide} pixels wide"
        grounds[scheme] = await page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert grounds["light"] != grounds["dark"]

    await page.get_by_role("tab", name="Clinic").click()
    await expect(group(page)).to_be_visible()
    await expect(phone(page)).to_be_hidden()
    assert await page.evaluate("document.documentElement.scrollWidth") <= 390
    await page.screenshot(path=tmp_path / "clinic-phone-dark.png")
    await page.get_by_role("button", name="Light or dark").click()
    turned = await page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert turned == grounds["light"]


async def test_text_and_buttons_stand_out_from_what_is_behind_them(page: Page) -> None:
    await enrol(page)
    for scheme in ("light", "dark"):
        await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        pairs = await page.evaluate(COLOURS)
        assert len(pairs) > 20
        weak = [
            (words, f"{contrast(*pair):.2f}") for words, *pair in pairs if contrast(*pair) < 4.5
        ]
        assert weak == [], scheme


COLOURS = """() => {
  const seen = [];
  const solid = (box) => {
    for (; box; box = box.parentElement) {
      const colour = getComputedStyle(box).backgroundColor;
      if (!/, 0\\)$|transparent/.test(colour)) return colour;
    }
    return "rgb(255, 255, 255)";
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const box = walker.currentNode.parentElement;
    const words = walker.currentNode.textContent.trim();
    if (!words || !box.checkVisibility() || box.closest(":disabled, script, noscript")) continue;
    seen.push([words.slice(0, 30), getComputedStyle(box).color, solid(box)]);
  }
  return seen;
}"""
"""Every visible text with its colour and the colour behind it."""


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours, as WCAG 2 defines it."""
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    """Return the relative luminance of `rgb(…)` or `color(srgb …)`."""
    parts = [float(part) for part in re.findall(r"[\d.]+", colour)[:3]]
    channels = parts if colour.startswith("color(") else [part / 255 for part in parts]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in channels
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
