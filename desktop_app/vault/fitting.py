"""Which of the key files in a vault's folder is the one of its database."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from desktop_app.salvage.pages import is_own
from desktop_app.vault import failures, keyfile, keystore
from desktop_app.vault.keyfile import KeyFile
from desktop_app.vault.keystore import Loaded
from desktop_app.vault.mark import Mark, MarkState
from desktop_app.vault.seat import SEAT_LABEL, SEAT_NAME, SeatFile
from desktop_app.vault.vault import DATABASE_LABEL, DATABASE_NAME, MARK_LABEL, MARK_NAME
from sync.errors import Failure, Refused

Way = Callable[[KeyFile], bytearray]


@dataclass(frozen=True, slots=True)
class Fitting:
    """A key file that opened.

    Args:
        loaded: The key file.
        vault_key: What it gave.
        seconds: How long that took.
    """

    loaded: Loaded
    vault_key: bytearray
    seconds: float


def fitting(folder: Path, way: Way) -> Fitting:
    """Open the key file in a folder; where the copy beside it is another vault's, the one that fits the rest.

    Args:
        folder: The vault's folder.
        way: Gives the vault key from a key file.

    Raises:
        Refused: Neither opens.
        Damaged: Both are damaged or missing ("damaged_key_file").
    """
    with failures.plainly():
        loaded = keystore.load(folder)
        rival = keystore.other(folder, loaded)
    if rival is None:
        return _opened(loaded, way)
    try:
        first = _opened(loaded, way)
    except Refused as refusal:
        if refusal.code == "too_many_tries":
            raise
        return _rival(folder, rival, way, refusal)
    if belongs(folder, first.vault_key):
        return first
    try:
        second = _opened(rival, way)
    except Refused:
        return first
    if belongs(folder, second.vault_key):
        keyfile.wipe(first.vault_key)
        return second
    keyfile.wipe(second.vault_key)
    return first


def belongs(folder: Path, vault_key: bytearray) -> bool:
    """Return whether anything in a folder is of a key: the database, or a small file beside a damaged one."""
    return any(look(folder, vault_key) for look in (_is_own_database, _is_own_seat, _is_own_mark))


def is_foreign(folder: Path, vault_key: bytearray) -> bool:
    """Return whether a key is surely another vault's: something is there to be of it, and nothing is.

    Empty files are nobody's: they say as little as missing ones.
    """
    paths = [folder / name for name in (SEAT_NAME, MARK_NAME)]
    beside = any(path.is_file() and path.stat().st_size for path in paths)
    return beside and not belongs(folder, vault_key)


def _opened(loaded: Loaded, way: Way) -> Fitting:
    started = time.perf_counter()
    vault_key = way(loaded.key_file)
    return Fitting(loaded, vault_key, time.perf_counter() - started)


def _rival(folder: Path, rival: Loaded, way: Way, refusal: Refused) -> Fitting:
    """Open the copy because the key file itself refuses; if it's no better, what that said holds."""
    try:
        found = _opened(rival, way)
    except Refused:
        raise refusal from None
    if belongs(folder, found.vault_key):
        return found
    keyfile.wipe(found.vault_key)
    raise refusal


def _is_own_database(folder: Path, vault_key: bytearray) -> bool:
    key = keyfile.derive(vault_key, DATABASE_LABEL)
    try:
        return (folder / DATABASE_NAME).is_file() and is_own(folder / DATABASE_NAME, bytes(key))
    except (OSError, ValueError):
        return False
    finally:
        keyfile.wipe(key)


def _is_own_seat(folder: Path, vault_key: bytearray) -> bool:
    key = keyfile.derive(vault_key, SEAT_LABEL)
    try:
        return SeatFile(folder / SEAT_NAME, key).load() is not None
    except Failure:
        return False
    finally:
        keyfile.wipe(key)


def _is_own_mark(folder: Path, vault_key: bytearray) -> bool:
    key = keyfile.derive(vault_key, MARK_LABEL)
    try:
        return Mark(folder / MARK_NAME, key).state in {MarkState.VALID, MarkState.EMPTY}
    except (Failure, OSError):
        return False
    finally:
        keyfile.wipe(key)
