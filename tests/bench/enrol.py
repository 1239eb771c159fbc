"""How long it takes to enrol a patient with thirty reminders, every commit on the disk."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from statistics import median
from time import perf_counter

from content.catalog import Catalog
from scheduler.services import enrolment
from scheduler.services.enrolment import Opened
from scheduler.store import clinics
from scheduler.store.engine import Store
from tests.bench.patients import NOW
from tests.bench.peers import job_store, nothing, quiet_application
from tests.bench.process import call
from tests.bench.setting import Setting, missing, opened
from tests.bench.table import Goal, Line, samples

TOPIC = "enrol"
REMINDERS = 30
FAST = Goal("ratio", least=30)


def measure(setting: Setting) -> list[Line]:
    """Return the lines of this experiment."""
    path = setting.database("enrol", 10_000, pending=setting.size(300_000, 30_000))
    many = setting.size(100, 40)
    mine = [call(ours, path=copy, times=many) for copy in setting.copies(path)]
    queued = setting.each(job_queue, times=many)
    what = "consent and 30 reminders, full sync, ms"
    agreed, whole = samples(mine, "agree"), samples(mine, "whole")
    lines = [
        Line(TOPIC, what, agreed, "PTB JobQueue", samples(queued, "ms"), note="peer keeps nothing")
    ]
    peer = "APScheduler + SQLAlchemyJobStore"
    if reason := missing("sqlalchemy"):
        return [*lines, Line(TOPIC, what, agreed, peer, note=reason)]
    stored = [
        call(store_of_jobs, path=str(setting.folder / f"enrol-{number}.sqlite"), times=10)
        for number in range(setting.rounds)
    ]
    theirs = samples(stored, "ms")
    return [
        *lines,
        Line(TOPIC, what, agreed, peer, theirs, goal=FAST),
        Line(TOPIC, "invited, code used, consent and 30 reminders, ms", whole, peer, theirs),
    ]


def ours(path: str, times: int) -> dict[str, float]:
    """Enrol patients: entered by the clinic, let in by their code, agreed."""
    store = opened(path)
    try:
        return _enrol(store, _thirty(Catalog()), times)
    finally:
        store.close()


def _enrol(store: Store, catalog: Catalog, times: int) -> dict[str, float]:
    clinic = store.run(clinics.by_id, 1)
    wholes, agrees = [], []
    for number in range(times):
        began = perf_counter()
        invitation = store.run(
            enrolment.invite,
            catalog,
            clinic=clinic,
            procedure="microneedling",
            treated_at=NOW - timedelta(minutes=number),
            now=NOW,
        )
        came = store.run(
            enrolment.open_code, invitation.code, chat_id=number + 1, language="en", now=NOW
        )
        if not isinstance(came, Opened):
            raise TypeError(came)
        middle = perf_counter()
        store.run(enrolment.agree, catalog, came.patient.id, marketing=False, now=NOW)
        agrees.append(perf_counter() - middle)
        wholes.append(perf_counter() - began)
    return {"agree": median(agrees) * 1000, "whole": median(wholes) * 1000}


def _thirty(catalog: Catalog) -> Catalog:
    """Return the library with thirty reminders in its plan: a morning and an evening, 15 days."""
    procedure = catalog.procedure("microneedling")
    model = procedure.step("day1_morning")
    steps = tuple(
        replace(model, key=f"step{number}", day=1 + number // 2, at=time(9 + number % 2 * 9))
        for number in range(REMINDERS)
    )
    catalog.procedures["microneedling"] = replace(procedure, steps=steps)
    return catalog


def job_queue(times: int) -> dict[str, float]:
    """Register thirty jobs a patient, in memory."""
    application = quiet_application()

    async def enrol() -> list[float]:
        queue = application.job_queue
        if queue is None:
            raise LookupError("job_queue")
        await queue.start()
        took = []
        for patient in range(times):
            began = perf_counter()
            for when in _due():
                queue.run_once(nothing, when, chat_id=patient)
            took.append(perf_counter() - began)
        await queue.stop(wait=False)
        return took

    return {"ms": median(asyncio.run(enrol())) * 1000}


def store_of_jobs(path: str, times: int) -> dict[str, float]:
    """Add thirty jobs a patient to the store, each of which it commits by itself."""

    async def enrol() -> list[float]:
        scheduler = job_store(path)
        scheduler.start()
        took = []
        for patient in range(times):
            began = perf_counter()
            for when in _due():
                scheduler.add_job(nothing, "date", run_date=when, args=[patient])
            took.append(perf_counter() - began)
        scheduler.shutdown(wait=False)
        return took

    return {"ms": median(asyncio.run(enrol())) * 1000}


def _due() -> list[datetime]:
    first = datetime.now(UTC) + timedelta(days=1)
    return [first + timedelta(hours=12 * number) for number in range(REMINDERS)]
