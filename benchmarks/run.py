"""`sprava bench`: builds a synthetic community, measures it, and writes a table or a JSON document."""

import argparse
import os
import platform
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict
from pathlib import Path

import desktop_app
from benchmarks import beginning, exchanging, file_exchange, files, lists, saving, single
from benchmarks.community import Community, copy_plain, plain_json_bytes
from benchmarks.figures import Row, mean, rounded
from desktop_app.cli import output
from desktop_app.workspace import Workspace
from sync import sqlcipher
from sync.errors import Misuse
from sync.messages import _

_DISK_TIMES_JSON = 2.5
_LEAST = 10
_TEN_FIELDS = 100_000


def run_bench(arguments: argparse.Namespace) -> int:
    """Measure, and write what was found.

    Args:
        arguments: ``size``, how many cases, and ``json``.

    Returns:
        The exit code; a missed target is a finding and no failure.

    Raises:
        Misuse: The size is too small to measure anything.
    """
    size: int = getattr(arguments, "size", 10_000)
    if size < _LEAST:
        raise Misuse("bench_size", _("Fewer than {least} cases measure nothing.").format(least=_LEAST))
    started = time.monotonic()
    load = _load()
    with tempfile.TemporaryDirectory(prefix="sprava-bench-") as folder:
        rows = []
        for row in _measure(Community(Path(folder), size)):
            output.tell(f"{row.title}: {_figures(row)}")
            rows.append(row)
    document: dict[str, object] = {
        "command": f"sprava bench --size {size}",
        "machine": machine(),
        "versions": versions(),
        "load_at_start": load,
        "seconds": round(time.monotonic() - started),
        "rows": [asdict(row) for row in rows],
    }
    return output.result(arguments, document, *table(document, rows))


def _measure(community: Community) -> Iterator[Row]:
    from sync.server import RunningServer

    size = community.size
    with RunningServer(community.folder / "server") as server:
        with community.found() as first:
            yield _fill(community, first)
            yield from exchanging.measure_first_sync(community, first, server.url, size)
            with community.open("second") as second:
                yield exchanging.measure_one_field(first, second, size)
                yield from file_exchange.measure_file_exchange(first, second, community.folder, size)
            plain_device = first.invite("clerk", first.unit.name).data
            bodies = first.log.frames_missing({}, sys.maxsize)
            json_bytes = plain_json_bytes(first)
        yield _disk(community.folder / "first", json_bytes, size)
        with community.open("first") as first:
            with closing(copy_plain(community.folder / "plain.db", plain_device, bodies)) as plain:
                del bodies
                yield lists.measure_search(first, plain, size)
            yield from lists.measure_lists(first, size)
            yield single.measure_register(first, size)
            yield single.measure_open_case(first, size)
            yield single.measure_audited(first, size)
            yield single.measure_bulk(first, size)
            yield from files.measure_files(first, community.folder, size)
            yield saving.measure_backup(first, community.folder, community.passphrase, size)
        yield single.measure_unlock(community, "first", size)
    yield exchanging.measure_ten_fields(community.folder / "ten-fields", min(size, _TEN_FIELDS))
    yield from beginning.measure_snapshot(community.folder / "snapshot", min(size, _TEN_FIELDS))


def _fill(community: Community, first: Workspace) -> Row:
    samples = community.fill(first)
    figures = {
        "cases_per_s": rounded(community.size / sum(samples.wall) * 1000),
        "cpu_us_per_case": rounded(mean(samples.cpu) * len(samples.cpu) / community.size * 1000),
    }
    return Row("fill", _("Write all cases into a vault"), community.size, figures)


def _disk(folder: Path, json_bytes: int, cases: int) -> Row:
    used = sum(path.stat().st_size for path in folder.iterdir() if path.is_file())
    figures = {
        "bytes_per_case": rounded(used / cases),
        "plain_json_bytes_per_case": rounded(json_bytes / cases),
        "times_json": rounded(used / json_bytes),
    }
    met = used <= _DISK_TIMES_JSON * json_bytes
    title = _("Disk space against the plain JSON, history and search index included")
    return Row("disk", title, cases, figures, f"≤ {_DISK_TIMES_JSON}", met)


def table(document: dict[str, object], rows: list[Row]) -> Iterator[str]:
    """Return the lines of the table.

    Args:
        document: What the command, the machine and the versions are.
        rows: What was measured.
    """
    yield str(document["command"])
    for name in ("machine", "versions"):
        part = document[name]
        if isinstance(part, dict):
            yield ", ".join(f"{key} {value}" for key, value in part.items())
    yield ""
    yield _("| what | figures | wanted | reached |")
    yield "|---|---|---|---|"
    for row in rows:
        reached = "" if row.met is None else _("yes") if row.met else _("no")
        yield f"| {row.title} | {_figures(row)} | {row.target} | {reached} |"


def _figures(row: Row) -> str:
    return ", ".join(
        f"{name} {value:g}" if value < 1e6 else f"{name} {value:.0f}" for name, value in row.figures.items()
    )


def machine() -> dict[str, object]:
    """Say what class of machine this is; nothing that tells which one."""
    return {
        "system": platform.system(),
        "processor": _processor(),
        "cores": os.cpu_count() or 1,
        "memory_gb": _memory_gb(),
    }


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _memory_gb() -> int | None:
    if not hasattr(os, "sysconf"):
        return None
    return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30)


def _load() -> float | None:
    return round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None


def versions() -> dict[str, str]:
    """Return the versions that matter."""
    connection = sqlcipher.connect_in_memory()
    try:
        (cipher,) = connection.execute("PRAGMA cipher_version").fetchone()
        (sqlite,) = connection.execute("SELECT sqlite_version()").fetchone()
    finally:
        connection.close()
    return {"sprava": desktop_app.VERSION, "python": platform.python_version(), "sqlcipher": cipher, "sqlite": sqlite}
