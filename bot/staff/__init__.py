"""The clinic's Telegram group: how it is bound, and what it is told."""
