"""Reading a file once, from the beginning to the end, and writing it as encrypted chunks; memory stays bounded."""

import hashlib
import hmac
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

from desktop_app.attachments import chunks
from desktop_app.attachments.chunks import Manifest, Sealer
from desktop_app.attachments.model import Cancelled, Progress
from desktop_app.attachments.sources import OpenSource
from desktop_app.attachments.store import Adding
from sync import crypto
from sync.errors import Refused
from sync.messages import _

_SLOTS = 4
"""How many chunks are in memory at once: while one waits for the disk, others are read and encrypted."""


@dataclass(frozen=True, slots=True)
class Written:
    """A file whose chunks are all on the disk.

    Args:
        size: Its size.
        manifest: The id of its manifest.
        key: Its key.
        content: The keyed hash of its content, for this vault alone.
        ids: All its chunks, the manifest too.
        beginning: Its first bytes.
    """

    size: int
    manifest: bytes
    key: bytes = field(repr=False)
    content: bytes
    ids: tuple[bytes, ...]
    beginning: bytes = field(repr=False)


@dataclass(slots=True)
class _Slot:
    plain: bytearray = field(default_factory=lambda: bytearray(chunks.CHUNK_BYTES))
    sealed: bytearray = field(default_factory=lambda: bytearray(chunks.MAX_STORED_BYTES))


def write_chunks(
    source: OpenSource, adding: Adding, secret: bytes, progress: Progress | None, cancelled: Cancelled | None
) -> Written:
    """Encrypt a file under a new key and write its chunks and manifest.

    Args:
        source: The file.
        adding: Takes the chunks.
        secret: The vault's own key for the hash of the content.
        progress: Told after each chunk.
        cancelled: Asked before each chunk.

    Raises:
        Refused: The file changes meanwhile or can't be read, the disk is full, or the person stopped it.
    """
    key = crypto.random_key()
    sealer = Sealer(key)
    content = hmac.new(secret, digestmod=hashlib.sha256)
    ids: list[bytes] = []
    beginning = b""
    free = [_Slot() for _slot in range(min(_SLOTS, chunks.count_of(source.size)))]
    waiting: deque[tuple[_Slot, Future[bytes]]] = deque()

    def seal(slot: _Slot, index: int) -> bytes:
        return adding.write(sealer.seal(slot.plain, source.size, index, slot.sealed))

    with ThreadPoolExecutor(len(free), thread_name_prefix="file-add") as pool:
        try:
            for index in range(chunks.count_of(source.size)):
                require_going_on(cancelled)
                if not free:
                    slot, done = waiting.popleft()
                    ids.append(done.result())
                    free.append(slot)
                slot = free.pop()
                part = memoryview(slot.plain)[: chunks.plain_length(source.size, index)]
                source.read_into(part)
                content.update(part)
                beginning = beginning or bytes(part[:64])
                waiting.append((slot, pool.submit(seal, slot, index)))
                _tell(progress, index, source.size)
            source.require_unchanged()
            ids += [done.result() for _slot, done in waiting]
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    manifest = adding.write(memoryview(sealer.seal_manifest(Manifest(source.size, tuple(ids)))))
    return Written(source.size, manifest, key, content.digest(), (*ids, manifest), beginning)


def content_hash(
    source: OpenSource, secret: bytes, progress: Progress | None, cancelled: Cancelled | None
) -> tuple[bytes, bytes]:
    """Read a file only to know whether it is stored already.

    Returns:
        The keyed hash of its content, and its first bytes.

    Raises:
        Refused: As for `write_chunks`.
    """
    content = hmac.new(secret, digestmod=hashlib.sha256)
    room = bytearray(min(source.size, chunks.CHUNK_BYTES))
    beginning = b""
    for index in range(chunks.count_of(source.size)):
        require_going_on(cancelled)
        part = memoryview(room)[: chunks.plain_length(source.size, index)]
        source.read_into(part)
        content.update(part)
        beginning = beginning or bytes(part[:64])
        _tell(progress, index, source.size)
    source.require_unchanged()
    return content.digest(), beginning


def require_going_on(cancelled: Cancelled | None) -> None:
    """Stop where a person asked for it.

    Raises:
        Refused: Somebody did.
    """
    if cancelled is not None and cancelled():
        raise Refused("cancelled", _("Stopped. Nothing was kept of what was done so far."))


def _tell(progress: Progress | None, index: int, size: int) -> None:
    if progress is not None:
        progress(min(size, (index + 1) * chunks.CHUNK_BYTES), size)
