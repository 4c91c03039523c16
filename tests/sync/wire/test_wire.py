"""The messages themselves."""

import os

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync import wire
from sync.crypto import CryptoError, Signer, sha256
from sync.replica import Heads
from sync.wire import BadMessage, Hello, Problem, Reply, Request, UnknownVersion

_ids = st.binary(min_size=16, max_size=16)
_head = st.tuples(st.integers(1, 2**40), st.binary(min_size=32, max_size=32))
_heads = st.dictionaries(_ids, st.dictionaries(_ids, _head, min_size=1, max_size=4), max_size=3)

REQUEST = Request(1, bytes(32), b"", [(b"u" * 16, b"h" * 56)], [b"t" * 32], [b"link"], [b"frame"], 5)
REPLY = Reply(1, bytes(16), True, [], b"a" * 32, [(b"r" * 32, "fork")], [b"t" * 32], [b"link"], [b"frame"], 7)  # noqa: FBT003


@pytest.mark.parametrize("message", [REQUEST, REPLY, Hello(1, bytes(32), bytes(16)), Problem(1, "busy")])
def test_there_and_back(message: Request | Reply | Hello | Problem) -> None:
    assert wire.decode(type(message), wire.encode(message)) == message


@pytest.mark.parametrize("change", ["version", "more", "less", "shape"])
def test_what_is_not_the_message(change: str) -> None:
    fields = msgspec.msgpack.decode(wire.encode(REQUEST))
    match change:
        case "version":
            fields[0] = 2
        case "more":
            fields.append(1)
        case "less":
            fields.pop()
        case "shape":
            fields[1] = b"short"
    with pytest.raises(BadMessage) as caught:
        wire.decode(Request, msgspec.msgpack.encode(fields))
    assert isinstance(caught.value, UnknownVersion) == (change == "version")


@given(st.binary(max_size=300))
def test_any_bytes_are_a_message_or_refused(data: bytes) -> None:
    for kind in (Request, Reply, Hello, Problem):
        try:
            wire.decode(kind, data)
        except BadMessage:
            continue


def test_a_message_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "MAX_MESSAGE_BYTES", 10)
    with pytest.raises(BadMessage):
        wire.decode(Request, wire.encode(REQUEST))


@given(_heads, _heads)
def test_heads_and_what_changed_make_the_new_heads(old: Heads, new: Heads) -> None:
    merged = wire.overlay(old, new)
    assert wire.unpack_heads(wire.pack_heads(old)) == old
    assert wire.overlay(old, wire.difference(merged, old)) == merged
    assert wire.difference(merged, merged) == {}
    assert (wire.digest(old) == wire.digest(merged)) == (old == merged)


def test_number_zero_takes_a_chain_away() -> None:
    heads: Heads = {b"u" * 16: {b"i" * 16: (3, b"h" * 32)}}
    assert wire.overlay(heads, {b"u" * 16: {b"i" * 16: (0, bytes(32))}}) == {}


@pytest.mark.parametrize(
    "packed",
    [
        [(b"b" * 16, bytes(56)), (b"a" * 16, bytes(56))],
        [(b"a" * 16, bytes(56)), (b"a" * 16, bytes(56))],
        [(b"a" * 16, bytes(55))],
        [(b"a" * 16, b"")],
        [(b"a" * 16, b"\x01" * 56 + bytes(56))],
        [(b"a" * 16, bytes(112))],
    ],
)
def test_heads_have_one_form_only(packed: list[wire.UnitHeads]) -> None:
    with pytest.raises(BadMessage):
        wire.unpack_heads(packed)


def test_a_request_is_worth_nothing_anywhere_else() -> None:
    device, server, nonce = Signer.generate(), Signer.generate().public_key, os.urandom(16)
    body = wire.sign_request(
        device, server=server, community=bytes(32), device=bytes(16), nonce=nonce, message=b"message"
    )
    envelope, message = wire.open_request(body)
    digest = sha256(message)
    envelope.verify(device.public_key, server=server, community=bytes(32), digest=digest)
    for key, other_server, community in (
        (Signer.generate().public_key, server, bytes(32)),
        (device.public_key, Signer.generate().public_key, bytes(32)),
        (device.public_key, server, b"\x01" * 32),
    ):
        with pytest.raises(CryptoError):
            envelope.verify(key, server=other_server, community=community, digest=digest)
    for place in range(len(body)):
        bent = bytearray(body)
        bent[place] ^= 1
        other, message = wire.open_request(bytes(bent))
        with pytest.raises(CryptoError):
            other.verify(device.public_key, server=server, community=bytes(32), digest=sha256(message))
    with pytest.raises(BadMessage):
        wire.open_request(body[:95])


def test_a_reply_answers_one_request_only() -> None:
    server, nonce = Signer.generate(), os.urandom(16)
    body = wire.sign_reply(server, nonce=nonce, status=200, message=b"message")
    assert wire.open_reply(body, server=server.public_key, nonce=nonce, status=200) == b"message"
    for key, other, status, bent in (
        (Signer.generate().public_key, nonce, 200, body),
        (server.public_key, os.urandom(16), 200, body),
        (server.public_key, nonce, 403, body),
        (server.public_key, nonce, 200, body + b"x"),
        (server.public_key, nonce, 200, body[:10]),
    ):
        with pytest.raises(CryptoError):
            wire.open_reply(bent, server=key, nonce=other, status=status)


def test_a_fingerprint_is_short_enough_to_compare() -> None:
    assert wire.fingerprint(bytes(32)) == wire.fingerprint(bytes(32)) != wire.fingerprint(b"\x01" * 32)
    assert [len(group) for group in wire.fingerprint(bytes(32)).split("-")] == [4] * 8
