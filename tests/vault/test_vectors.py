"""The stored vectors of the mark and the seat are what the format says, and what the program reads and writes."""

import json
from pathlib import Path

import pytest

from desktop_app.highwater import Contents
from desktop_app.machine import Machine, read_machine
from desktop_app.place import Place
from desktop_app.seat import read_seat
from desktop_app.vault import Mark, MarkState
from desktop_app.vault.keyfile import derive
from desktop_app.vault.seat import SeatFile
from sync.errors import Damaged, Refused
from tests.vault import second_mark

VAULT_KEY = bytes(range(32))
LIFE, LAST, NONCE = bytes([0x11]) * 16, bytes([0x22]) * 32, bytes([0x33]) * 12
PLACE = second_mark.place(
    4711, 1_780_000_000_123_456_789, "0123456789abcdef", "Maker Model", ["aa:bb:cc:dd:ee:01", "serial"]
)
NOTE = second_mark.note(LIFE, 77, 3, (5, LAST), PLACE)
SEAT = {
    "community": bytes([1]) * 32,
    "device": bytes([2]) * 16,
    "signer": bytes([3]) * 32,
    "opener": bytes([4]) * 96,
    "links": [b"first link", b"second link"],
    "keys": [[bytes([5]) * 16, bytes([6]) * 16, bytes([7]) * 32, True]],
    "notes": {"lives": b"3", "server-address": b"https://sprava.example"},
    "salt": bytes([8]) * 16,
}
FILES = {
    "vault_key": VAULT_KEY,
    "mark": second_mark.write_mark(VAULT_KEY, NONCE, 9, NOTE),
    "seat": second_mark.write_seat(VAULT_KEY, NONCE, SEAT),
}


def seat_file(path: Path) -> SeatFile:
    return SeatFile(path, derive(bytearray(VAULT_KEY), "sprava/v1/seat"))


def mark_file(path: Path) -> Mark:
    return Mark(path, derive(bytearray(VAULT_KEY), "sprava/v1/mark"))


def test_the_stored_vectors_are_what_the_format_says(project: Path) -> None:
    stored = json.loads((project / "tests/data/vectors/vault.json").read_text(encoding="utf-8"))
    assert stored == {name: data.hex() for name, data in FILES.items()}


def test_the_mark(tmp_path: Path) -> None:
    path = tmp_path / "vault.mark"
    path.write_bytes(FILES["mark"])
    mark = mark_file(path)
    noted = mark.load()
    assert noted is not None
    contents = Contents.unpack(noted)
    assert (contents.incarnation, contents.counter, contents.lives, contents.audit) == (LIFE, 77, 3, (5, LAST))
    lies = Place.unpack(contents.place)
    assert lies is not None
    assert (lies.file, lies.born, len(lies.machine.boards)) == (4711, 1_780_000_000_123_456_789, 2)
    assert contents.pack() == NOTE
    mark.store(NOTE)
    assert second_mark.read_mark(VAULT_KEY, path.read_bytes()) == NOTE
    (root := tmp_path / "root" / "etc").mkdir(parents=True)
    (root / "machine-id").write_text("0123456789ABCDEF\n")
    assert read_machine(root.parent).system == lies.machine.system
    assert Machine().may_be(lies.machine)


def test_a_note_of_version_1() -> None:
    first = LIFE + (77).to_bytes(8, "big") + (3).to_bytes(4, "big")
    assert Contents.unpack(first) == Contents(LIFE, 77, 3)


def test_the_seat(tmp_path: Path) -> None:
    path = tmp_path / "vault.seat"
    path.write_bytes(FILES["seat"])
    found = read_seat(seat_file(path))
    assert found is not None
    assert (found.community, found.device, found.salt) == (SEAT["community"], SEAT["device"], SEAT["salt"])
    assert (found.links, found.notes) == (SEAT["links"], SEAT["notes"])
    assert found.keys[0].newest
    plain = seat_file(path).load()
    assert plain == second_mark.pack(SEAT)
    seat_file(path).store(plain)
    assert second_mark.read_seat(VAULT_KEY, path.read_bytes()) == plain


def test_every_flipped_bit_of_a_seat_is_damage(tmp_path: Path) -> None:
    path = tmp_path / "vault.seat"
    for place in range(len(FILES["seat"])):
        data = bytearray(FILES["seat"])
        data[place] ^= 1 << place % 8
        path.write_bytes(data)
        with pytest.raises((Damaged, Refused)) as raised:
            seat_file(path).load()
        assert raised.value.code == "damaged_seat" or place in {8, 9}


def test_newer_files_are_left_alone(tmp_path: Path) -> None:
    newer = bytearray(FILES["seat"])
    newer[9], newer[30] = 2, newer[30] ^ 1
    (tmp_path / "vault.seat").write_bytes(newer)
    with pytest.raises(Refused) as refused:
        seat_file(tmp_path / "vault.seat").load()
    assert refused.value.code == "newer_vault"
    slot = b"SPRVMRK\x02" + bytes(504)
    (tmp_path / "vault.mark").write_bytes(slot + slot)
    with pytest.raises(Refused) as refused:
        mark_file(tmp_path / "vault.mark")
    assert refused.value.code == "newer_vault"
    with pytest.raises(Refused):
        Contents.unpack(b"\x03" + NOTE[1:])
    flipped = bytearray(FILES["mark"])
    flipped[512 + 7] = 2
    (tmp_path / "vault.mark").write_bytes(flipped)
    assert mark_file(tmp_path / "vault.mark").state is MarkState.VALID
