"""The HTML that Telegram takes, and how a text that is too long reaches a patient in parts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from content.telegram_html import (
    MAX_UNITS,
    first_paragraph,
    problems,
    split,
    tidy,
    units,
    visible,
)


@pytest.mark.parametrize(
    "html",
    [
        "<b>Day 1</b>\nWash <i>gently</i>.",
        '<a href="https://example.org">the leaflet</a>',
        '<tg-time unix="1795529400" format="wDT">tomorrow 14:30</tg-time>',
        "<blockquote expandable>A long list</blockquote>",
        "2 &lt; 3 &amp; so on",
        "<b>One <u>two</u></b>",
    ],
)
def test_sound_html_has_no_problem(html: str) -> None:
    assert problems(html) == []


@pytest.mark.parametrize(
    ("html", "told"),
    [
        ("<div>One</div>", "<div> is not a tag that Telegram knows"),
        ("One<br>Two", "<br> is not a tag that Telegram knows"),
        ("<b>One", "<b> is never closed"),
        ("One</b>", "</b> where no closing tag was expected"),
        ("<b><i>One</b></i>", "</b> where </i> was expected"),
        ('<b class="x">One</b>', "<b> may not carry 'class'"),
        ('<a onclick="x">One</a>', "<a> may not carry 'onclick'"),
        ("under 5 < 6", "a bare < has to be written &lt;"),
        ("<b> </b>", "it says nothing"),
        ("", "it says nothing"),
        ("x" * 4097, "it is 4097 units long, Telegram takes 4096"),
    ],
)
def test_what_telegram_would_refuse_is_told(html: str, told: str) -> None:
    assert told in problems(html)


def test_a_text_is_measured_as_telegram_counts_it() -> None:
    assert units("<b>abc</b>") == 3
    assert units("&lt;&amp;&gt;") == 3
    assert units("😀") == 2
    assert problems("😀" * 2048) == []
    assert problems("😀" * 2049) != []


def test_a_person_reads_neither_tags_nor_entities() -> None:
    assert visible("<b>2 &lt; 3</b> &amp; more") == "2 < 3 & more"


def test_the_key_message_is_the_first_paragraph() -> None:
    assert first_paragraph("<b>Yes.</b>\n\nMore.\n\nAnd more.") == "<b>Yes.</b>"


def test_a_text_within_the_limit_stays_one_message() -> None:
    assert split("One\n\nTwo") == ["One\n\nTwo"]


def test_a_long_text_is_cut_at_a_paragraph() -> None:
    first, second = "<b>a</b>" * 30, "b" * 30
    assert split(f"{first}\n\n{second}", limit=50) == [first, second]
    assert split("a\n\nb\n\nc", limit=4) == ["a\n\nb", "c"]


def test_a_long_paragraph_is_cut_at_a_space_and_stays_sound() -> None:
    parts = split("<b>" + "wash gently &amp; rest " * 20 + "</b>", limit=50)
    assert all(units(part) <= 50 for part in parts)
    assert all(problems(part) == [] for part in parts)
    assert " ".join(parts).split() == ("wash gently &amp; rest " * 20).split()


@given(st.text(alphabet="ab <&>😀\n", min_size=1, max_size=300), st.integers(4, 40))
def test_nothing_that_can_be_read_is_lost_by_cutting(text: str, limit: int) -> None:
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    parts = split(tidy(escaped), limit=limit)
    assert all(units(part) <= limit for part in parts)
    assert "".join(visible("".join(parts)).split()) == "".join(text.split())


def test_ten_thousand_characters_reach_the_patient_in_parts() -> None:
    parts = split("x" * 10_000)
    assert [len(part) for part in parts] == [MAX_UNITS, MAX_UNITS, 10_000 - 2 * MAX_UNITS]
