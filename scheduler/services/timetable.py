"""A clinic's list of appointments, read from CSV: every row is either good or has a reason.

Nothing is written while it is read, so a list can be looked at before it is applied.
"""

from __future__ import annotations

import csv
import io
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlite_utils import Database

from scheduler.model import Clinic, Patient, Session, SessionState
from scheduler.services import sessions
from scheduler.services.segment import fold
from scheduler.services.sessions import SessionError
from scheduler.store import patients
from scheduler.store import sessions as rows
from scheduler.wall_time import at_wall_time

MOST_BYTES = 2_000_000
COLUMNS: Mapping[str, frozenset[str]] = {
    "reference": frozenset({"reference", "ref", "patient", "patient_id", "id", "referencia"}),
    "start": frozenset(
        {"start", "starts", "starts_at", "start_time", "datetime", "when", "inicio", "cita"}
    ),
    "kind": frozenset({"kind", "type", "procedure", "treatment", "tipo", "tratamiento"}),
    "state": frozenset({"state", "status", "estado"}),
}
"""What a column may be called, without capitals."""

Change = Literal["new", "moved", "unchanged", "missed", "cancelled", "done"]
_AFTERWARDS: frozenset[SessionState] = frozenset({"missed", "cancelled", "done"})


class TimetableError(Exception):
    """The file as a whole cannot be read; the text says why and what was expected."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A good row.

    Attributes:
        line: Its line in the file.
        patient: Whose appointment it is.
        starts_at: When it begins, aware.
        kind: What it is for.
        change: What applying it does.
        session: The appointment it changes, if one is known.
    """

    line: int
    patient: Patient
    starts_at: datetime
    kind: str
    change: Change
    session: Session | None


@dataclass(frozen=True, slots=True)
class Bad:
    """A row that cannot be used, and why."""

    line: int
    reason: str


@dataclass(frozen=True, slots=True)
class _Row:
    line: int
    reference: str
    start: str
    kind: str
    state: str


def look(
    db: Database, clinic: Clinic, content: bytes, now: datetime
) -> tuple[list[Entry], list[Bad]]:
    """Return the good rows with what each would change, and the bad ones with their reasons.

    Raises:
        TimetableError: If it is not a CSV file in UTF-8 with the columns that are needed.
    """
    known: defaultdict[str, list[Patient]] = defaultdict(list)
    for patient in patients.listed(db, clinic.id):
        for name in {fold(patient.ref), fold(patient.reference)} - {""}:
            known[name].append(patient)
    read, bad = _read(content)
    seen: dict[tuple[int, datetime], int] = {}
    good: list[Entry] = []
    of_patient = Counter(fold(row.reference) for row in read if not row.state)
    for row in read:
        try:
            entry = _entry(db, clinic, known, row, now, alone=of_patient[fold(row.reference)] == 1)
        except SessionError as error:
            bad.append(Bad(row.line, str(error)))
            continue
        same = seen.setdefault((entry.patient.id, entry.starts_at), row.line)
        if same == row.line:
            good.append(entry)
        else:
            bad.append(Bad(row.line, f"the same appointment as line {same}"))
    return good, sorted(bad, key=lambda one: one.line)


def apply(db: Database, entries: Sequence[Entry], *, actor: str, now: datetime) -> Counter[str]:
    """Write the good rows; return how many there were of each change."""
    counts: Counter[str] = Counter()
    for entry in entries:
        counts[entry.change] += 1
        if entry.change == "new":
            sessions.book(
                db,
                entry.patient,
                entry.starts_at,
                kind=entry.kind,
                source="import",
                actor=actor,
                now=now,
            )
        elif entry.session is None or entry.change == "unchanged":
            continue
        elif entry.change == "moved":
            sessions.move(db, entry.session, entry.starts_at, actor=actor, now=now)
        else:
            sessions.mark(db, entry.session, entry.change, actor=actor, now=now)
    return counts


