"""The clinic's desk: threads of escalations, what is posted in groups, drafts, notes, media."""

from __future__ import annotations

SCHEMA = """
ALTER TABLE clinic ADD COLUMN raise_minutes TEXT NOT NULL DEFAULT '10,30';
ALTER TABLE clinic ADD COLUMN raise_closed TEXT NOT NULL DEFAULT 'emergency'
    CHECK (raise_closed IN ('urgent', 'emergency', 'never'));
ALTER TABLE staff ADD COLUMN name TEXT NOT NULL DEFAULT '';

ALTER TABLE escalation ADD COLUMN card_wanted INTEGER NOT NULL DEFAULT 1
    CHECK (card_wanted IN (0, 1));
ALTER TABLE escalation ADD COLUMN raised INTEGER NOT NULL DEFAULT 0;
ALTER TABLE escalation ADD COLUMN raise_at TEXT;
ALTER TABLE escalation ADD COLUMN seen_at TEXT;
ALTER TABLE escalation ADD COLUMN replied_at TEXT;
ALTER TABLE escalation ADD COLUMN closed_by INTEGER;
ALTER TABLE escalation ADD COLUMN aside_until TEXT;
CREATE INDEX escalation_raise ON escalation (raise_at) WHERE state = 'open';

CREATE TABLE media (
    id INTEGER PRIMARY KEY,
    patient_id INTEGER NOT NULL REFERENCES patient (id) ON DELETE CASCADE,
    message_id INTEGER NOT NULL,
    album TEXT NOT NULL DEFAULT '',
    kind TEXT NOT NULL CHECK (kind IN ('photo', 'voice')),
    file_id TEXT,
    at TEXT NOT NULL,
    expires_at TEXT NOT NULL CHECK (expires_at LIKE '____-__-__T__:__:__.______Z'),
    UNIQUE (patient_id, message_id)
) STRICT;
CREATE INDEX media_expiry ON media (expires_at) WHERE file_id IS NOT NULL;

CREATE TABLE turn (
    id INTEGER PRIMARY KEY,
    escalation_id INTEGER NOT NULL REFERENCES escalation (id) ON DELETE CASCADE,
    side TEXT NOT NULL CHECK (side IN ('patient', 'clinic')),
    at TEXT NOT NULL,
    exchange_id INTEGER UNIQUE REFERENCES exchange (id) ON DELETE CASCADE,
    media_id INTEGER UNIQUE REFERENCES media (id) ON DELETE CASCADE,
    quiet INTEGER NOT NULL DEFAULT 0 CHECK (quiet IN (0, 1)),
    user_id INTEGER,
    said TEXT NOT NULL DEFAULT '',
    attachment TEXT,
    chat_id INTEGER,
    message_id INTEGER,
    outbox_id INTEGER REFERENCES outbox (id) ON DELETE SET NULL,
    told TEXT NOT NULL DEFAULT '',
    UNIQUE (chat_id, message_id)
) STRICT;
CREATE INDEX turn_of ON turn (escalation_id, id);
CREATE INDEX turn_untold ON turn (id) WHERE side = 'clinic' AND told = '';

CREATE TABLE draft (
    id INTEGER PRIMARY KEY,
    clinic_id INTEGER NOT NULL REFERENCES clinic (id),
    user_id INTEGER NOT NULL,
    chat_id INTEGER NOT NULL,
    message_id INTEGER,
    started_at TEXT NOT NULL,
    procedure TEXT NOT NULL DEFAULT '',
    area TEXT NOT NULL DEFAULT '',
    treated_at TEXT,
    next_at TEXT,
    waits TEXT NOT NULL DEFAULT '{}',
    reference TEXT NOT NULL DEFAULT '',
    code_digest TEXT REFERENCES code (digest) ON DELETE SET NULL,
    made_at TEXT,
    joined_at TEXT
) STRICT;
CREATE INDEX draft_code ON draft (code_digest) WHERE code_digest IS NOT NULL;

CREATE TABLE post (
    outbox_id INTEGER PRIMARY KEY REFERENCES outbox (id) ON DELETE CASCADE,
    kind TEXT NOT NULL,
    escalation_id INTEGER REFERENCES escalation (id) ON DELETE CASCADE,
    patient_id INTEGER REFERENCES patient (id) ON DELETE CASCADE,
    draft_id INTEGER REFERENCES draft (id) ON DELETE CASCADE
) STRICT;
CREATE INDEX post_escalation ON post (escalation_id) WHERE escalation_id IS NOT NULL;
CREATE INDEX post_patient ON post (patient_id) WHERE patient_id IS NOT NULL;
CREATE INDEX post_draft ON post (draft_id) WHERE draft_id IS NOT NULL;

CREATE TABLE note (
    id INTEGER PRIMARY KEY,
    patient_id INTEGER NOT NULL REFERENCES patient (id) ON DELETE CASCADE,
    user_id INTEGER NOT NULL,
    at TEXT NOT NULL,
    said TEXT NOT NULL
) STRICT;
CREATE INDEX note_of ON note (patient_id, id);

CREATE TABLE proposal (
    id INTEGER PRIMARY KEY,
    clinic_id INTEGER NOT NULL REFERENCES clinic (id),
    turn_id INTEGER UNIQUE REFERENCES turn (id) ON DELETE SET NULL,
    user_id INTEGER NOT NULL,
    at TEXT NOT NULL,
    language TEXT NOT NULL,
    procedure TEXT NOT NULL,
    topics TEXT NOT NULL DEFAULT '[]',
    said TEXT NOT NULL
) STRICT;
CREATE INDEX proposal_of ON proposal (clinic_id, id);

CREATE INDEX audit_of_clinic ON audit (clinic_id, id);
"""
