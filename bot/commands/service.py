"""`aftercare run` and `aftercare try`: the bot itself."""

from __future__ import annotations

import asyncio
import webbrowser

import click

from bot.app import Bot
from bot.commands.common import opened
from bot.lock import only_one
from bot.logs import set_up_logging
from bot.settings import SettingsError, read_settings


@click.command()
def run() -> None:
    """Run the bot; needs AFTERCARE_TOKEN. Stop it with Ctrl-C or SIGTERM."""
    settings = read_settings()
    if settings.token is None:
        raise SettingsError("AFTERCARE_TOKEN is not set; get one from @BotFather in Telegram")
    set_up_logging(settings.log_level, settings.log_format, settings.token.get_secret_value())
    with only_one(settings.database), opened(new=True) as (_, store, catalog):
        bot = Bot(settings, store, catalog)
        bot.run()


@click.command(name="try")
@click.option("--port", type=click.IntRange(0, 65535), default=8765, show_default=True)
@click.option("--no-open", is_flag=True, help="Do not open the browser.")
def try_(port: int, no_open: bool) -> None:  # noqa: FBT001
    """Try the whole product on this computer: no token, no network, nothing is kept."""
    from bot.sandbox.demo import serve  # noqa: PLC0415

    set_up_logging("WARNING", "text")

    def ready(url: str) -> None:
        click.echo(f"Aftercare is ready to try at {url}  (Ctrl-C stops it)")
        if not no_open:
            webbrowser.open(url)

    try:
        asyncio.run(serve(port, ready))
    except KeyboardInterrupt:
        click.echo("Stopped.")
