"""What a bundle takes along of files, and what another vault takes in from it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from desktop_app.attachments.model import FileState
from sync.errors import Damaged
from tests.attachments.conftest import MIB, Office, content
from tests.workspace.conftest import pull

Make = Callable[..., Path]


def _content_of(office: Office, file_id: str) -> bytes:
    return b"".join(bytes(block) for block in office.files.content(file_id).blocks())


def test_from_one_vault_to_the_other(office: Office, colleague: Office, file: Make) -> None:
    entry = office.files.add(office.first, file(3 * MIB + 5))
    office.files.add(office.first, file(20, "знято.txt", 1))
    removed = office.files.add(office.first, file(30, "зайве.txt", 2))
    office.files.remove(removed.id)
    pull(colleague.workspace, office.workspace)
    chunks = list(office.files.to_carry())
    assert len(chunks) == 5 + 2
    intake = colleague.files.intake()
    assert [intake.wants(chunk) for chunk, _data in chunks] == [True, False, True, False, False, False, False]
    assert [intake.put(*pair) for pair in chunks] == [True] * 7
    assert [intake.put(*pair) for pair in chunks] == [False] * 7
    assert _content_of(colleague, entry.id) == content(3 * MIB + 5)
    assert [found.state for found in colleague.files.list(office.first)] == [FileState.HERE] * 2
    assert colleague.files.get(removed.id).state is FileState.NOT_HERE


def test_only_what_the_other_lacks_and_nothing_too_large(office: Office, file: Make) -> None:
    office.files.add(office.first, file(100, "перший.txt"))
    known = office.workspace.log.heads()
    office.files.add(office.first, file(200, "другий.txt", 1))
    large = office.files.add(office.second, file(2 * MIB, "великий.bin", 2))
    assert len(list(office.files.to_carry())) == 2 + 2 + 3
    assert len(list(office.files.to_carry(known))) == 2 + 3
    assert len(list(office.files.to_carry(known, MIB))) == 2
    office.files.remove(large.id)
    office.files.restore(large.id)
    assert list(office.files.to_carry(office.workspace.log.heads())) == []


def test_what_is_not_right_is_not_kept(office: Office, colleague: Office, file: Make) -> None:
    office.files.add(office.first, file(2 * MIB))
    pull(colleague.workspace, office.workspace)
    (manifest, listed), (first, one), (second, other) = office.files.to_carry()
    intake = colleague.files.intake()
    assert not intake.put(first, one)  # nothing that is known names it yet
    assert not intake.put(bytes(32), b"whatever nobody named")
    intake.put(manifest, listed)
    for chunk, data in ((first, other), (second, other[:-1] + bytes([other[-1] ^ 1])), (second, b"")):
        with pytest.raises(Damaged):
            intake.put(chunk, data)
    assert [path.name for path in colleague.stored] == [manifest.hex()]
    assert intake.put(first, one)
    assert intake.put(second, other)
