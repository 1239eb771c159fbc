"""The shell: one program, `aftercare`, with every command in a module of its family.

A usage or data error exits with 2 and one line on stderr; nothing is half-done. Any other error
exits with 1 and one line that tells its kind and place: its words may hold a patient's or a token.
"""

from __future__ import annotations

import sys

import click
import structlog

from bot import __version__
from bot.chart import ChartError
from bot.commands import (
    audit,
    broadcasts,
    clinics,
    patients,
    reports,
    service,
    sessions,
    talk,
    upkeep,
    wording,
)
from bot.logs import set_up_logging
from bot.settings import SettingsError
from content.tables import ContentError
from scheduler.services.broadcast import BroadcastError
from scheduler.services.enrolment import EnrolmentError
from scheduler.services.report import ReportError
from scheduler.services.segment import SegmentError
from scheduler.services.sessions import SessionError
from scheduler.services.settings import DeskError
from scheduler.services.timetable import TimetableError
from scheduler.services.wording import WordingError
from scheduler.store.files import StoreError

log = structlog.get_logger()

EXPECTED = (
    BroadcastError,
    ChartError,
    ContentError,
    DeskError,
    EnrolmentError,
    ReportError,
    SegmentError,
    SessionError,
    SettingsError,
    StoreError,
    TimetableError,
    WordingError,
)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="aftercare")
def cli() -> None:
    """A Telegram aftercare companion for clinics and their microneedling patients."""


for command in (
    service.run,
    service.try_,
    talk.simulate,
    talk.ask,
    clinics.clinic,
    clinics.staff,
    patients.patient,
    broadcasts.broadcast,
    sessions.sessions,
    reports.report,
    audit.audit,
    wording.content,
    upkeep.backup,
    upkeep.restore,
    upkeep.migrate,
    upkeep.status,
):
    cli.add_command(command)


def main() -> None:
    """Run the command line; errors become one line, which quotes none that was not foreseen."""
    try:
        cli(prog_name="aftercare", standalone_mode=False)
    except click.exceptions.Exit as done:
        sys.exit(done.exit_code)
    except click.Abort:
        sys.exit(130)
    except click.UsageError as error:
        _fail(f"{error.format_message()} (see: aftercare --help)")
    except click.ClickException as error:
        _fail(error.format_message())
    except EXPECTED as error:
        _fail(str(error))
    except Exception:
        if not structlog.is_configured():
            set_up_logging("ERROR", "text")
        log.exception("aftercare.failed")
        sys.exit(1)


def _fail(line: str) -> None:
    click.echo(f"aftercare: {' '.join(line.split())}", err=True)
    sys.exit(2)
