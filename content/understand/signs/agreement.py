"""Whether the file of warning signs, the wordings in every language and the names agree."""

from __future__ import annotations

from content.catalog import SHARED, Catalog
from content.understand.result import Route
from content.understand.signs.model import Signs
from content.understand.signs.register import FILE

HEARD = "heard_"
"""How names begin of what only the learned head heard; no sign of the file has such a name."""

_FAMILY = {Route.EMERGENCY: "emergency", Route.URGENT: "urgent", Route.CONTACT: "contact"}
_NUMBER = "{{ clinic.emergency_number }}"
_FIRST_LINE = "{{ emergency(clinic) }}"
_CRISIS_LINE = "clinic.crisis_line"


def problems(catalog: Catalog, signs: Signs) -> list[str]:
    """Return one line for each place where signs, wordings and names disagree.

    Args:
        catalog: The loaded library.
        signs: The signs of the same library.
    """
    errors: list[str] = []
    for language in catalog.languages:
        names = catalog.words(language).table("sign")
        folder = f"{SHARED}/{language}/warnings"
        for sign in signs.signs.values():
            if sign.key not in names:
                errors.append(
                    f"{SHARED}/{language}/words.toml: sign.{sign.key} is missing; expected a name"
                )
            if not (catalog.library / folder / f"{sign.wording}.j2").is_file():
                errors.append(f"{folder}/{sign.wording}.j2 is missing; {FILE} sends it")
        errors += [
            f"{SHARED}/{language}/words.toml: sign.{key} is not in {FILE}"
            for key in names
            if key not in signs.signs and not key.startswith(HEARD)
        ]
    for sign in signs.signs.values():
        if sign.wording.split("_")[0] != _FAMILY[sign.level]:
            errors.append(
                f"{SHARED}/{FILE}: sign.{sign.key} is {sign.level} and sends "
                f"{sign.wording!r}; expected a wording of that level"
            )
    return errors + _emergency_lines(catalog, signs)


def _emergency_lines(catalog: Catalog, signs: Signs) -> list[str]:
    """The first paragraph of an emergency gives the number; self-harm gives a crisis line too."""
    errors: list[str] = []
    wordings = {sign.wording for sign in signs.signs.values() if sign.level is Route.EMERGENCY}
    for language in catalog.languages:
        for wording in sorted(wordings):
            path = catalog.library / SHARED / language / "warnings" / f"{wording}.j2"
            if not path.is_file():
                continue
            text = path.read_text(encoding="utf-8")
            first = text.split("\n\n", maxsplit=1)[0]
            place = f"{SHARED}/{language}/warnings/{wording}.j2"
            if _NUMBER not in first and _FIRST_LINE not in first:
                errors.append(f"{place}: expected the emergency number in the first paragraph")
            if wording.endswith("self_harm") and _CRISIS_LINE not in text:
                errors.append(f"{place}: expected the crisis line")
    return errors


def unsigned(signs: Signs) -> list[str]:
    """Return a note if there are signs that no clinician has signed."""
    waiting = [sign.key for sign in signs.signs.values() if not sign.reviewed_by]
    if not waiting:
        return []
    count = f"{len(waiting)} of {len(signs.signs)}"
    return [f"{SHARED}/{FILE}: {count} warning signs are not yet reviewed by a clinician"]
