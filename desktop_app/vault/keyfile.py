"""The key file: the vault key, wrapped under what a person knows (docs/formats/key-file.md)."""

import hmac
import os
import struct
from dataclasses import dataclass, replace

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from desktop_app.vault.kdf import KdfParameters, stretch
from desktop_app.vault.slots import (
    MAGIC,
    PASSPHRASE_SLOT,
    RECOVERY_SLOT,
    SLOT_BYTES,
    STICK_SLOT,
    SUITE,
    VERSION,
    VERSION_AT,
    Slot,
    damaged,
    phrase_slot,
    recovery_key,
    wipe,
)
from desktop_app.vault.stick import Stick
from sync import crypto
from sync.errors import Refused
from sync.messages import _

__all__ = ["KeyFile", "blank", "damaged", "derive", "new", "newer", "parse", "wipe", "wrong_recovery"]

MAX_SLOTS = 16
VAULT_ID_BYTES = 16
_HEADER = struct.Struct(">8sHBB16sQ")
_MAC_BYTES = 32
_CHECKSUM_BYTES = 32
MAX_BYTES = _HEADER.size + MAX_SLOTS * SLOT_BYTES + _MAC_BYTES + _CHECKSUM_BYTES


@dataclass(frozen=True, slots=True)
class KeyFile:
    """A key file that was read whole; nothing secret is in it.

    Args:
        vault_id: 16 random bytes, made with the vault.
        generation: Counts the replacements of the file.
        slots: The wrappings; those of unknown kinds are carried along.
        mac: The authentication code under the vault key, empty in a file not written yet.
    """

    vault_id: bytes
    generation: int
    slots: tuple[Slot, ...]
    mac: bytes = b""

    @property
    def body(self) -> bytes:
        """What the authentication code covers: header and slots."""
        head = _HEADER.pack(MAGIC, VERSION, SUITE, len(self.slots), self.vault_id, self.generation)
        return head + b"".join(slot.pack() for slot in self.slots)

    def pack(self) -> bytes:
        """Return the bytes of the file."""
        content = self.body + self.mac
        return content + crypto.sha256(content)

    @property
    def phrase_slot(self) -> Slot | None:
        """The slot that a pass phrase opens, alone or together with a stick."""
        return next((slot for slot in self.slots if slot.kind in {PASSPHRASE_SLOT, STICK_SLOT}), None)

    @property
    def recovery_slot(self) -> Slot | None:
        """The slot that the recovery sheet opens."""
        return next((slot for slot in self.slots if slot.kind == RECOVERY_SLOT), None)

    @property
    def stick_mark(self) -> int | None:
        """By which the stick is known that is needed beside the pass phrase; None when none is."""
        slot = self.phrase_slot
        return slot.reserved if slot is not None and slot.kind == STICK_SLOT else None

    def unlock(self, secret: bytearray, stick: Stick | None = None) -> bytearray:
        """Return the vault key.

        Args:
            secret: The pass phrase as `passphrase.secret` gives it.
            stick: The second secret, where the vault asks for one; not used where it does not.

        Raises:
            Refused: It does not open ("wrong_passphrase"), the stick is missing ("stick_missing") or another one
                ("other_stick"), or the memory for trying is missing.
            Damaged: A slot opens, but the file was put together from several ("damaged_key_file").
        """
        slot = self.phrase_slot
        if slot is not None:
            second = self._second_secret(stick)
            vault_key = self._opened(slot, stretch(secret, slot.salt, slot.kdf, second))
            if vault_key is not None:
                return vault_key
        raise Refused(
            "wrong_passphrase",
            _(
                "The pass phrase does not fit. Nothing was changed. "
                "Check the keyboard layout and Caps Lock and try again."
            ),
        )

    def unlock_recovery(self, secret: bytes) -> bytearray:
        """Return the vault key.

        Args:
            secret: The 16 bytes that a recovery sheet stands for.

        Raises:
            Refused: There is no recovery sheet, or it is another one ("wrong_recovery").
            Damaged: The slot opens, but the file was put together from several ("damaged_key_file").
        """
        slot = self.recovery_slot
        if slot is not None:
            vault_key = self._opened(slot, recovery_key(secret, slot.salt))
            if vault_key is not None:
                return vault_key
        raise wrong_recovery()

    def require_stick(self, stick: Stick | None) -> None:
        """Say whether the right stick is there, before anything is tried.

        Raises:
            Refused: It is missing ("stick_missing") or another one ("other_stick").
        """
        self._second_secret(stick)

    def with_passphrase(
        self, vault_key: bytearray, secret: bytearray, kdf: KdfParameters, stick: Stick | None = None
    ) -> "KeyFile":
        """Return the next generation, in which this pass phrase is the only one; other kinds of slots stay.

        Args:
            vault_key: The 32-byte vault key.
            secret: The new pass phrase as `passphrase.secret` gives it.
            kdf: The cost of one guess.
            stick: The second secret, where one is to be asked for from now on.

        Raises:
            ValueError: The parameters are below the floor or above the cap.
            Refused: The memory for it is missing.
        """
        return self.with_slots(vault_key, phrase_slot(vault_key, self.vault_id, secret, kdf, stick))

    def with_slots(self, vault_key: bytearray, *put: Slot) -> "KeyFile":
        """Return the next generation, in which these slots stand in the place of those of their family.

        Args:
            vault_key: The 32-byte vault key.
            *put: A slot for the pass phrase, one for the recovery sheet, or both.
        """
        gone = {slot.kind for slot in put}
        if gone & {PASSPHRASE_SLOT, STICK_SLOT}:
            gone |= {PASSPHRASE_SLOT, STICK_SLOT}
        slots = (*put, *(slot for slot in self.slots if slot.kind not in gone))
        slots = tuple(sorted(slots, key=lambda slot: slot.kind not in {PASSPHRASE_SLOT, STICK_SLOT}))
        unsigned = replace(self, generation=self.generation + 1, slots=slots, mac=b"")
        return replace(unsigned, mac=_authenticate(vault_key, unsigned.body))

    def _second_secret(self, stick: Stick | None) -> bytes | None:
        mark = self.stick_mark
        if mark is None:
            return None
        if stick is None:
            raise Refused(
                "stick_missing",
                _(
                    "This vault needs its key file on a stick beside the pass phrase, and the stick is not there. "
                    "Nothing was changed. Put the stick in and try again, or use the recovery sheet."
                ),
            )
        if stick.mark != mark:
            raise Refused(
                "other_stick",
                _(
                    "The key file on this stick belongs to another vault. Nothing was changed. "
                    "Take the stick of this vault, or use the recovery sheet."
                ),
            )
        return stick.secret

    def _opened(self, slot: Slot, key: bytearray) -> bytearray | None:
        vault_key = slot.unwrap(self.vault_id, key)
        if vault_key is None:
            return None
        if not hmac.compare_digest(self.mac, _authenticate(vault_key, self.body)):
            wipe(vault_key)
            raise damaged()
        return vault_key


