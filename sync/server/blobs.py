"""Where the server keeps chunks of files, which no database needs to hold: a folder, or a store that speaks S3."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from sync.errors import Misuse, Refused
from sync.messages import _

if TYPE_CHECKING:
    from sync.server.store import Store

FOLDER_NAME = "files"
_S3 = "s3://"


class Blobs(ABC):
    """Keeps chunks, each community's apart; thread-safe.

    What it fails in is `StoreBusy` (the same may succeed later) or `StoreFull`.
    """

    @abstractmethod
    def put(self, community: bytes, chunks: Mapping[bytes, bytes]) -> None:
        """Keep chunks durably, each whole or not at all; those that are there already may be written again.

        Args:
            community: Whose.
            chunks: By their 32-byte ids.
        """

    @abstractmethod
    def get(self, community: bytes, chunk: bytes) -> bytes | None:
        """Return a chunk, or None when it is not there."""

    @abstractmethod
    def gone(self, community: bytes, chunks: Sequence[bytes]) -> list[bytes]:
        """Return those of some chunks that are not there, as far as that costs next to nothing to find out."""

    @abstractmethod
    def remove(self, community: bytes, chunk: bytes) -> None:
        """Remove a chunk that is not what it was."""

    @abstractmethod
    def knows(self, epoch: bytes) -> bool:
        """Return whether `belong_to` was called for a life of the server's store, and nothing was emptied since."""

    @abstractmethod
    def belong_to(self, epoch: bytes) -> None:
        """Note that what is kept here is on the list of a life of the server's store."""

    def close(self) -> None:  # noqa: B027 - not every one has something to close
        """Close connections."""


def open_blobs(data: Path, place: str | None, endpoint: str | None = None) -> Blobs:
    """Open the place of a server's chunks.

    Args:
        data: The server's folder.
        place: A folder, or ``s3://BUCKET/PREFIX``; a folder in the server's own by default.
        endpoint: The address of a store that speaks S3 and is not Amazon's.

    Raises:
        Misuse: The place is given in another form.
        Refused: It can't be used now, or what it needs is not installed.
    """
    if place is None or not place.startswith(_S3):
        from sync.server.folder_blobs import FolderBlobs

        return FolderBlobs(data / FOLDER_NAME if place is None else Path(place))
    bucket, _slash, prefix = place.removeprefix(_S3).partition("/")
    if not bucket:
        raise Misuse("files_place", _("A place for files in S3 is given as s3://BUCKET/PREFIX."))
    try:
        from sync.server.s3_blobs import S3Blobs
    except ImportError as error:
        raise Refused(
            "no_driver", _("The driver for S3 is missing. Install it with: pip install 'sprava[server]'")
        ) from error
    return S3Blobs(bucket, prefix.strip("/"), endpoint)


def settle(store: "Store", blobs: Blobs) -> None:
    """See that what the store lists is what the chunks' place holds: one that was emptied is filled by the devices.

    Args:
        store: The server's store.
        blobs: The place of its chunks.
    """
    with store.reading() as reader:
        epoch = reader.epoch()
    if blobs.knows(epoch):
        return
    with store.writing() as writer:
        writer.unlist_all_chunks()
        epoch = writer.epoch()
    blobs.belong_to(epoch)
