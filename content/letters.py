"""Letters as people mean them: `Málaga`, `malaga` and `MALAGA` are the same name."""

from __future__ import annotations

import unicodedata


def bare(text: str) -> str:
    """Return a text in small letters without accents."""
    apart = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in apart if not unicodedata.combining(letter))
