"""The ways into a vault: a stick beside the pass phrase, the recovery sheet, a dearer guess, one for another."""

import shutil
import struct
from pathlib import Path

import pytest

from desktop_app import vault
from desktop_app.vault import KDF_FLOOR, KdfParameters, NewPhrase, Stick, Vault, kdf, keyfile, shares, slots, stick
from desktop_app.vault.shares import Arrangement, Secret
from sync import crypto
from sync.errors import Damaged, Failure

from . import second
from .conftest import OTHER, PASSPHRASE

STICK = Stick(b"i" * 16, b"s" * 32)
FLOOR = (65536, 3, 4)


def code_of(door: object, *arguments: object, **named: object) -> str:
    assert callable(door)
    with pytest.raises(Failure) as caught:
        door(*arguments, **named)
    return caught.value.code


@pytest.fixture
def on_stick(folder: Path) -> Path:
    """A vault that needs a stick."""
    vault.change_passphrase(folder, PASSPHRASE, PASSPHRASE, kdf=KDF_FLOOR, new_stick=STICK)
    return folder


@pytest.fixture(autouse=True)
def nothing_plugged_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stick, "removable", list)


def test_a_stick_is_needed_beside_the_pass_phrase(on_stick: Path) -> None:
    assert vault.wants_stick(on_stick)
    vault.open_vault(on_stick, PASSPHRASE, stick=STICK).close()
    assert code_of(vault.open_vault, on_stick, PASSPHRASE) == "stick_missing"
    assert code_of(vault.open_vault, on_stick, PASSPHRASE, stick=Stick.generate()) == "other_stick"
    assert code_of(vault.open_vault, on_stick, OTHER, stick=STICK) == "wrong_passphrase"
    assert code_of(vault.open_vault, on_stick, PASSPHRASE, stick=Stick(STICK.id, b"t" * 32)) == "wrong_passphrase"


