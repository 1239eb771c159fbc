"""How many years of school an English text asks of its reader."""

from __future__ import annotations

import re
import warnings

from content.telegram_html import visible

GRADE = 6.0
"""The highest US school grade of an English text (Flesch-Kincaid); the project's own bar."""


def grade(html: str) -> float:
    """Return the US school grade that English text asks of its reader (Flesch-Kincaid).

    Paragraphs and lines count as sentences; commands such as /today are left out.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # textstat imports pkg_resources, which warns
        import textstat  # noqa: PLC0415  (two seconds of dictionaries, only for this)

        plain = re.sub(r"/\w+", "", visible(html))
        lines = [line.strip().rstrip(".:;,") for line in plain.splitlines() if line.strip()]
        return float(textstat.flesch_kincaid_grade(". ".join(lines) + "."))
