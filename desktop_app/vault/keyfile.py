"""The key file: the vault key, wrapped under what a person knows (docs/formats/key-file.md)."""

import hmac
import os
import struct
import time
from dataclasses import dataclass, replace

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from sync import crypto
from sync.errors import Damaged, Refused
from sync.messages import _

MAGIC = b"SPRVKEY\x00"
VERSION = 1
SUITE = 1
"""Argon2id version 0x13, AES-256-GCM, HKDF-SHA256, HMAC-SHA256."""
PASSPHRASE_SLOT = 1
MAX_SLOTS = 16
VAULT_ID_BYTES = 16
_SALT_BYTES = 16
_HEADER = struct.Struct(">8sHBB16sQ")
_SLOT = struct.Struct(">BBHIII16s12s48s")
_SLOT_HEAD = struct.Struct(">BBHIII16s")
_MAC_BYTES = 32
_CHECKSUM_BYTES = 32
_VERSION_AT = struct.Struct(">8sH")
MAX_BYTES = _HEADER.size + MAX_SLOTS * _SLOT.size + _MAC_BYTES + _CHECKSUM_BYTES

FLOOR_MEMORY_KIB = 64 * 1024
FLOOR_ITERATIONS = 3
CAP_MEMORY_KIB = 1024 * 1024
CAP_ITERATIONS = 32
CAP_LANES = 16
_CALIBRATION_MEMORY_KIB = 512 * 1024
_CALIBRATION_STEP_KIB = 16 * 1024
_TARGET_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class KdfParameters:
    """How much one guess of a pass phrase costs.

    Args:
        memory_kib: Memory of Argon2id, in KiB.
        iterations: Passes over the memory.
        lanes: Lanes of Argon2id.
    """

    memory_kib: int = FLOOR_MEMORY_KIB
    iterations: int = FLOOR_ITERATIONS
    lanes: int = 4

    @property
    def allowed(self) -> bool:
        """Whether they are between the floor and the cap of this program."""
        return (
            FLOOR_MEMORY_KIB <= self.memory_kib <= CAP_MEMORY_KIB
            and FLOOR_ITERATIONS <= self.iterations <= CAP_ITERATIONS
            and 1 <= self.lanes <= CAP_LANES
        )


