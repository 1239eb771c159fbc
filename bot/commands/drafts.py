"""`aftercare content drafts`: answers of staff that a clinician may make into templates."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from bot.commands.common import (
    as_json,
    find_clinic,
    opened,
    print_json,
    print_table,
    write_private,
)
from scheduler.store import proposals


@click.command("drafts")
@click.option("--clinic", "slug", default=None, help="Only those of one clinic.")
@click.option(
    "--export",
    "target",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write them to a TOML file for the clinician to edit and sign.",
)
@as_json
def drafts(slug: str | None, target: Path | None, as_json: bool) -> None:  # noqa: FBT001
    """List the answers that staff saved as drafts of templates."""
    with opened() as (_, store, _catalog):
        rows = store.run(
            lambda db: proposals.listed(db, find_clinic(db, slug).id if slug else None)
        )
    if target is not None:
        write_private(target, as_toml(rows).encode())
    if as_json:
        print_json(rows)
    elif target is not None:
        click.echo(f"{len(rows)} drafts written to {target}")
    else:
        columns = ("id", "clinic", "at", "language", "topics", "text")
        shown = [{**row, "topics": ", ".join(row["topics"])} for row in rows]
        print_table("Drafts", columns, [[row[name] for name in columns] for row in shown])


def as_toml(rows: list[dict[str, Any]]) -> str:
    """Return drafts as TOML; a basic string of TOML is written like one of JSON."""
    lines = ["# Answers that staff sent to patients. Edit, sign, and move into the library.", ""]
    for row in rows:
        lines.append("[[draft]]")
        lines += [f"{key} = {_value(row[key])}" for key in row]
        lines += ['reviewed_by = ""', ""]
    return "\n".join(lines)


def _value(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
