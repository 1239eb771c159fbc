"""Letters as people mean them: `Málaga`, `malaga` and `MALAGA` are the same name."""

from __future__ import annotations

import unicodedata


def bare(text: str) -> str:
    """Return a text in small letters without accents."""
    if text.isascii():  # most are, and there is nothing to take away
        return text.lower()
    apart = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in apart if not unicodedata.combining(letter))
