"""What the high-water mark says: how far this vault had come, kept outside its database (docs/formats/vault.md)."""

import struct
from dataclasses import dataclass, replace
from threading import Lock

from desktop_app.vault import Mark, MarkState, newer_vault
from sync.log import Position

VERSION = 2
_FIRST = struct.Struct(">16sQI")
"""Version 1 had no number of its own; no later version has its length."""
_HEAD = struct.Struct(">B16sQIQ32s")
_NO_HASH = bytes(32)


@dataclass(frozen=True, slots=True)
class Contents:
    """One note.

    Args:
        incarnation: 16-byte id of the life of this device's log.
        counter: The largest counter in it.
        lives: How many times the log began anew.
        audit: How many entries the audit chain has and the 32-byte hash of the last; None when it has none.
        place: Where the vault lay, in the program's own notation; empty when it is not known.
    """

    incarnation: bytes
    counter: int
    lives: int
    audit: tuple[int, bytes] | None = None
    place: bytes = b""

    def pack(self) -> bytes:
        """Return the bytes of the note."""
        count, last = self.audit or (0, _NO_HASH)
        return _HEAD.pack(VERSION, self.incarnation, self.counter, self.lives, count, last) + self.place

    @classmethod
    def unpack(cls, data: bytes) -> "Contents":
        """Read the bytes of a note of this version or an earlier one.

        Raises:
            Refused: A newer program wrote it ("newer_vault").
        """
        if len(data) == _FIRST.size:
            return cls(*_FIRST.unpack(data))
        if len(data) < _HEAD.size or data[0] != VERSION:
            raise newer_vault()
        _version, incarnation, counter, lives, count, last = _HEAD.unpack_from(data)
        return cls(incarnation, counter, lives, (count, last) if count else None, data[_HEAD.size :])


class HighWater:
    """The note of one opened vault; each part is written by whoever knows it, the others stay.

    Args:
        mark: The file of the mark.

    Raises:
        Refused: A newer program wrote it ("newer_vault").
    """

    def __init__(self, mark: Mark) -> None:
        self._mark = mark
        self._lock = Lock()
        kept = mark.load()
        self._contents = None if kept is None else Contents.unpack(kept)

    @property
    def state(self) -> MarkState:
        """What the file turned out to be."""
        return self._mark.state

    @property
    def contents(self) -> Contents | None:
        """What was noted last, or None; then `state` tells why."""
        return self._contents

    @property
    def audit(self) -> tuple[int, bytes] | None:
        """How many entries the audit chain had and the hash of the last, or None before the first."""
        return None if self._contents is None else self._contents.audit

    def note_position(self, position: Position, lives: int, place: bytes | None = None) -> None:
        """Keep how far the log has come.

        Args:
            position: The life of the log and the largest counter in it.
            lives: How many times the log began anew.
            place: Where the vault lies; by default, as noted before.

        Raises:
            Failure: The disk refused; the note is the one before.
        """
        with self._lock:
            former = self._contents or Contents(position.incarnation, position.counter, lives)
            self._store(
                replace(
                    former,
                    incarnation=position.incarnation,
                    counter=position.counter,
                    lives=lives,
                    place=former.place if place is None else place,
                )
            )

    def note_audit(self, count: int, last: bytes) -> None:
        """Keep the end of the audit chain; the workspace has noted a position before.

        Args:
            count: How many entries it has.
            last: The 32-byte hash of the last.

        Raises:
            Failure: The disk refused; the note is the one before.
        """
        with self._lock:
            if self._contents is not None:
                self._store(replace(self._contents, audit=(count, last)))

    def _store(self, contents: Contents) -> None:
        if contents != self._contents:
            self._mark.store(contents.pack())
            self._contents = contents
