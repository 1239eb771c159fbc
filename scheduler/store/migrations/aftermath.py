"""What is left to do after an erasure, and after Telegram refused a message; turns for reminders.

What a group was shown of an erased patient is known by the number of the message alone: no words,
and nothing that says whose it was. A message whose request was under way at the erasure has no
number yet; its row, emptied, will get one.

What waits in the outbox is found by clinic, so that clinics take turns in all that can wait. One
index does for that what two did, so a row costs no more to queue and to send.
"""

from __future__ import annotations

SCHEMA = """
CREATE TABLE emptying (
    id INTEGER PRIMARY KEY,
    clinic_id INTEGER NOT NULL REFERENCES clinic (id),
    chat_id INTEGER NOT NULL,
    message_id INTEGER,
    outbox_id INTEGER UNIQUE REFERENCES outbox (id) ON DELETE CASCADE,
    file INTEGER NOT NULL CHECK (file IN (0, 1)),
    posted_at TEXT NOT NULL CHECK (posted_at LIKE '____-__-__T__:__:__.______Z'),
    since TEXT NOT NULL CHECK (since LIKE '____-__-__T__:__:__.______Z'),
    due_at TEXT NOT NULL CHECK (due_at LIKE '____-__-__T__:__:__.______Z'),
    lost INTEGER NOT NULL DEFAULT 0 CHECK (lost IN (0, 1)),
    UNIQUE (chat_id, message_id),
    CHECK (message_id IS NOT NULL OR outbox_id IS NOT NULL)
) STRICT;

CREATE TABLE shown (
    patient_id INTEGER NOT NULL REFERENCES patient (id) ON DELETE CASCADE,
    clinic_id INTEGER NOT NULL REFERENCES clinic (id),
    chat_id INTEGER NOT NULL,
    message_id INTEGER NOT NULL,
    file INTEGER NOT NULL CHECK (file IN (0, 1)),
    posted_at TEXT NOT NULL CHECK (posted_at LIKE '____-__-__T__:__:__.______Z'),
    PRIMARY KEY (patient_id, chat_id, message_id)
) STRICT;

CREATE TABLE refusal (
    outbox_id INTEGER PRIMARY KEY REFERENCES outbox (id) ON DELETE CASCADE,
    clinic_id INTEGER NOT NULL REFERENCES clinic (id),
    at TEXT NOT NULL CHECK (at LIKE '____-__-__T__:__:__.______Z')
) STRICT;

DROP INDEX outbox_waiting;
DROP INDEX outbox_turns;
CREATE INDEX outbox_waiting ON outbox (priority, clinic_id, due_at) WHERE state = 'waiting';
"""
