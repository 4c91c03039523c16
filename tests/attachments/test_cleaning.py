"""The clean-up removes what nothing names, and never anything that something may name."""

import shutil
import threading
from pathlib import Path

import pytest

from desktop_app.attachments.cleaning import Doubt
from desktop_app.attachments.store import Adding
from desktop_app.opening import open_workspace
from desktop_app.verify import verify
from sync.changes import Change
from sync.errors import Refused
from sync.log import Record
from tests.attachments.conftest import MIB, Office, content, opened
from tests.workspace.conftest import PASSPHRASE, pull


def orphan(office: Office, seed: int = 7) -> Path:
    """Leave a chunk in its place that no record names, as a crash just before the record does."""
    adding = Adding(office.files.chunks)
    chunk = adding.write(memoryview(b"SPRC\x01\x01\x00\x00" + content(1000, seed)))
    adding.publish()
    adding.discard()
    return office.files.chunks.path(chunk)


def broken_off(office: Office) -> Path:
    """Leave the folder of an addition, as a crash in the middle does."""
    folder = office.files.chunks.folder / "new-0123456789abcdef"
    folder.mkdir(parents=True)
    (folder / ("ab" * 32)).write_bytes(bytes(5000))
    return folder


def record(office: Office, file: str) -> Record:
    with office.workspace.store.read() as connection:
        found = office.workspace.log.record(connection, bytes.fromhex(file.replace("-", "")))
    assert found is not None
    return found


def test_only_what_nothing_names_goes_and_is_told_before(office: Office) -> None:
    office.files.add_bytes(office.first, "x", content(2 * MIB))
    removed = office.files.add_bytes(office.first, "y", content(500))
    office.files.remove(removed.id)
    named = office.stored
    lost, folder = orphan(office), broken_off(office)
    told = office.files.clean(dry_run=True)
    assert (told.removed, told.bytes_freed, told.kept, told.doubts) == (2, 6008, 0, ())
    assert lost.exists()
    assert folder.exists()
    done = office.files.clean()
    assert (done.removed, done.bytes_freed) == (2, 6008)
    assert office.stored == named
    assert not folder.exists()
    assert office.files.clean().removed == 0
    office.files.restore(removed.id)
    assert office.files.content(removed.id).read(999) == content(500)
    assert [check for check in verify(office.workspace) if not check.sound] == []


def test_what_was_replaced_in_a_record_stays(office: Office) -> None:
    file = office.files.add_bytes(office.first, "x", content(500))
    other = office.files.add_bytes(office.first, "y", content(600))
    known, donor = record(office, file.id), record(office, other.id)
    dots = known.state.dots_of("manifest")
    # Another program gave the record another content, and back; and gave one side by side with it.
    for replaced in (dots, ()):
        office.workspace.log.write(
            known.unit,
            [
                Change(
                    "file",
                    known.id,
                    {name: donor.state.fields[name] for name in ("manifest", "key", "size")},
                    {"manifest": replaced},
                )
            ],
        )
    named = office.stored
    lost = orphan(office)
    assert office.files.clean().removed == 1
    assert not lost.exists()
    assert office.stored == named


def test_while_frames_wait_unknown_chunks_stay(office: Office, colleague: Office) -> None:
    first, second = (colleague.files.add_bytes(office.first, name, content(900, n)) for n, name in enumerate("ab"))
    frames = colleague.workspace.log.frames_missing(office.workspace.log.heads(), 2**30)
    chunks = {chunk: colleague.files.chunks.read(chunk) for chunk in colleague.files.chunks.ids()}
    for chunk, data in chunks.items():
        assert data is not None
        office.files.chunks.put(chunk, data)
    office.workspace.log.apply(frames[1:])  # the first is on its way: the second waits
    assert office.workspace.log.waiting() == {"gap": 1}
    folder = broken_off(office)
    done = office.files.clean()
    assert (done.removed, done.kept, done.doubts) == (1, 4, (Doubt.WAITING,))
    assert not folder.exists()
    office.workspace.log.apply(frames[:1])
    assert office.files.clean().kept == 0
    for file, seed in ((first, 0), (second, 1)):
        assert office.files.content(file.id).read(999) == content(900, seed)


