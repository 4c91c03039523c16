"""Frames carried in a file: whole or not at all, whatever happened to it on the way."""

import hashlib
import os
import struct
import subprocess
import sys
import tracemalloc
from collections.abc import Sequence
from pathlib import Path

import pytest

from sync import bundle
from sync.bundle import export_bundle, heads_of, import_bundle
from sync.changes import Change
from sync.errors import Damaged, Failure, Refused
from sync.ids import new_id
from sync.replica import Applied
from tests.sync.replicas import Replica


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "stick" / "exchange.sprava"


@pytest.fixture(autouse=True)
def _stick(tmp_path: Path) -> None:
    (tmp_path / "stick").mkdir()


def test_there_and_back(first: Replica, second: Replica, file: Path) -> None:
    record = new_id()
    first.set(record, name="Олена")
    written = export_bundle(first.log, file)
    assert (written.frames, written.bytes) == (1, file.stat().st_size)
    assert list(file.parent.iterdir()) == [file]
    assert import_bundle(second.log, file).frames == 1
    assert import_bundle(second.log, file).frames == 0
    assert second.values(record, "name") == ["Олена"]
    second.set(record, name="Марія")
    export_bundle(second.log, file)
    assert import_bundle(first.log, file).frames == 1
    assert first.digest() == second.digest()


def test_only_what_the_other_lacks_once_their_bundle_was_seen(first: Replica, second: Replica, file: Path) -> None:
    for _ in range(5):
        first.set(new_id(), name="Олена")
    export_bundle(first.log, file)
    import_bundle(second.log, file)
    assert heads_of(second.log, second.log.device) is None
    second.set(new_id(), name="Марія")
    assert export_bundle(second.log, file, heads_of(second.log, first.log.device)).frames == 1
    assert import_bundle(first.log, file).frames == 1
    assert first.digest() == second.digest()
    assert export_bundle(first.log, file, heads_of(first.log, second.log.device)).frames == 0
    assert import_bundle(second.log, file).frames == 0


def test_a_device_unknown_so_far_enters_by_the_bundle(first: Replica, second: Replica, file: Path) -> None:
    second.set(new_id(), name="Олена")
    assert second.log.device not in first.log.membership.devices
    export_bundle(second.log, file)
    assert import_bundle(first.log, file).refused == 0
    assert second.log.device in first.log.membership.devices
    assert first.digest() == second.digest()


def _damaged(replica: Replica, file: Path, content: bytes) -> Failure:
    before = (replica.digest(), replica.log.heads(), replica.log.links())
    file.write_bytes(content)
    with pytest.raises(Failure) as caught:
        import_bundle(replica.log, file)
    assert (replica.digest(), replica.log.heads(), replica.log.links()) == before
    assert (type(caught.value), caught.value.code) in {(Damaged, "damaged_bundle"), (Refused, "newer_bundle")}
    return caught.value


@pytest.fixture
def content(first: Replica, second: Replica, file: Path) -> bytes:
    assert second
    for _ in range(3):
        first.set(new_id(), name="Олена")
    export_bundle(first.log, file)
    return file.read_bytes()


def test_cut_off_anywhere(second: Replica, file: Path, content: bytes) -> None:
    for length in (*range(0, 80, 7), *range(80, len(content), 397), len(content) - 1):
        assert _damaged(second, file, content[:length]).code == "damaged_bundle"


def test_a_flipped_bit_anywhere(second: Replica, file: Path, content: bytes) -> None:
    for place in (*range(70), *range(70, len(content) - 64, 251)):
        bent = bytearray(content)
        bent[place] ^= 1 << place % 8
        _damaged(second, file, bytes(bent))


@pytest.mark.parametrize("more", [b"x", bytes(10_000)])
def test_something_after_the_end(second: Replica, file: Path, content: bytes, more: bytes) -> None:
    _damaged(second, file, content + more)


@pytest.mark.parametrize("garbage", [b"", b"SPRB", b"PK\x03\x04" * 100, os.urandom(3_000), bytes(3_000)])
def test_garbage(second: Replica, file: Path, garbage: bytes) -> None:
    assert _damaged(second, file, garbage).code == "damaged_bundle"


