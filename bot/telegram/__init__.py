"""Everything that knows the Bot API: how requests travel and end, in which order they come."""

import os

# python-telegram-bot then gives every length of time as a `timedelta`; otherwise it warns of it
# each time that Telegram asks us to wait.
os.environ.setdefault("PTB_TIMEDELTA", "true")
