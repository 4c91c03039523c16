"""A slot of the key file: one wrapping of the vault key (docs/formats/key-file.md, "A slot")."""

import os
import struct
from dataclasses import dataclass, replace

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from desktop_app.vault.kdf import NO_KDF, SALT_BYTES, KdfParameters, stretch
from desktop_app.vault.stick import Stick
from sync import crypto
from sync.errors import Damaged
from sync.messages import _

MAGIC = b"SPRVKEY\x00"
VERSION = 1
SUITE = 1
"""Argon2id version 0x13, AES-256-GCM, HKDF-SHA256, HMAC-SHA256."""
VERSION_AT = struct.Struct(">8sH")
PASSPHRASE_SLOT = 1
RECOVERY_SLOT = 2
STICK_SLOT = 3
"""A pass phrase with a key file on a stick as second secret; a vault has this kind or the first, never both."""
RECOVERY_SECRET_BYTES = 16
_RECOVERY_LABEL = b"sprava/v1/recovery"
_SLOT = struct.Struct(">BBHIII16s12s48s")
_SLOT_HEAD = struct.Struct(">BBHIII16s")
SLOT_BYTES = _SLOT.size


@dataclass(frozen=True, slots=True)
class Slot:
    """One wrapping of the vault key; the fields are those of the format, in its order."""

    kind: int
    flags: int
    reserved: int
    kdf: KdfParameters
    salt: bytes
    nonce: bytes
    wrapped: bytes

    @property
    def head(self) -> bytes:
        """What is bound to the wrapping: kind and parameters, without nonce and ciphertext."""
        kdf = self.kdf
        return _SLOT_HEAD.pack(
            self.kind, self.flags, self.reserved, kdf.memory_kib, kdf.iterations, kdf.lanes, self.salt
        )

    def pack(self) -> bytes:
        """Return the bytes of the slot."""
        return self.head + self.nonce + self.wrapped

    @classmethod
    def unpack(cls, data: bytes) -> "Slot":
        """Read the bytes of a slot.

        Raises:
            Damaged: It is of a known kind with fields that this program never writes.
        """
        kind, flags, reserved, memory, iterations, lanes, salt, nonce, wrapped = _SLOT.unpack(data)
        slot = cls(kind, flags, reserved, KdfParameters(memory, iterations, lanes), salt, nonce, wrapped)
        if not slot.plausible:
            raise damaged()
        return slot

    @property
    def plausible(self) -> bool:
        """Whether this program could have written it, as far as that can be seen without a secret."""
        if self.kind == PASSPHRASE_SLOT:
            return not self.flags and not self.reserved and self.kdf.allowed
        if self.kind == STICK_SLOT:
            return not self.flags and self.kdf.allowed
        if self.kind == RECOVERY_SLOT:
            return not self.flags and self.kdf == NO_KDF
        return True

    def unwrap(self, vault_id: bytes, key: bytearray) -> bytearray | None:
        """Return what is wrapped, or None when the key is not the right one; the key is wiped.

        Args:
            vault_id: The vault's.
            key: 32 bytes, from the pass phrase or the recovery secret.
        """
        vault_key = bytearray(crypto.KEY_BYTES)
        try:
            AESGCM(key).decrypt_into(self.nonce, self.wrapped, _bound(vault_id, self.head), vault_key)
        except InvalidTag:
            return None
        finally:
            wipe(key)
        return vault_key


def phrase_slot(
    vault_key: bytearray, vault_id: bytes, secret: bytearray, kdf: KdfParameters, stick: Stick | None = None
) -> Slot:
    """Wrap the vault key under a pass phrase, and a second secret where there is one.

    Args:
        vault_key: The 32-byte vault key.
        vault_id: The vault's.
        secret: The pass phrase as `passphrase.secret` gives it.
        kdf: The cost of one guess.
        stick: The second secret.

    Raises:
        ValueError: The parameters are below the floor or above the cap.
        Refused: The memory for it is missing.
    """
    kind, mark, second = (STICK_SLOT, stick.mark, stick.secret) if stick else (PASSPHRASE_SLOT, 0, None)
    slot = Slot(kind, 0, mark, kdf, os.urandom(SALT_BYTES), os.urandom(crypto.NONCE_BYTES), b"")
    return _wrapped(slot, vault_key, vault_id, stretch(secret, slot.salt, kdf, second))


def recovery_slot(vault_key: bytearray, vault_id: bytes, secret: bytes, sheet: int) -> Slot:
    """Wrap the vault key under the secret of a recovery sheet, which is random and needs no stretching.

    Args:
        vault_key: The 32-byte vault key.
        vault_id: The vault's.
        secret: 16 random bytes.
        sheet: The number of the sheet, 15 bits, by which another sheet is told apart.
    """
    if len(secret) != RECOVERY_SECRET_BYTES:
        raise ValueError("a recovery secret has 16 bytes")
    slot = Slot(RECOVERY_SLOT, 0, sheet, NO_KDF, os.urandom(SALT_BYTES), os.urandom(crypto.NONCE_BYTES), b"")
    return _wrapped(slot, vault_key, vault_id, recovery_key(secret, slot.salt))


def damaged() -> Damaged:
    """Return the failure of a key file that can't be used."""
    return Damaged(
        "damaged_key_file",
        _(
            "The vault's key file (vault.key) and the copy beside it are damaged or missing, so neither pass phrase "
            "nor recovery sheet can open this folder. Nothing was changed. With a backup: “sprava repair VAULT --from "
            "BACKUP” puts the key file back, or choose “Restore from a backup” at the sign-in; the recovery sheet "
            "opens a backup too. Without one: join again with a new invitation; what was exchanged comes back."
        ),
    )


def wipe(*secrets: bytearray) -> None:
    """Overwrite secrets with zeros, as far as Python lets us."""
    for secret in secrets:
        secret[:] = bytes(len(secret))


def _bound(vault_id: bytes, head: bytes) -> bytes:
    return VERSION_AT.pack(MAGIC, VERSION) + bytes([SUITE]) + vault_id + head


def recovery_key(secret: bytes, salt: bytes) -> bytearray:
    """Derive the wrapping key from the secret of a recovery sheet (HKDF-SHA256); whoever asks wipes it.

    Args:
        secret: The 16 bytes.
        salt: The slot's.
    """
    key = bytearray(crypto.KEY_BYTES)
    HKDF(hashes.SHA256(), crypto.KEY_BYTES, salt, _RECOVERY_LABEL).derive_into(secret, key)
    return key


def _wrapped(slot: Slot, vault_key: bytearray, vault_id: bytes, key: bytearray) -> Slot:
    try:
        return replace(slot, wrapped=AESGCM(key).encrypt(slot.nonce, vault_key, _bound(vault_id, slot.head)))
    finally:
        wipe(key)
