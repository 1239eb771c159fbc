"""A question in a group may be about a broadcast: when it is to go, or to whom."""

from __future__ import annotations

SCHEMA = """
ALTER TABLE post ADD COLUMN broadcast_id INTEGER REFERENCES broadcast (id) ON DELETE CASCADE;
CREATE INDEX post_broadcast ON post (broadcast_id) WHERE broadcast_id IS NOT NULL;
"""
