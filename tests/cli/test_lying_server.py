"""What a person is told when the server lies: a sentence in the own language, an exit code, and nothing changed."""

import os
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from desktop_app.opening import open_workspace
from sync import frames, wire
from sync.crypto import Signer
from sync.server import RunningServer
from sync.server.key import load_or_make
from sync.wire import Reply, Request
from tests.cli.conftest import PASSPHRASE, Sprava
from tests.sync.client.liars import Liar, Lie, Stranger

_FRAME_BYTES_FROM_END = 100


def _drops(_request: Request, reply: Reply) -> Reply:
    return msgspec.structs.replace(reply, frames=[], remaining=reply.remaining + len(reply.frames))


def _reorders(_request: Request, reply: Reply) -> Reply:
    return msgspec.structs.replace(reply, frames=reply.frames[::-1])


def _forges(_request: Request, reply: Reply) -> Reply:
    bent = [
        body[:-_FRAME_BYTES_FROM_END] + bytes([body[-_FRAME_BYTES_FROM_END] ^ 1]) + body[-_FRAME_BYTES_FROM_END + 1 :]
        for body in reply.frames
    ]
    return msgspec.structs.replace(reply, frames=bent)


def _signs_in_anothers_name(_request: Request, reply: Reply) -> Reply:
    bent = [
        frames.build(frames.parse(body).header, b"forged", os.urandom(32), Signer.generate()).body
        for body in reply.frames
    ]
    return msgspec.structs.replace(reply, frames=bent)


def _answers_nonsense(_request: Request, _reply: Reply) -> bytes:
    return os.urandom(500)


def _acknowledges_what_it_does_not_keep(request: Request, reply: Reply) -> Reply:
    """It says that it took the frames, and shows heads without them."""
    heads = wire.unpack_heads(reply.heads)
    for header in (frames.parse(body).header for body in request.frames):
        heads.setdefault(header.unit, {})[header.incarnation] = (0, frames.NO_PREVIOUS)
    return msgspec.structs.replace(reply, heads=wire.pack_heads(heads))


def _bends_links(_request: Request, reply: Reply) -> Reply:
    bent = [link[:60] + bytes([link[60] ^ 1]) + link[61:] for link in reply.links]
    return msgspec.structs.replace(reply, links=bent or [b"garbage"], frames=[])


LIES: list[Lie] = [
    _drops,
    _reorders,
    _forges,
    _signs_in_anothers_name,
    _answers_nonsense,
    _acknowledges_what_it_does_not_keep,
    _bends_links,
]
SAID = {"en": "gave an answer that can't be right", "uk": "не може бути правильною"}


def digest(folder: Path) -> str:
    with open_workspace(folder, PASSPHRASE) as workspace:
        return workspace.digest()


@pytest.fixture
def filled(tmp_path: Path, seat: Path, second: Path, appeal: Path, sprava: Sprava) -> Path:
    """A server's folder with what one seat wrote, which the other has not yet; the other has something too."""
    for _time in range(2):
        assert sprava("case", "register", seat, "--kit", "appeal", "--from", appeal).code == 0
    assert sprava("case", "register", second, "--kit", "appeal", "--from", appeal).code == 0
    with RunningServer(tmp_path / "server") as server:
        assert sprava("sync", seat, "--server", server.url).code == 0
    return tmp_path / "server"


@pytest.mark.parametrize("language", SAID)
@pytest.mark.parametrize("lie", LIES, ids=lambda lie: lie.__name__.strip("_"))
def test_a_lie_is_named_and_nothing_but_what_colleagues_wrote_comes_in(
    filled: Path, seat: Path, second: Path, sprava: Sprava, lie: Lie, language: str
) -> None:
    before = digest(second)
    with Liar(filled, lie) as liar:
        said = sprava("--json", "--lang", language, "sync", second, "--server", liar.url)
    assert (said.code, said.error) == (3, "server_misbehaves")
    assert SAID[language] in said.json["error"]["message"]
    after = digest(second)
    with RunningServer(filled) as server:  # the same server, honest again: everything comes, and nothing twice
        for folder in (second, seat, second):
            assert sprava("sync", folder, "--server", server.url).code == 0
    assert digest(second) == digest(seat) != before
    assert after in {before, digest(seat)}


def test_a_server_that_says_it_has_what_it_has_not_gets_it_as_soon_as_it_tells_the_truth(
    filled: Path, second: Path, sprava: Sprava
) -> None:
    """One device alone can't notice that; nothing is lost by it."""

    def claims(_request: Request, reply: Reply) -> Reply:
        return msgspec.structs.replace(reply, heads=[], frames=[], remaining=0)

    with Liar(filled, claims) as liar:
        assert sprava("sync", second, "--server", liar.url).code == 0
    before = digest(second)
    with RunningServer(filled) as server:
        said = sprava("--lang", "en", "sync", second, "--server", server.url)
        assert said.code == 0
        assert "The server had lost data" in said.err
    assert digest(second) != before


