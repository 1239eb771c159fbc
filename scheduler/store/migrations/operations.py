"""What a large clinic group needs: broadcasts by turns, and updates that survive a crash."""

from __future__ import annotations

SCHEMA = """
CREATE TABLE incoming (
    update_id INTEGER PRIMARY KEY,
    payload TEXT NOT NULL,
    received_at TEXT NOT NULL,
    done INTEGER NOT NULL DEFAULT 0 CHECK (done IN (0, 1))
) STRICT;
CREATE INDEX incoming_left ON incoming (update_id) WHERE done = 0;

CREATE INDEX outbox_turns ON outbox (clinic_id, due_at) WHERE state = 'waiting' AND priority = 3;
"""
