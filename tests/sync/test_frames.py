"""Frames: every bit is signed, sizes tell little, and lengths are checked before they are used."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync import crypto, frames
from sync.crypto import Signer
from sync.frames import BadFrame, Frame, Header, UnknownVersion

SIGNER = Signer(b"\x01" * 32)
KEY = b"\x02" * 32
HEADER = Header(b"c" * 32, b"u" * 16, b"d" * 16, b"i" * 16, 7, b"p" * 32, b"e" * 16, ((b"o" * 16, 3), (b"q" * 16, 9)))


@pytest.fixture(scope="module")
def frame() -> Frame:
    return frames.build(HEADER, b"payload", KEY, SIGNER)


@given(st.binary(max_size=2_000), st.integers(0, 5), st.integers(0, 2**64 - 1))
def test_a_frame_comes_back_as_it_was(payload: bytes, heads: int, seq: int) -> None:
    header = Header(
        b"c" * 32,
        b"u" * 16,
        b"d" * 16,
        b"i" * 16,
        seq,
        b"p" * 32,
        b"e" * 16,
        tuple((bytes(16), n) for n in range(heads)),
    )
    built = frames.build(header, payload, KEY, SIGNER)
    read = frames.parse(built.body)
    assert read == built
    read.verify(SIGNER.public_key)
    assert read.open(KEY) == payload


def test_every_bit_of_a_frame_is_signed(frame: Frame) -> None:
    for bit in range(0, len(frame.body) * 8, 3):
        broken = bytearray(frame.body)
        broken[bit // 8] ^= 1 << bit % 8
        with pytest.raises(BadFrame):
            frames.parse(bytes(broken)).verify(SIGNER.public_key)


def test_a_frame_cut_anywhere_or_made_longer_is_refused(frame: Frame) -> None:
    for length in range(len(frame.body)):
        with pytest.raises(BadFrame):
            frames.parse(frame.body[:length])
    with pytest.raises(BadFrame):
        frames.parse(frame.body + b"\x00")


@given(st.binary(max_size=400))
def test_garbage_is_refused(data: bytes) -> None:
    with pytest.raises(BadFrame):
        frames.parse(data)
    with pytest.raises(BadFrame):
        frames.parse(b"SPRF\x01\x01\x00\x00" + data)


def test_another_key_neither_verifies_nor_opens(frame: Frame) -> None:
    with pytest.raises(BadFrame):
        frame.verify(Signer.generate().public_key)
    with pytest.raises(BadFrame):
        frame.verify(bytes(32))
    with pytest.raises(BadFrame):
        frame.open(crypto.random_key())


def test_a_ciphertext_put_under_another_header_does_not_open(frame: Frame) -> None:
    other = frames.build(Header(b"c" * 32, b"v" * 16, *_rest()), b"", KEY, SIGNER)
    moved = Frame(other.header, other.hash, other.body, other.bound, frame.sealed, other.signature)
    with pytest.raises(BadFrame):
        moved.open(KEY)


def _rest() -> tuple[bytes, bytes, int, bytes, bytes]:
    return HEADER.device, HEADER.incarnation, HEADER.seq, HEADER.previous, HEADER.epoch


@pytest.mark.parametrize(("place", "value"), [(4, 2), (5, 3), (7, 1)])
def test_a_newer_version_is_told_apart_from_damage(frame: Frame, place: int, value: int) -> None:
    newer = bytearray(frame.body)
    newer[place] = value
    with pytest.raises(UnknownVersion):
        frames.parse(bytes(newer))


@pytest.mark.parametrize("length", [0, 1, 137, 2**16, 2**31, 2**32 - 1])
def test_a_header_length_that_lies_is_refused(frame: Frame, length: int) -> None:
    with pytest.raises(BadFrame):
        frames.parse(frame.body[:8] + struct.pack(">I", length) + frame.body[12:])


def test_a_count_of_heads_that_lies_is_refused(frame: Frame) -> None:
    place = 12 + 32 + 16 * 3 + 8 + 32 + 16
    for count in (0, 1, 3, 2**16 - 1):
        with pytest.raises(BadFrame):
            frames.parse(frame.body[:place] + struct.pack(">H", count) + frame.body[place + 2 :])


def test_a_payload_length_that_lies_inside_the_seal_is_refused(frame: Frame) -> None:
    for plain in (b"", b"\x00\x00\x00", struct.pack(">I", 5) + b"four", b"\xff" * 300):
        sealed = crypto.seal(KEY, plain, frame.bound)
        lying = Frame(frame.header, frame.hash, frame.body, frame.bound, sealed, frame.signature)
        with pytest.raises(BadFrame):
            lying.open(KEY)


def test_a_frame_that_is_too_large_is_refused_by_its_length() -> None:
    with pytest.raises(BadFrame):
        frames.parse(b"SPRF\x01\x01\x00\x00" + bytes(frames.MAX_FRAME_BYTES))


@given(st.integers(0, 2**24))
def test_padding_is_small_and_leaves_few_sizes(length: int) -> None:
    padded = frames.padded_length(length)
    assert padded >= max(length, 256)
    assert padded <= max(256, length * 1.12)
    assert frames.padded_length(padded) == padded


def test_small_edits_all_have_one_size() -> None:
    sizes = {len(frames.build(HEADER, b"x" * n, KEY, SIGNER).body) for n in range(250)}
    assert len(sizes) == 1
    assert len({frames.padded_length(n) for n in range(2**16)}) < 140
