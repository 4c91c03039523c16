"""Attached files on a stick: by choice, each once, and again where something was lost."""

from collections.abc import Callable
from pathlib import Path

import pytest

from desktop_app.attachments.model import FileState
from desktop_app.sticks import Attachments, StickResult
from sync.stick import Progress, Watcher, community_folder
from sync.stick import folder as places
from tests.attachments.conftest import MIB, Office

Make = Callable[..., Path]
ALL, SMALL, NONE = Attachments.ALL, Attachments.SMALL, Attachments.NONE


@pytest.fixture
def stick(tmp_path: Path) -> Path:
    (tmp_path / "stick").mkdir()
    return tmp_path / "stick"


def go(office: Office, stick: Path, attachments: Attachments, watcher: Watcher | None = None) -> StickResult:
    return office.workspace.sticks.exchange(stick, watcher, attachments)


def states(office: Office) -> list[FileState]:
    return [entry.state for entry in office.files.list(office.first)]


def on_stick(office: Office, stick: Path) -> list[Path]:
    return sorted((community_folder(stick, office.workspace.log.community) / "files").rglob("?" * 64))


def test_all_small_ones_or_none(office: Office, colleague: Office, file: Make, stick: Path) -> None:
    office.files.add(office.first, file(100, "мала.txt"))
    office.files.add(office.first, file(4 * MIB, "велика.bin", 1))
    assert go(office, stick, NONE).chunks_sent == 0
    assert go(office, stick, SMALL).chunks_sent == 2
    assert go(colleague, stick, NONE).chunks_received == 0
    assert go(colleague, stick, ALL).chunks_received == 2
    assert sorted(states(colleague)) == sorted([FileState.HERE, FileState.NOT_HERE])
    assert go(office, stick, ALL).chunks_sent == 1  # the manifest alone was asked for: nobody there knows of more
    assert go(colleague, stick, ALL).chunks_received == 1
    assert go(office, stick, ALL).chunks_sent == 4
    assert go(colleague, stick, ALL).chunks_received == 4
    assert states(colleague) == [FileState.HERE, FileState.HERE]
    assert go(office, stick, ALL).chunks_sent == go(colleague, stick, ALL).chunks_sent == 0


def test_stopped_in_the_middle_it_goes_on_there(office: Office, colleague: Office, file: Make, stick: Path) -> None:
    office.files.add(office.first, file(6 * MIB))
    seen: list[Progress] = []
    stop = Watcher(seen.append, lambda: sum(each.stage == "files" and each.done > 0 for each in seen) >= 3)
    first = go(office, stick, ALL, stop)
    assert (first.complete, first.chunks_sent) == (False, 3)
    assert len(on_stick(office, stick)) == 3
    assert go(office, stick, ALL).chunks_sent == 4
    seen.clear()
    assert not go(colleague, stick, ALL, stop).complete
    go(colleague, stick, ALL)
    assert states(colleague) == [FileState.HERE]


def test_what_is_damaged_is_said_and_written_anew(office: Office, colleague: Office, file: Make, stick: Path) -> None:
    office.files.add(office.first, file(2 * MIB))
    go(office, stick, ALL)
    broken, *_rest = on_stick(office, stick)
    broken.write_bytes(b"SPRC" + bytes(1_000))
    taken = go(colleague, stick, ALL)
    assert broken.name in " ".join(taken.troubles)
    go(office, stick, ALL)
    go(colleague, stick, ALL)
    go(office, stick, ALL)
    go(colleague, stick, ALL)
    assert states(colleague) == [FileState.HERE]


def test_a_full_stick_leaves_files_for_later(
    office: Office, colleague: Office, file: Make, stick: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.files.add(office.first, file(4 * MIB))
    with monkeypatch.context() as full:
        full.setattr(places, "free_bytes", lambda _folder: 2 * MIB if not on_stick(office, stick) else MIB)
        given = go(office, stick, ALL)
    assert (given.complete, given.chunks_sent, given.chunks_left) == (False, 1, 4)
    assert given.left == 0
    assert go(office, stick, ALL).chunks_sent == 4
    go(colleague, stick, ALL)
    assert states(colleague) == [FileState.HERE]


def test_strange_things_in_place_of_chunks(office: Office, colleague: Office, file: Make, stick: Path) -> None:
    office.files.add(office.first, file(100))
    go(office, stick, ALL)
    one, two = on_stick(office, stick)
    one.unlink()
    one.symlink_to("/etc/passwd")
    two.unlink()
    two.mkdir()
    (one.parent / ("e" * 64)).write_bytes(b"nobody asked for this")
    assert go(colleague, stick, ALL).chunks_received == 0
    assert not colleague.stored
