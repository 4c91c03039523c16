"""Small pictures of files, made when they are first wanted and kept in the encrypted database."""

import struct
import zlib

from desktop_app.attachments.painting import Painter, Picture
from desktop_app.attachments.reading import Content
from desktop_app.vault import Vault
from sync.errors import Failure

SIDE = 96
MAX_KEPT = 1_000
MAX_BYTES = 64 * 2**20
"""For a larger file no picture is made by itself."""
_SIZE = struct.Struct(">HH")
_NO_PICTURE = frozenset({"file_too_large", "file_password", "file_unreadable", "file_stopped"})
_NONE = b""
"""Kept for a file that has no picture, so that it is not tried again."""


class Thumbnails:
    """The small pictures of one vault.

    They are pixels, packed, and no picture file: whatever the child that drew them says, nothing decodes it here.

    Args:
        vault: The vault, whose database keeps them.
    """

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    def known(self, manifest: bytes) -> Picture | None:
        """Return the picture of a file, or None when none was made.

        Raises:
            LookupError: None was tried yet.
        """
        with self._vault.read() as connection:
            row = connection.execute("SELECT picture FROM file_thumbnail WHERE manifest = ?", (manifest,)).fetchone()
        if row is None:
            raise LookupError
        return _unpacked(row[0])

    def make(self, manifest: bytes, kind: str, content: Content, painter: Painter) -> Picture | None:
        """Draw the picture of a file and keep it; the oldest goes when there are many.

        Args:
            manifest: The file.
            kind: Its media type.
            content: Its content.
            painter: Draws it.
        """
        try:
            painter.open(kind, content.size, content.blocks())
            picture = painter.draw(0, SIDE, SIDE)
        except Failure as problem:
            if problem.code not in _NO_PICTURE or painter.closed:
                return None
            picture = None
        with self._vault.write() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO file_thumbnail (manifest, picture) VALUES (?, ?)",
                (manifest, _packed(picture)),
            )
            connection.execute(
                "DELETE FROM file_thumbnail WHERE id <= (SELECT max(id) FROM file_thumbnail) - ?", (MAX_KEPT,)
            )
        return picture


def _packed(picture: Picture | None) -> bytes:
    if picture is None:
        return _NONE
    return _SIZE.pack(picture.width, picture.height) + zlib.compress(picture.pixels)


def _unpacked(data: bytes) -> Picture | None:
    if data == _NONE:
        return None
    width, height = _SIZE.unpack_from(data)
    return Picture(width, height, zlib.decompress(data[_SIZE.size :]))
