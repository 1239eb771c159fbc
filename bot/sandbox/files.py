"""Files as Telegram holds them: bytes behind an opaque name."""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass
from typing import Any

from bot.sandbox.arguments import Upload
from bot.sandbox.refusal import bad_request

PNG = b"\x89PNG\r\n\x1a\n"
JPEG = b"\xff\xd8\xff"
MAX_DOWNLOAD = 20 * 1024 * 1024
MAX_UPLOAD = 50 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class File:
    """One file.

    Attributes:
        id: The name by which the bot may send or fetch it.
        kind: How it is shown.
        filename: What its sender called it.
        content_type: Its media type.
        content: Its bytes.
    """

    id: str
    kind: str
    filename: str
    content_type: str
    content: bytes

    @property
    def path(self) -> str:
        """Where it is fetched from, below `/file/bot<token>/`."""
        _, dot, ending = self.filename.rpartition(".")
        return f"{self.kind}s/{self.id}{dot}{ending if dot else ''}"

    def head(self) -> dict[str, Any]:
        """Return it as a message shows it."""
        head: dict[str, Any] = {
            "file_id": self.id,
            "file_unique_id": f"u{self.id}",
            "file_size": len(self.content),
        }
        match self.kind:
            case "photo":
                width, height = picture_size(self.content)
                return {**head, "width": width, "height": height}
            case "voice":
                return {**head, "duration": 3, "mime_type": self.content_type}
            case "sticker":
                return {
                    **head,
                    "type": "regular",
                    "width": 512,
                    "height": 512,
                    "is_animated": False,
                    "is_video": False,
                    "emoji": "🙂",
                }
            case "video" | "animation":
                return {**head, "duration": 3, "width": 320, "height": 240}
            case "video_note":
                return {**head, "duration": 3, "length": 240}
            case "audio":
                return {**head, "duration": 3, "mime_type": self.content_type}
        return {**head, "file_name": self.filename, "mime_type": self.content_type}


class Files:
    """Every file of one server."""

    def __init__(self) -> None:
        self._held: dict[str, File] = {}

    def keep(self, kind: str, upload: Upload) -> File:
        """Hold a file and name it.

        Raises:
            Refusal: If it is empty, too big, or no picture where one is expected.
        """
        if not upload.content:
            raise bad_request("file must be non-empty")
        if len(upload.content) > MAX_UPLOAD:
            raise bad_request("file is too big")
        if kind == "photo" and not upload.content.startswith((PNG, JPEG)):
            raise bad_request("IMAGE_PROCESS_FAILED")
        seal = hashlib.sha256(upload.content).hexdigest()[:16]
        name = f"{kind}-{len(self._held) + 1}-{seal}"
        file = File(name, kind, upload.filename, upload.content_type, upload.content)
        self._held[name] = file
        return file

    def find(self, file_id: str) -> File:
        """Return a file by its name; raises `Refusal` if there is none."""
        file = self._held.get(file_id)
        if file is None:
            raise bad_request("wrong file identifier/HTTP URL specified")
        return file

    def at(self, path: str) -> File | None:
        """Return the file that is fetched from a path."""
        return next((file for file in self._held.values() if file.path == path), None)


def picture_size(content: bytes) -> tuple[int, int]:
    """Return width and height in pixels, as a PNG says; a square for anything else."""
    if content.startswith(PNG) and len(content) >= 24:  # noqa: PLR2004 - the length of its head
        width, height = struct.unpack(">II", content[16:24])
        return int(width), int(height)
    return 320, 320
