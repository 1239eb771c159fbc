"""Appointments and what is said about them, broadcasts, and what a clinic sets about both."""

from __future__ import annotations

SCHEMA = """
ALTER TABLE clinic ADD COLUMN weekly_cap INTEGER NOT NULL DEFAULT 16 CHECK (weekly_cap >= 0);
ALTER TABLE clinic ADD COLUMN care_counts INTEGER NOT NULL DEFAULT 1 CHECK (care_counts IN (0, 1));
ALTER TABLE clinic ADD COLUMN weekly_report INTEGER NOT NULL DEFAULT 0
    CHECK (weekly_report IN (0, 1));

CREATE INDEX IF NOT EXISTS patient_of_clinic ON patient (clinic_id, id);

CREATE TABLE session (
    id INTEGER PRIMARY KEY,
    clinic_id INTEGER NOT NULL REFERENCES clinic (id),
    patient_id INTEGER NOT NULL REFERENCES patient (id) ON DELETE CASCADE,
    starts_at TEXT NOT NULL CHECK (starts_at LIKE '____-__-__T__:__:__.______Z'),
    kind TEXT NOT NULL DEFAULT '',
    state TEXT NOT NULL DEFAULT 'booked' CHECK (
        state IN ('booked', 'confirmed', 'wants_other_time', 'cancelled', 'missed', 'done')
    ),
    source TEXT NOT NULL CHECK (source IN ('treated', 'group', 'shell', 'import')),
    booked_at TEXT NOT NULL,
    answered_at TEXT,
    moves INTEGER NOT NULL DEFAULT 0,
    UNIQUE (patient_id, starts_at)
) STRICT;
CREATE INDEX session_of_clinic ON session (clinic_id, starts_at);

CREATE TABLE session_notice (
    id INTEGER PRIMARY KEY,
    session_id INTEGER NOT NULL REFERENCES session (id) ON DELETE CASCADE,
    stage TEXT NOT NULL CHECK (stage IN ('7d', '24h', 'again', 'missed')),
    due_at TEXT NOT NULL CHECK (due_at LIKE '____-__-__T__:__:__.______Z'),
    stale_at TEXT NOT NULL CHECK (stale_at LIKE '____-__-__T__:__:__.______Z'),
    state TEXT NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'queued', 'skipped')),
    reason TEXT NOT NULL DEFAULT '',
    outbox_id INTEGER REFERENCES outbox (id) ON DELETE SET NULL,
    UNIQUE (session_id, stage)
) STRICT;
CREATE INDEX session_notice_waiting ON session_notice (due_at) WHERE state = 'waiting';

CREATE TABLE broadcast (
    id INTEGER PRIMARY KEY,
    clinic_id INTEGER NOT NULL REFERENCES clinic (id),
    template TEXT NOT NULL DEFAULT '',
    text TEXT NOT NULL DEFAULT '',
    segments TEXT NOT NULL DEFAULT '[]',
    marketing INTEGER NOT NULL DEFAULT 0 CHECK (marketing IN (0, 1)),
    state TEXT NOT NULL DEFAULT 'draft' CHECK (
        state IN ('draft', 'scheduled', 'sending', 'paused', 'done', 'cancelled')
    ),
    at TEXT,
    skipped TEXT NOT NULL DEFAULT '{}',
    looked_to INTEGER NOT NULL DEFAULT 0,
    created_by TEXT NOT NULL,
    created_at TEXT NOT NULL,
    started_at TEXT,
    gathered_at TEXT,
    finished_at TEXT,
    progress_message INTEGER,
    progress_shown TEXT NOT NULL DEFAULT '',
    progress_at TEXT
) STRICT;
CREATE INDEX broadcast_live ON broadcast (id) WHERE state IN ('scheduled', 'sending', 'paused');
CREATE INDEX broadcast_of ON broadcast (clinic_id, id);

CREATE TABLE broadcast_recipient (
    broadcast_id INTEGER NOT NULL REFERENCES broadcast (id) ON DELETE CASCADE,
    patient_id INTEGER NOT NULL REFERENCES patient (id) ON DELETE CASCADE,
    PRIMARY KEY (broadcast_id, patient_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX broadcast_recipient_of ON broadcast_recipient (patient_id);

ALTER TABLE outbox ADD COLUMN broadcast_id INTEGER REFERENCES broadcast (id);
CREATE INDEX outbox_broadcast ON outbox (broadcast_id, state) WHERE broadcast_id IS NOT NULL;
"""
