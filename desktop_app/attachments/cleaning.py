"""Removing chunks that nothing names: only what is certain, whatever else is under way."""

from collections import defaultdict
from dataclasses import dataclass
from enum import StrEnum

from desktop_app.attachments.adding import require_going_on
from desktop_app.attachments.model import COLLECTION, KEY, MANIFEST, Cancelled
from desktop_app.attachments.projection import bytes_of
from desktop_app.attachments.reading import manifest_in
from desktop_app.attachments.store import ChunkStore
from sync import past
from sync.applying import Store
from sync.errors import Damaged
from sync.sqlcipher import Connection


class Doubt(StrEnum):
    """Why chunks that no known record names may belong to one all the same."""

    WAITING = "frames_waiting"
    MANIFEST = "manifest_missing"
    SET_BACK = "set_back"


@dataclass(frozen=True, slots=True)
class Cleaned:
    """What a clean-up removed, or would remove.

    Args:
        removed: How many chunks nothing names, what broken-off additions left included.
        bytes_freed: How many bytes they take up.
        kept: How many chunks no known record names but were left alone, because of the doubts.
        doubts: Why.
        dry_run: Nothing was removed, it was only counted.
    """

    removed: int
    bytes_freed: int
    kept: int
    doubts: tuple[Doubt, ...]
    dry_run: bool


@dataclass(frozen=True, slots=True)
class Named:
    """The chunks that records name.

    Args:
        ids: All of them, manifests too.
        certain: Whether every manifest is here, so that no chunk can belong to a file without being among them.
    """

    ids: set[bytes]
    certain: bool


def named(connection: Connection, store: ChunkStore, cancelled: Cancelled | None = None) -> Named:
    """Return the chunks that any version of any record ever named: removed files and replaced values too.

    Args:
        connection: A transaction to read in.
        store: Where the manifests are.
        cancelled: Asked now and then.

    Raises:
        Refused: The person stopped it.
    """
    manifests: dict[bytes, set[bytes]] = defaultdict(set)
    keys: dict[bytes, set[bytes]] = defaultdict(set)
    rows = connection.execute(
        "SELECT DISTINCT t.frame FROM file_row f JOIN touched t ON t.record = f.id ORDER BY t.frame"
    ).fetchall()
    for record, fields in past.versions(connection, (row for (row,) in rows), COLLECTION):
        manifest, key = bytes_of(fields.get(MANIFEST)), bytes_of(fields.get(KEY))
        if manifest is not None:
            manifests[record].add(manifest)
        if key is not None:
            keys[record].add(key)
    found: set[bytes] = set()
    certain = True
    for record, theirs in manifests.items():
        require_going_on(cancelled)
        for manifest in theirs - found:
            found.add(manifest)
            chunks = _chunks_of(store, manifest, keys[record])
            certain = certain and chunks is not None
            found.update(chunks or ())
    return Named(found, certain)


def _chunks_of(store: ChunkStore, manifest: bytes, keys: set[bytes]) -> tuple[bytes, ...] | None:
    """Return the chunks of a manifest, or None when it is not here or none of the keys opens it."""
    for key in keys:
        try:
            read = manifest_in(store, manifest, key)
        except Damaged:
            continue
        if read is not None:
            return read.ids
    return None


def clean(
    store: ChunkStore, vault: Store, doubts: set[Doubt], *, dry_run: bool, cancelled: Cancelled | None
) -> Cleaned:
    """Remove chunks that nothing names.

    What an addition left that was broken off lies apart and was never named by anybody: it always goes. Any other
    chunk goes only when nothing can still turn out to name it.

    Args:
        store: The chunks.
        vault: The database.
        doubts: Reasons known already why more records may come that name chunks which are here.
        dry_run: Only count.
        cancelled: Asked now and then; what was removed until then is gone.

    Raises:
        Refused: The person stopped it.
    """
    removed = freed = kept = 0
    # In this order: what is claimed from now on is spared, then what is here, then what is named. A chunk that comes
    # later is not among those looked at, and one whose record comes later is claimed until the record is there.
    with store.cleaning():
        unfinished = store.unfinished()
        present = list(store.ids())
        with vault.read() as connection:
            (waiting,) = connection.execute("SELECT EXISTS (SELECT 1 FROM waiting)").fetchone()
            names = named(connection, store, cancelled)
        doubts |= ({Doubt.WAITING} if waiting else set()) | (set() if names.certain else {Doubt.MANIFEST})
        for folder in unfinished:
            sizes = [path.stat().st_size for path in folder.iterdir()]
            if dry_run or store.remove_unfinished(folder):
                removed, freed = removed + len(sizes), freed + sum(sizes)
        for chunk in present:
            if chunk in names.ids:
                continue
            require_going_on(cancelled)
            size = store.stored_bytes(chunk) or 0
            if not doubts and (store.removable(chunk) if dry_run else store.remove(chunk)):
                removed, freed = removed + 1, freed + size
            else:
                kept += 1
    return Cleaned(removed, freed, kept, tuple(sorted(doubts)), dry_run)
