"""What a conversation needs: every kind of file, posts that are edited, answers part by part."""

from __future__ import annotations

SCHEMA = """
ALTER TABLE media ADD COLUMN shown_as TEXT NOT NULL DEFAULT 'photo'
    CHECK (shown_as IN ('photo', 'voice', 'video', 'video_note', 'audio', 'document'));
UPDATE media SET shown_as = kind;
ALTER TABLE media DROP COLUMN kind;
ALTER TABLE media RENAME COLUMN shown_as TO kind;

ALTER TABLE post ADD COLUMN edit_at TEXT;
ALTER TABLE post ADD COLUMN edited_at TEXT;
ALTER TABLE post ADD COLUMN edition INTEGER NOT NULL DEFAULT 0;
CREATE INDEX post_edit ON post (edit_at) WHERE edit_at IS NOT NULL;
CREATE INDEX turn_outbox ON turn (outbox_id) WHERE outbox_id IS NOT NULL;

CREATE INDEX session_notice_message ON session_notice (outbox_id) WHERE outbox_id IS NOT NULL;

CREATE TABLE answer_part (
    turn_id INTEGER NOT NULL REFERENCES turn (id) ON DELETE CASCADE,
    place INTEGER NOT NULL,
    outbox_id INTEGER NOT NULL REFERENCES outbox (id) ON DELETE CASCADE,
    tries INTEGER NOT NULL DEFAULT 1,
    PRIMARY KEY (turn_id, place)
) STRICT, WITHOUT ROWID;
CREATE INDEX answer_part_outbox ON answer_part (outbox_id);

INSERT INTO answer_part (turn_id, place, outbox_id)
SELECT turn.id,
    CAST(substr(outbox.dedupe_key, length('turn:' || turn.id || ':') + 1) AS INTEGER), outbox.id
FROM turn JOIN outbox ON outbox.dedupe_key > 'turn:' || turn.id || ':'
    AND outbox.dedupe_key < 'turn:' || turn.id || ';'
WHERE turn.side = 'clinic';
"""
