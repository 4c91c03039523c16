"""Where the bytes of a new file come from, and what can be wrong with it; nothing is read into memory whole."""

import io
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from desktop_app.attachments import chunks, kinds
from sync.errors import Refused
from sync.messages import _

_GIGABYTES = chunks.MAX_FILE_BYTES // 2**30


@dataclass(frozen=True, slots=True)
class Source:
    """A file that somebody chose, or bytes that were pasted.

    Args:
        name: The name that it shall have.
        path: Where it lies; None for `data`.
        data: Its bytes, where there is no path.
    """

    name: str
    path: Path | None = None
    data: bytes = field(default=b"", repr=False)

    @classmethod
    def of(cls, path: Path) -> "Source":
        """Return a file on a disk."""
        return cls(kinds.safe_name(path.name), path)

    @contextmanager
    def open(self) -> Iterator["OpenSource"]:
        """Open it to read.

        Raises:
            Refused: It is no file, is empty, too large, or can't be read.
        """
        if self.path is None:
            _require_size(self.name, len(self.data))
            yield OpenSource(self.name, len(self.data), io.BytesIO(self.data))
            return
        with _readable(self.name):
            # Asked before it is opened: a pipe would wait for somebody to write into it.
            _require_file(self.name, self.path.stat())
            file = self.path.open("rb", buffering=0)
        with file:
            before = os.fstat(file.fileno())
            _require_file(self.name, before)
            _require_size(self.name, before.st_size)
            yield OpenSource(self.name, before.st_size, file, before)


@dataclass(slots=True)
class OpenSource:
    """An opened file that is read from the beginning to the end, once or twice.

    Args:
        name: Its name.
        size: How many bytes it had when it was opened.
        file: What it is read from.
        before: What the system said of it then.
    """

    name: str
    size: int
    file: io.BytesIO | io.FileIO
    before: os.stat_result | None = None

    def read_into(self, room: memoryview) -> None:
        """Fill a buffer.

        Raises:
            Refused: The file can't be read, or ends too early.
        """
        at = 0
        while at < len(room):
            with _readable(self.name):
                got = self.file.readinto(room[at:])
            if not got:
                raise _changed(self.name)
            at += got

    def rewind(self) -> None:
        """Begin again."""
        with _readable(self.name):
            self.file.seek(0)

    def require_unchanged(self) -> None:
        """Check that the file is as long as it was and was not written to meanwhile.

        Raises:
            Refused: It is not.
        """
        with _readable(self.name):
            more = self.file.read(1)
            now = None if self.before is None else os.fstat(self.file.fileno())
        same = now is None or self.before is None or now.st_mtime_ns == self.before.st_mtime_ns
        if more or not same:
            raise _changed(self.name)


@contextmanager
def _readable(name: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise Refused(
            "unreadable_file",
            _(
                "The file “{name}” can't be read: {reason}. Nothing was added. Check that it is still there, that you "
                "may read it, and that no other program holds it."
            ).format(name=name, reason=error.strerror or type(error).__name__),
        ) from error


def _require_file(name: str, status: os.stat_result) -> None:
    if stat.S_ISDIR(status.st_mode):
        raise Refused(
            "is_folder",
            _("“{name}” is a folder. Nothing was added. Add the files in it, or pack it into one archive.").format(
                name=name
            ),
        )
    if not stat.S_ISREG(status.st_mode):
        raise Refused(
            "not_a_file", _("“{name}” is a device and no file. Nothing was added. Choose a file.").format(name=name)
        )


def _require_size(name: str, size: int) -> None:
    if size == 0:
        raise Refused(
            "empty_file",
            _("The file “{name}” is empty. Nothing was added. Check whether it was saved or copied whole.").format(
                name=name
            ),
        )
    if size > chunks.MAX_FILE_BYTES:
        raise Refused(
            "file_too_large",
            _("The file “{name}” is larger than {limit} GB. Nothing was added. Divide it into parts.").format(
                name=name, limit=_GIGABYTES
            ),
        )


def _changed(name: str) -> Refused:
    return Refused(
        "file_changed",
        _(
            "The file “{name}” was changed while it was being read. Nothing was added. Close the program that writes "
            "it and add it again."
        ).format(name=name),
    )
