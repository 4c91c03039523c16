"""Files are added, listed, opened, removed and brought back, in a real vault."""

import os
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from desktop_app import vault
from desktop_app.attachments import chunks
from desktop_app.attachments.model import FileState
from desktop_app.opening import join_workspace
from desktop_app.verify import verify
from sync.errors import Damaged, Misuse, Refused, Unreachable
from tests.attachments.conftest import MIB, Office, content
from tests.workspace.conftest import PASSPHRASE, pull

MakeFile = Callable[..., Path]


@pytest.mark.parametrize("size", [1, 255, 256, 257, MIB - 1, MIB, MIB + 1, 5 * MIB + 777])
def test_what_was_added_comes_back(office: Office, file: MakeFile, tmp_path: Path, size: int) -> None:
    path = file(size)
    entry = office.files.add(office.first, path)
    assert (entry.name, entry.size, entry.state, entry.person) == (path.name, size, FileState.HERE, "Оксана")
    assert entry.mine
    assert not entry.removed
    copy = tmp_path / "copy.pdf"
    office.files.content(entry.id).save(copy)
    assert copy.read_bytes() == path.read_bytes()
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert office.files.list(office.first) == [entry]
    assert office.files.list(office.second) == []
    assert [check for check in verify(office.workspace) if not check.sound] == []


def test_nothing_of_a_file_can_be_read_on_the_disk(office: Office, tmp_path: Path) -> None:
    secret = "Нечуй-Левицька Одарка, вул. Шовковична, 17".encode()
    path = tmp_path / "Нечуй-Левицька.txt"
    path.write_bytes(secret * 100_000)
    office.files.add(office.first, path)
    assert office.stored
    for stored in office.stored:
        data = stored.read_bytes()
        assert data[:8] == b"SPRC\x01\x01\x00\x00"
        assert secret not in data
        assert stat.S_IMODE(stored.stat().st_mode) == 0o600
        assert stat.S_IMODE(stored.parent.stat().st_mode) == 0o700
        assert stored.name.startswith(stored.parent.name)


def test_the_same_content_is_stored_once_in_a_unit(office: Office, file: MakeFile) -> None:
    first = office.files.add(office.first, file(3 * MIB + 5, "a.jpg"))
    before = office.stored
    second = office.files.add(office.second, file(3 * MIB + 5, "b.jpg"))
    third = office.files.add_bytes(office.second, "c.jpg", content(3 * MIB + 5))
    assert office.stored == before
    assert len(before) == 5
    assert len({first.id, second.id, third.id}) == 3
    assert office.files.content(third.id).read(10**9) == content(3 * MIB + 5)
    office.files.add(office.second, file(3 * MIB + 5, "d.jpg", seed=1))
    assert len(office.stored) == 10


def test_content_whose_chunks_were_lost_is_stored_anew(office: Office, file: MakeFile) -> None:
    lost = office.files.add(office.first, file(2 * MIB))
    office.stored[0].unlink()
    again = office.files.add(office.first, file(2 * MIB))
    assert office.files.content(again.id).read(10**9) == content(2 * MIB)
    assert office.files.get(lost.id).state is not FileState.HERE


def test_removed_and_brought_back(office: Office, file: MakeFile) -> None:
    entry = office.files.add(office.first, file(10))
    assert office.files.remove(entry.id).removed
    assert office.files.list(office.first) == []
    assert [each.id for each in office.files.list(office.first, removed=True)] == [entry.id]
    assert office.files.content(entry.id).read(99) == content(10)
    assert not office.files.restore(entry.id).removed
    assert not office.files.restore(entry.id).removed
    assert office.files.list(office.first) == [entry]
    told = [(each.before, each.after) for each in office.workspace.cases.history(office.first) if each.field == "_file"]
    assert told == [(None, entry.name), (entry.name, None), (None, entry.name)]
    assert [check for check in verify(office.workspace) if not check.sound] == []


def test_files_of_two_people_both_stay_and_are_not_here_yet(office: Office, colleague: Office, file: MakeFile) -> None:
    mine = office.files.add(office.first, file(2 * MIB, "мій.jpg"))
    theirs = colleague.files.add(office.first, file(100, "його.jpg", seed=5))
    pull(office.workspace, colleague.workspace)
    pull(colleague.workspace, office.workspace)
    listed = office.files.list(office.first)
    assert {(each.id, each.state, each.mine, each.person) for each in listed} == {
        (mine.id, FileState.HERE, True, "Оксана"),
        (theirs.id, FileState.NOT_HERE, False, "Іван"),
    }
    assert office.workspace.digest() == colleague.workspace.digest()
    with pytest.raises(Unreachable) as calm:
        office.files.content(theirs.id)
    assert calm.value.code == "file_not_here"
    # Carried as an exchange will: what is missing is asked for until nothing is.
    rounds = 0
    while wanted := list(colleague.files.missing()):
        rounds += 1
        for chunk in wanted:
            data = office.files.chunks.read(chunk)
            assert data is not None
            colleague.files.chunks.put(chunk, data)
            colleague.files.chunks.put(chunk, data)
        states = {each.id: each.state for each in colleague.files.list(office.first)}
        assert states[mine.id] is (FileState.HERE if rounds == 2 else FileState.NOT_HERE)
    assert rounds == 2
    assert colleague.files.content(mine.id).read(10**9) == content(2 * MIB)
    for seat in (office, colleague):
        assert [check for check in verify(seat.workspace) if not check.sound] == []


