"""What of all files is here, what the server lacks, and what shall come: asked once for each file and server."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from desktop_app.attachments.chunks import Manifest
from desktop_app.attachments.reading import Place, manifest_of
from desktop_app.attachments.rows import FileRow
from desktop_app.attachments.store import ChunkStore
from desktop_app.attachments.trip import Parcel
from desktop_app.attachments.whereabouts import Whereabouts
from sync import chunkwire
from sync.errors import Damaged

if TYPE_CHECKING:
    from sync.client.chunks import ChunkLine

_ROUNDS = 3


@dataclass(slots=True)
class Plan:
    """What is to go.

    Args:
        push: Files of which the server lacks something that is here.
        pull: Files that shall come and that the server has whole.
        lacking: How many more shall come, but the server has not all of them.
    """

    push: list[Parcel] = field(default_factory=list)
    pull: list[Parcel] = field(default_factory=list)
    lacking: int = 0


class Survey:
    """Compares this vault's files with the server's.

    Args:
        store: The vault's chunks.
        whereabouts: What is known already.
        server: The server's key.
        line: The line to it.
        whole: Manifests of files known to be here whole; added to.
    """

    def __init__(
        self, store: ChunkStore, whereabouts: Whereabouts, server: bytes, line: "ChunkLine", whole: set[bytes]
    ) -> None:
        self._store = store
        self._whereabouts = whereabouts
        self._server = server
        self._line = line
        self._whole = whole

    def plan(self, files: Sequence[FileRow], known: set[bytes], wanted: set[bytes]) -> Plan:
        """Ask about files whose whereabouts are not known, and say what is to go, small files first.

        Args:
            files: All files, one row for each manifest.
            known: The manifests of those that the server is known to have whole.
            wanted: The manifests of those that shall come here.

        Raises:
            Unreachable: The server is away.
            Refused: It says no, or misbehaves.
        """
        ordered = sorted(files, key=lambda row: row.size)
        for _round in range(_ROUNDS):
            asked = [row for row in ordered if _place(row).manifest not in known]
            contents = {_place(row).manifest: self._manifest(_place(row)) for row in asked}
            missing = self._missing(contents, hopeful=bool(known))
            if missing is not None:
                break
            known = set()
        else:
            return Plan()
        plan = Plan()
        there = set(known)
        for row in asked:
            self._sort(row, contents[_place(row).manifest], missing, plan, there)
        self._whereabouts.found_at(self._server, there - known)
        for row in ordered:
            if _place(row).manifest in wanted:
                self._want(row, there, plan)
        return plan

    def _missing(self, contents: dict[bytes, Manifest | None], *, hopeful: bool) -> set[bytes] | None:
        """Return what the server lacks of some files, or None when it began a new life: then all must be asked about.

        Args:
            contents: What each manifest names; None when it is not here.
            hopeful: Something was known of the server before.
        """
        ids = [
            chunk for manifest, content in contents.items() for chunk in (manifest, *(content.ids if content else ()))
        ]
        missing: set[bytes] = set()
        epochs: set[bytes] = set()
        for batch in chunkwire.batches(ids):
            epoch, lacking = self._line.missing(batch)
            epochs.add(epoch)
            missing |= lacking
        known = [self._whereabouts.enter(self._server, epoch) for epoch in epochs]
        return None if len(epochs) > 1 or (hopeful and not all(known)) else missing

    def _sort(
        self, row: FileRow, manifest: Manifest | None, missing: set[bytes], plan: Plan, there: set[bytes]
    ) -> None:
        """Note that the server has a file, or what of it is to go there."""
        place = _place(row)
        lacking = missing.intersection((place.manifest, *(manifest.ids if manifest else ())))
        if not lacking:
            there.add(place.manifest)
        elif manifest is not None:
            content = {chunk: index for index, chunk in enumerate(manifest.ids) if chunk in lacking}
            here = {chunk: index for chunk, index in content.items() if self._store.has(chunk)}
            if here or len(here) == len(content):
                whole = len(here) == len(content)
                plan.push.append(Parcel(row, place, here, place.manifest in lacking, whole))

    def _want(self, row: FileRow, there: set[bytes], plan: Plan) -> None:
        """Note what of a file is to come."""
        place = _place(row)
        if place.manifest in self._whole:
            return
        manifest = self._manifest(place)
        content = {} if manifest is None else _absent(self._store, manifest.ids)
        if manifest is not None and not content:
            self._whole.add(place.manifest)
        elif place.manifest in there:
            plan.pull.append(Parcel(row, place, content, manifest is None, listed=manifest is not None))
        else:
            plan.lacking += 1

    def _manifest(self, place: Place) -> Manifest | None:
        try:
            return manifest_of(self._store, place)
        except Damaged:
            return None


def _absent(store: ChunkStore, ids: Iterable[bytes]) -> dict[bytes, int]:
    return {chunk: index for index, chunk in enumerate(ids) if not store.has(chunk)}


def _place(row: FileRow) -> Place:
    if row.place is None:
        raise ValueError("a file that can't be opened is carried by nobody")
    return row.place
