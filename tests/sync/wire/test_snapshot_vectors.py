"""The vector of docs/formats/snapshot.md: the program agrees byte for byte, and the other way round."""

import json
from pathlib import Path

import zstandard

from sync import snapshot_blocks, snapshot_keeping, snapshots
from sync import snapshot_states as states
from sync.ids import new_id
from sync.merge import State
from sync.snapshot_blocks import Block, Entry
from sync.snapshots import Chain
from tests.sync.replicas import Replica
from tests.sync.wire import make_vectors, second_snapshot, snapshot_vectors

_PATH = make_vectors.FOLDER / "snapshot.json"


def _vector() -> dict[str, bytes]:
    return {name: value for name, value in snapshot_vectors.vector().items() if isinstance(value, bytes)}


def test_the_file_is_what_the_script_makes() -> None:
    assert _PATH.read_text("utf-8") == make_vectors.as_text(make_vectors.vectors()["snapshot.json"])
    assert json.loads(_PATH.read_text("utf-8"))["state"] == _vector()["state"].hex()


def test_the_program_reads_it() -> None:
    vector = snapshot_vectors.vector()
    snapshot = snapshots.parse(_vector()["snapshot"])
    snapshot.verify(_vector()["maker_key"])
    manifest = snapshot.open(_vector()["unit_key"])
    assert snapshot.hash == _vector()["hash"]
    assert [tuple(getattr(chain, name) for name in Chain.__slots__) for chain in manifest.chains] == [
        (life, device, seq, name, counter) for life, device, seq, name, counter in snapshot_vectors.CHAINS
    ]
    blocks = []
    for number, part in enumerate(vector["parts"]):  # type: ignore[attr-defined, arg-type]
        assert snapshots.check_part(manifest, number, part)
        data, aside = snapshot_blocks.unpack(snapshots.open_part(part, _vector()["unit_key"], manifest, number))
        assert [data, aside] == [vector["blocks"][number], vector["asides"][number]]  # type: ignore[index]
        block = snapshot_blocks.decode(data, snapshot_vectors.LIVES)
        snapshot_blocks.add_aside(block, aside, snapshot_vectors.LIVES)
        blocks.append(block)
    assert blocks[1].early == snapshot_vectors.EARLY
    found = {entry.record: entry for entry in blocks[0].entries}
    for record in snapshot_vectors.RECORDS:
        entry = found[record["id"]]
        assert {name: entry.state.current(name) for name in entry.state.fields} == record["fields"]
        assert entry.frames == sorted(record["frames"])
    assert any(entry.times for entry in found.values())
    vote = snapshots.read_vote(_vector()["vote"])
    vote.verify(_vector()["voter_key"])
    assert (vote.state, vote.pack()) == (manifest.state, _vector()["vote"])


def test_the_program_writes_the_same() -> None:
    vector = snapshot_vectors.vector()
    entries = []
    for record in sorted(snapshot_vectors.RECORDS, key=lambda each: each["id"]):
        state = State({}, (99, snapshot_vectors.LIVES[0]))  # another device's base
        for name, values in record["fields"].items():
            for dot, value in values:
                state.write(name, dot, value, (), lambda _dot: True)
        entries.append(Entry(record["collection"], record["id"], state, sorted(record["frames"])))
    places = {life: place for place, life in enumerate(snapshot_vectors.LIVES)}
    blocks = [
        snapshot_blocks.encode(Block(entries), places),
        snapshot_blocks.encode(Block(early=list(snapshot_vectors.EARLY)), places),
    ]
    assert blocks == vector["blocks"]
    chains = [Chain(*each) for each in snapshot_vectors.CHAINS]
    hashes = [snapshots.crypto.sha256(block) for block in blocks]
    found = snapshots.state_hash(snapshot_vectors.COMMUNITY, snapshot_vectors.UNIT, chains, hashes)
    assert found == _vector()["state"]


def test_the_second_implementation_reads_what_the_program_makes(tmp_path: Path) -> None:
    founder = Replica.found(tmp_path / "founder.db")
    case = new_id()
    founder.set(case, subject="Дах")
    founder.set(case, phone="2")
    made = snapshot_keeping.make(founder.log, founder.unit)
    ((epoch, key),) = [(epoch, key) for unit, epoch, key in founder.log.unit_keys() if unit == founder.unit]
    header, counters = second_snapshot.open_snapshot(made.snapshot.body, key, founder.log.signer.public_key)
    with founder.store.read() as connection:
        chains = states.chains_now(connection, founder.unit)
    assert header["chains"] == [(chain.incarnation, chain.device, chain.seq, chain.hash) for chain in chains]
    assert counters == [chain.counter for chain in chains]
    packed = second_snapshot.open_part(made.parts[0], 0, key, (founder.log.community, founder.unit, epoch))
    data = zstandard.ZstdDecompressor().decompress(packed[0])
    life = chains[0].incarnation
    record = {
        "collection": "case",
        "id": case,
        "fields": {"subject": [((1, life), "Дах")], "phone": [((2, life), "2")]},
        "frames": [(life, 1), (life, 2)],
    }
    assert data == second_snapshot.block([record], [], [life])
    assert header["state"] == second_snapshot.state(
        founder.log.community, founder.unit, [(*header["chains"][0], counters[0])], [data]
    )
    founder.close()
