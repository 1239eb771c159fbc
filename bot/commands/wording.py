"""`aftercare content`: what a clinician checks, lists and reads."""

from __future__ import annotations

import sys
from datetime import UTC
from pathlib import Path

import click

from bot.commands.common import as_json, catalog_alone, print_json, print_table
from bot.commands.drafts import drafts
from bot.commands.gaps import gaps
from bot.commands.leaflets import leaflet
from bot.commands.talk import SAMPLE_CLINIC
from content.catalog import LIBRARY, Catalog
from content.check import check
from content.telegram_html import visible
from content.understand import build_knowledge
from content.view import standing_in_general, view
from scheduler.clock import system_clock


@click.group()
def content() -> None:
    """The library: every word that patients read."""


content.add_command(drafts)
content.add_command(gaps)
content.add_command(leaflet)


@content.command("check")
@click.option(
    "--library", type=click.Path(file_okay=False, path_type=Path), default=LIBRARY, hidden=True
)
@as_json
def check_(library: Path, as_json: bool) -> None:  # noqa: FBT001
    """Render everything for sample patients and report whatever a patient must not see."""
    overrides = catalog_alone().overrides
    report = check(library, overrides, now=system_clock())
    if as_json:
        print_json({"errors": report.errors, "notes": report.notes, "rendered": report.rendered})
    else:
        for line in report.notes:
            click.echo(f"note: {line}")
        for line in report.errors:
            click.echo(f"error: {line}", err=True)
        click.echo(f"{report.rendered} texts rendered, {len(report.errors)} errors.")
    if report.errors:
        sys.exit(2)


@content.command("build")
@click.option(
    "--library", type=click.Path(file_okay=False, path_type=Path), default=LIBRARY, hidden=True
)
def build(library: Path) -> None:
    """Learn the topics and warnings anew from the example messages; takes under a minute."""
    path = build_knowledge(library)
    click.echo(f"{path.name} is built from the examples ({path.stat().st_size // 1024} kB).")


@content.command("list")
@as_json
def list_(as_json: bool) -> None:  # noqa: FBT001
    """List the topics with the waits they read and the sources of their facts."""
    catalog = catalog_alone()
    rows = [
        {
            "procedure": procedure.key,
            "topic": topic.key,
            "rules": list(topic.rules),
            "sources": list(topic.sources),
            "reviewed": procedure.review.signed,
        }
        for procedure in catalog.procedures.values()
        for topic in procedure.topics.values()
    ]
    if as_json:
        print_json(rows)
        return
    print_table(
        "Topics",
        ("procedure", "topic", "rules", "sources"),
        [
            [row["procedure"], row["topic"], _listed(row["rules"]), _listed(row["sources"])]
            for row in rows
        ],
    )


@content.command("show")
@click.argument("topic")
@click.option("--procedure", default="microneedling", show_default=True)
@click.option("--language", default="en", show_default=True)
@as_json
def show(topic: str, procedure: str, language: str, as_json: bool) -> None:  # noqa: FBT001
    """Show a topic as a patient reads it whose treatment time is not known."""
    catalog: Catalog = catalog_alone()
    known = catalog.procedure(procedure)
    if topic not in known.topics:
        raise click.UsageError(f"there is no topic {topic!r}; see: aftercare content list")
    standing = standing_in_general(known, now=system_clock(), zone=UTC)
    text = catalog.topic(
        procedure, catalog.language(language), topic, view(standing, SAMPLE_CLINIC)
    )
    sources = [known.sources[key] for key in known.topics[topic].sources]
    if as_json:
        print_json({"topic": topic, "text": visible(text), "sources": [s.url for s in sources]})
        return
    click.echo(visible(text))
    for source in sources:
        click.secho(f"  {source.grade}  {source.title}  {source.url}", dim=True)


def _listed(values: object) -> str:
    return ", ".join(values) if isinstance(values, list) else ""
