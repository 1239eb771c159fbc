"""`aftercare content gaps`: what patients asked and the library has no answer to."""

from __future__ import annotations

from datetime import timedelta

import click

from bot.commands.common import as_json, find_clinic, opened, print_json, print_table
from content.gaps import group
from scheduler.clock import system_clock
from scheduler.store import talk


@click.command("gaps")
@click.option("--clinic", "slug", default=None, help="Only one clinic's patients.")
@click.option("--days", type=click.IntRange(1, 3650), default=30, show_default=True)
@as_json
def gaps(slug: str | None, days: int, as_json: bool) -> None:  # noqa: FBT001
    """Group the questions that had no answer, so that a clinician sees what to write next.

    The words are kept for AFTERCARE_KEEP_WORDS_DAYS and without names.
    """
    since = system_clock() - timedelta(days=days)
    with opened() as (_, store, _catalog):
        clinic = store.run(find_clinic, slug).id if slug else None
        found = group(store.run(talk.unanswered, since, clinic))
    if as_json:
        print_json([{"times": len(gap.asked), "asked": list(gap.asked)} for gap in found])
        return
    rows = [[len(gap.asked), gap.asked[0], " · ".join(gap.asked[1:4])] for gap in found]
    print_table("Questions without an answer", ("times", "asked", "also asked as"), rows)
