"""Clinics, patients, treatments, the plan, the outbox and what was said."""

from __future__ import annotations

SCHEMA = """
CREATE TABLE clinic (
    id INTEGER PRIMARY KEY,
    slug TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    timezone TEXT NOT NULL,
    language TEXT NOT NULL,
    phone TEXT NOT NULL,
    emergency_number TEXT NOT NULL,
    crisis_line TEXT NOT NULL DEFAULT '',
    opens TEXT NOT NULL DEFAULT '09:00',
    closes TEXT NOT NULL DEFAULT '18:00',
    open_days TEXT NOT NULL DEFAULT '1-5',
    waits TEXT NOT NULL DEFAULT '{}',
    sunscreen_from_start INTEGER NOT NULL DEFAULT 0 CHECK (sunscreen_from_start IN (0, 1)),
    self_enrol INTEGER NOT NULL DEFAULT 0 CHECK (self_enrol IN (0, 1)),
    chat_id INTEGER UNIQUE,
    created_at TEXT NOT NULL CHECK (created_at LIKE '____-__-__T__:__:__.______Z')
) STRICT;

CREATE TABLE staff (
    id INTEGER PRIMARY KEY,
    clinic_id INTEGER NOT NULL REFERENCES clinic (id),
    user_id INTEGER NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('owner', 'staff')),
    added_at TEXT NOT NULL,
    removed_at TEXT,
    UNIQUE (clinic_id, user_id)
) STRICT;

CREATE TABLE patient (
    id INTEGER PRIMARY KEY,
    ref TEXT NOT NULL UNIQUE,
    clinic_id INTEGER NOT NULL REFERENCES clinic (id),
    reference TEXT NOT NULL DEFAULT '',
    chat_id INTEGER UNIQUE,
    state TEXT NOT NULL CHECK (state IN ('invited', 'joining', 'active', 'stopped', 'blocked')),
    language TEXT NOT NULL,
    timezone TEXT NOT NULL,
    quiet_from TEXT NOT NULL DEFAULT '21:00',
    quiet_to TEXT NOT NULL DEFAULT '08:00',
    paused_until TEXT,
    asked TEXT,
    way_told_at TEXT,
    invited_at TEXT NOT NULL,
    joined_at TEXT
) STRICT;

CREATE TABLE code (
    digest TEXT PRIMARY KEY,
    purpose TEXT NOT NULL CHECK (purpose IN ('enrol', 'connect')),
    clinic_id INTEGER NOT NULL REFERENCES clinic (id),
    patient_id INTEGER REFERENCES patient (id) ON DELETE CASCADE,
    created_at TEXT NOT NULL,
    expires_at TEXT NOT NULL,
    used_at TEXT,
    used_by INTEGER
) STRICT;

CREATE TABLE consent (
    id INTEGER PRIMARY KEY,
    patient_id INTEGER NOT NULL REFERENCES patient (id) ON DELETE CASCADE,
    kind TEXT NOT NULL CHECK (kind IN ('care', 'marketing', 'media')),
    version TEXT NOT NULL,
    given INTEGER NOT NULL CHECK (given IN (0, 1)),
    at TEXT NOT NULL
) STRICT;
CREATE INDEX consent_of ON consent (patient_id, kind, id);

CREATE TABLE treatment (
    id INTEGER PRIMARY KEY,
    patient_id INTEGER NOT NULL REFERENCES patient (id) ON DELETE CASCADE,
    procedure TEXT NOT NULL,
    area TEXT NOT NULL DEFAULT '',
    treated_at TEXT NOT NULL CHECK (treated_at LIKE '____-__-__T__:__:__.______Z'),
    waits TEXT NOT NULL DEFAULT '{}',
    state TEXT NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'cancelled')),
    created_at TEXT NOT NULL
) STRICT;
CREATE INDEX treatment_of ON treatment (patient_id);

CREATE TABLE outbox (
    id INTEGER PRIMARY KEY,
    dedupe_key TEXT NOT NULL UNIQUE,
    clinic_id INTEGER REFERENCES clinic (id),
    patient_id INTEGER REFERENCES patient (id) ON DELETE CASCADE,
    chat_id INTEGER NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('escalation', 'reply', 'reminder', 'broadcast')),
    priority INTEGER NOT NULL,
    payload TEXT NOT NULL,
    content_version TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'waiting' CHECK (
        state IN ('waiting', 'trying', 'sent', 'blocked', 'failed', 'uncertain', 'skipped')
    ),
    attempts INTEGER NOT NULL DEFAULT 0,
    created_at TEXT NOT NULL,
    due_at TEXT NOT NULL CHECK (due_at LIKE '____-__-__T__:__:__.______Z'),
    expires_at TEXT NOT NULL CHECK (expires_at LIKE '____-__-__T__:__:__.______Z'),
    tried_at TEXT,
    finished_at TEXT,
    message_id INTEGER,
    detail TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX outbox_waiting ON outbox (priority, due_at) WHERE state = 'waiting';
CREATE INDEX outbox_trying ON outbox (id) WHERE state = 'trying';
CREATE INDEX outbox_message ON outbox (chat_id, message_id) WHERE message_id IS NOT NULL;
CREATE INDEX outbox_of ON outbox (patient_id, id);

CREATE TABLE reminder (
    id INTEGER PRIMARY KEY,
    patient_id INTEGER NOT NULL REFERENCES patient (id) ON DELETE CASCADE,
    treatment_id INTEGER NOT NULL REFERENCES treatment (id) ON DELETE CASCADE,
    step TEXT NOT NULL,
    due_at TEXT NOT NULL CHECK (due_at LIKE '____-__-__T__:__:__.______Z'),
    not_before TEXT NOT NULL,
    stale_at TEXT NOT NULL,
    shown INTEGER NOT NULL DEFAULT 1 CHECK (shown IN (0, 1)),
    state TEXT NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'queued', 'skipped')),
    reason TEXT NOT NULL DEFAULT '',
    outbox_id INTEGER REFERENCES outbox (id),
    UNIQUE (treatment_id, step)
) STRICT;
CREATE INDEX reminder_waiting ON reminder (due_at) WHERE state = 'waiting';
CREATE INDEX reminder_of ON reminder (patient_id);
CREATE INDEX reminder_sent ON reminder (outbox_id) WHERE outbox_id IS NOT NULL;

CREATE TABLE answer (
    id INTEGER PRIMARY KEY,
    patient_id INTEGER NOT NULL REFERENCES patient (id) ON DELETE CASCADE,
    outbox_id INTEGER NOT NULL REFERENCES outbox (id) ON DELETE CASCADE,
    choice TEXT NOT NULL CHECK (choice IN ('done', 'later')),
    at TEXT NOT NULL,
    UNIQUE (outbox_id, choice)
) STRICT;
CREATE INDEX answer_of ON answer (patient_id);

CREATE TABLE exchange (
    id INTEGER PRIMARY KEY,
    patient_id INTEGER REFERENCES patient (id) ON DELETE CASCADE,
    chat_id INTEGER NOT NULL,
    message_id INTEGER NOT NULL,
    edition TEXT NOT NULL DEFAULT '',
    at TEXT NOT NULL,
    said TEXT NOT NULL,
    route TEXT NOT NULL,
    topics TEXT NOT NULL DEFAULT '[]',
    signs TEXT NOT NULL DEFAULT '[]',
    UNIQUE (chat_id, message_id, edition)
) STRICT;
CREATE INDEX exchange_of ON exchange (patient_id, id);
CREATE INDEX exchange_age ON exchange (at);

CREATE TABLE escalation (
    id INTEGER PRIMARY KEY,
    clinic_id INTEGER NOT NULL REFERENCES clinic (id),
    patient_id INTEGER NOT NULL REFERENCES patient (id) ON DELETE CASCADE,
    exchange_id INTEGER UNIQUE REFERENCES exchange (id) ON DELETE CASCADE,
    level TEXT NOT NULL CHECK (level IN ('emergency', 'urgent', 'contact', 'unknown')),
    context TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'taken', 'closed')),
    opened_at TEXT NOT NULL,
    taken_at TEXT,
    taken_by INTEGER,
    closed_at TEXT
) STRICT;
CREATE INDEX escalation_open ON escalation (clinic_id, opened_at) WHERE state <> 'closed';
CREATE INDEX escalation_of ON escalation (patient_id);

CREATE TABLE audit (
    id INTEGER PRIMARY KEY,
    at TEXT NOT NULL,
    clinic_id INTEGER REFERENCES clinic (id),
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    subject TEXT NOT NULL,
    detail TEXT NOT NULL DEFAULT '{}'
) STRICT;
CREATE TRIGGER audit_is_append_only BEFORE UPDATE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
CREATE TRIGGER audit_is_kept BEFORE DELETE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;

CREATE TABLE fact (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;
"""
