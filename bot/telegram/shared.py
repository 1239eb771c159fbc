"""What can be passed between a patient and her clinic besides words: which file, and how big."""

from __future__ import annotations

from dataclasses import dataclass

from telegram import Audio, Message, Video, VideoNote, Voice

from scheduler.messenger import FileKind

MOST_MEGABYTES = 50
"""The most a bot may send (core.telegram.org/bots/api, "Sending files")."""

MOST_BYTES = MOST_MEGABYTES * 1024 * 1024

_PICTURES = (".jpg", ".jpeg", ".png", ".heic", ".heif", ".webp", ".tif", ".tiff", ".dng", ".avif")


_Played = Voice | Video | VideoNote | Audio


@dataclass(frozen=True, slots=True)
class SharedFile:
    """One file of a message.

    Attributes:
        kind: How it is shown.
        file_id: Telegram's name of it, by which it is passed on without being fetched.
        bytes: How big it is; 0 if Telegram does not say.
        picture: Whether it is a picture sent as a file, with whatever details are hidden in it.
    """

    kind: FileKind
    file_id: str
    bytes: int
    picture: bool = False


def file_of(message: Message) -> SharedFile | None:
    """Return the file of a message that can be passed on; None for words and for all the rest."""
    if message.sticker or message.animation:
        return None
    if message.photo:
        largest = message.photo[-1]
        return SharedFile("photo", largest.file_id, largest.file_size or 0)
    if message.document:
        document = message.document
        name = (document.file_name or "").casefold()
        picture = (document.mime_type or "").startswith("image/") or name.endswith(_PICTURES)
        return SharedFile("document", document.file_id, document.file_size or 0, picture)
    others: tuple[tuple[FileKind, _Played | None], ...] = (
        ("voice", message.voice),
        ("video", message.video),
        ("video_note", message.video_note),
        ("audio", message.audio),
    )
    return next(
        (
            SharedFile(kind, found.file_id, found.file_size or 0)
            for kind, found in others
            if found is not None
        ),
        None,
    )
