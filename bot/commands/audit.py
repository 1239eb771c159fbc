"""`aftercare audit`: who did what, and when, for a clinic's own records."""

from __future__ import annotations

import click

from bot.commands.common import as_json, find_clinic, opened, print_json, print_table
from scheduler.store import records


@click.group()
def audit() -> None:
    """The log of what was done; it only grows."""


@audit.command("export")
@click.option("--clinic", "slug", required=True)
@as_json
def export(slug: str, as_json: bool) -> None:  # noqa: FBT001
    """Print everything that was done at a clinic, oldest first; never a patient's words."""
    with opened() as (_, store, _catalog):
        rows = store.run(lambda db: records.audit_of(db, find_clinic(db, slug).id))
    if as_json:
        print_json(rows)
        return
    columns = ("at", "actor", "name", "action", "subject", "detail")
    print_table(f"Audit of {slug}", columns, [[row[name] for name in columns] for row in rows])
