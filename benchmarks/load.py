"""`python -m benchmarks.load`: everybody comes back at once after a blackout, to servers on PostgreSQL.

The same rows are then written and read through the bare driver, with the same tables and as many connections, in the
same run on the same cluster.
"""

import argparse
import asyncio
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path

from benchmarks.figures import Row, rounded
from benchmarks.load_devices import LoadCommunity, LoadDevice, all_at_once, introduce, make_community
from benchmarks.run import machine, table, versions
from sync import wire
from sync.messages import set_language
from sync.server.key import load_or_make
from sync.server.limits import Limits
from sync.server.postgres_pool import Cursor, Pool
from sync.server.postgres_store import PostgresStore

_CONNECTIONS = Limits().workers
_TARGET = 0.6
_PROGRAM = """
import sys
from pathlib import Path
from sync.server import Options, serve
serve(Path(sys.argv[1]), "127.0.0.1", 0, on_started=lambda url, _key: print(url, flush=True),
      options=Options(database=sys.argv[2]))
"""


def main(argv: list[str] | None = None) -> int:
    """Measure, and write what was found."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.load")
    parser.add_argument("--devices", type=int, default=1_000)
    parser.add_argument("--in-unit", type=int, default=10, help="devices that share a unit")
    parser.add_argument("--frames", type=int, default=10, help="that each device has written")
    parser.add_argument("--bytes", type=int, default=600, help="in each frame")
    parser.add_argument("--servers", type=int, default=1, help="processes on the database")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args(argv)
    set_language("en")
    row = measure(arguments.devices, arguments.in_unit, arguments.frames, arguments.bytes, arguments.servers)
    command = f"python -m benchmarks.load --devices {arguments.devices} --servers {arguments.servers}"
    document: dict[str, object] = {
        "command": command,
        "machine": machine(),
        "versions": versions(),
        "rows": [asdict(row)],
    }
    print(json.dumps(document, indent=1) if arguments.json else "\n".join(table(document, [row])))
    return 0


def measure(devices: int, in_unit: int, written: int, size: int, servers: int) -> Row:
    """Let all devices of a community exchange at once.

    Args:
        devices: How many.
        in_unit: How many of them share a unit, and so get each other's frames.
        written: How many frames each has written meanwhile.
        size: Bytes in each.
        servers: Processes on the same database.
    """
    from dev.postgres import running_cluster

    community = make_community(devices, in_unit, written, size)
    with running_cluster() as cluster, tempfile.TemporaryDirectory(prefix="sprava-load-") as folder:
        url = cluster.new_database()
        key = load_or_make(Path(folder) / "server.key").public_key
        with _serving(Path(folder), url, servers) as (urls, pids):
            asyncio.run(introduce(community, urls[0], key))
            ingest = _timed(community, urls, key, push=True)
            fan_out = _timed(community, urls, key, push=False)
            memory = max(map(_peak_mb, pids))
        lost = _lost(community)
        bare = _bare(community, cluster.new_database())
    total = len(community.devices)
    ratio = bare / (ingest + fan_out)
    figures = {
        "devices": total,
        "ingest_frames_per_s": rounded(total * written / ingest),
        "fan_out_frames_per_s": rounded(total * (in_unit - 1) * written / fan_out),
        "ingest_s": rounded(ingest),
        "fan_out_s": rounded(fan_out),
        "bare_driver_s": rounded(bare),
        "ratio": rounded(ratio),
        "asked_to_come_again": sum(device.refused for device in community.devices),
        "frames_lost": lost,
        "server_peak_mb": rounded(memory),
    }
    met = not lost and total >= 1_000 and ratio >= _TARGET
    return Row("blackout", "All devices at once after a blackout, PostgreSQL", 0, figures, "≥ 1000, 0 lost, ≥ 0.6", met)


@contextlib.contextmanager
def _serving(folder: Path, database: str, count: int) -> Iterator[tuple[list[str], list[int]]]:
    processes = [
        subprocess.Popen([sys.executable, "-c", _PROGRAM, str(folder), database], stdout=subprocess.PIPE, text=True)
        for _server in range(count)
    ]
    try:
        urls = [process.stdout.readline().strip() for process in processes if process.stdout is not None]
        yield urls, [process.pid for process in processes]
    finally:
        for process in processes:
            process.terminate()
            process.communicate()


def _timed(community: LoadCommunity, urls: list[str], key: bytes, *, push: bool) -> float:
    started = time.perf_counter()
    asyncio.run(all_at_once(community, urls, key, push=push))
    return time.perf_counter() - started


def _lost(community: LoadCommunity) -> int:
    """Count the frames that a device should have by now and has not."""
    by_unit: dict[bytes, set[bytes]] = {}
    for device in community.devices:
        by_unit.setdefault(device.unit, set()).update(frame.hash for frame in device.own)
    return sum(len(by_unit[device.unit] - device.held) for device in community.devices)


def _bare(community: LoadCommunity, database: str) -> float:
    """Write and read the same rows, one transaction for each device, with nothing but the driver."""
    PostgresStore(database).close()
    pool = Pool(database, _CONNECTIONS)
    with ThreadPoolExecutor(_CONNECTIONS) as workers:
        started = time.perf_counter()
        for job in (_write, _read):
            for done in [workers.submit(job, pool, community, device) for device in community.devices]:
                done.result()
        seconds = time.perf_counter() - started
    pool.close()
    return seconds


def _write(pool: Pool, community: LoadCommunity, device: LoadDevice) -> None:
    with pool.transaction("BEGIN") as cursor:
        last = device.own[-1]
        cursor.executemany(
            "INSERT INTO frames VALUES (%s, %s, %s, %s, %s, %s)",
            [
                (community.id, device.unit, frame.header.incarnation, frame.header.seq, frame.hash, frame.body)
                for frame in device.own
            ],
        )
        life = last.header.incarnation
        _insert(cursor, "incarnations", community.id, life, device.id)
        _insert(cursor, "chains", community.id, device.unit, life, last.header.seq, last.hash)
        _insert(cursor, "used", community.id, device.id, sum(len(frame.body) for frame in device.own))
        _insert(cursor, "known_heads", community.id, device.id, bytes(wire.ENVELOPE_BYTES))


def _insert(cursor: Cursor, name: str, *values: bytes | int) -> None:
    places = ", ".join(["%s"] * len(values))
    cursor.execute(f"INSERT INTO {name} VALUES ({places})".encode(), values)  # noqa: S608 - our own names


def _read(pool: Pool, community: LoadCommunity, device: LoadDevice) -> None:
    query = "SELECT seq, hash, body FROM frames WHERE community = %s AND unit = %s AND incarnation <> %s"
    with pool.transaction("BEGIN") as cursor:
        cursor.execute(query, (community.id, device.unit, device.own[-1].header.incarnation)).fetchall()


def _peak_mb(pid: int) -> float:
    status = Path(f"/proc/{pid}/status")
    if os.name != "posix" or not status.exists():
        return 0
    return int(status.read_text(encoding="ascii").split("VmHWM:")[1].split()[0]) / 1024


if __name__ == "__main__":
    sys.exit(main())