@pytest.mark.parametrize("language", SAID)
def test_another_key_is_another_server_until_an_administrator_says_that_it_was_replaced(
    filled: Path, second: Path, sprava: Sprava, language: str
) -> None:
    with RunningServer(filled) as server:
        port = int(server.url.rsplit(":", 1)[1])
        assert sprava("sync", second, "--server", server.url).code == 0
    before = digest(second)
    (filled / "server.key").unlink()
    load_or_make(filled / "server.key")
    with RunningServer(filled, port=port):
        said = sprava("--json", "--lang", language, "sync", second)
        assert (said.code, said.error) == (3, "wrong_server")
        assert "--new-server" in said.json["error"]["message"]
        assert digest(second) == before
        assert sprava("sync", second, "--new-server").code == 0
        assert sprava("sync", second).code == 0
    assert digest(second) == before


def test_a_fork_is_named(filled: Path, second: Path, sprava: Sprava) -> None:
    """The server shows another frame at the end of a chain than this device has."""

    def forks(_request: Request, reply: Reply) -> Reply:
        heads = wire.unpack_heads(reply.heads)
        shown = {unit: {incarnation: (seq, os.urandom(32)) for incarnation, (seq, _hash) in chains.items()}
                 for unit, chains in own.items()}  # fmt: skip
        return msgspec.structs.replace(reply, heads=wire.pack_heads(wire.overlay(heads, shown)))

    with RunningServer(filled) as server:
        assert sprava("sync", second, "--server", server.url).code == 0
    with open_workspace(second, PASSPHRASE) as workspace:
        own = workspace.log.heads()
    before = digest(second)
    with Liar(filled, forks) as liar:
        said = sprava("--lang", "en", "sync", second, "--server", liar.url)
    assert said.code == 3
    assert "hold different versions" in said.err
    assert digest(second) == before


def withholding(hidden: Callable[[frames.Header], bool]) -> Lie:
    """A server that gives nothing of some chains, and does not tell of them."""

    def lie(_request: Request, reply: Reply) -> Reply:
        given = [body for body in reply.frames if not hidden(frames.parse(body).header)]
        gone = {frames.parse(body).header.incarnation for body in reply.frames} - {
            frames.parse(body).header.incarnation for body in given
        }
        heads = {
            unit: {incarnation: head for incarnation, head in chains.items() if incarnation not in gone}
            for unit, chains in wire.unpack_heads(reply.heads).items()
        }
        return msgspec.structs.replace(reply, frames=given, heads=wire.pack_heads(heads), remaining=0)

    return lie


SAID_OF_WITHHOLDING = {"en": "the server keeps it back", "uk": "сервер це приховує"}


@pytest.mark.parametrize("language", SAID_OF_WITHHOLDING)
def test_what_is_kept_back_from_one_device_is_noticed_by_what_others_name(
    tmp_path: Path,
    seat: Path,
    second: Path,
    appeal: Path,
    sprava: Sprava,
    monkeypatch: pytest.MonkeyPatch,
    language: str,
) -> None:
    """Ivan's work is kept back from a third seat; Oksana's frames name it, since she has seen it."""
    third, stick = tmp_path / "third", tmp_path / "stick.sprb"
    assert sprava("invite", seat, "--role", "clerk", "--unit", "ЦНАП", "--out", tmp_path / "third.invitation").code == 0
    joined = sprava("vault", "join", third, "--invitation", tmp_path / "third.invitation", "--person", "Марія")
    assert joined.code == 0, joined.err
    server_folder = tmp_path / "server"
    assert sprava("case", "register", second, "--kit", "appeal", "--from", appeal).code == 0
    with RunningServer(server_folder) as server:
        for folder in (second, seat, third, seat):  # the third one becomes a member
            assert sprava("sync", folder, "--server", server.url).code == 0
        assert sprava("case", "register", second, "--kit", "appeal", "--from", appeal).code == 0
        for folder in (second, seat):
            assert sprava("sync", folder).code == 0
        assert sprava("case", "register", seat, "--kit", "appeal", "--from", appeal).code == 0
        assert sprava("sync", seat).code == 0
    with open_workspace(second, PASSPHRASE) as workspace:
        ivan = workspace.log.device
    monkeypatch.setattr("sync.named.PATIENCE_MS", 0)
    with Liar(server_folder, withholding(lambda header: header.device == ivan)) as liar:
        url = liar.url
        assert sprava("sync", third, "--server", url).code == 0  # a line may have broken; a second time is too much
        before = digest(third)
        said = sprava("--lang", language, "sync", third)
    assert said.code == 3
    assert SAID_OF_WITHHOLDING[language] in said.err
    assert digest(third) == before
    assert sprava("bundle", "export", seat, stick).code == 0
    assert sprava("bundle", "import", third, stick).code == 0
    assert digest(third) == digest(seat) != before
    with RunningServer(server_folder) as server:
        assert sprava("sync", third, "--server", server.url).code == 0


@pytest.mark.parametrize(
    ("answer", "code", "exit_code"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\ncut", "connection_lost", 5),
        (b"HTTP/1.1 200 OK\r\n\r\n<html>sign in</html>", "not_a_server", 5),
        (b"HTTP/1.0 200 OK\r\n\r\n" + bytes(60_000_000), "not_a_server", 5),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "server_away", 5),
    ],
    ids=["cut", "portal", "huge", "ssh"],
)
def test_what_is_no_answer_is_told_so(seat: Path, sprava: Sprava, answer: bytes, code: str, exit_code: int) -> None:
    before = digest(seat)
    with Stranger(answer) as stranger:
        said = sprava("--json", "sync", seat, "--server", stranger.url)
    assert (said.code, said.error) == (exit_code, code)
    assert digest(seat) == before
