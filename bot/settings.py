"""Every setting, read from the environment (prefix `AFTERCARE_`) or a `.env` file."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

_TOKEN = re.compile(r"[0-9]+:[A-Za-z0-9_-]{20,}")
_SECRET = re.compile(r"[A-Za-z0-9_-]{16,256}")


class SettingsError(Exception):
    """A setting is wrong; the text names it and says what was expected."""


class Settings(BaseSettings):
    """What an operator sets. Every field is described in the README; a test holds it to that."""

    model_config = SettingsConfigDict(env_prefix="AFTERCARE_", env_file=".env", extra="ignore")

    token: SecretStr | None = Field(None, description="the bot's token, from @BotFather")
    telegram_url: str = Field(
        "https://api.telegram.org", description="the Bot API server; `/bot<token>/…` is appended"
    )
    bot_username: str = Field(
        "", description="the bot's name, for links; asked from Telegram if empty"
    )
    database: Path = Field(Path("aftercare.db"), description="the database file")
    content: Path | None = Field(None, description="a folder of a clinic's own words")
    messages_per_second: float = Field(
        30.0,
        gt=0,
        le=1000,
        description="the most messages in a second; Telegram's free limit is 30",
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", description="how much is logged"
    )
    log_format: Literal["text", "json"] = Field("text", description="how it is written")
    health_port: int = Field(
        0, ge=0, le=65535, description="the port of `/health` and `/metrics` on 127.0.0.1; 0: none"
    )
    ping_url: str = Field(
        "", description="an address to call each minute while all is well (a dead-man switch)"
    )
    webhook_url: str = Field(
        "", description="the public https address for webhooks; empty: long polling"
    )
    webhook_port: int = Field(
        8443, ge=1, le=65535, description="the port on 127.0.0.1 that your web server passes on to"
    )
    webhook_secret: SecretStr | None = Field(
        None, description="what Telegram proves itself with: 16 or more letters, digits, _ and -"
    )
    backups: Path | None = Field(
        Path("backups"), description="the folder of the nightly backups; empty: none"
    )
    backups_kept: int = Field(14, ge=1, le=3650, description="how many backups are kept")
    keep_words_days: int = Field(
        90, ge=1, le=3650, description="for how many days patients' own words are kept"
    )
    keep_days: int = Field(
        730, ge=30, le=36500, description="for how many days after her last treatment a patient is"
    )

    @field_validator("token")
    @classmethod
    def _token_is_one(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not _TOKEN.fullmatch(value.get_secret_value()):
            raise ValueError("expected a token such as 123456:ABC-DEF…, from @BotFather")
        return value

    @field_validator("telegram_url")
    @classmethod
    def _url_is_one(cls, value: str) -> str:
        if not re.fullmatch(r"https?://[^\s/]+(/[^\s]*)?", value):
            raise ValueError("expected an address such as http://127.0.0.1:9000")
        return value.rstrip("/")

    @field_validator("ping_url", "webhook_url")
    @classmethod
    def _address_is_one(cls, value: str) -> str:
        if value and not re.fullmatch(r"https?://[^\s/]+(/[^\s]*)?", value):
            raise ValueError("expected an address such as https://bot.example.org")
        return value.rstrip("/")

    @field_validator("webhook_secret")
    @classmethod
    def _secret_is_one(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not re.fullmatch(
            r"[A-Za-z0-9_-]{16,256}", value.get_secret_value()
        ):
            raise ValueError("expected 16 to 256 letters, digits, _ and -")
        return value

    @field_validator("backups", mode="before")
    @classmethod
    def _nowhere_is_none(cls, value: object) -> object:
        return value or None

    @model_validator(mode="after")
    def _webhook_has_secret(self) -> Settings:
        if self.webhook_url and self.webhook_secret is None:
            raise ValueError("a webhook needs AFTERCARE_WEBHOOK_SECRET")
        return self

    @field_validator("bot_username")
    @classmethod
    def _username_is_bare(cls, value: str) -> str:
        return value.removeprefix("@")


def read_settings() -> Settings:
    """Read the settings; raises `SettingsError` that names the first wrong one."""
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors()[0]
        place = first["loc"] or ("webhook_url",)  # a check over several settings has no place
        name = "AFTERCARE_" + "_".join(str(part) for part in place).upper()
        reason = str(first["msg"]).removeprefix("Value error, ")
        raise SettingsError(f"{name} is wrong: {reason}") from None
