"""When a patient's next reminder is due stands with the patient; triggers keep it so.

An index over the due times of all reminders lies on many pages: enrolling a patient touched one
for each of thirty reminders and wrote all of them at the commit. The rows of one patient lie
together, and only the first of them says when she is to be looked at.
"""

from __future__ import annotations

SCHEMA = """
ALTER TABLE patient ADD COLUMN next_due TEXT;
DROP INDEX reminder_waiting;
CREATE INDEX reminder_next ON reminder (patient_id, due_at) WHERE state = 'waiting';
UPDATE patient SET next_due = (
    SELECT MIN(due_at) FROM reminder WHERE patient_id = patient.id AND state = 'waiting'
);
CREATE INDEX patient_due ON patient (next_due) WHERE next_due IS NOT NULL;

CREATE TRIGGER reminder_added AFTER INSERT ON reminder WHEN NEW.state = 'waiting'
BEGIN
    UPDATE patient SET next_due = NEW.due_at
    WHERE id = NEW.patient_id AND (next_due IS NULL OR next_due > NEW.due_at);
END;

CREATE TRIGGER reminder_changed AFTER UPDATE OF state, due_at ON reminder
WHEN OLD.state = 'waiting' OR NEW.state = 'waiting'
BEGIN
    UPDATE patient SET next_due = (
        SELECT MIN(due_at) FROM reminder WHERE patient_id = NEW.patient_id AND state = 'waiting'
    ) WHERE id = NEW.patient_id;
END;

CREATE TRIGGER reminder_removed AFTER DELETE ON reminder WHEN OLD.state = 'waiting'
BEGIN
    UPDATE patient SET next_due = (
        SELECT MIN(due_at) FROM reminder WHERE patient_id = OLD.patient_id AND state = 'waiting'
    ) WHERE id = OLD.patient_id AND next_due >= OLD.due_at;
END;
"""
