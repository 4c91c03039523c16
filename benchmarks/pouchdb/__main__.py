"""Measure both: 10,000 records of ten fields, sent, fetched, and 10,000 fields changed on each side.

It needs Node.js and npm, and installs PouchDB by name into a folder of its own that is thrown away.
"""

import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from desktop_app import vault
from desktop_app.opening import create_workspace, join_workspace
from desktop_app.workspace import Workspace
from sync import ids
from sync.changes import Change
from sync.server import RunningServer

_RECORDS = _EDITS = 10_000
_FIELDS = [f"field{number}" for number in range(10)]
_PACKAGES = ("pouchdb", "express-pouchdb", "express@4")
_PHRASE = "калина горить над ставом 77"
_COLLECTION = "measured"
Edit = tuple[str, str, str]


def main() -> int:
    """Measure, and print a table."""
    with tempfile.TemporaryDirectory(prefix="sprava-pouchdb-") as name:
        folder = Path(name)
        try:
            subprocess.run(
                ["npm", "install", "--no-audit", "--no-fund", "--silent", *_PACKAGES], cwd=folder, check=True
            )
        except (OSError, subprocess.CalledProcessError) as error:
            print(f"PouchDB can't be installed: {error}. Node.js and npm are needed, and the network.", file=sys.stderr)
            return 1
        records, edits = _draw()
        theirs = _pouchdb(folder, records, edits)
        ours = _sprava(folder / "sprava", records, edits)
    _print(ours, theirs)
    return 0


def _draw() -> tuple[dict[str, dict[str, str]], list[list[Edit]]]:
    """Return records by their ids, and what each side changes."""
    draw = random.Random(20_260_101)
    words = ["вода", "дах", "світло", "довідка", "переселенці", "вул. Шевченка", "терміново", "очікує"]
    records = {
        ids.to_text(ids.new_id()): {name: f"{draw.choice(words)} {draw.randrange(10_000)}" for name in _FIELDS}
        for _number in range(_RECORDS)
    }
    names = list(records)
    edits = [
        [(draw.choice(names), draw.choice(_FIELDS), f"зміна {side} {number}") for number in range(_EDITS)]
        for side in "ab"
    ]
    # Who changes a field twice meant the last; both sides get it so.
    return records, [list({(edit[0], edit[1]): edit for edit in side}.values()) for side in edits]


def _pouchdb(folder: Path, records: dict[str, dict[str, str]], edits: list[list[Edit]]) -> dict[str, Any]:
    task = folder / "input.json"
    docs = [{"_id": name, **fields} for name, fields in records.items()]
    task.write_text(json.dumps({"docs": docs, "edits": edits}), encoding="utf-8")
    script = folder / "bench.js"
    script.write_bytes(Path(__file__).with_name("bench.js").read_bytes())
    done = subprocess.run(
        ["node", str(script), str(folder / "pouch"), str(task)], cwd=folder, stdout=subprocess.PIPE, check=True
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _sprava(folder: Path, records: dict[str, dict[str, str]], edits: list[list[Edit]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    made = {"community": "Громада", "unit": "ЦНАП", "person": "П", "kdf": vault.KDF_FLOOR}
    with RunningServer(folder / "server") as server, create_workspace(folder / "a", _PHRASE, **made) as first:  # type: ignore[arg-type]
        data = first.invite("clerk", first.unit.name, server.url).data
        with join_workspace(folder / "b", _PHRASE, invitation=data, person="Д", kdf=vault.KDF_FLOOR) as second:
            for side in (first, second, first):
                side.exchange.sync(server.url)
            _write(first, list(records.items()))
            found["push"] = _measured([first.exchange.sync])
            found["pull"] = _measured([second.exchange.sync])
            for side, changed in zip((first, second), edits, strict=True):
                _write(side, [(name, {field: value}) for name, field, value in changed])
            found["second_round"] = _measured([side.exchange.sync for side in (first, second, first)])
            if first.digest() != second.digest():
                raise RuntimeError("the two sides do not have the same")
            found |= _kept(first, edits)
    return found


def _write(workspace: Workspace, written: list[tuple[str, dict[str, str]]]) -> None:
    unit = ids.from_text(workspace.unit.id) or b""
    changes = []
    with workspace.store.read() as connection:
        for name, fields in written:
            record = ids.from_text(name) or b""
            known = workspace.log.record(connection, record)
            replaces = {field: known.state.dots_of(field) for field in fields} if known else {}
            changes.append(Change(_COLLECTION, record, dict(fields), replaces))
    workspace.log.write(unit, changes)


def _measured(exchanges: list[Callable[[], Any]]) -> dict[str, float]:
    start, moved = time.perf_counter(), 0
    for exchange in exchanges:
        result = exchange()
        moved += result.bytes_sent + result.bytes_received
    return {"seconds": time.perf_counter() - start, "bytes": moved}


def _kept(workspace: Workspace, edits: list[list[Edit]]) -> dict[str, int]:
    """Count what both sides changed, what is in conflict, and what of the rest is not shown."""
    sides = [{(name, field): value for name, field, value in side} for side in edits]
    both = sides[0].keys() & sides[1].keys()
    conflicts, kept, hidden = set(), 0, 0
    with workspace.store.read() as connection:
        for name, field in sides[0].keys() | sides[1].keys():
            known = workspace.log.record(connection, ids.from_text(name) or b"")
            if known is None:
                raise RuntimeError("a record is missing")
            values = {value for _dot, value in known.state.current(field)}
            if known.state.conflicts:
                conflicts.add(name)
            if (name, field) in both:
                kept += values == {side[name, field] for side in sides}
            else:
                hidden += known.state.fields[field] not in {side.get((name, field)) for side in sides}
    return {"conflicting_records": len(conflicts), "collisions": len(both), "kept": kept, "hidden": hidden}


def _print(ours: dict[str, Any], theirs: dict[str, Any]) -> None:
    print("| | Sprava | PouchDB |\n|---|---:|---:|")
    for name in ("push", "pull", "second_round"):
        for figure, digits in (("seconds", 2), ("bytes", 0)):
            cells = [f"{each[name][figure]:,.{digits}f}" for each in (ours, theirs)]
            print(f"| {name.replace('_', ' ')}, {figure} | {cells[0]} | {cells[1]} |")
    print(f"| fields that both changed | {ours['collisions']} | {theirs['collisions']} |")
    print(f"| ... of which both values are kept, field by field | {ours['kept']} | records in conflict: "
          f"{theirs['conflicting_records']} |")  # fmt: skip
    print(f"| changes nobody else touched that are not shown | {ours['hidden']} | {theirs['hidden']} |")


if __name__ == "__main__":
    sys.exit(main())
