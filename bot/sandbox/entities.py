"""Text as Telegram keeps it: HTML becomes plain text and entities, counted in UTF-16 units.

The rules and the wording of refusals are those of Telegram's own parser:
https://core.telegram.org/bots/api#html-style
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html import unescape
from typing import Any

from bot.sandbox.refusal import Refusal, bad_request

Entity = dict[str, Any]

_STYLES = {
    "b": "bold", "strong": "bold",
    "i": "italic", "em": "italic",
    "u": "underline", "ins": "underline",
    "s": "strikethrough", "strike": "strikethrough", "del": "strikethrough",
    "tg-spoiler": "spoiler",
    "code": "code", "pre": "pre", "blockquote": "blockquote",
    "a": "text_link", "tg-time": "date_time", "tg-emoji": "custom_emoji", "span": "spoiler",
}  # fmt: skip
_ATTRIBUTE = re.compile(
    r"""\s+([a-zA-Z][a-zA-Z0-9-]*)(?:\s*=\s*("[^"]*"|'[^']*'|[^\s>"']+))?""",
)
_TAG_NAME = re.compile(r"[^\s>/]*")
_CHARACTER = re.compile(r"&(?:lt|gt|amp|quot|#\d{1,7}|#[xX][0-9a-fA-F]{1,6});")
_LINK = re.compile(r"(?:https?|tg|ton)://", re.IGNORECASE)
_FOUND = re.compile(
    r"(?P<url>\bhttps?://[^\s<>]+[^\s<>.,;:!?)\]])"
    r"|(?P<email>\b[\w.+-]+@[\w-]+\.[\w.-]*\w)"
    r"|(?<![\w/@])(?P<bot_command>/[A-Za-z0-9_]{1,64}(?:@\w{3,32})?)(?![\w/])"
    r"|(?<![\w@])(?P<mention>@\w{4,32})\b"
)


def units(text: str) -> int:
    """Return a length as Telegram counts it."""
    return len(text.encode("utf-16-le")) // 2


@dataclass(slots=True)
class _Open:
    """A tag that waits for its end."""

    tag: str
    start: int
    attributes: dict[str, str]


