"""`/report`: the last days in one picture, three sentences and a table."""

from __future__ import annotations

import structlog

from bot.chart import ChartError, draw
from bot.house import House
from bot.staff.desk import Desk
from content.catalog import Catalog
from scheduler.messenger import Attachment
from scheduler.model import Clinic
from scheduler.services import posting
from scheduler.services import report as reports
from scheduler.services.report import Report

log = structlog.get_logger()


async def report(desk: Desk) -> None:
    """`/report`: the last seven days, today included."""
    made = await desk.tx(reports.report, desk.clinic, desk.now)
    catalog = desk.house.catalog
    text = reports.caption(catalog, made, desk.language)
    await desk.say(text, attachment=await _picture(catalog, made, desk.language), part="picture")
    await desk.say("", attachment=_table(catalog, made, desk.language), part="table")


async def send_weekly(house: House) -> int:
    """Post the report of the week in the groups that want it; return how many."""
    now = house.clock()
    due = await house.store.tx(reports.weekly_due, now)
    for clinic in due:
        made = await house.store.tx(reports.report, clinic, now)
        await _post(house, clinic, made)
        await house.store.tx(reports.weekly_made, clinic, now)
    if due:
        house.delivery.wake()
    return len(due)


async def _post(house: House, clinic: Clinic, made: Report) -> None:
    catalog, now = house.catalog, house.clock()
    key = f"report:{clinic.id}:{made.days[-1].isoformat()}"
    picture = await _picture(catalog, made, clinic.language)
    text = reports.caption(catalog, made, clinic.language)
    for part, said, file in (
        ("picture", text, picture),
        ("table", "", _table(catalog, made, clinic.language)),
    ):
        await house.store.tx(
            posting.post,
            catalog,
            clinic,
            "report",
            said,
            now,
            key=f"{key}:{part}",
            silent=True,
            attachment=file,
        )


async def _picture(catalog: Catalog, made: Report, language: str) -> Attachment | None:
    """Return the picture; the numbers go out without one if it cannot be drawn."""
    try:
        png = await draw(reports.as_chart(catalog, made, language))
    except (ChartError, OSError):
        log.exception("report.no_picture", clinic=made.clinic.id)
        return None
    return Attachment("photo", "report.png", png)


def _table(catalog: Catalog, made: Report, language: str) -> Attachment:
    name = f"report-{made.days[-1].isoformat()}.csv"
    return Attachment("document", name, reports.as_csv(catalog, made, language))
