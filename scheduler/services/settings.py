"""What a clinic may set about itself: each setting with its check and what was expected."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import time
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from content.catalog import Catalog
from scheduler.services import care
from scheduler.services.enrolment import EnrolmentError, check_waits
from scheduler.store import clinics

LONGEST_NAME = 80
MOST_RAISES = 5
LONGEST_RAISE = 1440
RAISED_WHEN_CLOSED = ("urgent", "emergency", "never")

Check = Callable[[Catalog, str, Any], Any]
"""Returns a setting as it is stored: (library, name, value)."""

_PHONE = re.compile(r"\+?[0-9 ().-]{3,25}")


class DeskError(Exception):
    """What was set for a clinic cannot be; the text says what was expected."""


def checked(catalog: Catalog, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings as they are stored; raises `DeskError` for the first that cannot be."""
    for key in values:
        if key not in clinics.SETTABLE:
            expected = ", ".join(sorted(clinics.SETTABLE))
            raise DeskError(f"there is no setting {key!r}; expected one of {expected}")
    sound: dict[str, Any] = {}
    for key, value in values.items():
        check: Check = _CHECKS.get(key, _words)
        sound[key] = check(catalog, key, value)
    return sound


def check_zone(timezone: str) -> str:
    """Return the zone's name; raises `DeskError` if there is no such zone."""
    try:
        return ZoneInfo(timezone).key
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise DeskError(
            f"there is no time zone {timezone!r}; expected a name such as Europe/Madrid"
        ) from None


def _words(_: Catalog, key: str, value: Any) -> str:  # noqa: ARG001
    return str(value).strip()


def _name(_: Catalog, key: str, value: Any) -> str:
    name = str(value).strip()
    if not name or len(name) > LONGEST_NAME:
        raise DeskError(
            f"{key} is empty or over {LONGEST_NAME} characters; expected the clinic's name"
        )
    return name


def _zone(_: Catalog, key: str, value: Any) -> str:  # noqa: ARG001
    return check_zone(str(value))


def _language(catalog: Catalog, key: str, value: Any) -> str:
    if value not in catalog.languages:
        raise DeskError(
            f"there is no {key} {value!r}; expected one of {', '.join(catalog.languages)}"
        )
    return str(value)


def _phone(_: Catalog, key: str, value: Any) -> str:
    number = str(value).strip()
    if not _PHONE.fullmatch(number):
        raise DeskError(f"{key} is {value!r}; expected a number that can be dialled")
    return number


def _wall_time(_: Catalog, key: str, value: Any) -> str:
    try:
        return time.fromisoformat(str(value)).strftime("%H:%M")
    except ValueError:
        raise DeskError(f"{key} is {value!r}; expected a time such as 09:00") from None


def _open_days(_: Catalog, key: str, value: Any) -> str:
    try:
        care.open_weekdays(str(value))
    except ValueError:
        raise DeskError(f"{key} is {value!r}; expected ISO weekdays such as 1-5 or 1,3,6") from None
    return str(value)


def _waits(catalog: Catalog, key: str, value: Any) -> Any:  # noqa: ARG001
    try:
        check_waits(catalog, "microneedling", value)
    except EnrolmentError as error:
        raise DeskError(str(error)) from None
    return value


def _minutes(_: Catalog, key: str, value: Any) -> str:
    parts = [part.strip() for part in str(value).split(",")]
    sound = all(part.isdigit() and 1 <= int(part) <= LONGEST_RAISE for part in parts)
    if not sound or len(parts) > MOST_RAISES:
        raise DeskError(
            f"{key} is {value!r}; expected up to {MOST_RAISES} numbers of minutes such as 10,30"
        )
    return ",".join(parts)


def _closed(_: Catalog, key: str, value: Any) -> str:
    if value not in RAISED_WHEN_CLOSED:
        raise DeskError(
            f"{key} is {value!r}; expected one of {', '.join(RAISED_WHEN_CLOSED)}: the least "
            "level that is raised again while the clinic is closed"
        )
    return str(value)


def _yes(_: Catalog, key: str, value: Any) -> int:  # noqa: ARG001
    return int(bool(value))


def _count(_: Catalog, key: str, value: Any) -> int:
    if not re.fullmatch(r"\d{1,3}", str(value)):
        raise DeskError(f"{key} is {value!r}; expected a number of messages such as 16")
    return int(value)


_CHECKS: Mapping[str, Check] = {
    "name": _name,
    "timezone": _zone,
    "language": _language,
    "phone": _phone,
    "emergency_number": _phone,
    "opens": _wall_time,
    "closes": _wall_time,
    "open_days": _open_days,
    "waits": _waits,
    "raise_minutes": _minutes,
    "raise_closed": _closed,
    "sunscreen_from_start": _yes,
    "self_enrol": _yes,
    "care_counts": _yes,
    "weekly_report": _yes,
    "weekly_cap": _count,
}