def new(vault_key: bytearray, secret: bytearray, kdf: KdfParameters) -> KeyFile:
    """Make the first key file of a vault.

    Args:
        vault_key: The 32-byte vault key.
        secret: The pass phrase as `passphrase.secret` gives it.
        kdf: The cost of one guess.
    """
    return blank().with_passphrase(vault_key, secret, kdf)


def blank() -> KeyFile:
    """Return the beginning of a key file, with the id of a new vault and no way in yet."""
    return KeyFile(os.urandom(VAULT_ID_BYTES), 0, ())


def parse(data: bytes) -> KeyFile:
    """Read a key file; nothing is allocated or derived by what it says.

    Raises:
        Damaged: It is not one, or not as it was written ("damaged_key_file").
        Refused: A newer program wrote it ("newer_vault").
    """
    content, checksum = data[:-_CHECKSUM_BYTES], data[-_CHECKSUM_BYTES:]
    if len(content) < _HEADER.size or checksum != crypto.sha256(content):
        raise damaged()
    magic, version = VERSION_AT.unpack_from(data)
    if magic != MAGIC:
        raise damaged()
    if version > VERSION or (version == VERSION and data[VERSION_AT.size] > SUITE):
        raise newer()
    _magic, _version, suite, count, vault_id, generation = _HEADER.unpack_from(data)
    slots_end = _HEADER.size + count * SLOT_BYTES
    if version != VERSION or suite != SUITE or not 1 <= count <= MAX_SLOTS:
        raise damaged()
    if len(data) != slots_end + _MAC_BYTES + _CHECKSUM_BYTES:
        raise damaged()
    slots = tuple(Slot.unpack(data[at : at + SLOT_BYTES]) for at in range(_HEADER.size, slots_end, SLOT_BYTES))
    families = [slot.kind == RECOVERY_SLOT for slot in slots if PASSPHRASE_SLOT <= slot.kind <= STICK_SLOT]
    if len(families) != len(set(families)):
        raise damaged()
    return KeyFile(vault_id, generation, slots, data[slots_end : slots_end + _MAC_BYTES])


def wrong_recovery() -> Refused:
    """Return the failure of a recovery sheet that is not, or no more, that of the vault."""
    return Refused(
        "wrong_recovery",
        _(
            "This recovery sheet does not open this vault: it belongs to another vault, or a newer sheet has replaced "
            "it. Nothing was changed. Look for the newest sheet and compare the number on it."
        ),
    )


def newer() -> Refused:
    """Return the failure of a vault that a newer program wrote."""
    return Refused(
        "newer_vault",
        _("A newer version of Sprava wrote this vault. Nothing was changed. Update Sprava and open it again."),
    )


def derive(vault_key: bytearray, label: str) -> bytearray:
    """Derive a 32-byte subkey of the vault key (HKDF-SHA256).

    Args:
        vault_key: The 32-byte vault key.
        label: What the subkey is for, such as ``sprava/v1/database``.
    """
    if len(vault_key) != crypto.KEY_BYTES:
        raise ValueError("a vault key has 32 bytes")
    subkey = bytearray(crypto.KEY_BYTES)
    HKDF(hashes.SHA256(), crypto.KEY_BYTES, None, label.encode()).derive_into(vault_key, subkey)
    return subkey


def _authenticate(vault_key: bytearray, body: bytes) -> bytes:
    key = derive(vault_key, "sprava/v1/key-file")
    try:
        return hmac.digest(key, body, "sha256")
    finally:
        wipe(key)
