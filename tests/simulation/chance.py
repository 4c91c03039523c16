"""What is left to chance in the real world, decided by a seed here: keys, nonces, ids, clocks and waiting."""

import contextlib
import os
import random
import time
from collections.abc import Callable, Iterator
from unittest.mock import patch

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from sync import crypto
from sync.crypto import CryptoError, Opener

_X25519_BYTES = 32
_START_NS = 1_760_000_000 * 10**9


class Clock:
    """The time of the world, and the clock of whoever is at work, which may be wrong by years."""

    def __init__(self) -> None:
        self.now = _START_NS
        self.wrong_by = 0
        self.begun = time.monotonic_ns()

    def pass_by(self, seconds: float) -> None:
        self.now += int(seconds * 10**9)

    def wall_ns(self) -> int:
        self.now += 1_000
        return max(self.now + self.wrong_by, 0)


class Chance:
    """Everything random, from one seed; `reseed` makes what one step draws independent of the steps before it."""

    def __init__(self) -> None:
        self.random = random.Random()

    def reseed(self, seed: str) -> None:
        self.random.seed(seed)
        random.seed(seed)

    def bytes(self, count: int) -> bytes:
        return self.random.randbytes(count)


@contextlib.contextmanager
def governed(chance: Chance, clock: Clock) -> Iterator[None]:
    """Let the seed decide for this whole process; nothing waits for a disk or a clock.

    All cryptography is the real one but for sealing to a device: ML-KEM takes its randomness from OpenSSL, which no
    seed reaches, so that the X25519 half of the hybrid does it alone here.
    """
    with contextlib.ExitStack() as stack:
        for target, name, stand_in in (
            (os, "urandom", chance.bytes),
            (os, "fsync", lambda _descriptor: None),
            (time, "time_ns", clock.wall_ns),
            (time, "time", lambda: clock.wall_ns() / 10**9),
            (time, "monotonic", lambda: clock.now / 10**9),
            (time, "sleep", clock.pass_by),
            (crypto, "verify", _remembered(crypto.verify)),
            (crypto, "seal_to", _seal_to),
            (Opener, "open", _open),
        ):
            stack.enter_context(patch.object(target, name, stand_in))
        yield


def _remembered(verify: Callable[[bytes, bytes, bytes], None]) -> Callable[[bytes, bytes, bytes], None]:
    """Check each signature once: the devices of one world all see the same ones."""
    good: set[tuple[bytes, bytes, bytes]] = set()

    def check(public_key: bytes, signature: bytes, message: bytes) -> None:
        case = (bytes(public_key), bytes(signature), bytes(message))
        if case not in good:
            verify(public_key, signature, message)
            good.add(case)

    return check


def _seal_to(public_key: bytes, plaintext: bytes, info: bytes) -> bytes:
    if len(public_key) != crypto.SEAL_KEY_BYTES:
        raise CryptoError("a sealing key has 1216 bytes")
    own = X25519PrivateKey.from_private_bytes(os.urandom(_X25519_BYTES))
    shared = own.exchange(X25519PublicKey.from_public_bytes(public_key[-_X25519_BYTES:]))
    public = own.public_key().public_bytes_raw()
    return public + AESGCM(_key(shared, info)).encrypt(bytes(12), plaintext, public)


def _open(opener: Opener, sealed: bytes, info: bytes) -> bytes:
    own = X25519PrivateKey.from_private_bytes(opener.secret[-_X25519_BYTES:])
    public = sealed[:_X25519_BYTES]
    try:
        shared = own.exchange(X25519PublicKey.from_public_bytes(public))
        return AESGCM(_key(shared, info)).decrypt(bytes(12), sealed[_X25519_BYTES:], public)
    except (InvalidTag, ValueError) as error:
        raise CryptoError("sealed data does not open with this device's key") from error


def _key(shared: bytes, info: bytes) -> bytes:
    return HKDF(hashes.SHA256(), 32, None, info).derive(shared)
