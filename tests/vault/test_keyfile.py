"""The key file, byte by byte: nothing broken is accepted, nothing raises a traceback, nothing costs memory first."""

import re
import struct
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from desktop_app.vault import Stick, kdf, keyfile, passphrase, shares
from desktop_app.vault.kdf import KDF_FLOOR, KdfParameters
from desktop_app.vault.keyfile import KeyFile
from desktop_app.vault.slots import Slot
from sync import crypto
from sync.errors import Damaged, Refused

from . import second

SECRET = passphrase.secret("сім качок біля ставка")
KEY = bytearray(range(32))
FILE = keyfile.new(KEY, SECRET, KDF_FLOOR)
DATA = FILE.pack()
FOREIGN_SLOT = Slot(200, 7, 9, KdfParameters(1, 2, 3), b"s" * 16, b"n" * 12, b"w" * 48)


def checked(content: bytes) -> bytes:
    """The content with a checksum that fits, as a forger would write it."""
    return content + crypto.sha256(content)


def with_bytes(at: int, data: bytes) -> bytes:
    return checked(DATA[:at] + data + DATA[at + len(data) : -32])


def failure(data: bytes) -> str:
    with pytest.raises((Damaged, Refused)) as caught:
        keyfile.parse(data).unlock(SECRET)
    return caught.value.code


def test_the_layout_that_is_documented() -> None:
    assert len(DATA) == 192
    assert struct.unpack_from(">8sHBB16sQ", DATA) == (b"SPRVKEY\x00", 1, 1, 1, FILE.vault_id, 1)
    assert struct.unpack_from(">BBHIII", DATA, 36) == (1, 0, 0, 65536, 3, 4)
    assert DATA[-32:] == crypto.sha256(DATA[:-32])


def test_round_trip() -> None:
    assert keyfile.parse(DATA) == FILE
    assert keyfile.parse(DATA).unlock(SECRET) == KEY
    assert bytes(KEY) not in DATA


def test_every_flipped_bit_is_noticed_before_anything_is_derived() -> None:
    for place in range(len(DATA)):
        for bit in range(8):
            broken = bytearray(DATA)
            broken[place] ^= 1 << bit
            with pytest.raises(Damaged) as caught:
                keyfile.parse(bytes(broken))
            assert caught.value.code == "damaged_key_file"


def test_every_truncation_and_anything_behind_is_noticed() -> None:
    for length in range(len(DATA)):
        with pytest.raises(Damaged):
            keyfile.parse(DATA[:length])
        with pytest.raises(Damaged):
            keyfile.parse(checked(DATA[:length][:-32]))
    for extra in (b"\x00", bytes(92), b"\n", DATA):
        with pytest.raises(Damaged):
            keyfile.parse(DATA + extra)
        with pytest.raises(Damaged):
            keyfile.parse(checked(DATA[:-32] + extra))


@pytest.mark.parametrize("at", [*range(12, 36, 5), 52, 67, 68, 79, 80, 111, 112, 127, 128, 159])
def test_forged_bytes_with_a_fitting_checksum(at: int) -> None:
    code = failure(with_bytes(at, bytes([DATA[at] ^ 1])))
    assert code in {"damaged_key_file", "wrong_passphrase"}


@pytest.mark.parametrize(
    ("memory", "iterations", "lanes"),
    [
        (0, 3, 4),
        (65535, 3, 4),
        (65536, 2, 4),
        (65536, 3, 0),
        (2**32 - 1, 3, 4),
        (2**20 + 1, 3, 4),
        (65536, 33, 4),
        (65536, 2**32 - 1, 4),
        (65536, 3, 17),
        (65536, 3, 2**32 - 1),
    ],
)
def test_costs_below_the_floor_or_above_the_cap_are_refused_before_they_are_paid(
    memory: int, iterations: int, lanes: int
) -> None:
    assert failure(with_bytes(40, struct.pack(">III", memory, iterations, lanes))) == "damaged_key_file"
    with pytest.raises(ValueError, match="Argon2id"):
        keyfile.new(KEY, SECRET, KdfParameters(memory, iterations, lanes))


@pytest.mark.parametrize(
    ("at", "data"), [(11, b"\x00"), (11, b"\x02"), (11, b"\xff"), (37, b"\x01"), (38, b"\x00\x01"), (0, b"X")]
)
def test_fields_that_this_program_never_writes(at: int, data: bytes) -> None:
    assert failure(with_bytes(at, data)) == "damaged_key_file"


