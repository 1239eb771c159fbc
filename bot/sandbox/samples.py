"""Small files for people who send a picture, a voice note or a sticker without having one."""

from __future__ import annotations

import struct
import zlib


def _png(width: int, height: int, colour: tuple[int, int, int]) -> bytes:
    """Return a picture of one colour."""

    def chunk(name: bytes, content: bytes) -> bytes:
        seal = struct.pack(">I", zlib.crc32(name + content))
        return struct.pack(">I", len(content)) + name + content + seal

    row = b"\x00" + bytes(colour) * width
    return b"".join(
        (
            b"\x89PNG\r\n\x1a\n",
            chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)),
            chunk(b"IDAT", zlib.compress(row * height)),
            chunk(b"IEND", b""),
        )
    )


PHOTO = _png(240, 180, (226, 178, 160))
VOICE = b"OggS" + bytes(60)
STICKER = b"RIFF\x1a\x00\x00\x00WEBPVP8L" + bytes(14)
