"""What a large clinic group needs: broadcasts by turns, and what ran when."""

from __future__ import annotations

SCHEMA = """
CREATE INDEX outbox_turns ON outbox (clinic_id, due_at) WHERE state = 'waiting' AND priority = 3;
"""
