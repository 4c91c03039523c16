"""Keys that prove nothing, seals that do not fit, and lengths that lie."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync import crypto
from sync.crypto import CryptoError, Opener, Signer

FIELD = 2**255 - 19
ORDER_EIGHT = 0x05FC536D880238B13933C6D305ACDFD5F098EFF289F4C345B027B2C28F95E826
SIGN = 1 << 255
# The eight points of small order, and the ways to write a y that is not canonical (eprint 2020/1244, table 1).
SMALL_ORDER = [
    1,
    FIELD - 1,
    0,
    SIGN,
    ORDER_EIGHT,
    ORDER_EIGHT | SIGN,
    FIELD - ORDER_EIGHT,
    (FIELD - ORDER_EIGHT) | SIGN,
]
NOT_CANONICAL = [
    1 | SIGN,
    (FIELD - 1) | SIGN,
    *(FIELD + n for n in range(19)),
    *((FIELD + n) | SIGN for n in range(19)),
]


@pytest.mark.parametrize("point", SMALL_ORDER + NOT_CANONICAL)
def test_a_key_that_proves_nothing_is_refused(point: int) -> None:
    key = point.to_bytes(32, "little")
    with pytest.raises(CryptoError):
        crypto.check_verify_key(key)
    with pytest.raises(CryptoError):
        crypto.verify(key, bytes(64), b"anything")


@pytest.mark.parametrize("length", [0, 31, 33, 64])
def test_a_verification_key_of_another_length_is_refused(length: int) -> None:
    with pytest.raises(CryptoError):
        crypto.check_verify_key(b"\x07" * length)


@pytest.mark.parametrize("length", [0, 1, 63, 65])
def test_a_signature_of_another_length_does_not_fit(length: int) -> None:
    with pytest.raises(CryptoError):
        crypto.verify(Signer.generate().public_key, bytes(length), b"message")


def test_a_signature_is_by_one_key_over_one_message() -> None:
    signer = Signer.generate()
    signature = signer.sign(b"message")
    crypto.verify(signer.public_key, signature, b"message")
    for key, mark, message in (
        (Signer.generate().public_key, signature, b"message"),
        (signer.public_key, signature, b"Message"),
        (signer.public_key, bytes([signature[0] ^ 1]) + signature[1:], b"message"),
    ):
        with pytest.raises(CryptoError):
            crypto.verify(key, mark, message)


@given(st.binary(max_size=300), st.binary(max_size=50))
def test_what_is_sealed_opens_only_with_the_same_key_and_purpose(plain: bytes, bound: bytes) -> None:
    key = crypto.random_key()
    sealed = crypto.seal(key, plain, bound)
    assert crypto.unseal(key, sealed, bound) == plain
    for other_key, other, purpose in (
        (crypto.random_key(), sealed, bound),
        (key, sealed, bound + b"x"),
        (key, sealed[:-1], bound),
        (key, sealed + b"\x00", bound),
        (key, sealed[: crypto.NONCE_BYTES + crypto.TAG_BYTES - 1], bound),
        (key, b"", bound),
    ):
        with pytest.raises(CryptoError):
            crypto.unseal(other_key, other, purpose)


def test_every_bit_of_a_sealed_text_counts() -> None:
    key = crypto.random_key()
    sealed = crypto.seal(key, b"x", b"")
    for bit in range(len(sealed) * 8):
        broken = bytearray(sealed)
        broken[bit // 8] ^= 1 << bit % 8
        with pytest.raises(CryptoError):
            crypto.unseal(key, bytes(broken), b"")


def test_the_same_text_is_never_sealed_twice_alike() -> None:
    key = crypto.random_key()
    assert len({crypto.seal(key, b"x", b"")[: crypto.NONCE_BYTES] for _ in range(500)}) == 500


@pytest.mark.parametrize("length", [0, 16, 24, 31, 33])
def test_a_key_of_another_length_is_a_mistake_and_not_a_weaker_cipher(length: int) -> None:
    for use in (
        lambda key: crypto.seal(key, b"", b""),
        lambda key: crypto.unseal(key, bytes(60), b""),
        lambda key: crypto.derive(key, "label"),
        Opener.from_secret,
    ):
        with pytest.raises(ValueError, match="32 bytes"):
            use(bytes(length))


def test_what_is_sealed_to_a_key_opens_with_it_and_for_its_purpose_alone() -> None:
    opener = Opener.generate()
    sealed = crypto.seal_to(opener.public_key, b"unit key", b"grant 1")
    assert opener.open(sealed, b"grant 1") == b"unit key"
    for other, data, info in (
        (opener, sealed, b"grant 2"),
        (opener, sealed, b""),
        (Opener.generate(), sealed, b"grant 1"),
        (opener, sealed[:-1], b"grant 1"),
        (opener, sealed[: len(sealed) // 2], b"grant 1"),
        (opener, b"", b"grant 1"),
        (opener, bytes([sealed[0] ^ 1]) + sealed[1:], b"grant 1"),
        (opener, sealed[:-1] + bytes([sealed[-1] ^ 1]), b"grant 1"),
    ):
        with pytest.raises(CryptoError):
            other.open(data, info)


@pytest.mark.parametrize("key", [b"", bytes(1215), bytes(1217), b"\xff" * 1216])
def test_what_is_no_sealing_key_is_refused(key: bytes) -> None:
    with pytest.raises(CryptoError):
        crypto.seal_to(key, b"x", b"")


def test_one_secret_gives_one_key_pair_and_labels_give_different_keys() -> None:
    secret = crypto.random_key()
    assert Opener.from_secret(secret).public_key == Opener.from_secret(secret).public_key
    assert len(Opener.from_secret(secret).public_key) == crypto.SEAL_KEY_BYTES
    assert crypto.derive(secret, "a") != crypto.derive(secret, "b")


def test_secrets_are_not_printed() -> None:
    signer, opener = Signer(b"s" * 32), Opener(b"o" * 96)
    assert "ssss" not in f"{signer!r} {signer}"
    assert "oooo" not in f"{opener!r} {opener}"