@pytest.mark.parametrize(("at", "data"), [(8, b"\x00\x02"), (8, b"\xff\xff"), (10, b"\x02")])
def test_a_newer_version_or_suite_is_refused_politely(at: int, data: bytes) -> None:
    assert failure(with_bytes(at, data)) == "newer_vault"
    assert failure(checked((DATA[:at] + data + DATA[at + len(data) : -32]) * 3)) == "newer_vault"


def test_version_and_suite_zero_are_damage() -> None:
    assert failure(with_bytes(8, b"\x00\x00")) == "damaged_key_file"
    assert failure(with_bytes(10, b"\x00")) == "damaged_key_file"


def test_a_slot_taken_away_or_put_in_is_noticed_on_unlocking() -> None:
    two = replace(FILE, slots=(*FILE.slots, FOREIGN_SLOT))
    assert failure(two.pack()) == "damaged_key_file"
    assert failure(replace(FILE, generation=9).pack()) == "damaged_key_file"


def test_a_slot_of_another_vault_does_not_open() -> None:
    foreign = replace(FILE, vault_id=b"f" * 16)
    assert failure(foreign.pack()) == "wrong_passphrase"


def test_unknown_slots_are_carried_along() -> None:
    base = KeyFile(FILE.vault_id, 4, (*FILE.slots, FOREIGN_SLOT))
    following = base.with_passphrase(KEY, passphrase.secret("нова фраза для всіх"), KDF_FLOOR)
    again = keyfile.parse(following.pack())
    assert again.generation == 5
    assert again.slots[1] == FOREIGN_SLOT
    assert again.unlock(passphrase.secret("нова фраза для всіх")) == KEY
    with pytest.raises(Refused):
        again.unlock(SECRET)


def test_two_files_of_one_passphrase_share_nothing() -> None:
    other = keyfile.new(KEY, SECRET, KDF_FLOOR)
    assert other.vault_id != FILE.vault_id
    for part in ("salt", "nonce", "wrapped"):
        assert getattr(other.slots[0], part) != getattr(FILE.slots[0], part)


@settings(max_examples=300, deadline=None)
@given(data=st.binary(max_size=keyfile.MAX_BYTES + 1))
def test_garbage(data: bytes) -> None:
    for candidate in (data, checked(data), checked(DATA[:10] + data), checked(DATA[:36] + data)):
        with pytest.raises((Damaged, Refused)):
            keyfile.parse(candidate)


def test_subkeys_differ_by_label_and_follow_rfc_5869() -> None:
    assert keyfile.derive(KEY, "a") != keyfile.derive(KEY, "b")
    assert bytes(keyfile.derive(KEY, "sprava/v1/database")) == crypto.derive(bytes(KEY), "sprava/v1/database")
    with pytest.raises(ValueError, match="32 bytes"):
        keyfile.derive(bytearray(31), "a")


def test_calibration_stays_within_floor_and_cap() -> None:
    for target in (0.0, 0.5, 1e6):
        found = kdf.calibrate(target)
        assert found.allowed
        assert found.memory_kib <= 512 * 1024
    assert kdf.calibrate(0.0) == KDF_FLOOR


def blocks(project: Path, name: str) -> list[str]:
    text = (project / "docs" / "formats" / name).read_text(encoding="utf-8")
    return re.findall(r"```(?:text)?\n(.+?)```", text, re.DOTALL)


def test_the_vectors_of_the_documentation(project: Path) -> None:
    first, both, on_stick, four_tries = (bytes.fromhex(block) for block in blocks(project, "key-file.md"))
    file = keyfile.parse(first)
    assert file.vault_id == b"\x11" * 16
    assert (file.slots[0].salt, file.slots[0].nonce) == (b"\x22" * 16, b"\x33" * 12)
    assert file.unlock(SECRET) == KEY
    stick = Stick.unpack(on_stick)
    assert (stick.id, stick.secret) == (b"\x44" * 16, b"\x55" * 32)
    second_file = keyfile.parse(both)
    assert second_file.unlock(SECRET, stick) == KEY
    assert second_file.unlock_recovery(bytes(range(0x60, 0x70))) == KEY
    assert four_tries == second.tries(4, 1_764_081_000_000)


def test_the_words_of_the_documentation(project: Path) -> None:
    _code, ours, english, *split = blocks(project, "recovery.md")
    secret = bytes(range(0x60, 0x70))
    for text in (ours, english, split[0] + split[2], "\n".join(split)):
        found = shares.parse(text)
        again = shares.combine(found)
        assert (again.secret, again.sheet) == (secret, 4711)
        assert second.secret_of([share.indices for share in found[: again.threshold]]) == secret
