"""The folder of the clinics' own words: which files it has, and reading one without leaving it.

Who may write there is not who may read the operator's files, and what is read there is sent to
patients. So a link, a pipe or a device in it is an error and never a text, also one that is made
while the bot runs: a template is read when it is first used.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

from content.tables import ContentError

MOST_BYTES = 16_384
"""The longest file; the library's longest is 3 kB, and Telegram takes 4,096 characters."""

_ENDING = ".j2"
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC | os.O_NOFOLLOW
_FILE = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOFOLLOW


class OwnFolder:
    """A folder of clinics' own words, laid out as `<clinic>/<procedure>/<language>/…`.

    Args:
        root: The folder; it may itself be a link, for the operator chose it.

    Raises:
        ContentError: If it is no folder, or holds what may not lie there; names the file.
    """

    def __init__(self, root: Path) -> None:
        if not root.is_dir():
            raise ContentError(f"{root} is not a folder; expected a folder of a clinic's words")
        self.root, self._real = root, root.resolve()
        self.files()

    def files(self) -> list[tuple[str, ...]]:
        """Return its templates, each as the parts of its path; raises `ContentError` as above."""
        return sorted(path.relative_to(self.root).parts for path in self._walk())

    def read(self, parts: Sequence[str]) -> bytes | None:
        """Return what a file holds.

        Args:
            parts: The parts of its path; none leads up.

        Returns:
            Its bytes, and of one that is too long one more than `MOST_BYTES`; None if nothing of
            that name is there.

        Raises:
            ContentError: If it is no regular file of this folder.
        """
        path = self.root.joinpath(*parts)
        try:
            if not os.path.lexists(path):
                return None
            with os.fdopen(self._open(self._inside(path)), "rb") as file:
                if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                    raise self._wrong(path, "is no file", "a file of text")
                said = file.read(MOST_BYTES + 1)
        except ValueError:  # a name that no file can have
            return None
        except OSError as error:
            raise self._wrong(path, f"cannot be read ({error.strerror})", "a file") from None
        return said

    def _walk(self) -> Iterator[Path]:
        for place, folders, names in os.walk(self.root, onerror=self._unread):
            for name in folders:
                path = Path(place, name)
                if path.is_symlink():
                    raise self._wrong(path, "is a link to a folder", "a folder")
                if path.suffix == _ENDING:
                    raise self._wrong(path, "is a folder", "a file of text")
            for path in (Path(place, name) for name in names):
                if path.suffix == _ENDING:
                    if not stat.S_ISREG(self._inside(path).stat().st_mode):
                        raise self._wrong(path, "is no file", "a file of text")
                    yield path
                elif path.is_symlink() and path.is_dir():
                    raise self._wrong(path, "is a link to a folder", "a folder")

    def _inside(self, path: Path) -> Path:
        """Return where a path leads when all links are followed: to something in this folder."""
        try:
            real = path.resolve(strict=True)
        except (OSError, RuntimeError):  # a link to nothing, or to itself
            raise self._wrong(path, "is a link to nothing", "a file") from None
        if not real.is_relative_to(self._real):
            raise self._wrong(path, "leads out of the folder", "a file that lies in it")
        return real

    def _open(self, real: Path) -> int:
        """Open a file part by part and follow no link: none may be put on the way meanwhile."""
        *folders, name = real.relative_to(self._real).parts
        place = os.open(self._real, _FOLDER)
        try:
            for folder in folders:
                deeper = os.open(folder, _FOLDER, dir_fd=place)
                os.close(place)
                place = deeper
            return os.open(name, _FILE, dir_fd=place)
        finally:
            os.close(place)

    def _unread(self, error: OSError) -> None:
        place = Path(os.fsdecode(error.filename or self.root))
        raise self._wrong(place, f"cannot be read ({error.strerror})", "a folder of text")

    def _wrong(self, path: Path, what: str, expected: str) -> ContentError:
        return ContentError(f"{path.relative_to(self.root)}: {what}; expected {expected}")
