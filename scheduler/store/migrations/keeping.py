"""What the end of words needs: messages that still hold a file or an answer, found without a scan.

A row leaves its index when it is emptied, so each night looks only at what is left.
"""

from __future__ import annotations

SCHEMA = """
CREATE INDEX outbox_file ON outbox (id) WHERE payload LIKE '%"content": "%';
CREATE INDEX outbox_said ON outbox (finished_at)
    WHERE kind = 'reply' AND payload <> '{"text": ""}';
"""
