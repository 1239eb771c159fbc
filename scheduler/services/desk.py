"""What a clinic sets about itself, and how its group and its people are bound to it."""

from __future__ import annotations

import re
import secrets
import unicodedata
from collections.abc import Mapping
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlite_utils import Database

from content.catalog import Catalog
from scheduler.model import Clinic
from scheduler.services import care
from scheduler.services.enrolment import CODE_BYTES, EnrolmentError, check_waits, clean_code
from scheduler.store import clinics, codes, patients, records

CONNECT_CODE_LIFE = timedelta(days=14)
_PHONE = re.compile(r"\+?[0-9 ().-]{3,25}")


class DeskError(Exception):
    """What was set for a clinic cannot be; the text says what was expected."""


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
    checked = _checked(catalog, values)
    slug = _free_slug(db, name)
    clinic = clinics.add(db, slug=slug, now=now, **checked)
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
    checked = _checked(catalog, values)
    clinics.change(db, clinic.id, checked)
    records.audit(
        db,
        now=now,
        actor="shell",
        action="clinic.set",
        subject=clinic.slug,
        clinic_id=clinic.id,
        detail={"settings": sorted(checked)},
    )
    if {"waits", "sunscreen_from_start"} & checked.keys():
        for patient in patients.listed(db, clinic.id):
            care.replan(db, catalog, patient.id, now)
    return clinics.by_id(db, clinic.id)


def connect(db: Database, code: str, *, chat_id: int, user_id: int, now: datetime) -> Clinic | None:
    """Bind a group to the clinic whose code this is; None, and nothing changed, if it is none."""
    row = codes.find(db, clean_code(code), "connect")
    if row is None or row["used_at"] is not None or row["expires_at"] <= now:
        return None
    codes.use(db, clean_code(code), by=user_id, now=now)
    clinics.bind(db, row["clinic_id"], chat_id)
    clinics.add_staff(db, row["clinic_id"], user_id, "owner", now=now)
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


def check_zone(timezone: str) -> str:
    """Return the zone's name; raises `DeskError` if there is no such zone."""
    try:
        return ZoneInfo(timezone).key
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise DeskError(
            f"there is no time zone {timezone!r}; expected a name such as Europe/Madrid"
        ) from None


def _checked(catalog: Catalog, values: Mapping[str, Any]) -> dict[str, Any]:
    checked: dict[str, Any] = {}
    for key, value in values.items():
        if key not in clinics.SETTABLE:
            expected = ", ".join(sorted(clinics.SETTABLE))
            raise DeskError(f"there is no setting {key!r}; expected one of {expected}")
        checked[key] = _check(catalog, key, value)
    return checked


def _check(catalog: Catalog, key: str, value: Any) -> Any:
    match key:
        case "name":
            if not str(value).strip() or len(str(value)) > 80:
                raise DeskError("name is empty or over 80 characters; expected the clinic's name")
            return str(value).strip()
        case "timezone":
            return check_zone(str(value))
        case "language":
            if value not in catalog.languages:
                raise DeskError(
                    f"there is no language {value!r}; expected one of "
                    f"{', '.join(catalog.languages)}"
                )
            return value
        case "phone" | "emergency_number":
            if not _PHONE.fullmatch(str(value).strip()):
                raise DeskError(f"{key} is {value!r}; expected a number that can be dialled")
            return str(value).strip()
        case "opens" | "closes":
            return _wall_time(key, str(value))
        case "open_days":
            try:
                care.open_weekdays(str(value))
            except ValueError:
                raise DeskError(
                    f"open_days is {value!r}; expected ISO weekdays such as 1-5 or 1,3,6"
                ) from None
            return str(value)
        case "waits":
            try:
                check_waits(catalog, "microneedling", value)
            except EnrolmentError as error:
                raise DeskError(str(error)) from None
            return value
        case "raise_minutes":
            return _minutes(str(value))
        case "raise_closed":
            if value not in ("urgent", "emergency", "never"):
                raise DeskError(
                    f"raise_closed is {value!r}; expected urgent, emergency or never: the least "
                    "level that is raised again while the clinic is closed"
                )
            return value
        case "sunscreen_from_start" | "self_enrol" | "care_counts" | "weekly_report":
            return int(bool(value))
        case "weekly_cap":
            return _count(key, str(value))
        case _:
            return str(value).strip()


def _wall_time(key: str, value: str) -> str:
    try:
        return time.fromisoformat(value).strftime("%H:%M")
    except ValueError:
        raise DeskError(f"{key} is {value!r}; expected a time such as 09:00") from None


def _minutes(value: str) -> str:
    parts = [part.strip() for part in value.split(",")]
    if not all(part.isdigit() and 1 <= int(part) <= 1440 for part in parts) or len(parts) > 5:
        raise DeskError(
            f"raise_minutes is {value!r}; expected up to five numbers of minutes such as 10,30"
        )
    return ",".join(parts)


def _count(key: str, value: str) -> int:
    if not re.fullmatch(r"\d{1,3}", value):
        raise DeskError(f"{key} is {value!r}; expected a number of messages such as 16")
    return int(value)


def _free_slug(db: Database, name: str) -> str:
    plain = unicodedata.normalize("NFKD", name.casefold())
    base = re.sub(r"[^a-z0-9]+", "-", "".join(c for c in plain if c.isascii())).strip("-")
    base = base[:40] or "clinic"
    slug, number = base, 1
    while clinics.by_slug(db, slug) is not None:
        number += 1
        slug = f"{base}-{number}"
    return slug
