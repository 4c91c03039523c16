"""The few cryptographic operations of the program, each over one primitive of ``cryptography``."""

import hashlib
import os
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives import hashes, hpke
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_BYTES = 32
NONCE_BYTES = 12
TAG_BYTES = 16
HASH_BYTES = 32
SIGNATURE_BYTES = 64
SIGN_KEY_BYTES = 32
SEAL_SECRET_BYTES = 96
SEAL_KEY_BYTES = 1216
SEALED_OVERHEAD = 1136
"""How much longer what `seal_to` gives is than the plaintext: the encapsulated key and the tag."""
_MLKEM_SEED_BYTES = 64
_MLKEM_KEY_BYTES = 1184

_FIELD = 2**255 - 19
_ORDER_EIGHT_Y = 0x05FC536D880238B13933C6D305ACDFD5F098EFF289F4C345B027B2C28F95E826
# The y coordinates of the eight points of small order on edwards25519, whatever the sign of x.
_SMALL_ORDER_Y = frozenset({0, 1, _FIELD - 1, _ORDER_EIGHT_Y, _FIELD - _ORDER_EIGHT_Y})
_SUITE = hpke.Suite(hpke.KEM.MLKEM768_X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_256_GCM)


class CryptoError(Exception):
    """A ciphertext or signature does not fit its key; it is damaged, forged or meant for somebody else."""


