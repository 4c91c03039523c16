"""A server that lies, and things that are no servers: the device's data stays as it was."""

import os
from pathlib import Path

import msgspec
import pytest

from sync import frames, wire
from sync.client import sync_with
from sync.client.failures import other_version
from sync.crypto import Signer
from sync.errors import Failure, Refused, Unreachable
from sync.ids import new_id
from sync.pins import pin_server
from sync.server import RunningServer
from sync.wire import Reply, Request
from tests.sync.client.liars import Liar, Lie, Stranger
from tests.sync.replicas import Replica


def _drops(_request: Request, reply: Reply) -> Reply:
    return msgspec.structs.replace(reply, frames=[], remaining=reply.remaining + len(reply.frames))


def _forges(_request: Request, reply: Reply) -> Reply:
    bent = [body[:-100] + bytes([body[-100] ^ 1]) + body[-99:] for body in reply.frames]
    return msgspec.structs.replace(reply, frames=bent)


def _signs_anew(_request: Request, reply: Reply) -> Reply:
    bent = []
    for body in reply.frames:
        frame = frames.parse(body)
        bent.append(frames.build(frame.header, b"forged", os.urandom(32), Signer.generate()).body)
    return msgspec.structs.replace(reply, frames=bent)


def _gives_garbage(_request: Request, reply: Reply) -> Reply:
    return msgspec.structs.replace(reply, frames=[b"garbage"])


def _leaves_the_middle_out(_request: Request, reply: Reply) -> Reply:
    return msgspec.structs.replace(reply, frames=reply.frames[1:])


def _forgets_without_end(_request: Request, reply: Reply) -> Reply:
    return msgspec.structs.replace(reply, base_known=False, heads=[], frames=[], remaining=0)


def _new_tips_without_end(_request: Request, reply: Reply) -> Reply:
    return msgspec.structs.replace(reply, tips=[os.urandom(32)], frames=[], remaining=0)


def _disordered_heads(_request: Request, reply: Reply) -> Reply:
    heads = [(b"\xff" * 16, bytes(56)), (bytes(16), bytes(56))]
    return msgspec.structs.replace(reply, heads=heads)


def _cut_heads(_request: Request, reply: Reply) -> Reply:
    return msgspec.structs.replace(reply, heads=[(bytes(16), bytes(55))])


def _random_bytes(_request: Request, _reply: Reply) -> bytes:
    return os.urandom(500)


def _nothing(_request: Request, _reply: Reply) -> bytes:
    return b""


def _huge_lengths(_request: Request, _reply: Reply) -> bytes:
    return b"\x9a\x01" + b"\xdd\xff\xff\xff\xff" * 20


def _deep(_request: Request, _reply: Reply) -> bytes:
    return b"\x9a\x01" + b"\x91" * 1_000_000


def _a_refusal_as_success(_request: Request, _reply: Reply) -> bytes:
    return wire.encode(wire.Problem(wire.VERSION, "not_member"))


LIES = [
    _drops,
    _forges,
    _signs_anew,
    _gives_garbage,
    _leaves_the_middle_out,
    _forgets_without_end,
    _new_tips_without_end,
    _disordered_heads,
    _cut_heads,
    _random_bytes,
    _nothing,
    _huge_lengths,
    _deep,
    _a_refusal_as_success,
]


@pytest.mark.parametrize("lie", LIES, ids=lambda lie: lie.__name__.strip("_"))
def test_a_lie_is_named_and_changes_nothing(tmp_path: Path, first: Replica, second: Replica, lie: Lie) -> None:
    mine, theirs = new_id(), new_id()
    for name in ("Олена", "Ганна", "Марія"):
        first.set(theirs, name=name)
    with RunningServer(tmp_path / "server") as server:
        sync_with(first.log, server.url)
    second.set(mine, name="Соломія")
    before = second.digest()
    with Liar(tmp_path / "server", lie) as liar:
        pin_server(second.log, liar.url, liar.key)
        with pytest.raises(Refused) as caught:
            sync_with(second.log, liar.url)
        assert caught.value.code == "server_misbehaves"
    assert second.digest() == before
    with RunningServer(tmp_path / "server") as server:
        sync_with(second.log, server.url)
        sync_with(first.log, server.url)
    assert second.values(theirs, "name") == ["Марія"]
    assert first.digest() == second.digest()


