"""Attached files: how fast they go in and come out, beside what encryption, hashing and the disk alone allow here."""

import hashlib
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.figures import Figures, Row, Samples, percentile, rounded
from desktop_app.attachments import chunks
from desktop_app.attachments.chunks import Sealer
from desktop_app.cases.model import CaseQuery
from desktop_app.workspace import Workspace
from sync.messages import _

_MEGABYTES = 128
_ROUNDS = 200
_WRITES = 64


def measure_files(workspace: Workspace, folder: Path, cases: int) -> Iterator[Row]:
    """Measure adding a large file and reading it.

    Args:
        workspace: A vault with cases.
        folder: Where the file to add may lie.
        cases: How many cases there are.
    """
    case = workspace.cases.page(CaseQuery(), 0, 1)[0].id
    path = folder / "large.bin"
    path.write_bytes(os.urandom(chunks.CHUNK_BYTES) * _MEGABYTES)
    limits = _limits(folder)
    adding = Samples()
    with adding.one():
        entry = workspace.files.add(case, path)
    title = _("Add a file of {size} MB: encrypted, hashed, on disk").format(size=_MEGABYTES)
    yield Row("file_add", title, cases, _speed(adding) | limits)
    reading = Samples()
    with reading.one():
        for _block in workspace.files.content(entry.id).blocks():
            pass
    del limits["disk_mb_per_s"]
    title = _("Read a file of {size} MB: every part verified and decrypted").format(size=_MEGABYTES)
    yield Row("file_read", title, cases, _speed(reading) | limits)
    path.unlink()


def _speed(samples: Samples) -> Figures:
    wall, cpu = percentile(samples.wall, 50), percentile(samples.cpu, 50)
    return {"mb_per_s": rounded(_MEGABYTES / wall * 1000), "cpu_ms_per_mb": rounded(cpu / _MEGABYTES)}


def _limits(folder: Path) -> Figures:
    """Return what encryption and hashing alone cost, and what the disk takes when each chunk is synced."""
    sealer = Sealer(os.urandom(32))
    plain, sealed = bytearray(chunks.CHUNK_BYTES), bytearray(chunks.MAX_STORED_BYTES)
    place = folder / "probe.bin"

    def write() -> None:
        with place.open("wb", buffering=0) as file:
            file.write(sealed)
            os.fsync(file.fileno())

    found: Figures = {
        "aead_cpu_ms_per_mb": _cpu(lambda: sealer.seal(plain, chunks.CHUNK_BYTES, 0, sealed)),
        "sha256_cpu_ms_per_mb": _cpu(lambda: hashlib.sha256(sealed).digest()),
    }
    start = time.perf_counter()
    for _write in range(_WRITES):
        write()
    found["disk_mb_per_s"] = rounded(_WRITES / (time.perf_counter() - start))
    place.unlink()
    return found


def _cpu(job: Callable[[], object]) -> float:
    start = time.thread_time()
    for _round in range(_ROUNDS):
        job()
    return rounded((time.thread_time() - start) / _ROUNDS * 1000)