@pytest.mark.parametrize("tag", [b"LINK", b"HEAD", b"FRAM", b"ENDS", b"ZZZZ"])
def test_huge_lengths_are_not_believed(second: Replica, file: Path, content: bytes, tag: bytes) -> None:
    tracemalloc.start()
    _damaged(second, file, content[:56] + tag + b"\xff\xff\xff\xff" + content[64:])
    assert tracemalloc.get_traced_memory()[1] < 8 * 2**20
    tracemalloc.stop()


def _closed(head: bytes, frames: int) -> bytes:
    """End a bundle so that its checksum fits."""
    head += b"ENDS" + struct.pack(">IQ", 104, frames)
    return head + hashlib.sha256(head).digest() + bytes(64)


def test_sections_out_of_order(second: Replica, file: Path, content: bytes) -> None:
    header, heads = content[:56], b"HEAD" + struct.pack(">I", 1) + b"\x90"
    (length,) = struct.unpack_from(">I", content, 60)
    link = content[56 : 64 + length]
    for sections in (b"", link, heads, heads + link, link + heads + heads, link + heads + link):
        _damaged(second, file, _closed(header + sections, 0))
    file.write_bytes(_closed(header + link + heads, 0))
    assert import_bundle(second.log, file).frames == 0
    for rotten in (b"HEAD" + struct.pack(">I", 3) + b"\xdd\xff\xff", b"HEAD" + struct.pack(">I", 0)):
        _damaged(second, file, _closed(header + link + rotten, 0))
    for frame in (b"", b"garbage", b"SPRF\x01\x01" + bytes(300)):
        _damaged(second, file, _closed(header + link + heads + b"FRAM" + struct.pack(">I", len(frame)) + frame, 1))
    _damaged(second, file, _closed(header + link + heads, 1))


def test_a_newer_format(second: Replica, file: Path, content: bytes) -> None:
    assert _damaged(second, file, content[:4] + b"\x02" + content[5:]).code == "newer_bundle"


def test_a_forged_frame_in_a_whole_file_is_left_out(first: Replica, second: Replica, file: Path) -> None:
    for _ in range(2):
        first.set(new_id(), name="Олена")
    export_bundle(first.log, file)
    content = file.read_bytes()
    last = first.frames()[-1]
    bent = last[:-1] + bytes([last[-1] ^ 1])
    file.write_bytes(_closed(content[: content.index(b"ENDS")].replace(last, bent), 2))
    applied = import_bundle(second.log, file)
    assert (applied.frames, applied.refused) == (1, 1)
    assert heads_of(second.log, first.log.device) is None  # nobody vouches for the heads of that file
    second.log.apply(first.frames())
    assert first.digest() == second.digest()


def test_another_community(second: Replica, file: Path, tmp_path: Path) -> None:
    stranger = Replica.found(tmp_path / "stranger.db")
    stranger.set(new_id(), name="Олена")
    export_bundle(stranger.log, file)
    before = (second.digest(), second.log.heads(), second.log.links())
    with pytest.raises(Refused) as caught:
        import_bundle(second.log, file)
    assert caught.value.code == "other_community"
    assert (second.digest(), second.log.heads(), second.log.links()) == before
    stranger.close()


def test_nothing_readable_in_it(first: Replica, file: Path) -> None:
    first.set(new_id(), field_of_mine="Параскева Кульбаба")
    export_bundle(first.log, file)
    for text in ("field_of_mine", "Кульбаба"):
        assert text.encode() not in file.read_bytes()


def test_places_that_can_not_be_used(first: Replica, second: Replica, file: Path) -> None:
    for path in (file.parent, file / "x", file.parent / "no such folder" / "x.sprava", Path(), Path("/"), Path("..")):
        with pytest.raises(Refused) as caught:
            export_bundle(first.log, path)
        assert caught.value.code == "cannot_write"
    for path in (file.parent, file):
        with pytest.raises(Refused) as caught:
            import_bundle(second.log, path)
        assert caught.value.code == "cannot_read"
    assert not list(file.parent.iterdir())