@dataclass(slots=True)
class _Reader:
    html: str
    at: int = 0
    text: list[str] = field(default_factory=list)
    length: int = 0
    stack: list[_Open] = field(default_factory=list)
    entities: list[Entity] = field(default_factory=list)

    def read(self) -> tuple[str, list[Entity]]:
        while self.at < len(self.html):
            if self.html.startswith("</", self.at):
                self._end()
            elif self.html[self.at] == "<":
                self._begin()
            else:
                self._characters()
        if self.stack:
            raise _refused(f'Can\'t find end tag corresponding to start tag "{self.stack[-1].tag}"')
        return "".join(self.text), self.entities

    def _byte(self, at: int) -> int:
        return len(self.html[:at].encode())

    def _characters(self) -> None:
        end = self.html.find("<", self.at)
        end = len(self.html) if end < 0 else end
        raw = self.html[self.at : end]
        said = _CHARACTER.sub(lambda found: unescape(found.group()), raw)
        self.text.append(said)
        self.length += units(said)
        self.at = end

    def _begin(self) -> None:
        start = self.at
        name = _name(self.html, start + 1)
        if name not in _STYLES:
            raise _refused(f'Unsupported start tag "{name}" at byte offset {self._byte(start)}')
        self.at = start + 1 + len(name)
        attributes: dict[str, str] = {}
        while found := _ATTRIBUTE.match(self.html, self.at):
            value = found[2] or ""
            quoted = value[:1] in ("'", '"')
            attributes[found[1].lower()] = unescape(value[1:-1] if quoted else value)
            self.at = found.end()
        rest = re.compile(r"\s*>").match(self.html, self.at)
        if rest is None:
            raise _refused(f'Unclosed start tag "{name}" at byte offset {self._byte(start)}')
        if name == "span" and attributes.get("class") != "tg-spoiler":
            raise _refused(
                f'Tag "span" must have class "tg-spoiler" at byte offset {self._byte(start)}'
            )
        self.at = rest.end()
        self.stack.append(_Open(name, self.length, attributes))

    def _end(self) -> None:
        start = self.at
        close = self.html.find(">", start)
        name = self.html[start + 2 : close if close >= 0 else None].strip().lower()
        if not self.stack:
            raise _refused(f"Unexpected end tag at byte offset {self._byte(start)}")
        opened = self.stack.pop()
        if close < 0 or (name and name != opened.tag):
            raise _refused(
                f'Unmatched end tag at byte offset {self._byte(start)}, expected "</{opened.tag}>"'
                f', found "</{name}>"'
            )
        self.at = close + 1
        if self.length > opened.start:
            self._add(opened)

    def _add(self, opened: _Open) -> None:
        entity: Entity = {
            "type": _STYLES[opened.tag],
            "offset": opened.start,
            "length": self.length - opened.start,
        }
        told = opened.attributes
        match opened.tag:
            case "a":
                url = told.get("href") or "".join(self.text)[-entity["length"] :]
                if not _LINK.match(url):
                    return
                entity["url"] = url
            case "blockquote" if "expandable" in told:
                entity["type"] = "expandable_blockquote"
            case "code" if told.get("class", "").startswith("language-"):
                self._name_language(told["class"].removeprefix("language-"))
            case "pre" if "language" in told:
                entity["language"] = told["language"]
            case "tg-emoji":
                entity["custom_emoji_id"] = told.get("emoji-id", "")
            case "tg-time":
                if not told.get("unix", "").lstrip("-").isdigit():
                    raise _refused('Tag "tg-time" must have a valid attribute "unix"')
                entity["unix_time"] = int(told["unix"])
                if told.get("format"):
                    entity["date_time_format"] = told["format"]
        self.entities.append(entity)

    def _name_language(self, language: str) -> None:
        if self.stack and self.stack[-1].tag == "pre":
            self.stack[-1].attributes["language"] = language


def read_html(html: str) -> tuple[str, list[Entity]]:
    """Return plain text and its entities.

    Raises:
        Refusal: As Telegram would, with the byte offset of what it does not take.
    """
    text, entities = _Reader(html).read()
    return _trimmed(text, entities)


def found_in(text: str) -> list[Entity]:
    """Return what Telegram finds by itself: commands, links, addresses, names."""
    return [
        {
            "type": str(found.lastgroup),
            "offset": units(text[: found.start()]),
            "length": units(found.group()),
        }
        for found in _FOUND.finditer(text)
    ]


def merged(text: str, given: list[Entity]) -> list[Entity]:
    """Return the given entities and what is found outside of links and code, in order."""
    taken = [e for e in given if e["type"] in ("text_link", "code", "pre", "date_time")]
    found = [e for e in found_in(text) if not any(_overlap(e, other) for other in taken)]
    return sorted([*given, *found], key=lambda e: (e["offset"], -e["length"]))


def _overlap(one: Entity, other: Entity) -> bool:
    return bool(
        one["offset"] < other["offset"] + other["length"]
        and other["offset"] < one["offset"] + one["length"]
    )


def _trimmed(text: str, entities: list[Entity]) -> tuple[str, list[Entity]]:
    """Take white space off both ends; entities move along or shrink."""
    said = text.strip()
    if said == text:
        return text, entities
    shift, length = units(text[: len(text) - len(text.lstrip())]), units(said)
    kept = []
    for entity in entities:
        begin = max(entity["offset"] - shift, 0)
        end = min(entity["offset"] + entity["length"] - shift, length)
        if begin < end:
            kept.append({**entity, "offset": begin, "length": end - begin})
    return said, kept


def _name(html: str, at: int) -> str:
    found = _TAG_NAME.match(html, at)
    return found.group().lower() if found else ""


def _refused(reason: str) -> Refusal:
    return bad_request(f"can't parse entities: {reason}")
