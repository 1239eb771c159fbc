"""`aftercare clinic` and `aftercare staff`."""

from __future__ import annotations

import json
from typing import Any

import click

from bot.commands.common import as_json, find_clinic, opened, print_json, print_table, row_number
from scheduler.clock import system_clock
from scheduler.model import Clinic
from scheduler.services import desk
from scheduler.store import clinics as store_clinics
from scheduler.store import records

YES_OR_NO = frozenset({"sunscreen_from_start", "self_enrol", "care_counts", "weekly_report"})


@click.group()
def clinic() -> None:
    """Enter clinics and change what they set."""


@clinic.command("add")
@click.option("--name", required=True, help="The clinic's name, as patients know it.")
@click.option("--timezone", required=True, help="Its time zone, such as Europe/Madrid.")
@click.option("--phone", required=True, help="The number patients call.")
@click.option("--emergency-number", required=True, help="The emergency number there, such as 112.")
@click.option("--language", default="en", show_default=True, help="The staff group's language.")
@as_json
def add(as_json: bool, **values: str) -> None:  # noqa: FBT001
    """Enter a clinic and print the code that connects its Telegram group."""
    with opened(new=True) as (_, store, catalog):
        entered, code = store.run(
            desk.add_clinic,
            catalog,
            now=system_clock(),
            **values,
        )
    if as_json:
        print_json({"clinic": entered.slug, "connect_code": code})
        return
    click.echo(f"{entered.name} is entered as: {entered.slug}")
    click.echo(f"Post this in the clinic's Telegram group:  /connect {code}")
    click.echo(f"The code works once, for {desk.CONNECT_CODE_LIFE.days} days.")


@clinic.command("connect-code")
@click.argument("slug")
@as_json
def connect_code(slug: str, as_json: bool) -> None:  # noqa: FBT001
    """Make a new code that connects the clinic's Telegram group."""
    with opened() as (_, store, _catalog):
        entered = store.run(find_clinic, slug)
        code = store.run(desk.connect_code, entered, system_clock())
    if as_json:
        print_json({"clinic": slug, "connect_code": code})
    else:
        click.echo(f"/connect {code}")


@clinic.command("list")
@as_json
def list_(as_json: bool) -> None:  # noqa: FBT001
    """List the clinics."""
    with opened() as (_, store, _catalog):
        rows = [_shown(row) for row in store.run(store_clinics.listed)]
    if as_json:
        print_json(rows)
        return
    columns = ("clinic", "name", "timezone", "language", "phone", "connected")
    print_table("Clinics", columns, [[row[name] for name in columns] for row in rows])


@clinic.command("show")
@click.argument("slug")
@as_json
def show(slug: str, as_json: bool) -> None:  # noqa: FBT001
    """Show everything a clinic has set."""
    with opened() as (_, store, _catalog):
        shown = _shown(store.run(find_clinic, slug))
    if as_json:
        print_json(shown)
        return
    print_table(shown["name"], ("setting", "value"), list(shown.items()))


@clinic.command("set")
@click.argument("slug")
@click.argument("settings", nargs=-1, required=True, metavar="SETTING=VALUE...")
@as_json
def set_(slug: str, settings: tuple[str, ...], as_json: bool) -> None:  # noqa: FBT001
    """Change settings, such as: phone='+44 20 7946 0000' wait.makeup=48 self_enrol=yes."""
    with opened() as (_, store, catalog):
        entered = store.run(find_clinic, slug)
        values = _typed(settings, entered)
        changed = store.run(desk.set_clinic, catalog, entered, values, system_clock())
    if as_json:
        print_json(_shown(changed))
    else:
        click.echo(f"{changed.slug}: {', '.join(sorted(values))} set")


@click.group()
def staff() -> None:
    """Who may act for a clinic."""


@staff.command("list")
@click.option("--clinic", "slug", required=True)
@as_json
def staff_list(slug: str, as_json: bool) -> None:  # noqa: FBT001
    """List the people of a clinic by their Telegram ids."""
    with opened() as (_, store, _catalog):
        rows = store.run(lambda db: store_clinics.staff(db, find_clinic(db, slug).id))
    if as_json:
        print_json(rows)
        return
    columns = ("user_id", "name", "role", "added_at")
    print_table("Staff", columns, [[row[name] for name in columns] for row in rows])


@staff.command("remove")
@click.argument("user_id", type=row_number)
@click.option("--clinic", "slug", required=True)
@as_json
def staff_remove(user_id: int, slug: str, as_json: bool) -> None:  # noqa: FBT001
    """Take a person's right to act for a clinic away, at once."""
    now = system_clock()
    with opened() as (_, store, _catalog):
        entered = store.run(find_clinic, slug)
        if not store.run(store_clinics.remove_staff, entered.id, user_id, now=now):
            raise click.UsageError(f"{user_id} does not act for {slug}")
        store.run(
            records.audit,
            now=now,
            actor="shell",
            action="staff.removed",
            subject=f"user:{user_id}",
            clinic_id=entered.id,
        )
    if as_json:
        print_json({"clinic": slug, "removed": user_id})
    else:
        click.echo(f"{user_id} no longer acts for {slug}")


def _shown(row: Clinic) -> dict[str, Any]:
    return {
        "clinic": row.slug,
        "name": row.name,
        "timezone": row.timezone,
        "language": row.language,
        "phone": row.phone,
        "emergency_number": row.emergency_number,
        "crisis_line": row.crisis_line,
        "opens": f"{row.opens:%H:%M}",
        "closes": f"{row.closes:%H:%M}",
        "open_days": row.open_days,
        "waits": dict(row.waits),
        "sunscreen_from_start": row.sunscreen_from_start,
        "self_enrol": row.self_enrol,
        "raise_minutes": ",".join(map(str, row.raise_minutes)),
        "raise_closed": row.raise_closed,
        "weekly_cap": row.weekly_cap,
        "care_counts": row.care_counts,
        "weekly_report": row.weekly_report,
        "connected": row.chat_id is not None,
    }


def _typed(settings: tuple[str, ...], entered: Clinic) -> dict[str, Any]:
    """Return settings as values; `wait.RULE=HOURS` sets one wait, `wait.RULE=` takes it back."""
    values: dict[str, Any] = {}
    waits = dict(entered.waits)
    for setting in settings:
        key, separator, value = setting.partition("=")
        if not separator:
            raise click.UsageError(f"{setting!r} is not a setting; expected SETTING=VALUE")
        if key.startswith("wait."):
            _set_wait(waits, key.removeprefix("wait."), value)
            values["waits"] = waits
        elif key in YES_OR_NO:
            values[key] = _yes(key, value)
        else:
            values[key] = value
    return values


def _set_wait(waits: dict[str, float], rule: str, value: str) -> None:
    if not value:
        waits.pop(rule, None)
        return
    try:
        waits[rule] = float(json.loads(value))
    except (ValueError, TypeError):
        raise click.UsageError(f"wait.{rule} is {value!r}; expected a number of hours") from None


def _yes(key: str, value: str) -> bool:
    if value.casefold() in ("yes", "true", "1"):
        return True
    if value.casefold() in ("no", "false", "0"):
        return False
    raise click.UsageError(f"{key} is {value!r}; expected yes or no")
