"""The HTML that Telegram accepts: which tags, how long, and where a long text may be cut.

Telegram refuses a whole message for one stray tag, so a text is checked before it is stored, not
when a patient waits for it. Lengths count UTF-16 units of what is visible, as the Bot API does:
https://core.telegram.org/bots/api#formatting-options
"""

from __future__ import annotations

import re
from html import unescape
from html.parser import HTMLParser

MAX_UNITS = 4096
MAX_CAPTION_UNITS = 1024

ALLOWED_TAGS = frozenset(
    {
        "b", "strong", "i", "em", "u", "ins", "s", "strike", "del",
        "a", "code", "pre", "blockquote", "tg-spoiler", "tg-time",
    }
)  # fmt: skip

_TAG = re.compile(r"<[^>]*>")
_BLANK_LINES = re.compile(r"\n[ \t]*\n\s*")
_PARAGRAPH = "\n\n"


class _Checker(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self.open: list[str] = []
        self.problems: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in ALLOWED_TAGS:
            self.problems.append(f"<{tag}> is not a tag that Telegram knows")
            return
        known = {"a": {"href"}, "tg-time": {"unix", "format"}, "blockquote": {"expandable"}}
        for name, _ in attrs:
            if name not in known.get(tag, set()):
                self.problems.append(f"<{tag}> may not carry {name!r}")
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open[-1] != tag:
            expected = f"</{self.open[-1]}>" if self.open else "no closing tag"
            self.problems.append(f"</{tag}> where {expected} was expected")
            return
        self.open.pop()


def problems(html: str) -> list[str]:
    """Return every reason why Telegram would refuse the text; empty when it is sound."""
    checker = _Checker()
    checker.feed(html)
    checker.close()
    found = list(checker.problems)
    found += [f"<{tag}> is never closed" for tag in checker.open]
    if re.search(r"<(?![a-z/])", _TAG.sub("", html)):
        found.append("a bare < has to be written &lt;")
    if not visible(html).strip():
        found.append("it says nothing")
    if (length := units(html)) > MAX_UNITS:
        found.append(f"it is {length} units long, Telegram takes {MAX_UNITS}")
    return found


def visible(html: str) -> str:
    """Return the text as a person reads it, without tags and with entities resolved."""
    return unescape(_TAG.sub("", html))


def units(html: str) -> int:
    """Return the visible length in UTF-16 units, as the Bot API counts it."""
    return len(visible(html).encode("utf-16-le")) // 2


def tidy(html: str) -> str:
    """Return the text with one blank line between paragraphs and no ragged edges."""
    lines = (line.strip() for line in html.strip().splitlines())
    return _BLANK_LINES.sub(_PARAGRAPH, "\n".join(lines))


def first_paragraph(html: str) -> str:
    """Return the key message: by convention the first paragraph of a topic stands alone."""
    return html.split(_PARAGRAPH, 1)[0]


def split(html: str, limit: int = MAX_UNITS) -> list[str]:
    """Cut a text into messages of at most `limit` units, at paragraphs, else lines, else words.

    Tags are expected to close within their paragraph, which `problems` cannot see but the content
    check can; a paragraph that must itself be cut loses its tags rather than break them.
    """
    if units(html) <= limit:
        return [html]
    parts: list[str] = []
    for piece in _pieces(html, limit):
        if parts and units(joined := f"{parts[-1]}{_PARAGRAPH}{piece}") <= limit:
            parts[-1] = joined
        else:
            parts.append(piece)
    return parts


def _pieces(html: str, limit: int) -> list[str]:
    pieces: list[str] = []
    for paragraph in html.split(_PARAGRAPH):
        if units(paragraph) <= limit:
            pieces.append(paragraph)
        else:
            pieces += _chop(visible(paragraph), limit)
    return pieces


def _chop(text: str, limit: int) -> list[str]:
    """Cut plain text at the last space before the limit, escaping each part anew."""
    chopped: list[str] = []
    while text:
        head = _fitting(text, limit)
        cut = head.rfind(" ") if len(head) < len(text) else -1
        head = head[: cut + 1] if cut > 0 else head
        chopped.append(_escape(head.strip()))
        text = text[len(head) :]
    return [part for part in chopped if part]


def _fitting(text: str, limit: int) -> str:
    encoded = text.encode("utf-16-le")[: limit * 2]
    return encoded.decode("utf-16-le", errors="ignore")


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