def test_while_a_manifest_is_missing_unknown_chunks_stay(office: Office, colleague: Office) -> None:
    entry = colleague.files.add_bytes(office.first, "x", content(3 * MIB))
    pull(office.workspace, colleague.workspace)
    (manifest,) = office.files.missing()
    for chunk in colleague.files.chunks.ids():
        if chunk != manifest:
            data = colleague.files.chunks.read(chunk)
            assert data is not None
            office.files.chunks.put(chunk, data)
    done = office.files.clean()
    assert (done.removed, done.kept, done.doubts) == (0, 3, (Doubt.MANIFEST,))
    data = colleague.files.chunks.read(manifest)
    assert data is not None
    office.files.chunks.put(manifest, data)
    assert office.files.content(entry.id).read(4 * MIB) == content(3 * MIB)


def test_an_old_database_put_back_keeps_what_is_newer_until_the_next_exchange(
    office: Office, colleague: Office, tmp_path: Path
) -> None:
    folder = office.workspace.folder
    office.workspace.close()
    old = tmp_path / "old.db"
    shutil.copy(folder / "vault.db", old)
    again = opened(folder)
    entry = again.files.add_bytes(again.first, "x", content(700))
    pull(colleague.workspace, again.workspace)
    again.workspace.close()
    shutil.copy(old, folder / "vault.db")
    back = opened(folder)
    assert back.workspace.notices
    assert (back.files.clean().removed, back.files.clean().doubts) == (0, (Doubt.SET_BACK,))
    back.workspace.cases.edit(back.first, {"executor": "Відділ ЖКГ"})
    back.workspace.close()
    back = opened(folder)
    assert back.files.clean().doubts == (Doubt.SET_BACK,)
    pull(back.workspace, colleague.workspace)
    assert back.files.content(entry.id).read(999) == content(700)
    back.workspace.close()
    office.workspace = open_workspace(folder, PASSPHRASE)


@pytest.mark.parametrize("known", [False, True], ids=["new content", "known content"])
def test_what_is_being_added_stays(office: Office, tmp_path: Path, known: bool) -> None:  # noqa: FBT001
    path = tmp_path / "large"
    path.write_bytes(content(6 * MIB))
    if known:
        office.files.add(office.first, path)
    halfway, cleaned = threading.Event(), threading.Event()

    def tell(done: int, _total: int) -> None:
        if done == 5 * MIB:
            halfway.set()
            assert cleaned.wait(120)

    found = []
    adding = threading.Thread(target=lambda: found.append(office.files.add(office.first, path, progress=tell)))
    adding.start()
    assert halfway.wait(120)
    before = office.stored
    assert office.files.clean().removed == 0
    assert office.stored == before
    cleaned.set()
    adding.join()
    assert office.files.content(found[0].id).read(7 * MIB) == content(6 * MIB)


def test_a_claim_and_a_hold_keep_a_chunk(office: Office) -> None:
    lost = orphan(office)
    with office.files.chunks.claimed([bytes.fromhex(lost.name)]):
        assert office.files.clean(dry_run=True).removed == 0
        assert office.files.clean().kept == 1
    with office.files.chunks.hold():
        assert office.files.clean().kept == 1
    assert office.files.clean().removed == 1
    assert not lost.exists()


def test_a_clean_up_can_be_stopped_and_leaves_foreign_files_alone(office: Office) -> None:
    lost = orphan(office)
    foreign = office.files.chunks.folder / "notes.txt"
    foreign.write_text("mine")
    (lost.parent / "notes.txt").write_text("mine")
    with pytest.raises(Refused):
        office.files.clean(cancelled=lambda: True)
    assert lost.exists()
    assert office.files.clean().removed == 1
    assert foreign.exists()
    assert (lost.parent / "notes.txt").exists()


def test_a_vault_without_files_has_nothing_to_clean(office: Office) -> None:
    assert office.files.clean().removed == 0
    assert not office.files.chunks.folder.exists()
