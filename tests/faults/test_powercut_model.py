"""The model of a disk keeps what it must, may lose the rest, and refuses what it does not know."""

import random
import subprocess
import sys
from pathlib import Path

import pytest

from tests.faults.bench import State, read_state
from tests.faults.powercut.disk import EVERYTHING, NOTHING, Chances, Disk, File
from tests.faults.powercut.record import NotRecorded, Recording, parsed, record
from tests.faults.powercut.replay import cuts, end


def states(disk: Disk, count: int = 300) -> set[tuple[tuple[str, bytes | None], ...]]:
    """Return many states that the disk may be found in."""
    chance = random.Random(1)
    return {tuple(sorted(disk.after_power_cut(Chances(0.5, 0.5), chance).items())) for _ in range(count)}


def file_of(disk: Disk, name: str) -> File:
    node = disk.root.seen[name]
    assert isinstance(node, File)
    return node


def kept(disk: Disk, chances: Chances = NOTHING) -> State:
    return disk.after_power_cut(chances, random.Random(1))


def test_what_was_synced_is_kept_and_nothing_else_is_certain() -> None:
    disk = Disk({"a": b"old"})
    file = file_of(disk, "a")
    disk.write(file, 0, b"new")
    assert states(disk) == {(("a", b"old"),), (("a", b"new"),)}
    disk.sync(file)
    assert states(disk) == {(("a", b"new"),)}


def test_writes_are_torn_at_sectors_and_kept_in_any_order() -> None:
    disk = Disk({"a": b"0" * 1024})
    disk.write(file_of(disk, "a"), 0, b"1" * 1024)
    disk.write(file_of(disk, "a"), 512, b"2" * 512)
    found = {(content[0:1], content[512:513], len(set(content[:512]))) for ((_a, content),) in states(disk) if content}
    assert found == {(first, second, 1) for first in (b"0", b"1") for second in (b"0", b"1", b"2")}


def test_a_file_may_have_grown_without_its_bytes() -> None:
    disk = Disk({"a": b""})
    disk.write(file_of(disk, "a"), 0, b"x" * 512)
    found = {content for ((_a, content),) in states(disk)}
    assert {b"", b"x" * 512, bytes(512)} < found
    assert len(found) > 4  # and whatever lay there before


def test_a_name_is_certain_once_its_folder_was_synced() -> None:
    disk = Disk({})
    made = File()
    disk.rename((disk.root, "a", made))
    disk.sync(made)
    assert kept(disk) == {}
    disk.sync(disk.root)
    assert kept(disk) == {"a": b""}


def test_a_rename_is_whole_or_not_at_all() -> None:
    disk = Disk({"new": b"2", "old": b"1"})
    disk.rename((disk.root, "new", None), (disk.root, "old", disk.root.seen["new"]))
    assert states(disk) == {(("new", b"2"), ("old", b"1")), (("old", b"2"),)}


def test_a_later_change_of_a_name_needs_the_earlier_ones() -> None:
    disk = Disk({"a": b"1", "b": b"2"})
    disk.rename((disk.root, "a", None))
    disk.rename((disk.root, "a", File(b"3")))
    disk.rename((disk.root, "b", None))
    assert {dict(found).get("a") for found in states(disk)} == {b"1", None, b"3"}
    assert (("a", b"1"),) in states(disk)  # changes of other names need not wait


def test_a_disk_without_fsync_keeps_nothing_for_certain() -> None:
    disk = Disk({"a": b"old"}, honest=False)
    disk.write(file_of(disk, "a"), 0, b"new")
    disk.sync(file_of(disk, "a"))
    assert kept(disk) == {"a": b"old"}
    assert kept(disk, EVERYTHING) == {"a": b"new"}


SCRIPT = """
import os, sys, shutil
from pathlib import Path
root = Path(sys.argv[1])
(root / "a").write_bytes(b"1" * 2000)
with open(root / "a", "r+b", buffering=0) as file:
    file.read(3); file.write(b"22"); os.pwrite(file.fileno(), b"3", 1000); os.ftruncate(file.fileno(), 1500)
    os.fsync(file.fileno())
with open(root / "a", "ab") as file:
    file.write(b"end")
(root / "f" / "g").mkdir(parents=True)
(root / "f" / "g" / "h").write_text("h")
os.writev(os.open(root / "f" / "v", os.O_CREAT | os.O_WRONLY), [b"one", b"two"])
os.replace(root / "f" / "g", root / "moved")
(root / "gone").mkdir()
(root / "gone" / "x").touch()
shutil.rmtree(root / "gone")
os.link(root / "a", root / "again")
print("done", flush=True)
"""


def recorded(script: str, tmp_path: Path) -> Recording:
    (tmp_path / "root").mkdir()
    command = [sys.executable, "-c", script, str(tmp_path / "root")]
    return record(command, tmp_path / "root", tmp_path / "kept", tmp_path)


def test_the_model_ends_where_the_real_disk_does(tmp_path: Path) -> None:
    recording = recorded(SCRIPT, tmp_path)
    assert end(recording) == read_state(recording.root)
    assert len(read_state(recording.root)) == 6
    *_others, last = cuts(recording)
    assert last.said == ("done",)


@pytest.mark.parametrize(
    "script",
    [
        "import mmap, os, sys; n = sys.argv[1] + '/a'; open(n, 'wb').write(b'x'); mmap.mmap(os.open(n, os.O_RDWR), 1)",
        "import os, sys; os.symlink('a', sys.argv[1] + '/b')",
        "import os, sys; os.rename(sys.argv[1] + '/../outside', sys.argv[1] + '/a')",
        "import subprocess; subprocess.run(['true'])",
    ],
    ids=["memory", "symbolic link", "from outside", "another process"],
)
def test_what_the_model_does_not_know_is_refused(script: str, tmp_path: Path) -> None:
    (tmp_path / "outside").touch()
    with pytest.raises(NotRecorded):
        end(recorded(script, tmp_path))


def test_a_process_that_fails_is_no_recording(tmp_path: Path) -> None:
    with pytest.raises(NotRecorded, match="ZeroDivisionError"):
        recorded("1 / 0", tmp_path)


def test_without_strace_the_trial_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NotRecorded, match="make test"):
        recorded("", tmp_path)


def test_calls_that_took_turns_are_put_together_and_a_closed_number_is_free_at_once() -> None:
    lines = [
        '7 write(3, "\\x61", 1 <unfinished ...>',
        "8 fsync(4) = -1 EIO (Input/output error)",
        "8 close(4 <unfinished ...>",
        "7 <... write resumed>) = 1",
        '7 openat(AT_FDCWD, "\\x62", O_RDONLY) = 4',
        "8 <... close resumed>) = 0",
        "7 +++ exited with 0 +++",
    ]
    assert [(call.name, call.args, call.result) for call in parsed(lines)] == [
        ("close", ("4",), 0),
        ("write", ("3", '"\\x61"', "1"), 1),
        ("openat", ("AT_FDCWD", '"\\x62"', "O_RDONLY"), 4),
    ]


def test_a_state_can_be_built_again(tmp_path: Path, project: Path) -> None:
    recording = recorded("import os, sys; open(sys.argv[1] + '/a', 'wb').write(b'x' * 5000)", tmp_path)
    *_others, last = cuts(recording)
    command = [sys.executable, "-m", "tests.faults.powercut", recording.kept, str(last.number), "1", tmp_path / "again"]
    subprocess.run(command, cwd=project, check=True, stdout=subprocess.DEVNULL)
    assert read_state(tmp_path / "again") == read_state(recording.root)
