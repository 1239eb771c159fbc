"""Messages in a group that have to say something else by now.

An edit that is wanted is written down, so that one which cannot be made now is made later.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlite_utils import Database

from scheduler.model import OutboxRow
from scheduler.store import outbox, posts
from scheduler.store.engine import stamp
from scheduler.store.posts import PLACES, Post, to_post
from scheduler.store.rows import all_rows, changed

_DUE = "post.edit_at <= :now AND outbox.state NOT IN ('waiting', 'trying')"


EVERY = timedelta(seconds=6)
"""So often one message is changed at most: a group takes twenty a minute, edits included."""


def not_too_often(db: Database, outbox_id: int, now: datetime) -> datetime:
    """Return when a message may be changed next."""
    known = posts.by_id(db, outbox_id)
    last = known.edited_at if known else None
    return max(now, last + EVERY) if last else now


def want(db: Database, outbox_id: int, now: datetime) -> None:
    """Ask for a message to be changed, once it has been sent."""
    changed(
        db,
        "UPDATE post SET edition = edition + 1, edit_at = :now WHERE outbox_id = :id",
        {"id": outbox_id, "now": stamp(now)},
    )


def want_cards(db: Database, escalation_id: int, now: datetime) -> None:
    """Ask for the cards of an escalation to say how it stands."""
    changed(
        db,
        "UPDATE post SET edition = edition + 1, edit_at = :now WHERE outbox_id IN ("
        " SELECT post.outbox_id FROM post JOIN outbox ON outbox.id = post.outbox_id"
        " WHERE post.escalation_id = :id AND post.kind = 'card'"
        " AND outbox.state IN ('waiting', 'trying', 'sent')"
        " ORDER BY post.outbox_id DESC LIMIT :last)",
        {"id": escalation_id, "now": stamp(now), "last": PLACES},
    )


def escalations(db: Database, now: datetime, limit: int) -> list[tuple[int, int]]:
    """Return (escalation, chat) of messages that are due to be changed, the longest due first."""
    rows = all_rows(
        db,
        "SELECT post.escalation_id AS id, outbox.chat_id FROM post"
        " JOIN outbox ON outbox.id = post.outbox_id"
        f" WHERE post.escalation_id IS NOT NULL AND {_DUE}"
        " GROUP BY post.escalation_id, outbox.chat_id"
        " ORDER BY MIN(post.edit_at), post.escalation_id LIMIT :limit",
        {"now": stamp(now), "limit": limit},
    )
    return [(row["id"], row["chat_id"]) for row in rows]


def due(db: Database, escalation_id: int, now: datetime) -> list[tuple[Post, OutboxRow]]:
    """Return the messages of an escalation that are due to be changed.

    Those that never arrived, so that they cannot be changed, are among them.
    """
    rows = all_rows(
        db,
        "SELECT post.* FROM post JOIN outbox ON outbox.id = post.outbox_id"
        f" WHERE post.escalation_id = :escalation AND {_DUE} ORDER BY post.outbox_id DESC",
        {"now": stamp(now), "escalation": escalation_id},
    )
    found = [(to_post(row), outbox.by_id(db, row["outbox_id"])) for row in rows]
    return [(post, sent) for post, sent in found if sent is not None]


def stands(db: Database, outbox_id: int) -> bool:
    """Whether a message still shows something of somebody who is known."""
    return posts.by_id(db, outbox_id) is not None


def made(db: Database, post: Post, now: datetime) -> None:
    """Note that a message was changed; what it was to say since then is still wanted."""
    changed(
        db,
        "UPDATE post SET edited_at = :now,"
        " edit_at = CASE WHEN edition = :edition THEN NULL ELSE edit_at END WHERE outbox_id = :id",
        {"id": post.outbox_id, "now": stamp(now), "edition": post.edition},
    )


def put_off(db: Database, outbox_id: int, until: datetime) -> None:
    """Change a message later."""
    changed(
        db,
        "UPDATE post SET edit_at = :until WHERE outbox_id = :id",
        {"id": outbox_id, "until": stamp(until)},
    )


def retire(db: Database, outbox_id: int) -> None:
    """Leave a message as it is, for good; nothing is added to it any more."""
    changed(
        db,
        "UPDATE post SET edit_at = NULL,"
        " kind = CASE WHEN kind IN ('said', 'files') THEN 'thread' ELSE kind END"
        " WHERE outbox_id = :id",
        {"id": outbox_id},
    )