def test_a_stick_that_is_plugged_in_is_found(on_stick: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    media = tmp_path / "media"
    (media / "other").mkdir(parents=True)
    (media / "ours").mkdir()
    monkeypatch.setattr(stick, "removable", lambda: [media / "gone", media / "other", media / "ours"])
    (media / "other" / "a.sprava-stick").write_bytes(b"broken")
    stick.write(media / "other" / "b.sprava-stick", Stick.generate())
    assert code_of(vault.open_vault, on_stick, PASSPHRASE) == "stick_missing"
    stick.write(media / "ours" / "c.sprava-stick", STICK)
    vault.open_vault(on_stick, PASSPHRASE).close()


def test_a_change_of_the_pass_phrase_keeps_the_stick_unless_told_otherwise(on_stick: Path) -> None:
    vault.change_passphrase(on_stick, PASSPHRASE, OTHER, kdf=KDF_FLOOR, stick=STICK)
    assert vault.wants_stick(on_stick)
    following = Stick.generate()
    vault.change_passphrase(on_stick, OTHER, OTHER, kdf=KDF_FLOOR, stick=STICK, new_stick=following)
    assert code_of(vault.open_vault, on_stick, OTHER, stick=STICK) == "other_stick"
    vault.change_passphrase(on_stick, OTHER, PASSPHRASE, kdf=KDF_FLOOR, stick=following, drop_stick=True)
    assert not vault.wants_stick(on_stick)
    vault.open_vault(on_stick, PASSPHRASE).close()


def test_a_stick_that_is_not_needed_does_no_harm(folder: Path) -> None:
    vault.open_vault(folder, PASSPHRASE, stick=STICK).close()


def test_a_missing_stick_is_no_wrong_try(on_stick: Path) -> None:
    for _time in range(9):
        assert code_of(vault.open_vault, on_stick, PASSPHRASE) == "stick_missing"
    vault.open_vault(on_stick, PASSPHRASE, stick=STICK).close()


def test_the_file_of_a_stick(tmp_path: Path) -> None:
    path = tmp_path / "a.sprava-stick"
    stick.write(path, STICK)
    data = path.read_bytes()
    assert data == second.stick(STICK.id, STICK.secret)
    assert stick.read(path) == STICK
    assert code_of(stick.write, path, Stick.generate()) == "file_exists"
    assert path.read_bytes() == data
    assert code_of(stick.write, tmp_path / "gone" / "x", STICK) == "unwritable"
    assert code_of(stick.read, tmp_path / "gone") == "unreadable_stick"
    for bit in range(len(data) * 8):
        broken = bytearray(data)
        broken[bit // 8] ^= 1 << bit % 8
        with pytest.raises(Damaged):
            Stick.unpack(bytes(broken))
    for broken in (b"", data[:-1], data + b"x", crypto.sha256(b""), b"x" * 90):
        with pytest.raises(Damaged):
            Stick.unpack(bytes(broken))
    newer = data[:8] + b"\x00\x02" + data[10:-32]
    assert code_of(Stick.unpack, newer + crypto.sha256(newer)) == "newer_stick"
    assert STICK.secret.hex() not in repr(STICK)
    assert "s" * 8 not in repr(STICK)


def with_sheet(held: Vault) -> Secret:
    secret, _sheets = shares.split(Arrangement())
    held.replace_ways(recovery=secret)
    return secret


def test_the_recovery_sheet_opens_and_the_pass_phrase_still_does(folder: Path, opened: Vault) -> None:
    secret = with_sheet(opened)
    opened.close()
    vault.open_with_recovery(folder, secret).close()
    vault.open_vault(folder, PASSPHRASE).close()


def test_a_new_sheet_ends_the_one_before_also_in_the_copy_of_the_key_file(folder: Path, opened: Vault) -> None:
    first, following = with_sheet(opened), with_sheet(opened)
    opened.close()
    assert code_of(vault.open_with_recovery, folder, first) == "wrong_recovery"
    (folder / "vault.key").write_bytes(b"damaged")
    assert code_of(vault.open_with_recovery, folder, first) == "wrong_recovery"
    vault.open_with_recovery(folder, following).close()


def test_sheets_that_are_not_the_vaults(folder: Path, opened: Vault) -> None:
    secret, _sheets = shares.split(Arrangement())
    assert code_of(vault.ways.unlock_with_recovery, folder, opened.key_file, secret) == "no_recovery"
    ours = with_sheet(opened)
    opened.close()
    assert code_of(vault.open_with_recovery, folder, secret) == "wrong_recovery"
    forged = Secret(b"x" * 16, ours.sheet)
    assert code_of(vault.open_with_recovery, folder, forged) == "wrong_recovery"
    elsewhere = Secret(ours.secret, ours.sheet, vault=b"v" * 16)
    assert code_of(vault.open_with_recovery, folder, elsewhere) == "wrong_recovery"


def test_a_new_pass_phrase_and_a_new_sheet_come_in_one_moment(folder: Path, opened: Vault) -> None:
    old = with_sheet(opened)
    new, _sheets = shares.split(Arrangement(2, 3))
    opened.replace_ways(NewPhrase(OTHER, cost=KDF_FLOOR), new)
    opened.close()
    assert code_of(vault.open_vault, folder, PASSPHRASE) == "wrong_passphrase"
    assert code_of(vault.open_with_recovery, folder, old) == "wrong_recovery"
    vault.open_vault(folder, OTHER).close()
    vault.open_with_recovery(folder, new).close()


def test_the_sheet_needs_neither_stick_nor_pass_phrase(on_stick: Path) -> None:
    with_stick = vault.open_vault(on_stick, PASSPHRASE, stick=STICK)
    secret = with_sheet(with_stick)
    with_stick.close()
    held = vault.open_with_recovery(on_stick, secret)
    held.replace_ways(NewPhrase(OTHER, cost=KDF_FLOOR))
    held.close()
    vault.open_vault(on_stick, OTHER).close()


def test_a_change_of_the_pass_phrase_keeps_the_sheet(folder: Path, opened: Vault) -> None:
    secret = with_sheet(opened)
    opened.change_passphrase(PASSPHRASE, OTHER, kdf=KDF_FLOOR)
    opened.close()
    vault.open_with_recovery(folder, secret).close()


def test_a_weak_phrase_changes_nothing(opened: Vault, folder: Path) -> None:
    before = (folder / "vault.key").read_bytes()
    assert code_of(opened.replace_ways, NewPhrase("12345")) == "weak_passphrase"
    assert (folder / "vault.key").read_bytes() == before


def test_the_key_from_a_copy_of_the_key_file_alone(on_stick: Path) -> None:
    held = vault.open_vault(on_stick, PASSPHRASE, stick=STICK)
    secret = with_sheet(held)
    held.close()
    data = (on_stick / "vault.key").read_bytes()
    key = vault.vault_key(data, PASSPHRASE, given=STICK)
    assert key == vault.vault_key(data, recovery=secret)
    assert code_of(vault.vault_key, data, OTHER, given=STICK) == "wrong_passphrase"
    assert code_of(vault.vault_key, data, PASSPHRASE) == "stick_missing"
    assert code_of(vault.vault_key, data, recovery=Secret(b"x" * 16, secret.sheet)) == "wrong_recovery"
    assert code_of(vault.vault_key, data[:-1], PASSPHRASE) == "damaged_key_file"
    assert not (on_stick / "vault.tries").exists()


def test_a_copied_folder_opens_with_the_sheet_on_a_bare_machine(opened: Vault, tmp_path: Path) -> None:
    secret = with_sheet(opened)
    opened.close()
    copy = Path(shutil.copytree(opened.folder, tmp_path / "elsewhere"))
    vault.open_with_recovery(copy, secret).close()


def dearer(monkeypatch: pytest.MonkeyPatch, wanted: KdfParameters, cheap: float = 100.0) -> None:
    monkeypatch.setattr(kdf, "calibrate", lambda: wanted)
    monkeypatch.setattr(vault.ways, "CHEAP_SECONDS", cheap)


def test_a_cheap_guess_is_made_dearer(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dearer(monkeypatch, KdfParameters(65536, 6, 4))
    held = vault.open_vault(folder, PASSPHRASE)
    secret = with_sheet(held)
    assert held.raise_cost(PASSPHRASE)
    assert not held.raise_cost(PASSPHRASE)
    held.close()
    again = vault.open_vault(folder, PASSPHRASE)
    slot = again.key_file.phrase_slot
    assert slot is not None
    assert (slot.kind, slot.kdf.iterations) == (1, 6)
    again.close()
    vault.open_with_recovery(folder, secret).close()


def test_a_dearer_guess_keeps_the_stick(on_stick: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dearer(monkeypatch, KdfParameters(65536, 6, 4))
    held = vault.open_vault(on_stick, PASSPHRASE, stick=STICK)
    assert held.raise_cost(PASSPHRASE, STICK)
    held.close()
    vault.open_vault(on_stick, PASSPHRASE, stick=STICK).close()


def test_a_guess_that_is_dear_enough_stays(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = (folder / "vault.key").read_bytes()
    dearer(monkeypatch, KdfParameters(65536, 5, 4))
    with_key = vault.open_vault(folder, PASSPHRASE)
    assert not with_key.raise_cost(PASSPHRASE)
    with_key.close()
    dearer(monkeypatch, KdfParameters(65536, 30, 4), cheap=0.0)
    with_key = vault.open_vault(folder, PASSPHRASE)
    assert not with_key.raise_cost(PASSPHRASE)
    with_key.close()
    assert (folder / "vault.key").read_bytes() == before


def test_slots_of_the_second_implementation_open() -> None:
    key, vault_id = bytes(range(32)), b"\x11" * 16
    text = "сім качок біля ставка".encode()
    both = (b"\x22" * 16, b"\x33" * 12)
    mark = int.from_bytes(STICK.id[:2], "big")
    phrase = second.slot(key, vault_id, second.argon2(text, both[0], FLOOR, STICK.secret), (3, mark, FLOOR), both)
    recovery = second.slot(
        key, vault_id, second.hkdf(b"r" * 16, both[0], b"sprava/v1/recovery"), (2, 4711, (0, 0, 0)), both
    )
    file = keyfile.parse(second.key_file(key, vault_id, 9, [phrase, recovery]))
    assert file.unlock(bytearray(text), STICK) == key
    assert file.unlock_recovery(b"r" * 16) == key
    made = slots.recovery_slot(bytearray(key), vault_id, b"r" * 16, 4711)
    assert made.pack() == second.slot(
        key,
        vault_id,
        second.hkdf(b"r" * 16, made.salt, b"sprava/v1/recovery"),
        (2, 4711, (0, 0, 0)),
        (made.salt, made.nonce),
    )


@pytest.mark.parametrize("kinds", [(1, 1), (1, 3), (3, 3), (2, 2)])
def test_two_ways_of_one_family_are_damage(kinds: tuple[int, int]) -> None:
    costs = {1: FLOOR, 2: (0, 0, 0), 3: FLOOR}
    both = (b"\x22" * 16, b"\x33" * 12)
    made = [second.slot(b"k" * 32, b"v" * 16, b"x" * 32, (kind, 0, costs[kind]), both) for kind in kinds]
    with pytest.raises(Damaged):
        keyfile.parse(second.key_file(b"k" * 32, b"v" * 16, 1, made))


@pytest.mark.parametrize(
    "fields", [(2, 1, 0, 0, 0), (2, 0, 1, 0, 0), (2, 0, 65536, 3, 4), (3, 1, 65536, 3, 4), (3, 0, 65535, 3, 4)]
)
def test_fields_of_the_new_kinds_that_this_program_never_writes(fields: tuple[int, ...]) -> None:
    kind, flags, *costs = fields
    slot = struct.pack(">BBHIII", kind, flags, 0, *costs) + bytes(76)
    with pytest.raises(Damaged):
        keyfile.parse(second.key_file(b"k" * 32, b"v" * 16, 1, [slot]))
