"""Keeps the file of the seat in step with the database: written when links, keys or the server have changed."""

from pathlib import Path

import msgspec

from desktop_app.attachments.whereabouts import SERVER
from desktop_app.lives import LIVES
from desktop_app.vault import Vault
from desktop_app.vault.seat import SeatFile
from sync import seat
from sync.errors import Damaged
from sync.pins import pin_name
from sync.seat import Seat

_SALT_BYTES = 16


class SeatKeeper:
    """Writes the seat of one opened vault.

    Args:
        opened: The vault.
    """

    def __init__(self, opened: Vault) -> None:
        self._vault = opened
        self._written: tuple[object, ...] | None = None

    def keep(self, *, closing: bool = False) -> None:
        """Write the seat, if it is not what the file holds.

        How far the chains have come is different after every change; the seat need not tell it before the vault closes.

        Args:
            closing: The vault is being closed.

        Raises:
            Failure: The disk refused; the former file is intact.
        """
        with self._vault.read() as connection:
            present = (seat.stamp(connection), seat.notes(connection, is_kept))
            if present == self._written and not closing:
                return
            contents = seat.read(connection, is_kept, _salt(self._vault.database_path))
        data = msgspec.msgpack.encode(contents)
        if _stored(self._vault.seat) != data:
            self._vault.seat.store(data)
        self._written = present


def is_kept(name: str) -> bool:
    """Whether a note of the device belongs to its seat."""
    return name in {SERVER, LIVES} or name.startswith(pin_name(""))


def read_seat(file: SeatFile) -> Seat | None:
    """Return the seat in a file, or None when there is no file.

    Raises:
        Damaged: The file is damaged ("damaged_seat").
        Refused: A newer program wrote it ("newer_vault").
    """
    data = file.load()
    return None if data is None else msgspec.msgpack.decode(data, type=Seat)


def _stored(file: SeatFile) -> bytes | None:
    """Return what a file holds; one that is damaged holds nothing."""
    try:
        return file.load()
    except Damaged:
        return None


def _salt(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(_SALT_BYTES)
