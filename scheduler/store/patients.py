"""Patients, their consents and their treatments."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, time
from typing import Any

from sqlite_utils import Database

from scheduler.model import ConsentKind, Patient, Treatment
from scheduler.store import posts
from scheduler.store.engine import instant, maybe_instant, stamp
from scheduler.store.rows import Row, all_rows, changed, id_list, inserted, one_row

_CHANGEABLE = frozenset(
    {
        "chat_id",
        "state",
        "language",
        "timezone",
        "paused_until",
        "asked",
        "joined_at",
        "way_told_at",
    }
)


def add(
    db: Database,
    *,
    ref: str,
    clinic_id: int,
    reference: str,
    language: str,
    timezone: str,
    now: datetime,
) -> int:
    """Insert an invited patient and return the id."""
    return inserted(
        db,
        "INSERT INTO patient (ref, clinic_id, reference, state, language, timezone, invited_at)"
        " VALUES (:ref, :clinic, :reference, 'invited', :language, :timezone, :now) RETURNING id",
        {
            "ref": ref,
            "clinic": clinic_id,
            "reference": reference,
            "language": language,
            "timezone": timezone,
            "now": stamp(now),
        },
    )


def change(db: Database, patient_id: int, /, **values: Any) -> None:
    """Set some columns; datetimes are stored in UTC. Raises `KeyError` for a fixed column."""
    for column in values:
        if column not in _CHANGEABLE:
            raise KeyError(column)
    stored = {
        column: stamp(value) if isinstance(value, datetime) else value
        for column, value in values.items()
    }
    columns = ", ".join(f"{column} = :{column}" for column in stored)
    if columns:
        changed(db, f"UPDATE patient SET {columns} WHERE id = :id", {**stored, "id": patient_id})


def by_id(db: Database, patient_id: int) -> Patient | None:
    """Return the patient of that key."""
    return _maybe(one_row(db, "SELECT * FROM patient WHERE id = :id", {"id": patient_id}))


def by_ids(db: Database, patient_ids: Sequence[int]) -> dict[int, Patient]:
    """Return patients by their keys, in the order of the keys given."""
    rows = all_rows(db, f"SELECT * FROM patient WHERE id IN ({id_list(patient_ids)})")
    found = {row["id"]: _patient(row) for row in rows}
    return {patient_id: found[patient_id] for patient_id in patient_ids if patient_id in found}


def by_ref(db: Database, ref: str) -> Patient | None:
    """Return the patient of that public reference."""
    return _maybe(one_row(db, "SELECT * FROM patient WHERE ref = :ref", {"ref": ref}))


def by_chat(db: Database, chat_id: int) -> Patient | None:
    """Return the patient who talks in that chat."""
    return _maybe(one_row(db, "SELECT * FROM patient WHERE chat_id = :chat", {"chat": chat_id}))


def listed(db: Database, clinic_id: int | None = None) -> list[Patient]:
    """Return every patient, or those of one clinic, newest first."""
    rows = all_rows(
        db,
        "SELECT * FROM patient WHERE :clinic IS NULL OR clinic_id = :clinic ORDER BY id DESC",
        {"clinic": clinic_id},
    )
    return [_patient(row) for row in rows]


def mark_blocked(db: Database, patient_id: int) -> None:
    """Leave a patient alone who cannot be reached; one who opted out stays opted out."""
    changed(
        db,
        "UPDATE patient SET state = 'blocked' WHERE id = :id AND state = 'active'",
        {"id": patient_id},
    )


def mark_returned(db: Database, chat_id: int) -> bool:
    """Take a patient up again who blocked the bot and is back; False if she had not."""
    return bool(
        changed(
            db,
            "UPDATE patient SET state = 'active' WHERE chat_id = :chat AND state = 'blocked'",
            {"chat": chat_id},
        )
    )


def erase(db: Database, patient_id: int) -> None:
    """Delete a patient and everything that hangs on her, and what quotes her in groups' queues."""
    posts.forget(db, patient_id)
    changed(db, "DELETE FROM patient WHERE id = :id", {"id": patient_id})


def record_consent(
    db: Database, patient_id: int, kind: ConsentKind, version: str, *, given: bool, now: datetime
) -> None:
    """Write down a yes or a no to one version of a wording."""
    db.execute(
        "INSERT INTO consent (patient_id, kind, version, given, at)"
        " VALUES (:patient, :kind, :version, :given, :now)",
        {
            "patient": patient_id,
            "kind": kind,
            "version": version,
            "given": int(given),
            "now": stamp(now),
        },
    )


