"""The edge: Telegram, the shell and the browser. Everything is wired together here."""

__version__ = "0.1.0"
