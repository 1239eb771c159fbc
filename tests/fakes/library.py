"""A library as small as it can be, in a folder of its own, for breaking one thing at a time."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

MANIFEST = """\
areas = ["face"]

[review]
version = "1"
date = 2026-11-22

[pace]
merge_minutes = 90
most_a_day = 3
settle_minutes = 180

[sources.leaflet]
title = "A leaflet"
url = "https://example.org/leaflet"
grade = "C"

[rules.makeup]
hours = 24
least = 6
most = 72
topic = "makeup"
sources = ["leaflet"]

[topics.makeup]
rules = ["makeup"]
sources = ["leaflet"]

[[step]]
key = "morning"
day = 1
at = "09:00"
covers = ["sunscreen"]
stale_hours = 9
"""

WORDS = """\
[language]
name = "{name}"

[button]
done = "{done}"

[topic]
makeup = "Makeup"

[rule]
makeup = "Wear makeup"

[step]
morning = "Morning"

[area]
face = "Face"

[procedure]
peel = "Peel"

[sign]
pus = "Pus"
"""

SIGNS = """\
[sources.leaflet]
title = "A leaflet"

[sign.pus]
level = "urgent"
wording = "urgent"
patterns = ["pus"]
sources = ["leaflet"]
grade = "C"
reviewed_by = "Dr Reyes"
"""


@dataclass(frozen=True)
class Library:
    """A folder with one procedure, `peel`, in English and Spanish."""

    folder: Path

    def path(self, name: str) -> Path:
        """Return a file of it, such as `peel/en/topics/makeup.j2`."""
        return self.folder / name

    def write(self, name: str, text: str) -> None:
        """Put a file into it."""
        path = self.path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def change(self, name: str, old: str, new: str) -> None:
        """Put other words in the place of some; raises `LookupError` if they do not stand there."""
        text = self.path(name).read_text(encoding="utf-8")
        if old not in text:
            raise LookupError(old)
        self.write(name, text.replace(old, new))


def small_library(folder: Path) -> Library:
    """Write the library; nothing is wrong with it."""
    library = Library(folder)
    library.write("peel/procedure.toml", MANIFEST)
    library.write("_shared/warning_signs.toml", SIGNS)
    library.write("_shared/lexicon/en.toml", '[lists]\npus = ["pus"]\n')
    for language, name, done in (("en", "English", "Done"), ("es", "Español", "Hecho")):
        library.write(f"_shared/{language}/words.toml", WORDS.format(name=name, done=done))
        library.write(f"_shared/{language}/screens/hello.j2", "Hello. Ask {{ clinic.phone }}.")
        library.write(f"_shared/{language}/warnings/urgent.j2", "Call us now.")
        library.write(f"peel/{language}/topics/makeup.j2", "Wait a day.\n\nThen go slow.")
        library.write(f"peel/{language}/steps/morning.j2", "Keep out of the sun.")
        library.write(f"peel/{language}/cards/today.j2", "<b>Day {{ day }}</b>")
    return library