def _entry(
    db: Database,
    clinic: Clinic,
    known: Mapping[str, list[Patient]],
    row: _Row,
    now: datetime,
    *,
    alone: bool,
) -> Entry:
    patient = _one(known.get(fold(row.reference), []), row.reference)
    starts_at = _start(row.start, clinic)
    kind = sessions.check_kind(row.kind)
    at_that_time = rows.at(db, patient.id, starts_at)
    if row.state:
        state = _state(row.state)
        if state != "booked":
            if at_that_time is None:
                raise SessionError(f"no appointment of this patient begins then to be {state}")
            if state in ("missed", "done") and starts_at > now:
                raise SessionError(f"an appointment to come cannot be {state}")
            change: Change = "unchanged" if at_that_time.state == state else state
            return Entry(row.line, patient, starts_at, kind, change, at_that_time)
    if at_that_time is not None and at_that_time.state not in ("cancelled", "missed"):
        return Entry(row.line, patient, starts_at, kind, "unchanged", at_that_time)
    sessions.check_start(starts_at, now)
    coming = rows.coming(db, patient.id, now)
    if at_that_time is None and alone and len(coming) == 1 and coming[0].kind == kind:
        return Entry(row.line, patient, starts_at, kind, "moved", coming[0])
    return Entry(row.line, patient, starts_at, kind, "new", None)


def _one(found: Sequence[Patient], reference: str) -> Patient:
    if not reference.strip():
        raise SessionError("there is no reference")
    if not found:
        raise SessionError(f"no patient of this clinic has the reference {reference!r}")
    if len(found) > 1:
        raise SessionError(f"{len(found)} patients have the reference {reference!r}")
    return found[0]


def _start(text: str, clinic: Clinic) -> datetime:
    """Return an aware instant; a time without offset is one by the clinic's clock."""
    try:
        at = datetime.fromisoformat(text.strip())
    except ValueError:
        at = None
    if at is None or ":" not in text:
        raise SessionError(f"{text!r} is not a time; expected one such as 2026-12-01 14:30")
    if at.tzinfo is None:
        return at_wall_time(at.date(), at.time(), clinic.zone)
    return at


def _state(text: str) -> Literal["booked", "missed", "cancelled", "done"]:
    plain = text.strip().casefold()
    for state in ("booked", *sorted(_AFTERWARDS)):
        if plain == state:
            return state  # type: ignore[return-value]
    raise SessionError(f"the state is {text!r}; expected booked, cancelled, done or missed")


def _read(content: bytes) -> tuple[list[_Row], list[Bad]]:
    if len(content) > MOST_BYTES:
        raise TimetableError("the file is over 2 MB; expected a list of appointments")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise TimetableError(
            f"the file is not UTF-8 (byte {error.start}); save it as CSV UTF-8"
        ) from None
    if "\0" in text:
        raise TimetableError("the file is not text; save it as CSV UTF-8")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    try:
        header = next(reader, [])
        places = _places(header)
        return _rows(reader, places, len(header))
    except csv.Error as error:
        raise TimetableError(f"line {reader.line_num} is not CSV: {error}") from None


def _delimiter(text: str) -> str:
    """Return what parts the header; spreadsheets write semicolons in many countries."""
    header = text.lstrip("\r\n").split("\n", 1)[0]
    return max(",;\t", key=header.count)


def _places(header: Sequence[str]) -> dict[str, int]:
    named = [" ".join(name.casefold().split()).replace(" ", "_") for name in header]
    places = {
        column: next((named.index(name) for name in named if name in names), -1)
        for column, names in COLUMNS.items()
    }
    missing = [column for column in ("reference", "start") if places[column] < 0]
    if missing:
        raise TimetableError(
            f"the header has no column {' and '.join(missing)}; "
            "expected the columns reference, start, kind"
        )
    return places


def _rows(
    reader: Iterator[list[str]], places: Mapping[str, int], width: int
) -> tuple[list[_Row], list[Bad]]:
    read: list[_Row] = []
    bad: list[Bad] = []
    for cells in reader:
        line = getattr(reader, "line_num", 0)
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) > width:
            bad.append(Bad(line, f"it has {len(cells)} cells, the header has {width}"))
            continue
        values = {
            column: cells[place].strip() if 0 <= place < len(cells) else ""
            for column, place in places.items()
        }
        read.append(_Row(line, **values))
    return read, bad
