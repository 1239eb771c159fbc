"""`aftercare content leaflet`: the same words as a page to print."""

from __future__ import annotations

from pathlib import Path

import click

from bot.commands.common import catalog_alone, find_clinic, opened
from bot.commands.talk import SAMPLE_CLINIC
from content import leaflet as page
from scheduler.clock import system_clock
from scheduler.services import care


@click.command("leaflet")
@click.option("--procedure", default="microneedling", show_default=True)
@click.option("--language", default="en", show_default=True)
@click.option("--clinic", "slug", default=None, help="Whose name, number and waits it carries.")
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write an HTML file; else it goes to stdout.",
)
def leaflet(procedure: str, language: str, slug: str | None, output: Path | None) -> None:
    """Print a procedure's waits, days and warning signs as one HTML page."""
    now = system_clock()
    catalog = catalog_alone()
    if language not in catalog.languages:
        raise click.UsageError(
            f"there is no language {language!r}; expected one of {', '.join(catalog.languages)}"
        )
    voice, waits, folder = SAMPLE_CLINIC, {}, ""
    if slug is not None:
        with opened() as (_, store, _catalog):
            clinic = store.run(find_clinic, slug)
        voice, waits = care.voice(clinic, now, language), dict(clinic.waits)
        folder = clinic.slug
    html = page.leaflet(
        catalog,
        procedure=procedure,
        language=language,
        clinic=voice,
        waits=waits,
        now=now,
        clinic_slug=folder,
    )
    if output is None:
        click.echo(html)
        return
    try:
        output.write_text(html, encoding="utf-8")
    except OSError as error:
        raise click.UsageError(f"{output} could not be written: {error.strerror}") from None
    click.echo(f"{output} is written; print it from a browser.")
