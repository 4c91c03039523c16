"""Key file, stick and recovery words a second time, written from docs/formats/ alone: nothing here is the program's."""

import hashlib
import hmac
import struct
from collections.abc import Sequence

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

Costs = tuple[int, int, int]


def hkdf(key: bytes, salt: bytes, info: bytes) -> bytes:
    """RFC 5869 for 32 bytes: one block is enough."""
    pseudorandom = hmac.digest(salt or bytes(32), key, "sha256")
    return hmac.digest(pseudorandom, info + b"\x01", "sha256")


def argon2(phrase: bytes, salt: bytes, costs: Costs, second: bytes | None) -> bytes:
    memory, iterations, lanes = costs
    kdf = Argon2id(salt=salt, length=32, iterations=iterations, lanes=lanes, memory_cost=memory, secret=second)
    return kdf.derive(phrase)


def slot(
    vault_key: bytes, vault_id: bytes, key: bytes, head: tuple[int, int, Costs], random: tuple[bytes, bytes]
) -> bytes:
    kind, third, costs = head
    salt, nonce = random
    start = struct.pack(">BBHIII", kind, 0, third, *costs) + salt
    bound = b"SPRVKEY\x00" + b"\x00\x01" + b"\x01" + vault_id + start
    return start + nonce + AESGCM(key).encrypt(nonce, vault_key, bound)


def key_file(vault_key: bytes, vault_id: bytes, generation: int, slots: Sequence[bytes]) -> bytes:
    whole = b"SPRVKEY\x00" + struct.pack(">HBB", 1, 1, len(slots)) + vault_id + struct.pack(">Q", generation)
    whole += b"".join(slots)
    whole += hmac.digest(hkdf(vault_key, b"", b"sprava/v1/key-file"), whole, "sha256")
    return whole + hashlib.sha256(whole).digest()


def stick(identity: bytes, secret: bytes) -> bytes:
    whole = b"SPRVSTK\x00" + b"\x00\x01" + identity + secret
    return whole + hashlib.sha256(whole).digest()


def tries(count: int, milliseconds: int) -> bytes:
    whole = b"SPRVTRY\x00" + b"\x00\x01" + struct.pack(">IQ", count, milliseconds)
    return whole + hashlib.sha256(whole).digest()[:8]


def polymod(values: Sequence[int]) -> int:
    """RS1024 of SLIP-39."""
    generators = (
        0xE0E040, 0x1C1C080, 0x3838100, 0x7070200, 0xE0E0009,
        0x1C0C2412, 0x38086C24, 0x3090FC48, 0x21B1F890, 0x3F3F120,
    )  # fmt: skip
    rest = 1
    for value in values:
        top = rest >> 20
        rest = (rest & 0xFFFFF) << 10 ^ value
        for bit, generator in enumerate(generators):
            rest ^= generator if top >> bit & 1 else 0
    return rest


def times(a: int, b: int) -> int:
    """Multiply in the field of AES."""
    product = 0
    while b:
        product ^= a if b & 1 else 0
        a = a << 1 ^ (0x11B if a & 0x80 else 0)
        b >>= 1
    return product


def inverse(a: int) -> int:
    result = 1
    for _step in range(254):
        result = times(result, a)
    return result


def at(points: dict[int, bytes], x: int) -> bytes:
    """The polynomial through some points, at one more (Lagrange)."""
    result = bytes(16)
    for here, value in points.items():
        factor = 1
        for other in points:
            if other != here:
                factor = times(factor, times(x ^ other, inverse(here ^ other)))
        result = bytes(rest ^ times(factor, byte) for rest, byte in zip(result, value, strict=True))
    return result


def secret_of(sheets: Sequence[Sequence[int]]) -> bytes:
    """Return the secret of one sheet, or of as many as are needed, from the places of their words."""
    points = {}
    for places in sheets:
        assert polymod([*b"shamir_extendable", *places]) == 1
        number = 0
        for place in places:
            number = number << 10 | place
        bits = f"{number:0200b}"
        assert (bits[15], bits[16:20]) == ("1", "0000")
        assert bits[20:24] + bits[24:28] + bits[28:32] == "0" * 12
        needed = int(bits[36:40], 2) + 1
        assert bits[40:42] == "00"
        points[int(bits[32:36], 2)] = int(bits[42:170], 2).to_bytes(16, "big")
    assert len(points) == needed
    if needed == 1:
        (mixed,) = points.values()
    else:
        mixed, check = at(points, 255), at(points, 254)
        assert check[:4] == hmac.digest(check[4:], mixed, "sha256")[:4]
    left, right = mixed[:8], mixed[8:]
    for step in (3, 2, 1, 0):
        key = hashlib.pbkdf2_hmac("sha256", bytes([step]), right, 2500, 8)
        left, right = right, bytes(a ^ b for a, b in zip(left, key, strict=True))
    return right + left