def consents(db: Database, patient_id: int) -> list[Row]:
    """Return every consent given or refused, oldest first."""
    return all_rows(
        db,
        "SELECT kind, version, given, at FROM consent WHERE patient_id = :patient ORDER BY id",
        {"patient": patient_id},
    )


def agreed(db: Database, patient_id: int, kind: ConsentKind) -> bool:
    """Whether the patient's last word on a kind of consent was yes."""
    row = one_row(
        db,
        "SELECT given FROM consent WHERE patient_id = :patient AND kind = :kind"
        " ORDER BY id DESC LIMIT 1",
        {"patient": patient_id, "kind": kind},
    )
    return bool(row and row["given"])


def add_treatment(
    db: Database,
    patient_id: int,
    *,
    procedure: str,
    area: str,
    treated_at: datetime,
    waits: Mapping[str, float],
    now: datetime,
) -> int:
    """Insert a treatment and return its id."""
    return inserted(
        db,
        "INSERT INTO treatment (patient_id, procedure, area, treated_at, waits, created_at)"
        " VALUES (:patient, :procedure, :area, :treated_at, :waits, :now) RETURNING id",
        {
            "patient": patient_id,
            "procedure": procedure,
            "area": area,
            "treated_at": stamp(treated_at),
            "waits": json.dumps(dict(waits), sort_keys=True),
            "now": stamp(now),
        },
    )


def correct_treatment(
    db: Database,
    treatment_id: int,
    *,
    treated_at: datetime | None = None,
    waits: Mapping[str, float] | None = None,
    cancelled: bool | None = None,
) -> None:
    """Change what was entered of a treatment; what is None stays."""
    values: dict[str, Any] = {}
    if treated_at is not None:
        values["treated_at"] = stamp(treated_at)
    if waits is not None:
        values["waits"] = json.dumps(dict(waits), sort_keys=True)
    if cancelled is not None:
        values["state"] = "cancelled" if cancelled else "active"
    for column, value in values.items():
        changed(
            db,
            f"UPDATE treatment SET {column} = :value WHERE id = :id",
            {"value": value, "id": treatment_id},
        )


def treatments(db: Database, patient_id: int, *, cancelled: bool = False) -> list[Treatment]:
    """Return a patient's treatments, the earliest first; with the cancelled ones if asked."""
    rows = all_rows(
        db,
        "SELECT * FROM treatment WHERE patient_id = :patient"
        " AND (:all OR state = 'active') ORDER BY treated_at, id",
        {"patient": patient_id, "all": int(cancelled)},
    )
    return [_treatment(row) for row in rows]


def treatments_of(db: Database, patient_ids: Sequence[int]) -> dict[int, list[Treatment]]:
    """Return the treatments of patients that count, by patient, the earliest first."""
    rows = all_rows(
        db,
        f"SELECT * FROM treatment WHERE patient_id IN ({id_list(patient_ids)})"
        " AND state = 'active' ORDER BY treated_at, id",
    )
    found: dict[int, list[Treatment]] = {patient_id: [] for patient_id in patient_ids}
    for row in rows:
        found[row["patient_id"]].append(_treatment(row))
    return found


def _treatment(row: Row) -> Treatment:
    return Treatment(
        id=row["id"],
        patient_id=row["patient_id"],
        procedure=row["procedure"],
        area=row["area"],
        treated_at=instant(row["treated_at"]),
        waits=json.loads(row["waits"]),
        cancelled=row["state"] == "cancelled",
    )


def _maybe(row: Row | None) -> Patient | None:
    return _patient(row) if row else None


def of_row(row: Row) -> Patient:
    """Return the patient of a row that has all of her columns."""
    return _patient(row)


def _patient(row: Row) -> Patient:
    return Patient(
        id=row["id"],
        ref=row["ref"],
        clinic_id=row["clinic_id"],
        reference=row["reference"],
        chat_id=row["chat_id"],
        state=row["state"],
        language=row["language"],
        timezone=row["timezone"],
        quiet_from=time.fromisoformat(row["quiet_from"]),
        quiet_to=time.fromisoformat(row["quiet_to"]),
        paused_until=maybe_instant(row["paused_until"]),
        asked=row["asked"],
        invited_at=instant(row["invited_at"]),
        way_told_at=maybe_instant(row["way_told_at"]),
        joined_at=maybe_instant(row["joined_at"]),
    )
