"""Every setting, read from the environment (prefix `AFTERCARE_`) or a `.env` file."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

_TOKEN = re.compile(r"\d+:[A-Za-z0-9_-]{20,}")


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
        name = "AFTERCARE_" + "_".join(str(part) for part in first["loc"]).upper()
        reason = str(first["msg"]).removeprefix("Value error, ")
        raise SettingsError(f"{name} is wrong: {reason}") from None