def sha256(*parts: bytes | bytearray) -> bytes:
    """Return the 32-byte SHA-256 of the parts put together."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    return digest.digest()


def random_key() -> bytes:
    """Return a new random 32-byte key."""
    return os.urandom(KEY_BYTES)


def derive(key: bytes, label: str) -> bytes:
    """Derive a 32-byte key for one purpose (HKDF-SHA256, RFC 5869).

    Args:
        key: The 32-byte key to derive from.
        label: What the new key is for, such as ``sprava/v1/invitation``.
    """
    _require_length("key", key, KEY_BYTES)
    return HKDF(hashes.SHA256(), KEY_BYTES, None, label.encode()).derive(key)


def seal(key: bytes | bytearray, plaintext: bytes, bound: bytes) -> bytes:
    """Encrypt with AES-256-GCM under a random nonce.

    Args:
        key: 32 bytes.
        plaintext: What to hide.
        bound: Associated data that must be the same when opening.

    Returns:
        Nonce (12 bytes), ciphertext and tag (16 bytes).
    """
    _require_length("key", key, KEY_BYTES)
    nonce = os.urandom(NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, plaintext, bound)


def unseal(key: bytes | bytearray, sealed: bytes, bound: bytes) -> bytes:
    """Decrypt what `seal` made.

    Raises:
        CryptoError: The key, the data or the associated data is not the right one.
    """
    _require_length("key", key, KEY_BYTES)
    if len(sealed) < NONCE_BYTES + TAG_BYTES:
        raise CryptoError("sealed data is too short")
    try:
        return AESGCM(key).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], bound)
    except InvalidTag as error:
        raise CryptoError("sealed data does not open") from error


def check_verify_key(public_key: bytes) -> None:
    """Refuse an Ed25519 public key that is not canonical or of small order (RFC 8032, 5.1.7; eprint 2020/1244).

    Raises:
        CryptoError: A signature under such a key would prove nothing.
    """
    if len(public_key) != SIGN_KEY_BYTES:
        raise CryptoError("a verification key has 32 bytes")
    y = int.from_bytes(public_key, "little") & (2**255 - 1)
    if y >= _FIELD or y in _SMALL_ORDER_Y:
        raise CryptoError("a verification key of small order or not canonical")


def verify(public_key: bytes, signature: bytes, message: bytes) -> None:
    """Check an Ed25519 signature.

    Raises:
        CryptoError: The signature is not by that key over that message.
    """
    check_verify_key(public_key)
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)
    except (InvalidSignature, ValueError) as error:
        raise CryptoError("a signature does not fit") from error


@dataclass(frozen=True, slots=True)
class Signer:
    """An Ed25519 signing key, kept as its 32-byte seed."""

    seed: bytes

    @classmethod
    def generate(cls) -> "Signer":
        """Make a new random signing key."""
        return cls(os.urandom(SIGN_KEY_BYTES))

    @property
    def public_key(self) -> bytes:
        """The 32-byte key that verifies what this one signs."""
        return Ed25519PrivateKey.from_private_bytes(self.seed).public_key().public_bytes_raw()

    def sign(self, message: bytes) -> bytes:
        """Return the 64-byte signature of a message."""
        return Ed25519PrivateKey.from_private_bytes(self.seed).sign(message)

    def __repr__(self) -> str:
        return "Signer(...)"


@dataclass(frozen=True, slots=True)
class Opener:
    """A hybrid ML-KEM-768 and X25519 private key, kept as its seeds (64 and 32 bytes)."""

    secret: bytes

    @classmethod
    def generate(cls) -> "Opener":
        """Make a new random private key."""
        return cls(os.urandom(SEAL_SECRET_BYTES))

    @classmethod
    def from_secret(cls, secret: bytes) -> "Opener":
        """Make the private key that follows from a 32-byte secret."""
        _require_length("secret", secret, KEY_BYTES)
        return cls(HKDF(hashes.SHA256(), SEAL_SECRET_BYTES, None, b"sprava/v1/hybrid-key").derive(secret))

    @property
    def _private_key(self) -> hpke.MLKEM768X25519PrivateKey:
        return hpke.MLKEM768X25519PrivateKey(
            MLKEM768PrivateKey.from_seed_bytes(self.secret[:_MLKEM_SEED_BYTES]),
            X25519PrivateKey.from_private_bytes(self.secret[_MLKEM_SEED_BYTES:]),
        )

    @property
    def public_key(self) -> bytes:
        """The public key: 1,184 bytes of ML-KEM-768 and 32 of X25519."""
        return (
            MLKEM768PrivateKey.from_seed_bytes(self.secret[:_MLKEM_SEED_BYTES]).public_key().public_bytes_raw()
            + X25519PrivateKey.from_private_bytes(self.secret[_MLKEM_SEED_BYTES:]).public_key().public_bytes_raw()
        )

    def own_key(self, info: bytes) -> bytes:
        """Derive a 32-byte key that only whoever has this private key can make (HKDF-SHA256).

        Args:
            info: What it is for.
        """
        return HKDF(hashes.SHA256(), KEY_BYTES, None, info).derive(self.secret)

    def open(self, sealed: bytes, info: bytes) -> bytes:
        """Open what `seal_to` sealed to this key's public half.

        Raises:
            CryptoError: It was sealed to another key or for another purpose, or is damaged.
        """
        try:
            return _SUITE.decrypt(sealed, self._private_key, info)
        except (InvalidTag, ValueError) as error:
            raise CryptoError("sealed data does not open with this device's key") from error

    def __repr__(self) -> str:
        return "Opener(...)"


def seal_to(public_key: bytes, plaintext: bytes, info: bytes) -> bytes:
    """Seal to a hybrid public key with HPKE base mode (RFC 9180; MLKEM768_X25519, HKDF-SHA256, AES-256-GCM).

    Args:
        public_key: 1,216 bytes, as `Opener.public_key` gives them.
        plaintext: What to hide.
        info: What it is for; the same is needed to open.

    Raises:
        CryptoError: The public key is not one.
    """
    if len(public_key) != SEAL_KEY_BYTES:
        raise CryptoError("a sealing key has 1216 bytes")
    try:
        key = hpke.MLKEM768X25519PublicKey(
            MLKEM768PublicKey.from_public_bytes(public_key[:_MLKEM_KEY_BYTES]),
            X25519PublicKey.from_public_bytes(public_key[_MLKEM_KEY_BYTES:]),
        )
        return _SUITE.encrypt(plaintext, key, info)
    except ValueError as error:
        raise CryptoError("not a sealing key") from error


def require_key(key: bytes) -> None:
    """Refuse what is no 32-byte key.

    Raises:
        CryptoError: It has another length.
    """
    if len(key) != KEY_BYTES:
        raise CryptoError("a key has 32 bytes")


def _require_length(name: str, value: bytes | bytearray, length: int) -> None:
    if len(value) != length:
        raise ValueError(f"a {name} has {length} bytes, not {len(value)}")
