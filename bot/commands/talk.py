"""`aftercare simulate` and `aftercare ask`: the plan and the answers, without a database."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime, timedelta
from math import isfinite
from typing import Any

import click

from bot.commands.common import (
    as_json,
    catalog_alone,
    parse_instant,
    parse_waits,
    parse_zone,
    print_json,
)
from content.answer import Answer, answer
from content.catalog import Catalog
from content.model import ClinicVoice
from content.telegram_html import visible
from content.understand import Knowledge, Understanding, load_knowledge, understand
from content.view import Standing, standing_in_general
from scheduler import plan as planning
from scheduler.clock import system_clock
from scheduler.preview import play
from scheduler.services.enrolment import check_waits

SAMPLE_CLINIC = ClinicVoice(
    name="Riverside Skin Clinic",
    phone="+44 20 7946 0018",
    emergency_number="999",
    crisis_line="Samaritans, 116 123",
    hours="Mon-Fri 09:00-18:00",
)
"""The clinic that speaks where none is entered; the number is one that is never given out."""


MOST_HOURS = 24 * 3660
"""Ten years; nobody asks about a treatment before that."""


@click.command()
@click.option("--procedure", default="microneedling", show_default=True)
@click.option("--treated-at", required=True, help="ISO 8601; without offset: the zone's clock.")
@click.option("--timezone", required=True, help="The patient's zone, such as Europe/Madrid.")
@click.option("--enrolled-at", default=None, help="When she joins; at the treatment unless told.")
@click.option("--wait", "waits", multiple=True, metavar="RULE=HOURS", help="Such as makeup=72.")
@click.option("--language", default="en", show_default=True)
@click.option("--days", type=click.IntRange(0), default=None, help="Only the first days.")
@as_json
def simulate(
    procedure: str,
    treated_at: str,
    timezone: str,
    enrolled_at: str | None,
    waits: tuple[str, ...],
    language: str,
    days: int | None,
    as_json: bool,  # noqa: FBT001
) -> None:
    """Play the plan: every message it would send, in order."""
    catalog = catalog_alone()
    zone = parse_zone(timezone)
    _known_language(catalog, language)
    set_waits = parse_waits(waits)
    check_waits(catalog, procedure, set_waits)
    treated = parse_instant(treated_at, zone)
    joined = parse_instant(enrolled_at, zone) if enrolled_at else treated
    if joined < treated:
        raise click.UsageError("--enrolled-at is before --treated-at; expected a later time")
    played = play(
        catalog,
        procedure=procedure,
        treated_at=treated,
        zone=zone,
        joined_at=joined,
        waits=set_waits,
        language=language,
        clinic=SAMPLE_CLINIC,
        days=days,
    )
    if as_json:
        print_json(
            [
                {
                    "at": message.at.isoformat(),
                    "step": message.step,
                    "covers": list(message.covers),
                    "text": visible(message.text),
                }
                for message in played
            ]
        )
        return
    for message in played:
        click.secho(f"{message.at:%a %d %b %H:%M}  {', '.join(message.steps)}", bold=True)
        click.echo(f"{visible(message.text)}\n")


@click.command()
@click.argument("text")
@click.option("--procedure", default="microneedling", show_default=True)
@click.option(
    "--hours-since", type=click.FloatRange(0, MOST_HOURS), default=None, help="Hours since treated."
)
@click.option("--language", default="en", show_default=True)
@as_json
def ask(
    text: str,
    procedure: str,
    hours_since: float | None,
    language: str,
    as_json: bool,  # noqa: FBT001
) -> None:
    """Show the answer a patient would get; TEXT `-` with --json reads JSON lines."""
    catalog = catalog_alone()
    _known_language(catalog, language)
    if hours_since is not None and not isfinite(hours_since):
        raise click.UsageError(f"--hours-since is {hours_since}; expected a number of hours")
    knowledge = load_knowledge(catalog.library)
    if knowledge.outdated:
        click.echo(f"Note: {knowledge.outdated}", err=True)
    desk = _Desk(catalog, knowledge, system_clock())
    if text == "-":
        lines = [(number, line) for number, line in enumerate(sys.stdin, 1) if line.strip()]
        rows = [_row(line, number, catalog) for number, line in lines]
        for row in rows:
            click.echo(json.dumps(desk.row(row, procedure, language), ensure_ascii=False))
        return
    catalog.procedure(procedure)
    understood, answered = desk.answer(text, procedure, language, hours_since)
    if as_json:
        print_json(_shown(understood, answered))
        return
    click.secho(f"route {answered.route.value}, topics {', '.join(understood.answered) or '-'}",
                dim=True)  # fmt: skip
    click.echo(visible(answered.text))
    words = catalog.words(language)
    for key in answered.offered:
        click.echo(f"  [ {words('topic', key)} ]")


class _Desk:
    """Answers one message after another, with the words read once."""

    def __init__(self, catalog: Catalog, knowledge: Knowledge, now: datetime) -> None:
        self.catalog, self.knowledge, self.now = catalog, knowledge, now

    def row(self, asked: dict[str, Any], procedure: str, language: str) -> dict[str, Any]:
        understood, answered = self.answer(
            str(asked.get("text", "")),
            str(asked.get("procedure") or procedure),
            str(asked.get("language") or language),
            asked.get("hours_since"),
        )
        return {"id": asked.get("id"), **_shown(understood, answered)}

    def answer(
        self, text: str, procedure: str, language: str, hours_since: float | None
    ) -> tuple[Understanding, Answer]:
        language = self.catalog.language(language)
        understood = understand(
            text,
            knowledge=self.knowledge,
            language=language,
            hours_since=hours_since,
            procedure=procedure,
        )
        return understood, answer(
            understood,
            catalog=self.catalog,
            knowledge=self.knowledge,
            procedure=procedure,
            language=language,
            standing=self._standing(procedure, hours_since),
            clinic=SAMPLE_CLINIC,
        )

    def _standing(self, procedure: str, hours_since: float | None) -> Standing:
        known = self.catalog.procedure(procedure)
        if hours_since is None:
            return standing_in_general(known, now=self.now, zone=UTC)
        treated = self.now - timedelta(hours=hours_since)
        course = planning.Course(1, known, treated, planning.waits(known))
        ends = planning.strictest([course])
        return Standing(self.now, UTC, treated, ends, course.hours)


def _shown(understood: Understanding, answered: Answer) -> dict[str, Any]:
    return {
        "route": answered.route.value,
        "topics": list(understood.answered),
        "offered": list(answered.offered),
        "answer": visible(answered.text),
    }


def _row(line: str, number: int, catalog: Catalog) -> dict[str, Any]:
    """Return one line of questions; raises `click.UsageError` that names the line."""
    try:
        row = json.loads(line)
    except json.JSONDecodeError as error:
        raise click.UsageError(f"line {number} is not JSON: {error.msg}") from None
    if not isinstance(row, dict) or not isinstance(row.get("text"), str):
        raise click.UsageError(f'line {number} has no text; expected {{"id": …, "text": "…"}}')
    hours = row.get("hours_since")
    if hours is not None and not _is_hours(hours):
        raise click.UsageError(f"line {number}: hours_since is {hours!r}; expected a number from 0")
    procedure = row.get("procedure")
    if procedure is not None and procedure not in catalog.procedures:
        known = ", ".join(sorted(catalog.procedures))
        raise click.UsageError(
            f"line {number}: there is no procedure {procedure!r}; expected one of {known}"
        )
    return row


def _is_hours(value: object) -> bool:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return is_number and 0 <= value <= MOST_HOURS  # type: ignore[operator]


def _known_language(catalog: Catalog, language: str) -> None:
    if language not in catalog.languages:
        raise click.UsageError(
            f"there is no language {language!r}; expected one of {', '.join(catalog.languages)}"
        )
