"""The file of the seat: what is needed to make a lost database again (docs/formats/vault.md)."""

import struct
from pathlib import Path

from desktop_app.vault import failures, keyfile
from sync import crypto, files
from sync.crypto import CryptoError
from sync.errors import Damaged
from sync.messages import _

SEAT_NAME = "vault.seat"
SEAT_LABEL = "sprava/v1/seat"
VERSION = 1
MAX_BYTES = 64 * 2**20
_MAGIC = b"SPRVSEA\x00"
_HEAD = struct.Struct(">8sH")


class SeatFile:
    """An encrypted and authenticated file, replaced as a whole.

    Args:
        path: The file.
        key: The 32-byte subkey of the seat.
    """

    def __init__(self, path: Path, key: bytearray) -> None:
        self._path = path
        self._key = key

    def load(self) -> bytes | None:
        """Return what was stored last, or None when there is no file.

        Raises:
            Damaged: It is not as it was written ("damaged_seat").
            Refused: A newer program wrote it ("newer_vault").
        """
        if not self._path.exists():
            return None
        if not self._path.is_file():
            raise _damaged()
        with failures.plainly(), self._path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
        head = data[: _HEAD.size]
        if len(head) < _HEAD.size or len(data) > MAX_BYTES:
            raise _damaged()
        try:
            plain = crypto.unseal(bytes(self._key), data[_HEAD.size :], _HEAD.pack(_MAGIC, VERSION))
        except CryptoError as error:
            magic, version = _HEAD.unpack(head)
            if magic == _MAGIC and version > VERSION:
                raise keyfile.newer() from error
            raise _damaged() from error
        if head != _HEAD.pack(_MAGIC, VERSION):
            raise _damaged()
        return plain

    def store(self, plain: bytes) -> None:
        """Replace the file durably.

        Raises:
            Failure: The disk refused; the former file is intact.
        """
        head = _HEAD.pack(_MAGIC, VERSION)
        with failures.plainly():
            files.write_durably(self._path, head + crypto.seal(bytes(self._key), plain, head))


def _damaged() -> Damaged:
    return Damaged(
        "damaged_seat",
        _("The file vault.seat is damaged. Nothing else depends on it while the vault opens: it is written anew then."),
    )
