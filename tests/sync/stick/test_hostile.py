"""A stick from the street: nothing on it is believed, and what is sound is taken whatever lies beside it."""

import os
import shutil
import tracemalloc
from pathlib import Path

import pytest

from sync import crypto
from sync.errors import Refused
from sync.messages import set_language
from sync.stick import folder as places
from sync.stick import needs, statement, visit
from sync.stick.statement import Statement
from tests.sync.replicas import Replica
from tests.sync.stick.conftest import Go, Trio, equal, volumes, write


def name(number: int, device: bytes = b"\xaa" * 16) -> str:
    return f"{number:012x}-0000-{device.hex()}.sprava"


def test_sound_volumes_are_taken_whatever_lies_beside_them(trio: Trio, go: Go, place: Path, tmp_path: Path) -> None:
    first, second, _third = trio
    write(first, 2)
    go(first)
    (sound,) = volumes(place)
    content = sound.read_bytes()
    stranger = Replica.found(tmp_path / "stranger.db")
    write(stranger)
    visit(stranger.log, tmp_path / "stick")
    (foreign,) = (tmp_path / "stick" / "Sprava" / stranger.log.community[:8].hex()).glob("*.sprava")
    bent = bytearray(content)
    bent[len(bent) // 2] ^= 8
    bad = {
        name(1): content[:-20],
        name(2): bytes(bent),
        name(3): b"",
        name(4): os.urandom(5_000),
        name(5): b"SPRB\x09" + content[5:],
        name(6): foreign.read_bytes(),
        name(7): content[:56] + b"FRAM\xff\xff\xff\xff" + content[64:],
    }
    for each, data in bad.items():
        (place / each).write_bytes(data)
    (place / name(8)).symlink_to("/etc/passwd")
    (place / name(9)).mkdir()
    os.mkfifo(place / name(10))
    (place / "readme.txt").write_text("x")
    (place / ("b" * 32 + ".heads")).write_bytes(b"SPRH")
    os.mkfifo(place / ("c" * 32 + ".heads"))
    set_language("en")
    taken = go(second)
    assert taken.applied.frames == 2
    told = {trouble.file: trouble.sentence for trouble in taken.troubles}
    assert told.keys() == {*bad, name(8), name(9), name(10), "b" * 32 + ".heads", "c" * 32 + ".heads"}
    assert all(each in sentence for each, sentence in told.items())
    assert "newer" in told[name(5)]
    assert "another community" in told[name(6)]
    assert "damaged" in told[name(1)]
    assert taken.complete
    assert {path.name for path in place.iterdir()} >= {*bad, name(8), name(9), name(10), "readme.txt"}
    stranger.close()


def test_a_volume_that_rots_is_written_anew(trio: Trio, go: Go, place: Path) -> None:
    first, second, third = trio
    write(first, 3)
    go(first)
    (rotten,) = volumes(place)
    rotten.write_bytes(rotten.read_bytes()[:-1])
    assert go(second).applied.frames == 0
    healed = go(first)
    assert healed.frames == 3
    assert not rotten.exists()
    for replica in (second, third, first, second, third):
        go(replica)
    assert equal(*trio)


@pytest.mark.parametrize("which", ["top", "own"])
def test_a_link_in_place_of_a_folder_is_not_followed(
    trio: Trio, stick: Path, place: Path, tmp_path: Path, which: str
) -> None:
    elsewhere = tmp_path / "documents"
    elsewhere.mkdir()
    link = place.parent if which == "top" else place
    link.parent.mkdir(exist_ok=True)
    link.symlink_to(elsewhere, target_is_directory=True)
    with pytest.raises(Refused) as caught:
        visit(trio[0].log, stick)
    assert caught.value.code == "not_a_folder"
    assert not list(elsewhere.iterdir())


def test_thousands_of_names(trio: Trio, go: Go, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "MANY", 300)
    go(trio[0])
    for number in range(400):
        (place / name(number)).write_bytes(b"")
    set_language("en")
    found = go(trio[1])
    assert any("too many" in trouble.sentence for trouble in found.troubles)
    assert len(found.troubles) <= 301


def test_huge_files_are_not_read_into_memory(trio: Trio, go: Go, place: Path) -> None:
    go(trio[0])
    for number, size in ((1, 2**30), (2, 2**43)):
        with (place / name(number)).open("wb") as file:
            file.truncate(size)
    with (place / ("d" * 32 + ".heads")).open("wb") as file:
        file.truncate(2**40)
    tracemalloc.start()
    assert len(go(trio[1]).troubles) == 3
    assert tracemalloc.get_traced_memory()[1] < 40 * 2**20
    tracemalloc.stop()


def test_frames_of_a_stranger_and_forged_ones_do_not_get_in(trio: Trio, go: Go, place: Path) -> None:
    first, second, _third = trio
    write(first, 2)
    go(first)
    (path,) = volumes(place)
    content = path.read_bytes()
    last = first.frames()[-1]
    head = content[: content.index(b"ENDS")].replace(last, last[:-1] + bytes([last[-1] ^ 1]))
    head += b"ENDS" + (104).to_bytes(4, "big") + (2).to_bytes(8, "big")
    path.write_bytes(head + crypto.sha256(head) + bytes(64))
    taken = go(second)
    assert (taken.applied.frames, taken.applied.refused) == (1, 1)
    assert [trouble.file for trouble in taken.troubles] == [path.name]
    assert go(first).frames == 1  # what nobody vouches for does not count as being there
    go(second)
    assert equal(first, second)


def own_statement(replica: Replica, place: Path) -> tuple[Path, Statement]:
    path = place / f"{replica.log.device.hex()}.heads"
    return path, statement.parse(path.read_bytes()).statement


def test_statements_are_believed_only_from_their_device(trio: Trio, go: Go, place: Path) -> None:
    first, second, third = trio
    for replica in (*trio, *trio):
        go(replica)
    write(first, 2)
    path, said = own_statement(second, place)
    boasting = Statement(said.community, said.device, said.stamp + 10, said.visit, said.time_ms, first.log.heads())
    for signer, device in ((third, second), (first, second), (third, third)):
        forged = boasting.sign(signer.log.signer)
        (place / f"{device.log.device.hex()}.heads").write_bytes(forged)
    found = go(first)
    assert found.frames == 2
    assert len(found.troubles) == 2
    path.write_bytes(b"")
    (place / f"{third.log.device.hex()}.heads").unlink()
    for replica in (second, third, first):
        go(replica)
    assert equal(*trio)


def test_an_old_statement_that_is_put_back_changes_nothing(trio: Trio, go: Go, place: Path) -> None:
    first, second, _third = trio
    go(first)
    go(second)
    path, _said = own_statement(second, place)
    old = path.read_bytes()
    write(first, 30, 200)
    go(first)
    go(second)
    go(first)
    users = needs.read_users(first.log, place, [second.log.device])
    assert needs.behind(first.log.heads(), users.others[0]) == 0
    path.write_bytes(old)
    users = needs.read_users(first.log, place, [second.log.device])
    assert needs.behind(first.log.heads(), users.others[0]) == 0
    assert go(first).frames == 0


def test_a_restored_device_is_believed_again(trio: Trio, go: Go, place: Path) -> None:
    """Its log has gone back, and the statement of its former life lies on the stick."""
    first, second, _third = trio
    go(second)
    write(first, 4)
    for replica in (first, second, first):
        go(replica)
    shutil.rmtree(place)  # and what was on the stick is gone too
    with second.store.write() as connection:
        for table in ("touched", "early", "record", "frame", "head", "waiting"):
            connection.execute(f"DELETE FROM {table}")  # noqa: S608 - names of this test's own
        connection.execute("DELETE FROM local WHERE name LIKE 'note:stick%'")
    second.log.start_incarnation()
    go(second)
    assert go(first).frames >= 4
    assert go(second).applied.frames == 4
    assert equal(first, second)


@pytest.mark.parametrize("change", ["cut", "bent", "newer", "numbers"])
def test_statements_out_of_form(trio: Trio, go: Go, place: Path, change: str) -> None:
    first, second, _third = trio
    go(first)
    path, said = own_statement(first, place)
    data = path.read_bytes()
    match change:
        case "cut":
            data = data[:-1]
        case "bent":
            data = data[:90] + bytes([data[90] ^ 1]) + data[91:]
        case "newer":
            data = data[:4] + b"\x02" + data[5:]
        case _:
            data = Statement(said.community, said.device, 2**60, said.visit, 0, said.heads).sign(first.log.signer)
    path.write_bytes(data)
    (trouble,) = go(second).troubles
    assert trouble.file == path.name