@pytest.mark.parametrize("how", ["cut off", "pulled out"])
def test_a_stick_that_goes_away_after_the_check(
    first: Replica, second: Replica, file: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    if how == "pulled out" and not Path("/proc/self/fd").exists():
        pytest.skip("the open file is found in /proc")
    monkeypatch.setattr(bundle, "_BATCH_FRAMES", 1)
    for _ in range(3):
        first.set(new_id(), name=os.urandom(200_000).hex())
    export_bundle(first.log, file)
    content = file.read_bytes()
    apply = second.log.apply

    def apply_and_lose(bodies: Sequence[bytes], links: Sequence[bytes] = ()) -> Applied:
        if bodies and how == "cut off":
            file.write_bytes(content[: len(content) // 2])
        elif bodies:
            opened = next(int(link.name) for link in Path("/proc/self/fd").iterdir() if link.resolve() == file)
            folder = os.open(file.parent, os.O_RDONLY)
            os.dup2(folder, opened)  # every further read fails, as on a device that is gone
            os.close(folder)
        return apply(bodies, links)

    monkeypatch.setattr(second.log, "apply", apply_and_lose)
    with pytest.raises(Refused) as caught:
        import_bundle(second.log, file)
    assert caught.value.code == "import_interrupted"
    monkeypatch.undo()
    held = len(second.frames())
    assert 1 <= held < 3
    file.write_bytes(content)
    assert import_bundle(second.log, file).frames == 3 - held
    assert first.digest() == second.digest()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a disk that is always full")
def test_a_full_disk_leaves_the_old_file(first: Replica, file: Path) -> None:
    first.set(new_id(), name="Олена")
    export_bundle(first.log, file)
    old = file.read_bytes()
    (file.parent / f".{file.name}.partial").symlink_to("/dev/full")
    with pytest.raises(Refused) as caught:
        export_bundle(first.log, file)
    assert caught.value.code == "cannot_write"
    assert file.read_bytes() == old
    assert list(file.parent.iterdir()) == [file]


def test_a_large_bundle_is_never_whole_in_memory(
    first: Replica, second: Replica, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bundle, "_BATCH_BYTES", 2**20)
    for _ in range(30):
        first.log.write(first.unit, [Change("case", new_id(), {"name": os.urandom(500_000).hex()})])
    tracemalloc.start()
    written = export_bundle(first.log, file)
    exported = tracemalloc.get_traced_memory()[1]
    tracemalloc.reset_peak()
    import_bundle(second.log, file)
    imported = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert written.bytes > 14 * 2**20
    assert exported < 8 * 2**20
    assert imported < 12 * 2**20
    assert first.digest() == second.digest()


def test_killed_while_it_writes_there_is_no_half_file(first: Replica, second: Replica, file: Path) -> None:
    first.set(new_id(), name="Олена")
    export_bundle(first.log, file)
    old = file.read_bytes()
    program = (
        "import os, sys\n"
        "from pathlib import Path\n"
        "from sync import bundle\n"
        "from tests.sync.replicas import Replica\n"
        "from sync.ids import new_id\n"
        "folder, file, write = Path(sys.argv[1]), Path(sys.argv[2]), bundle._write\n"
        "replica = Replica.found(folder / 'killed.db')\n"
        "replica.set(new_id(), name='x')\n"
        "def half(target, *rest):\n"
        "    write(target, *rest)\n"
        "    target.flush()\n"
        "    os.kill(os.getpid(), 9)\n"
        "bundle._write = half\n"
        "bundle.export_bundle(replica.log, file)\n"
    )
    done = subprocess.run([sys.executable, "-c", program, str(file.parent.parent), str(file)], check=False)
    assert done.returncode != 0
    assert file.read_bytes() == old
    assert import_bundle(second.log, file).frames == 1
    export_bundle(first.log, file)
    assert list(file.parent.iterdir()) == [file]
