"""What the patient takes home on paper says the same as the chat."""

from __future__ import annotations

from dataclasses import replace
from html.parser import HTMLParser

import pytest

from content.catalog import Catalog
from content.leaflet import leaflet
from content.model import ClinicVoice
from tests.fakes.clock import TUESDAY_2PM

CLINIC = ClinicVoice("Riverside <Skin>", "+44 20 7946 0018", "999", hours="Mon-Fri 09:00-18:00")


class Page(HTMLParser):
    """What a reader sees, and whether every element is closed."""

    VOID = frozenset({"meta", "br"})

    def __init__(self, html: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.open: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] != "style":
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("procedure", ["microneedling", "rf_microneedling", "scalp_microneedling"])
def test_a_leaflet_is_a_sound_page_with_every_wait_and_the_warning_signs(
    catalog: Catalog, procedure: str, language: str
) -> None:
    page = Page(
        leaflet(catalog, procedure=procedure, language=language, clinic=CLINIC, now=TUESDAY_2PM)
    )
    assert page.open == []
    known = catalog.procedure(procedure)
    for rule in known.rules.values():
        assert (catalog.words(language)("rule", rule.key) in page.text) or not rule.asked
    assert "999" in page.text
    assert "Riverside <Skin>" in page.text


def test_a_clinics_own_wait_is_printed(catalog: Catalog) -> None:
    html = leaflet(
        catalog,
        procedure="microneedling",
        language="en",
        clinic=CLINIC,
        waits={"makeup": 48},
        now=TUESDAY_2PM,
    )
    assert "Makeup. You can wear it from 48 hours after your treatment." in Page(html).text.replace(
        " .", "."
    )


def test_a_leaflet_says_that_nobody_has_signed(catalog: Catalog) -> None:
    html = leaflet(
        catalog, procedure="microneedling", language="en", clinic=CLINIC, now=TUESDAY_2PM
    )
    assert "Not yet reviewed by a clinician" in html


def test_a_leaflet_works_for_a_clinic_that_is_not_named(catalog: Catalog) -> None:
    nobody = replace(CLINIC, name="", phone="")
    html = leaflet(
        catalog, procedure="microneedling", language="es", clinic=nobody, now=TUESDAY_2PM
    )
    assert Page(html).open == []