def test_bad_links_are_left_out(tmp_path: Path, first: Replica, second: Replica) -> None:
    first.set(new_id(), name="Олена")
    with RunningServer(tmp_path / "server") as server:
        sync_with(first.log, server.url)

    def gives_bad_links(_request: Request, reply: Reply) -> Reply:
        return msgspec.structs.replace(reply, links=[b"garbage"])

    links = second.log.links()
    with Liar(tmp_path / "server", gives_bad_links) as liar, pytest.raises(Refused) as caught:
        sync_with(second.log, liar.url)
    assert caught.value.code == "server_misbehaves"
    assert second.log.links() == links
    assert first.digest() == second.digest()


def test_heads_that_are_made_up_are_noticed(tmp_path: Path, first: Replica) -> None:
    first.set(new_id(), name="Олена")

    def claims_to_have_more(_request: Request, reply: Reply) -> Reply:
        heads = wire.pack_heads({unit: dict.fromkeys(chains, (9, bytes(32))) for unit, chains in own.items() if chains})
        return msgspec.structs.replace(reply, heads=heads)

    own = first.log.heads()
    before = first.digest()
    with Liar(tmp_path / "server", claims_to_have_more) as liar:
        outcome = sync_with(first.log, liar.url)
    assert (outcome.sent, outcome.disputed) == (0, 1)
    assert (first.digest(), first.log.heads()) == (before, own)
    with RunningServer(tmp_path / "server") as server:
        assert sync_with(first.log, server.url).sent == 1


def test_frames_of_another_community_are_left_out(tmp_path: Path, first: Replica, second: Replica) -> None:
    stranger = Replica.found(tmp_path / "stranger.db")
    stranger.set(new_id(), name="Олена")
    foreign = stranger.frames()
    stranger.close()
    first.set(new_id(), name="Олена")
    with RunningServer(tmp_path / "server") as server:
        sync_with(first.log, server.url)
    before = second.digest()

    def mixes_up(_request: Request, reply: Reply) -> Reply:
        return msgspec.structs.replace(reply, frames=foreign)

    with Liar(tmp_path / "server", mixes_up) as liar, pytest.raises(Refused) as caught:
        sync_with(second.log, liar.url)
    assert caught.value.code == "server_misbehaves"
    assert second.digest() == before


def test_an_old_reply_played_again_is_refused(first: Replica) -> None:
    """The signature covers the nonce: what answered one request answers no other."""
    key = Signer.generate()
    message = wire.encode(wire.Hello(wire.VERSION, key.public_key, bytes(16)))
    old = wire.sign_reply(key, nonce=bytes(16), status=200, message=message)
    with Stranger(b"HTTP/1.0 200 OK\r\n\r\n" + old) as stranger:
        pin_server(first.log, stranger.url, key.public_key)
        with pytest.raises(Failure) as caught:
            sync_with(first.log, stranger.url)
    assert caught.value.code == "not_a_server"


@pytest.mark.parametrize("pinned", [True, False])
@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<html>Sign in to the network</html>", "not_a_server"),
        (b"HTTP/1.1 302 Found\r\nLocation: http://portal.example/\r\nContent-Length: 0\r\n\r\n", "not_a_server"),
        (b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "not_a_server"),
        (b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\n\x1f\x8b\x08\x00", "not_a_server"),
        (b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 3\r\n\r\nbad", "server_away"),
        (b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n", "not_a_server"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "server_away"),
        (b"", "server_away"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\ncut", "connection_lost"),
    ],
    ids=["portal", "redirect", "not-found", "gzip", "gateway", "forbidden", "ssh", "nothing", "cut"],
)
def test_what_is_no_server_is_called_so(first: Replica, answer: bytes, code: str, *, pinned: bool) -> None:
    before = first.digest()
    with Stranger(answer) as stranger:
        if pinned:
            pin_server(first.log, stranger.url, Signer.generate().public_key)
        with pytest.raises(Unreachable) as caught:
            sync_with(first.log, stranger.url)
    assert caught.value.code == code
    assert first.digest() == before


def test_a_reply_without_end_is_not_read_to_the_end(first: Replica, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sync.client.channel._MAX_BODY_BYTES", 200_000)
    with Stranger(b"HTTP/1.0 200 OK\r\n\r\n" + bytes(10_000_000)) as stranger, pytest.raises(Unreachable) as caught:
        sync_with(first.log, stranger.url)
    assert caught.value.code == "not_a_server"


def test_another_version_says_which_side_is_old(tmp_path: Path, first: Replica) -> None:
    with Liar(tmp_path / "server", lambda _request, _reply: b"\x92\x02\xa0") as liar, pytest.raises(Refused) as caught:
        sync_with(first.log, liar.url)
    assert caught.value.code == "program_too_old"
    assert other_version(0).code == "server_too_old"