def test_a_chunk_that_is_not_what_its_id_says_is_not_taken(office: Office, file: MakeFile) -> None:
    office.files.add(office.first, file(10))
    stored = office.stored[0]
    data = bytearray(stored.read_bytes())
    data[-1] ^= 1
    for bad in (bytes(data), b"", bytes(chunks.MAX_STORED_BYTES + 1)):
        with pytest.raises(Damaged):
            office.files.chunks.put(bytes.fromhex(stored.name), bad)
    assert len(office.stored) == 2


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (lambda folder: folder / "absent", "unreadable_file"),
        (lambda folder: folder, "is_folder"),
        (lambda _folder: Path("/dev/zero"), "not_a_file"),
        (lambda folder: os.mkfifo(folder / "pipe") or folder / "pipe", "not_a_file"),
        (lambda folder: (folder / "empty").touch() or folder / "empty", "empty_file"),
    ],
    ids=["absent", "folder", "device", "pipe", "empty"],
)
def test_what_is_no_file_is_said_plainly(
    office: Office, tmp_path: Path, make: Callable[[Path], Path], code: str
) -> None:
    with pytest.raises(Refused) as refused:
        office.files.add(office.first, make(tmp_path))
    assert refused.value.code == code
    assert office.files.list(office.first) == []
    assert office.stored == []


def test_a_file_larger_than_the_limit_is_refused_before_it_is_read(office: Office, tmp_path: Path) -> None:
    path = tmp_path / "large"
    with path.open("wb") as sparse:
        sparse.truncate(chunks.MAX_FILE_BYTES + 1)
    with pytest.raises(Refused) as refused:
        office.files.add(office.first, path)
    assert refused.value.code == "file_too_large"


@pytest.mark.parametrize("change", ["longer", "shorter", "written"])
def test_a_file_that_changes_while_it_is_read_is_refused(office: Office, file: MakeFile, change: str) -> None:
    path = file(3 * MIB)

    def meddle(done: int, _total: int) -> None:
        if done == MIB:
            with path.open("r+b") as other:
                other.seek(0, os.SEEK_END if change == "longer" else os.SEEK_SET)
                other.write(b"x")
                if change == "shorter":
                    other.truncate(2 * MIB)

    os.utime(path, ns=(1, 1))
    with pytest.raises(Refused) as refused:
        office.files.add(office.first, path, progress=meddle)
    assert refused.value.code == "file_changed"
    assert office.files.list(office.first) == []
    assert office.stored == []


def test_stopped_in_the_middle_nothing_is_left(office: Office, file: MakeFile, tmp_path: Path) -> None:
    done: list[int] = []
    path = file(8 * MIB)
    with pytest.raises(Refused) as refused:
        office.files.add(
            office.first, path, progress=lambda sofar, _total: done.append(sofar), cancelled=lambda: len(done) >= 5
        )
    assert refused.value.code == "cancelled"
    assert done == [MIB * each for each in range(1, 6)]
    assert office.files.list(office.first) == []
    assert office.stored == []
    entry = office.files.add(office.first, path)
    with pytest.raises(Refused):
        office.files.content(entry.id).save(tmp_path / "copy", cancelled=lambda: True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["disk", "oksana"]


def test_who_may_not_write_adds_and_removes_nothing(office: Office, tmp_path: Path) -> None:
    data = office.workspace.invite("auditor", "ЦНАП").data
    entry = office.files.add_bytes(office.first, "x.txt", b"x")
    with join_workspace(tmp_path / "auditor", PASSPHRASE, invitation=data, person="Р", kdf=vault.KDF_FLOOR) as auditor:
        pull(auditor, office.workspace)
        for attempt in (
            lambda: auditor.files.add_bytes(office.first, "y.txt", b"y"),
            lambda: auditor.files.remove(entry.id),
        ):
            with pytest.raises(Refused) as refused:
                attempt()
            assert refused.value.code == "no_right"
        assert len(auditor.files.list(office.first)) == 1


def test_a_copy_is_never_written_over_a_file(office: Office, file: MakeFile, tmp_path: Path) -> None:
    found = office.files.content(office.files.add(office.first, file(5)).id)
    target = tmp_path / "there"
    target.write_text("mine")
    with pytest.raises(Refused) as refused:
        found.save(target)
    assert refused.value.code == "file_exists"
    assert target.read_text() == "mine"
    found.save(target, force=True)
    assert target.read_bytes() == content(5)
    with pytest.raises(Misuse):
        found.save(tmp_path / "no such folder" / "x")
    with pytest.raises(Refused):
        found.save(tmp_path, force=True)


def test_an_unknown_file_is_refused_in_a_sentence(office: Office) -> None:
    for call in (office.files.get, office.files.content, office.files.remove, office.files.restore):
        for wrong in ("nonsense", office.first):
            with pytest.raises(Refused) as refused:
                call(wrong)
            assert refused.value.code == "unknown_file"


MEASURE = """
import resource, sys
from pathlib import Path
from desktop_app.opening import open_workspace
folder, case, path, passphrase = sys.argv[1:]
with open_workspace(Path(folder), passphrase) as workspace:
    workspace.files.add(case, Path(path).with_name("small"))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    entry = workspace.files.add(case, Path(path))
    workspace.files.add(case, Path(path))
    for block in workspace.files.content(entry.id).blocks():
        pass
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


def test_memory_stays_bounded_for_large_files(office: Office, file: MakeFile, project: Path) -> None:
    path = file(64 * MIB, "large")
    file(10, "small")
    case, folder = office.first, office.workspace.folder
    office.workspace.close()
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, folder, case, path, PASSPHRASE],
        cwd=project,
        check=True,
        capture_output=True,
        text=True,
    )
    assert int(done.stdout) < 24 * 1024, "kilobytes"
