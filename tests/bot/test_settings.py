"""A wrong setting stops the start with a line that names it; a right one is read as meant."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bot.settings import SettingsError, read_settings

TOKEN = "4242:" + "x" * 35


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [name for name in os.environ if name.startswith("AFTERCARE_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def test_without_any_setting_the_defaults_stand() -> None:
    settings = read_settings()
    assert settings.token is None
    assert settings.telegram_url == "https://api.telegram.org"
    assert settings.database == Path("aftercare.db")
    assert settings.messages_per_second == 30
    assert settings.health_port == 0
    assert settings.backups == Path("backups")


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("TOKEN", "hello", "expected a token such as"),
        ("TELEGRAM_URL", "127.0.0.1:9000", "expected an address such as"),
        ("MESSAGES_PER_SECOND", "0", "greater than 0"),
        ("MESSAGES_PER_SECOND", "many", "valid number"),
        ("LOG_LEVEL", "LOUD", "'DEBUG', 'INFO'"),
        ("LOG_FORMAT", "xml", "'text' or 'json'"),
        ("HEALTH_PORT", "70000", "less than or equal to 65535"),
        ("PING_URL", "ftp://example.org", "expected an address such as"),
        ("WEBHOOK_URL", "example.org", "expected an address such as"),
        ("WEBHOOK_SECRET", "short", "expected 16 to 256"),
        ("WEBHOOK_SECRET", "é" * 16, "expected 16 to 256"),
        ("BACKUPS_KEPT", "0", "greater than or equal to 1"),
        ("KEEP_WORDS_DAYS", "0", "greater than or equal to 1"),
        ("KEEP_DAYS", "1", "greater than or equal to 30"),
    ],
)
def test_a_wrong_value_names_its_setting(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, told: str
) -> None:
    monkeypatch.setenv(f"AFTERCARE_{name}", value)
    with pytest.raises(SettingsError) as error:
        read_settings()
    assert str(error.value).startswith(f"AFTERCARE_{name} is wrong: ")
    assert told in str(error.value)
    assert "\n" not in str(error.value)


def test_a_webhook_without_a_secret_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AFTERCARE_WEBHOOK_URL", "https://bot.example.org/")
    with pytest.raises(SettingsError, match="AFTERCARE_WEBHOOK_SECRET"):
        read_settings()
    monkeypatch.setenv("AFTERCARE_WEBHOOK_SECRET", "s" * 16)
    assert read_settings().webhook_url == "https://bot.example.org"


def test_a_token_is_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AFTERCARE_TOKEN", TOKEN)
    settings = read_settings()
    assert settings.token is not None
    assert settings.token.get_secret_value() == TOKEN
    assert TOKEN not in repr(settings)
    monkeypatch.setenv("AFTERCARE_TOKEN", TOKEN + "!")
    with pytest.raises(SettingsError) as error:
        read_settings()
    assert "x" * 10 not in str(error.value)


def test_settings_are_read_from_a_file_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".env").write_text(
        "AFTERCARE_BOT_USERNAME=@riverside_bot\nAFTERCARE_BACKUPS=\nOTHER=1\n", encoding="utf-8"
    )
    settings = read_settings()
    assert settings.bot_username == "riverside_bot"
    assert settings.backups is None
    monkeypatch.setenv("AFTERCARE_BOT_USERNAME", "hilltop_bot")
    assert read_settings().bot_username == "hilltop_bot"
