"""The form of a backup, against a second implementation, and against a forger who holds the key."""

import base64
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from desktop_app import schema
from desktop_app.backup.making import back_up
from desktop_app.backup.reading import BackupFile
from desktop_app.backup.restoring import restore
from desktop_app.backup.watch import Watch
from desktop_app.workspace import Workspace
from sync.errors import Failure

from . import second
from .conftest import contents, unlock
from .second import Forge

VECTOR = Path(__file__).parents[1] / "data" / "vectors" / "backup.json"


def test_the_second_implementation_reads_what_the_program_writes(workspace: Workspace, stick: Path) -> None:
    made = back_up(workspace, stick)
    with BackupFile(made.file) as backup:
        key = bytes(backup.unlock(unlock))
    found = second.read(made.file.read_bytes(), key)
    assert found["generation"][0] == 1  # type: ignore[index]
    assert found["generation"][-1] == made.digest  # type: ignore[index]
    files: dict[str, bytes] = found["files"]  # type: ignore[assignment]
    assert len(files.pop("vault.db")) % 4096 == 0
    assert files == contents(workspace.folder)
    assert found["key_file"] == (workspace.folder / "vault.key").read_bytes()


def test_the_vector(tmp_path: Path) -> None:
    vector = json.loads(VECTOR.read_text(encoding="utf-8"))
    data, key = base64.b64decode(vector["file"]), bytes.fromhex(vector["vault_key"])
    assert second.whole(_forge(vector), _files(vector), schema=1) == data
    (tmp_path / "vector").write_bytes(data)
    with BackupFile(tmp_path / "vector") as backup:
        backup.unlock_with(second.backup_key(key, bytes.fromhex(vector["backup_id"])))
        index = backup.index(backup.newest)
        held = {file.name: b"".join(backup.block(block) for block in file.places()) for file in index.files}
    assert held == _files(vector)


def _forge(vector: dict[str, str]) -> Forge:
    parts = (bytes.fromhex(vector[name]) for name in ("vault_key", "key_file", "backup_id", "vault_id"))
    return Forge(*parts)


def _files(vector: dict[str, dict[str, str]]) -> dict[str, bytes]:
    return {name: bytes.fromhex(data) for name, data in vector["files"].items()}


@pytest.fixture
def forge(workspace: Workspace, stick: Path) -> Callable[[], Forge]:
    """Makes forgers who hold the vault key, its key file and its id."""
    made = back_up(workspace, stick / "true")
    with BackupFile(made.file) as backup:
        key, header, key_file = bytes(backup.unlock(unlock)), backup.header, backup.key_file
    return lambda: Forge(key, key_file, header.backup, header.vault)


BAD_NAMES = (
    "../escaped",
    "files/../../escaped",
    "/etc/escaped",
    "C:\\escaped",
    "files\\escaped",
    "con",
    "files/nul.txt",
    ".hidden",
    "a/.new",
    "files//x",
    "files/",
    "",
    "x" * 121,
    "a/b/c/d/e/f/g",
    "ends.",
    "стан",
    "a\x00b",
    "a\nb",
)


@pytest.mark.parametrize("name", BAD_NAMES)
def test_no_name_in_a_backup_leads_out_of_the_folder(forge: Callable[[], Forge], tmp_path: Path, name: str) -> None:
    data = second.whole(forge(), {"vault.db": b"x" * 5000, name: b"escaped"}, schema=schema.VERSION)
    assert _refused(data, tmp_path) == "damaged_backup"


def test_a_name_twice_or_both_a_file_and_a_folder(forge: Callable[[], Forge], tmp_path: Path) -> None:
    for names in (("Files", "files"), ("files", "files/a"), ("a/B", "A/b")):
        data = second.whole(forge(), dict.fromkeys(names, b"x"), schema=schema.VERSION)
        assert _refused(data, tmp_path) == "damaged_backup"


def _generation(offset: int, length: int, total: int, number: int = 1, tables: int = schema.VERSION) -> list[object]:
    return [number, offset, length, 1_700_000_000_000, total, 1, 0, 0, "0", tables, "0" * 64]


