"""HTML becomes text and entities as Telegram's own parser makes them."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.sandbox.entities import merged, read_html, units
from bot.sandbox.refusal import Refusal


@pytest.mark.parametrize(
    ("html", "text", "entities"),
    [
        ("<i>a</i>", "a", [{"type": "italic", "offset": 0, "length": 1}]),
        (
            "<b>a <u>b</u></b>",
            "a b",
            [
                {"type": "underline", "offset": 2, "length": 1},
                {"type": "bold", "offset": 0, "length": 3},
            ],
        ),
        (
            '<a href="https://example.org/?a=1&amp;b=2">map</a>',
            "map",
            [
                {
                    "type": "text_link",
                    "offset": 0,
                    "length": 3,
                    "url": "https://example.org/?a=1&b=2",
                }
            ],
        ),
        ('<a href="javascript:x">map</a>', "map", []),
        (
            "<blockquote expandable>long</blockquote>",
            "long",
            [{"type": "expandable_blockquote", "offset": 0, "length": 4}],
        ),
        (
            '<pre><code class="language-py">x</code></pre>',
            "x",
            [
                {"type": "code", "offset": 0, "length": 1},
                {"type": "pre", "offset": 0, "length": 1, "language": "py"},
            ],
        ),
        (
            '<tg-time unix="1795615200" format="wDT">Tuesday</tg-time>',
            "Tuesday",
            [
                {
                    "type": "date_time",
                    "offset": 0,
                    "length": 7,
                    "unix_time": 1795615200,
                    "date_time_format": "wDT",
                }
            ],
        ),
        (
            '<span class="tg-spoiler">x</span>',
            "x",
            [{"type": "spoiler", "offset": 0, "length": 1}],
        ),
        ("<b></b>nothing", "nothing", []),
        ("  <b> a </b>", "a", [{"type": "bold", "offset": 0, "length": 1}]),
        ("&lt;b&gt; &#233; &nbsp; &amp;amp;", "<b> é &nbsp; &amp;", []),
        ("<B>a</B>", "a", [{"type": "bold", "offset": 0, "length": 1}]),
        ("<b>a</>", "a", [{"type": "bold", "offset": 0, "length": 1}]),
    ],
)
def test_html_is_read_as_telegram_reads_it(
    html: str, text: str, entities: list[dict[str, Any]]
) -> None:
    assert read_html(html) == (text, entities)


def test_links_and_commands_are_found_outside_of_code() -> None:
    text = "see https://example.org/a. or /help, not /today"
    given_code = [{"type": "code", "offset": 41, "length": 6}]
    found = [(e["type"], text[e["offset"] : e["offset"] + e["length"]])
             for e in merged(text, given_code)]  # fmt: skip
    assert found == [
        ("url", "https://example.org/a"),
        ("bot_command", "/help"),
        ("code", "/today"),
    ]


@given(st.text(alphabet='<>/b &;"=a\n🙂é', max_size=40))
def test_whatever_is_written_is_read_or_refused_and_entities_lie_within_the_text(
    html: str,
) -> None:
    with suppress(Refusal):
        text, entities = read_html(html)
        assert all(0 <= e["offset"] < e["offset"] + e["length"] <= units(text) for e in entities)
