"""What must not be read by others: words and tokens in logs, files on the disk, the repository."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import re
import shutil
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from bot.lock import only_one
from bot.logs import set_up_logging
from content.catalog import Catalog
from content.understand import Knowledge
from scheduler.housekeeping import Keeping, keep_house
from scheduler.store.engine import Store
from scheduler.store.files import restore
from tests.fakes.clock import FakeClock
from tests.fakes.people import ANA_CHAT, World, build_world
from tests.fakes.telegram import telegram_with_bot

ROOT = Path(__file__).parents[2]
SECRET_WORDS = "zebrafish pus under marmalade"


@pytest.fixture(autouse=True)
def logging_as_it_was() -> Iterator[None]:
    """Put logging back, since it is one for the whole process."""
    root = logging.getLogger()
    handlers, level, form = root.handlers[:], root.level, structlog.get_config()
    quiet = {name: logging.getLogger(name).level for name in ("apscheduler", "aiohttp", "telegram")}
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    for name, before in quiet.items():
        logging.getLogger(name).setLevel(before)
    structlog.configure(**form)


@pytest.mark.parametrize("form", ["text", "json"])
async def test_a_whole_conversation_leaves_no_word_and_no_token_in_the_log(
    store: Store,
    catalog: Catalog,
    clock: FakeClock,
    knowledge: Knowledge,
    world: World,
    form: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with telegram_with_bot(store, catalog, clock, knowledge=knowledge) as (telegram, bot):
        set_up_logging("DEBUG", form, telegram.token)
        ana = telegram.person("Marmalade", user_id=ANA_CHAT)
        code = world.invite(treated_at=clock(), now=clock())
        await ana.send(f"/start {code}")
        await ana.tap("I agree")
        await ana.send(SECRET_WORDS)
        message = await ana.send("may I fly to marmalade?")
        await ana.edit(message, SECRET_WORDS)
        await ana.photo(SECRET_WORDS)
        telegram.faults.fail(500, SECRET_WORDS, method="sendMessage")
        await ana.send("/today")
        _break_every_answer(monkeypatch)
        await ana.send(SECRET_WORDS)
        clock.forward(days=1)
        await bot.tick()
        await telegram._settled()
    told = capsys.readouterr().err
    assert "update.failed" in told
    assert "delivery.result" in told
    private = ("zebrafish", "marmalade", telegram.token.split(":")[1], code)
    assert not [word for word in private if word.casefold() in told.casefold()]


def _break_every_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(said: str, **_: object) -> None:
        raise ValueError(f"what is {said!r}")

    monkeypatch.setattr("bot.patient.ask.understand", broken)


@pytest.mark.parametrize("form", ["text", "json"])
async def test_a_task_that_nobody_waited_for_fails_without_telling_its_words(
    form: str, capsys: pytest.CaptureFixture[str]
) -> None:
    set_up_logging("INFO", form)

    async def fails() -> None:
        raise ValueError(SECRET_WORDS)

    task = asyncio.create_task(fails())
    await asyncio.wait([task])
    del task
    gc.collect()
    told = capsys.readouterr().err
    assert "ValueError" in told
    assert "fails" in told
    assert "zebrafish" not in told


def open_to_others(folder: Path) -> list[str]:
    """Return the names of the files that somebody else could read."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return [path.name for path in files if stat.S_IMODE(path.stat().st_mode) & 0o077]


def test_only_its_owner_reads_what_the_bot_keeps(
    tmp_path: Path, catalog: Catalog, clock: FakeClock
) -> None:
    database, backups = tmp_path / "aftercare.db", tmp_path / "deep" / "backups"
    clock.at = clock.at.replace(hour=2)
    before = os.umask(0o022)
    try:
        with only_one(database):
            store = Store(database, durable=False)
            build_world(store, catalog, clock())
            asyncio.run(keep_house(store, Keeping(backups, 3, 90, 730), clock()))
            store.backup(tmp_path / "by-hand.db")
            made = {path.name for path in tmp_path.iterdir()}
            assert open_to_others(tmp_path) == []
            store.close()
        restore(tmp_path / "by-hand.db", database)
        assert open_to_others(tmp_path) == []
    finally:
        os.umask(before)
    assert made >= {"aftercare.db", "aftercare.db-wal", "aftercare.db.lock", "by-hand.db"}
    assert stat.S_IMODE(backups.stat().st_mode) == 0o700


FORBIDDEN = {
    "a token": re.compile(r"(?<!\d)\d{6,}:[A-Za-z0-9_-]{30,}"),
    "a private key": re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY"),
    "a key of a cloud": re.compile(r"\b(AKIA[0-9A-Z]{16}|gh[pousr]_[A-Za-z0-9]{30,}|sk-\w{30,})\b"),
    "a place on one machine": re.compile(r"(?<![\w.:/])/(work|root|Users)/|(?<![\w.:/])/home/\w"),
    "an address of a package index": re.compile(r"(--index-url|--extra-index-url|find-links)[ =]"),
    "a package registry": re.compile(r"https?://[^\s\"']*/(simple|pypi)/?(?=[\s\"']|$)"),
}


def tracked() -> list[Path]:
    """Return every file that git keeps, and those it would."""
    git = shutil.which("git")
    if git is None or not (ROOT / ".git").exists():
        pytest.skip("this is no checkout: there is no git or no .git folder")
    listed = subprocess.run(
        [git, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
    ).stdout.decode()
    return [ROOT / name for name in listed.split("\0") if name and (ROOT / name).is_file()]


def found_in(text: str) -> list[str]:
    return [what for what, pattern in FORBIDDEN.items() if pattern.search(text)]


def test_no_file_of_the_repository_holds_a_secret_or_tells_of_one_machine() -> None:
    found = {
        str(path.relative_to(ROOT)): whats
        for path in tracked()
        if path != Path(__file__) and (whats := found_in(path.read_text("utf-8", "replace")))
    }
    assert found == {}


@pytest.mark.parametrize(
    "text",
    [
        "TOKEN = " + "123456" + ":" + "Ab3_-" * 7,
        "-----BEGIN " + "OPENSSH PRIVATE KEY-----",
        "AKIA" + "ABCDEFGH12345678",
        "see " + "/work" + "/main",
        "in /home" + "/ana/aftercare",
        "pip install --index-url" + " x",
        "url = " + "https://mirror.example.org/simple" + "/",
    ],
)
def test_the_search_for_secrets_finds_them(text: str) -> None:
    assert found_in(text)
