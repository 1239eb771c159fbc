"""What an open card needs: posts numbered for good, and a fresh warning on a taken one."""

from __future__ import annotations

SCHEMA = """
ALTER TABLE escalation ADD COLUMN posts INTEGER NOT NULL DEFAULT 0;
ALTER TABLE escalation ADD COLUMN warned_at TEXT;

UPDATE escalation SET raise_at = NULL WHERE state <> 'open';
DROP INDEX escalation_raise;
CREATE INDEX escalation_raise ON escalation (raise_at) WHERE raise_at IS NOT NULL;
"""
