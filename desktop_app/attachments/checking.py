"""Whether the stored files are whole: each part looked at, and in a thorough check decrypted."""

from dataclasses import dataclass, field

from desktop_app.attachments import chunks, rows
from desktop_app.attachments.adding import require_going_on
from desktop_app.attachments.chunks import BadChunk, Sealer
from desktop_app.attachments.model import Cancelled
from desktop_app.attachments.reading import Place, manifest_of
from desktop_app.attachments.rows import FileRow
from desktop_app.attachments.store import ROOM_BYTES, ChunkStore
from sync.errors import Damaged
from sync.sqlcipher import Connection


@dataclass(slots=True)
class Found:
    """What a check of all files found.

    Args:
        whole: How many files are here and whole.
        not_here: How many are not here, or not all of them; a calm state.
        damaged: The ids of files of which a part is damaged.
        unknown: How many have records that this program does not understand.
        parts: How many parts were looked at.
    """

    whole: int = 0
    not_here: int = 0
    damaged: list[bytes] = field(default_factory=list)
    unknown: int = 0
    parts: int = 0


def check_files(
    connection: Connection, store: ChunkStore, *, thorough: bool, cancelled: Cancelled | None = None
) -> Found:
    """Look at every part of every file, removed ones too.

    Args:
        connection: A transaction to read in.
        store: The chunks.
        thorough: Decrypt each part; otherwise only its presence and length are looked at.
        cancelled: Asked before each file.

    Raises:
        Refused: The person stopped it.
    """
    found = Found()
    seen: dict[Place, bool | None] = {}
    room, plain = bytearray(ROOM_BYTES), bytearray(chunks.CHUNK_BYTES)
    for row in rows.all_rows(connection):
        require_going_on(cancelled)
        if row.place is None:
            found.unknown += 1
            continue
        if row.place not in seen:
            seen[row.place] = _sound(store, row.place, found, (room, plain) if thorough else None)
        _count(found, row, seen[row.place])
    return found


def _count(found: Found, row: FileRow, sound: bool | None) -> None:  # noqa: FBT001 - a result, not a switch
    if sound is None:
        found.not_here += 1
    elif sound:
        found.whole += 1
    else:
        found.damaged.append(row.id)


def _sound(store: ChunkStore, place: Place, found: Found, room: tuple[bytearray, bytearray] | None) -> bool | None:
    """Return whether a file is whole, or None when some of it is not here."""
    try:
        manifest = manifest_of(store, place)
    except Damaged:
        return False
    if manifest is None:
        return None
    found.parts += 1
    sealer = Sealer(place.key)
    missing = False
    for index, chunk in enumerate(manifest.ids):
        stored = store.stored_bytes(chunk)
        if stored is None:
            missing = True
            continue
        found.parts += 1
        if stored != chunks.stored_length(place.size, index):
            return False
        if room is not None and not _opens(store, sealer, chunk, (place.size, index), room):
            return False
    return None if missing else True


def _opens(
    store: ChunkStore, sealer: Sealer, chunk: bytes, where: tuple[int, int], room: tuple[bytearray, bytearray]
) -> bool:
    try:
        stored = store.read_into(chunk, room[0])
        if stored is None:
            return False
        sealer.open(stored, *where, room[1])
    except (Damaged, BadChunk):
        return False
    return True
