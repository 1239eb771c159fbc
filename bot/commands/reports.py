"""`aftercare report`: how the last days went at a clinic."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click

from bot.chart import draw
from bot.commands.common import (
    as_json,
    find_clinic,
    opened,
    print_json,
    print_table,
    write_private,
)
from content.telegram_html import visible
from scheduler.clock import system_clock
from scheduler.services import report as reports


@click.command()
@click.option("--clinic", "slug", required=True)
@click.option("--days", type=int, default=reports.WEEK, show_default=True, help="Today included.")
@click.option("--png", type=click.Path(dir_okay=False, path_type=Path), help="Write the picture.")
@click.option(
    "--csv", "table", type=click.Path(dir_okay=False, path_type=Path), help="Write the numbers."
)
@as_json
def report(
    slug: str,
    days: int,
    png: Path | None,
    table: Path | None,
    as_json: bool,  # noqa: FBT001
) -> None:
    """Count what was delivered, tapped, asked and answered; never what was read."""
    with opened() as (_, store, catalog):
        clinic = store.run(find_clinic, slug)
        made = store.run(reports.report, clinic, system_clock(), days=days)
    if table is not None:
        write_private(table, reports.as_csv(catalog, made, clinic.language))
    if png is not None:
        write_private(png, asyncio.run(draw(reports.as_chart(catalog, made, clinic.language))))
    if as_json:
        print_json(reports.as_json(made))
        return
    click.echo(visible(reports.caption(catalog, made, clinic.language)))
    words = catalog.words(clinic.language)
    print_table(
        words("report", "topics"),
        (words("report", "what"), words("report", "count")),
        [(reports.named(words, topic), count) for topic, count in made.topics.items()],
    )
