"""How a row becomes an object: the two lookups that every table module uses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlite_utils import Database

Row = dict[str, Any]


def all_rows(db: Database, sql: str, values: dict[str, Any] | None = None) -> list[Row]:
    """Return every row of a SELECT or of a RETURNING clause."""
    cursor = db.execute(sql, values or {})
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def one_row(db: Database, sql: str, values: dict[str, Any] | None = None) -> Row | None:
    """Return the first row, or None if there is none."""
    rows = all_rows(db, sql, values)
    return rows[0] if rows else None


def changed(db: Database, sql: str, values: dict[str, Any]) -> int:
    """Run a statement that writes and return how many rows it changed."""
    return int(db.execute(sql, values).rowcount)


def inserted(db: Database, sql: str, values: dict[str, Any]) -> int:
    """Run an INSERT with `RETURNING id` and return that id."""
    row = one_row(db, sql, values)
    if row is None:
        raise LookupError("nothing was inserted")
    return int(row["id"])


def id_list(row_ids: Sequence[int]) -> str:
    """Return ids as the inside of an `IN (…)`; there may be more of them than a query has names."""
    return ", ".join(str(int(row_id)) for row_id in row_ids)