KDF_FLOOR = KdfParameters()


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
            Damaged: It is a pass phrase slot with parameters that this program never writes.
        """
        kind, flags, reserved, memory, iterations, lanes, salt, nonce, wrapped = _SLOT.unpack(data)
        slot = cls(kind, flags, reserved, KdfParameters(memory, iterations, lanes), salt, nonce, wrapped)
        if kind == PASSPHRASE_SLOT and (flags or reserved or not slot.kdf.allowed):
            raise damaged()
        return slot


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

    def unlock(self, secret: bytearray) -> bytearray:
        """Return the vault key.

        Args:
            secret: The pass phrase as `passphrase.secret` gives it.

        Raises:
            Refused: No slot opens with it ("wrong_passphrase"), or the memory for trying is missing.
            Damaged: A slot opens, but the file was put together from several ("damaged_key_file").
        """
        for slot in self.slots:
            if slot.kind == PASSPHRASE_SLOT:
                vault_key = _unwrap(slot, self.vault_id, secret)
                if vault_key is not None:
                    if not hmac.compare_digest(self.mac, _authenticate(vault_key, self.body)):
                        wipe(vault_key)
                        raise damaged()
                    return vault_key
        raise Refused(
            "wrong_passphrase",
            _(
                "The pass phrase does not fit. Nothing was changed. "
                "Check the keyboard layout and Caps Lock and try again."
            ),
        )

    def with_passphrase(self, vault_key: bytearray, secret: bytearray, kdf: KdfParameters) -> "KeyFile":
        """Return the next generation, in which this pass phrase is the only one; other kinds of slots stay.

        Args:
            vault_key: The 32-byte vault key.
            secret: The new pass phrase as `passphrase.secret` gives it.
            kdf: The cost of one guess.

        Raises:
            ValueError: The parameters are below the floor or above the cap.
            Refused: The memory for it is missing.
        """
        others = tuple(slot for slot in self.slots if slot.kind != PASSPHRASE_SLOT)
        slots = (_wrap(vault_key, self.vault_id, secret, kdf), *others)
        unsigned = replace(self, generation=self.generation + 1, slots=slots, mac=b"")
        return replace(unsigned, mac=_authenticate(vault_key, unsigned.body))


def new(vault_key: bytearray, secret: bytearray, kdf: KdfParameters) -> KeyFile:
    """Make the first key file of a vault.

    Args:
        vault_key: The 32-byte vault key.
        secret: The pass phrase as `passphrase.secret` gives it.
        kdf: The cost of one guess.
    """
    return KeyFile(os.urandom(VAULT_ID_BYTES), 0, ()).with_passphrase(vault_key, secret, kdf)


def parse(data: bytes) -> KeyFile:
    """Read a key file; nothing is allocated or derived by what it says.

    Raises:
        Damaged: It is not one, or not as it was written ("damaged_key_file").
        Refused: A newer program wrote it ("newer_vault").
    """
    content, checksum = data[:-_CHECKSUM_BYTES], data[-_CHECKSUM_BYTES:]
    if len(content) < _HEADER.size or checksum != crypto.sha256(content):
        raise damaged()
    magic, version = _VERSION_AT.unpack_from(data)
    if magic != MAGIC:
        raise damaged()
    if version > VERSION or (version == VERSION and data[_VERSION_AT.size] > SUITE):
        raise newer()
    _magic, _version, suite, count, vault_id, generation = _HEADER.unpack_from(data)
    slots_end = _HEADER.size + count * _SLOT.size
    if version != VERSION or suite != SUITE or not 1 <= count <= MAX_SLOTS:
        raise damaged()
    if len(data) != slots_end + _MAC_BYTES + _CHECKSUM_BYTES:
        raise damaged()
    slots = tuple(Slot.unpack(data[at : at + _SLOT.size]) for at in range(_HEADER.size, slots_end, _SLOT.size))
    return KeyFile(vault_id, generation, slots, data[slots_end : slots_end + _MAC_BYTES])


def damaged() -> Damaged:
    """Return the failure of a key file that can't be used."""
    return Damaged(
        "damaged_key_file",
        _(
            "The vault's key file (vault.key) is damaged or missing, so no pass phrase can open the vault. "
            "Nothing was changed. Put the file back from a backup of the folder."
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


def wipe(*secrets: bytearray) -> None:
    """Overwrite secrets with zeros, as far as Python lets us."""
    for secret in secrets:
        secret[:] = bytes(len(secret))


def calibrate(target_seconds: float = _TARGET_SECONDS) -> KdfParameters:
    """Return parameters that make one guess last about the target on this machine, never below the floor.

    Args:
        target_seconds: How long an unlock may take.
    """
    ratio = target_seconds / min(_floor_seconds() for _attempt in range(2))
    memory = min(int(FLOOR_MEMORY_KIB * ratio), _CALIBRATION_MEMORY_KIB) // _CALIBRATION_STEP_KIB
    memory_kib = max(FLOOR_MEMORY_KIB, memory * _CALIBRATION_STEP_KIB)
    iterations = int(FLOOR_ITERATIONS * ratio * FLOOR_MEMORY_KIB / memory_kib)
    return KdfParameters(memory_kib, min(max(FLOOR_ITERATIONS, iterations), CAP_ITERATIONS))


def _floor_seconds() -> float:
    started = time.perf_counter()
    wipe(_stretch(bytearray(1), bytes(_SALT_BYTES), KDF_FLOOR))
    return max(time.perf_counter() - started, 1e-3)


def _stretch(secret: bytearray, salt: bytes, kdf: KdfParameters) -> bytearray:
    if not kdf.allowed:
        raise ValueError("parameters of Argon2id below the floor or above the cap")
    key = bytearray(crypto.KEY_BYTES)
    try:
        Argon2id(
            salt=salt, length=len(key), iterations=kdf.iterations, lanes=kdf.lanes, memory_cost=kdf.memory_kib
        ).derive_into(secret, key)  # type: ignore[arg-type]  # it takes any buffer; bytes can't be wiped
    except MemoryError as error:
        raise Refused(
            "memory_missing",
            _("There is too little free memory to check the pass phrase. Close other programs and try again."),
        ) from error
    return key


def _bound(vault_id: bytes, head: bytes) -> bytes:
    return _VERSION_AT.pack(MAGIC, VERSION) + bytes([SUITE]) + vault_id + head


def _wrap(vault_key: bytearray, vault_id: bytes, secret: bytearray, kdf: KdfParameters) -> Slot:
    salt, nonce = os.urandom(_SALT_BYTES), os.urandom(crypto.NONCE_BYTES)
    slot = Slot(PASSPHRASE_SLOT, 0, 0, kdf, salt, nonce, b"")
    key = _stretch(secret, salt, kdf)
    try:
        return replace(slot, wrapped=AESGCM(key).encrypt(nonce, vault_key, _bound(vault_id, slot.head)))
    finally:
        wipe(key)


def _unwrap(slot: Slot, vault_id: bytes, secret: bytearray) -> bytearray | None:
    key = _stretch(secret, slot.salt, slot.kdf)
    vault_key = bytearray(crypto.KEY_BYTES)
    try:
        AESGCM(key).decrypt_into(slot.nonce, slot.wrapped, _bound(vault_id, slot.head), vault_key)
    except InvalidTag:
        return None
    finally:
        wipe(key)
    return vault_key


def _authenticate(vault_key: bytearray, body: bytes) -> bytes:
    key = derive(vault_key, "sprava/v1/key-file")
    try:
        return hmac.digest(key, body, "sha256")
    finally:
        wipe(key)