def test_hostile_sizes(forge: Callable[[], Forge], tmp_path: Path) -> None:
    """Nothing is allocated or written by what they say: each is refused at once."""
    huge = 2**45
    made = forge()
    entry = made.file("vault.db", b"x" * 5000)
    offset, length = made.index(1, [[entry[0], huge, *entry[2:]]], [])
    assert _refused(made.finish([_generation(offset, length, huge)]), tmp_path) == "damaged_backup"
    made = forge()
    entry = made.file("vault.db", b"x" * 5000)
    offset, length = made.index(1, [[*entry[:3], 2**40, entry[4]]], [])
    assert _refused(made.finish([_generation(offset, length, 5000)]), tmp_path) == "damaged_backup"
    for wrong in ((0, 64), (36_864, 2**40), (2**62, 64), (36_864, 1)):
        made = forge()
        made.file("vault.db", b"x" * 5000)
        assert _refused(made.finish([_generation(*wrong, 5000)]), tmp_path) == "damaged_backup"
    made = forge()
    made.index(1, [made.file("vault.db", b"x" * 5000)], [])
    assert _refused(made.finish([], end=len(made.data)), tmp_path) == "damaged_backup"


def test_a_file_larger_than_the_disk_is_refused_before_it_is_begun(forge: Callable[[], Forge], tmp_path: Path) -> None:
    made = forge()
    block = made.block(bytes(1_114_112))
    count = 40_000_000_000_000 // 1_114_112
    total = count * 1_114_112
    # The same block again and again: a small file that says that it is a very large one.
    entry = ["vault.db", 100 * 1_114_112, 1, 1_114_112, block * 100]
    offset, length = made.index(1, [entry], [])
    data = made.finish([_generation(offset, length, 100 * 1_114_112)])
    assert _refused(data, tmp_path) == "damaged_backup"  # it is no database
    made = forge()
    entry = made.file("vault.db", b"x" * 5000)
    offset, length = made.index(1, [entry], [])
    data = made.finish([_generation(offset, length, total)])
    assert _refused(data, tmp_path) in {"no_space", "damaged_backup"}


def test_newer_tables_and_foreign_blocks(forge: Callable[[], Forge], tmp_path: Path) -> None:
    data = second.whole(forge(), {"vault.db": b"x" * 5000}, schema=schema.VERSION + 1)
    assert _refused(data, tmp_path) == "newer_backup"
    for version, suite in ((2, 1), (1, 2)):
        newer = bytearray(data)
        newer[9], newer[10] = version, suite
        assert _refused(bytes(newer), tmp_path) == "newer_backup"
    made = forge()
    entry = made.file("vault.db", b"x" * 5000)
    blocks = bytearray(entry[4])  # type: ignore[arg-type]
    blocks[0:8] = (4096).to_bytes(8, "big")
    offset, length = made.index(1, [[*entry[:4], bytes(blocks)]], [])
    assert _refused(made.finish([_generation(offset, length, 5000)]), tmp_path) == "damaged_backup"


def test_a_true_copy_by_the_second_implementation_restores(
    workspace: Workspace, stick: Path, forge: Callable[[], Forge], tmp_path: Path
) -> None:
    made = back_up(workspace, stick)
    with workspace.store.snapshot() as snapshot:
        database = b"".join(snapshot.blocks(65536))
        units = sorted(workspace.log.me.units)
        digest, cases = workspace.digest(), workspace.info().cases
    maker = forge()
    files: list[object] = [maker.file("vault.db", database)]
    offset, length = maker.index(1, files, list(units))
    generation = [1, offset, length, 1, len(database), 1, cases, 0, "0", schema.VERSION, digest]
    (tmp_path / "true").write_bytes(maker.finish([generation]))
    assert restore(tmp_path / "true", tmp_path / "back", unlock).digest == made.digest


def _refused(data: bytes, folder: Path) -> str:
    path = folder / "forged"
    path.write_bytes(data)
    before = sorted(entry.name for entry in folder.iterdir())
    with pytest.raises(Failure) as failure:
        restore(path, folder / "back", unlock, watch=Watch())
    assert sorted(entry.name for entry in folder.iterdir()) == before
    assert not (folder.parent / "escaped").exists()
    return failure.value.code
