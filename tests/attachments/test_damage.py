"""Whatever is done to the stored chunks is noticed, said plainly, and harms nothing else."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from desktop_app.attachments.model import FileState
from desktop_app.verify import verify
from sync.changes import Change
from sync.errors import Damaged, Failure, Unreachable
from tests.attachments.conftest import MIB, Office, content

SIZE = 3 * MIB + 9
Harm = Callable[[list[Path], Path], object]


def parts(office: Office) -> tuple[list[Path], Path]:
    """The chunks of the only file in order, and its manifest."""
    from desktop_app.attachments.chunks import Sealer

    with office.workspace.store.read() as connection:
        manifest, key = connection.execute("SELECT manifest, key FROM file_row LIMIT 1").fetchone()
    store = office.files.chunks
    listed = Sealer(key).open_manifest(store.path(manifest).read_bytes())
    return [store.path(chunk) for chunk in listed.ids], store.path(manifest)


def flip(path: Path, at: int = 500) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)


def swap(first: Path, second: Path) -> None:
    one, other = first.read_bytes(), second.read_bytes()
    first.write_bytes(other)
    second.write_bytes(one)


HARM: dict[str, Harm] = {
    "a bit flipped": lambda ids, _manifest: flip(ids[1]),
    "a nonce flipped": lambda ids, _manifest: flip(ids[2], 9),
    "two swapped": lambda ids, _manifest: swap(ids[0], ids[1]),
    "one in place of another": lambda ids, _manifest: shutil.copy(ids[0], ids[2]),
    "cut short": lambda ids, _manifest: ids[3].write_bytes(ids[3].read_bytes()[:-1]),
    "cut to nothing": lambda ids, _manifest: ids[0].write_bytes(b""),
    "grown": lambda ids, _manifest: ids[0].write_bytes(ids[0].read_bytes() + b"x"),
    "manifest flipped": lambda _ids, manifest: flip(manifest, 50),
    "manifest cut short": lambda _ids, manifest: manifest.write_bytes(manifest.read_bytes()[:40]),
    "content in place of the manifest": lambda ids, manifest: shutil.copy(ids[0], manifest),
}


@pytest.mark.parametrize("harm", HARM.values(), ids=HARM.keys())
def test_harm_is_noticed_and_nothing_of_it_is_given_away(office: Office, tmp_path: Path, harm: Harm) -> None:
    office.files.add_bytes(office.second, "ціле.txt", b"whole")
    entry = office.files.add_bytes(office.first, "x.jpg", content(SIZE))
    with office.workspace.store.write() as connection:
        connection.execute("DELETE FROM file_row WHERE name = 'ціле.txt'")
    harm(*parts(office))
    with pytest.raises(Damaged) as damaged:
        office.files.content(entry.id).save(tmp_path / "copy")
    assert damaged.value.code == "damaged_file"
    assert not (tmp_path / "copy").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["oksana"]
    (check,) = [check for check in verify(office.workspace) if check.part == "files"]
    assert not check.sound
    assert entry.id in check.finding


def test_a_quick_check_looks_at_presence_and_length_only(office: Office) -> None:
    office.files.add_bytes(office.first, "x", content(SIZE))
    chunk = parts(office)[0][0]

    def sound(*, thorough: bool) -> bool:
        return next(check.sound for check in verify(office.workspace, thorough=thorough) if check.part == "files")

    flip(chunk)
    assert sound(thorough=False)
    assert not sound(thorough=True)
    chunk.write_bytes(b"short")
    assert not sound(thorough=False)


@pytest.mark.parametrize("lost", ["chunk", "manifest", "everything"])
def test_what_is_missing_is_no_damage(office: Office, lost: str) -> None:
    entry = office.files.add_bytes(office.first, "x", content(SIZE))
    ids, manifest = parts(office)
    match lost:
        case "chunk":
            ids[1].unlink()
        case "manifest":
            manifest.unlink()
        case _:
            shutil.rmtree(office.files.chunks.folder)
    assert office.files.get(entry.id).state is (FileState.PARTLY if lost == "chunk" else FileState.NOT_HERE)
    with pytest.raises(Unreachable):
        list(office.files.content(entry.id).blocks())
    assert [check for check in verify(office.workspace) if not check.sound] == []


def test_a_damaged_chunk_is_mended_by_the_whole_one(office: Office) -> None:
    entry = office.files.add_bytes(office.first, "x", content(SIZE))
    chunk = parts(office)[0][3]
    data = chunk.read_bytes()
    chunk.write_bytes(data[:-1])
    office.files.chunks.put(bytes.fromhex(chunk.name), data)
    assert office.files.content(entry.id).read(2 * SIZE) == content(SIZE)


ODD = {
    "nothing": {},
    "of a newer format": {"format": 2, "case": "", "name": "n", "size": 1, "manifest": "00" * 32, "key": "00" * 32},
    "of odd types": {"format": 1, "case": 7, "name": ["a"], "type": True, "size": "1", "manifest": 5, "key": None},
    "of odd values": {"format": 1, "name": "../x", "size": -1, "manifest": "zz" * 32, "key": "é" * 64, "_deleted": 3},
    "of a huge size": {"format": 1, "name": "x", "size": 2**62, "manifest": "00" * 32, "key": "00" * 32},
}


@pytest.mark.parametrize("fields", ODD.values(), ids=ODD.keys())
def test_odd_records_of_other_programs_are_kept_and_shown(office: Office, fields: dict[str, object]) -> None:
    record = bytes(range(16))
    with office.workspace.store.read() as connection:
        case = office.workspace.log.record(connection, bytes.fromhex(office.first.replace("-", "")))
    assert case is not None
    given = {"case": office.first, **{name: value for name, value in fields.items() if value != ""}}
    office.workspace.log.write(case.unit, [Change("file", record, {**given})])
    for entry in office.files.list(office.first, removed=True):
        assert entry.state is FileState.UNREADABLE
        with pytest.raises(Failure):
            office.files.content(entry.id)
    office.workspace.cases.history(office.first)
    assert list(office.files.missing()) == []
    assert [check for check in verify(office.workspace) if not check.sound] == []
    assert office.files.clean().removed == 0


def test_the_record_gives_another_size_than_the_manifest(office: Office) -> None:
    entry = office.files.add_bytes(office.first, "x", content(100))
    with office.workspace.store.read() as connection:
        record = office.workspace.log.record(connection, bytes.fromhex(entry.id.replace("-", "")))
    assert record is not None
    office.workspace.log.write(
        record.unit, [Change("file", record.id, {"size": 99}, {"size": record.state.dots_of("size")})]
    )
    with pytest.raises(Damaged):
        office.files.content(entry.id)
    assert office.files.get(entry.id).state is FileState.UNREADABLE
