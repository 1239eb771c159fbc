"""What a clinic sets about itself, and how its group and its people are bound to it."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlite_utils import Database

from content.catalog import Catalog
from content.letters import bare
from scheduler.model import Clinic
from scheduler.services import care, thread
from scheduler.services.enrolment import CODE_BYTES, clean_code
from scheduler.services.settings import checked
from scheduler.store import clinics, codes, inbox, members, patients, records

CONNECT_CODE_LIFE = timedelta(days=14)


def add_clinic(
    db: Database,
    catalog: Catalog,
    *,
    name: str,
    timezone: str,
    phone: str,
    emergency_number: str,
    language: str,
    now: datetime,
) -> tuple[Clinic, str]:
    """Enter a clinic; return it and the one-time code that its group connects with.

    Raises:
        DeskError: If a value is not what it should be.
    """
    values = {
        "name": name,
        "timezone": timezone,
        "phone": phone,
        "emergency_number": emergency_number,
        "language": language,
    }
    sound = checked(catalog, values)
    slug = _free_slug(db, name)
    clinic = clinics.add(db, slug=slug, now=now, **sound)
    records.audit(
        db, now=now, actor="shell", action="clinic.added", subject=slug, clinic_id=clinic.id
    )
    return clinic, connect_code(db, clinic, now)


def connect_code(db: Database, clinic: Clinic, now: datetime) -> str:
    """Make a new one-time code for a clinic's group."""
    code = secrets.token_urlsafe(CODE_BYTES)
    codes.add(
        db,
        code,
        purpose="connect",
        clinic_id=clinic.id,
        patient_id=None,
        now=now,
        expires_at=now + CONNECT_CODE_LIFE,
    )
    return code


def set_clinic(
    db: Database, catalog: Catalog, clinic: Clinic, values: Mapping[str, Any], now: datetime
) -> Clinic:
    """Change settings of a clinic; its patients' plans follow.

    Raises:
        DeskError: If a value is not what it should be; nothing is changed then.
    """
    sound = checked(catalog, values)
    clinics.change(db, clinic.id, sound)
    records.audit(
        db,
        now=now,
        actor="shell",
        action="clinic.set",
        subject=clinic.slug,
        clinic_id=clinic.id,
        detail={"settings": sorted(sound)},
    )
    if {"waits", "sunscreen_from_start"} & sound.keys():
        for patient in patients.listed(db, clinic.id):
            care.replan(db, catalog, patient.id, now)
    return clinics.by_id(db, clinic.id)


def connect(
    db: Database, code: str, *, chat_id: int, user_id: int, now: datetime, name: str = ""
) -> Clinic | None:
    """Bind a group to the clinic whose code this is; None, and nothing changed, if it is none.

    A group that is another clinic's stays that clinic's: a code must not take it away.
    """
    row = codes.find(db, clean_code(code), "connect")
    present = clinics.by_chat(db, chat_id)
    if row is None or (present is not None and present.id != row["clinic_id"]):
        return None
    if row["used_at"] is not None:
        return present if row["used_by"] == user_id else None
    if row["expires_at"] <= now:
        return None
    codes.use(db, clean_code(code), by=user_id, now=now)
    clinics.bind(db, row["clinic_id"], chat_id)
    clinics.add_staff(db, row["clinic_id"], user_id, "owner", now=now)
    if name:
        members.name(db, row["clinic_id"], user_id, name)
    clinic = clinics.by_id(db, row["clinic_id"])
    records.audit(
        db,
        now=now,
        actor=f"user:{user_id}",
        action="clinic.connected",
        subject=clinic.slug,
        clinic_id=clinic.id,
    )
    return clinic


def disconnected(db: Database, chat_id: int, user_id: int, now: datetime) -> Clinic | None:
    """Note that the bot was put out of a clinic's group; nothing is lost by it."""
    clinic = clinics.unbind(db, chat_id, now=now)
    if clinic is not None:
        records.audit(
            db,
            now=now,
            actor=f"user:{user_id}",
            action="clinic.disconnected",
            subject=clinic.slug,
            clinic_id=clinic.id,
        )
    return clinic


def show_open_cards(db: Database, catalog: Catalog, chat_id: int, now: datetime) -> int:
    """Queue what a newly connected group has not been shown; return how many messages."""
    clinic = clinics.by_chat(db, chat_id)
    if clinic is None:
        return 0
    return sum(thread.sync(db, catalog, row.id, now) for row in inbox.waiting(db, clinic.id))


def _free_slug(db: Database, name: str) -> str:
    base = re.sub(r"[^a-z0-9]+", "-", bare(name)).strip("-")
    base = base[:40] or "clinic"
    slug, number = base, 1
    while clinics.by_slug(db, slug) is not None:
        number += 1
        slug = f"{base}-{number}"
    return slug
