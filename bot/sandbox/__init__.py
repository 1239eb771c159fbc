"""`aftercare try`: a Bot API on loopback, people who use it, a clock to move, and one page.

Nothing here knows the bot. The real one connects over HTTP, as it would to Telegram, and the
project's own tests use the same server.
"""
