"""Files between two vaults by a real server: in advance or on demand, in parts, and never trusted blindly."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from desktop_app.attachments.model import FileState
from desktop_app.attachments.trip import FileProgress, Moved
from desktop_app.attachments.whereabouts import FileChoice, InAdvance
from desktop_app.exchange import SyncResult, warnings
from sync import chunkwire, wire
from sync.chunkwire import GetReply, GetRequest, MissingReply, PutReply, PutRequest
from sync.errors import Refused, Unreachable
from sync.pins import pin_server
from sync.server import RunningServer
from tests.attachments.conftest import MIB, Office, content
from tests.attachments.proxy import Bending
from tests.sync.client.lines import Line

Make = Callable[..., Path]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RunningServer]:
    with RunningServer(tmp_path / "server") as running:
        yield running


def _sync(office: Office, url: str) -> Moved:
    moved = office.workspace.exchange.sync(url).files
    assert moved is not None
    return moved


def _content_of(office: Office, file_id: str) -> bytes:
    return b"".join(bytes(block) for block in office.files.content(file_id).blocks())


def _stored_at(tmp_path: Path) -> list[str]:
    return sorted(
        path.name for path in (tmp_path / "server" / "files").rglob("*") if path.is_file() and len(path.name) == 64
    )


def _meet(office: Office, colleague: Office, url: str) -> None:
    for each in (office, colleague):
        each.workspace.exchange.sync(url)


def test_small_ones_come_by_themselves_others_when_wanted(
    office: Office, colleague: Office, server: RunningServer, file: Make, tmp_path: Path
) -> None:
    small = office.files.add(office.first, file(3_000, "мала.txt"))
    large = office.files.add(office.first, file(11 * MIB, "велика.bin", 1))
    assert office.files.get(small.id).at_server is None
    assert office.workspace.exchange.status().files == 0  # no server is known that they could wait for
    moved = _sync(office, server.url)
    assert (moved.sent, moved.received, moved.waiting, moved.complete) == (2, 0, 0, True)
    assert office.workspace.exchange.status().files == 0
    office.files.remove(office.files.add(office.first, file(10, "зайве.txt", 5)).id)
    office.files.add(office.first, file(11, "третя.txt", 6))
    assert office.workspace.exchange.status().files == 1
    assert _sync(office, server.url).sent == 1
    assert set(_stored_at(tmp_path)) < {path.name for path in office.stored}  # what was removed did not go
    assert office.files.get(small.id).at_server
    moved = _sync(colleague, server.url)
    assert (moved.sent, moved.received, moved.lacking) == (0, 2, 0)
    assert _content_of(colleague, small.id) == content(3_000)
    entry = colleague.files.get(large.id)
    assert (entry.state, entry.at_server) == (FileState.NOT_HERE, True)
    seen: list[FileProgress] = []
    fetched = colleague.workspace.exchange.files.fetch([large.id], progress=seen.append)
    assert fetched.received == 1
    assert _content_of(colleague, large.id) == content(11 * MIB, 1)
    assert [step.received for step in seen] == sorted({step.received for step in seen})
    assert seen[-1].received == seen[-1].total or seen[-1].received > 11 * MIB
    assert _sync(colleague, server.url) == Moved()
    assert _sync(office, server.url) == Moved()


@pytest.mark.parametrize(("choice", "count"), [(FileChoice.ALL, 3), (FileChoice.SMALL, 2), (FileChoice.NONE, 0)])
def test_the_choice_is_kept(
    office: Office, colleague: Office, server: RunningServer, file: Make, choice: FileChoice, count: int
) -> None:
    for number, size in enumerate((100, MIB, MIB + 1)):
        office.files.add(office.first, file(size, f"{number}.bin", number))
    _sync(office, server.url)
    assert colleague.workspace.exchange.files.in_advance == InAdvance()
    colleague.workspace.exchange.files.choose(InAdvance(choice, MIB))
    assert colleague.workspace.exchange.files.in_advance == InAdvance(choice, MIB)
    assert _sync(colleague, server.url).received == count
    states = [entry.at_server for entry in colleague.files.list(office.first)]
    assert states == [True, True, True]


def test_a_file_that_is_nowhere_yet(office: Office, colleague: Office, server: RunningServer, file: Make) -> None:
    _meet(office, colleague, server.url)
    entry = office.files.add(office.first, file(2_000))
    # Its frames reach the server, its chunks do not.
    from sync.client import sync_with

    sync_with(office.workspace.log, server.url)
    moved = _sync(colleague, server.url)
    assert (moved.received, moved.lacking) == (0, 1)
    assert not colleague.files.get(entry.id).at_server
    with pytest.raises(Unreachable, match="Оксана") as caught:
        colleague.workspace.exchange.files.fetch([entry.id])
    assert caught.value.code == "file_not_here"
    _sync(office, server.url)
    assert _sync(colleague, server.url).received == 1
    assert _content_of(colleague, entry.id) == content(2_000)


@pytest.mark.parametrize("what", ["files", "all"])
def test_an_emptied_server_gets_everything_again_from_any_device(
    office: Office, colleague: Office, file: Make, tmp_path: Path, what: str
) -> None:
    ids = [office.files.add(office.first, file(size, f"{size}.bin")).id for size in (10, 2 * MIB)]
    port = 0
    with RunningServer(tmp_path / "server") as server:
        _meet(office, colleague, server.url)
        port = int(server.url.rpartition(":")[2])
        before = _stored_at(tmp_path)
    (tmp_path / "server" / "files").rename(tmp_path / "away")
    if what == "all":
        for path in (tmp_path / "server").glob("server.db*"):
            path.unlink()
    with RunningServer(tmp_path / "server", port=port) as server:
        assert _sync(colleague, server.url).sent == 2
        assert _stored_at(tmp_path) == before
        assert _sync(office, server.url).sent == 0
    assert all(office.files.get(file_id).at_server for file_id in ids)


def test_a_chunk_that_the_server_lost_is_given_back(
    office: Office, colleague: Office, server: RunningServer, file: Make, tmp_path: Path
) -> None:
    entry = office.files.add(office.first, file(20 * MIB))
    _meet(office, colleague, server.url)
    chunk = next(
        path for path in (tmp_path / "server" / "files").rglob("*") if path.is_file() and path.stat().st_size > MIB
    )
    chunk.write_bytes(b"bent by the disk")
    with pytest.raises(Unreachable):
        colleague.workspace.exchange.files.fetch([entry.id])
    assert colleague.files.get(entry.id).state in {FileState.PARTLY, FileState.NOT_HERE}
    assert not colleague.files.get(entry.id).at_server
    moved = _sync(office, server.url)
    assert (moved.sent, moved.bytes_sent) == (1, MIB + 36)
    assert colleague.workspace.exchange.files.fetch([entry.id]).received == 1
    assert _content_of(colleague, entry.id) == content(20 * MIB)


def test_stopped_and_gone_on_without_sending_twice(
    office: Office, colleague: Office, server: RunningServer, file: Make
) -> None:
    """Stopped after some of it, both ways; what the server or the disk has is never carried again."""
    entry = office.files.add(office.first, file(30 * MIB))
    whole = sum(path.stat().st_size for path in office.stored)
    colleague.workspace.exchange.files.choose(InAdvance(FileChoice.ALL))
    for who in (office, colleague):
        moved: list[Moved] = []
        while not moved or not moved[-1].complete:
            steps: list[object] = []

            def note(progress: object, steps: list[object] = steps) -> None:
                if isinstance(progress, FileProgress):
                    steps.append(progress)

            result = who.workspace.exchange.sync(server.url, progress=note, paused=lambda steps=steps: len(steps) >= 2)
            assert result.files is not None
            moved.append(result.files)
        assert len(moved) > 2
        assert sum(each.bytes_sent + each.bytes_received for each in moved) == whole
    assert _content_of(colleague, entry.id) == content(30 * MIB)


def test_cancelled_in_the_middle_of_a_request(office: Office, server: RunningServer, file: Make) -> None:
    office.files.add(office.first, file(30 * MIB))
    stop = threading.Event()

    def note(progress: object) -> None:
        if isinstance(progress, FileProgress):
            stop.set()

    moved = office.workspace.exchange.sync(server.url, progress=note, cancelled=stop.is_set).files
    assert moved is not None
    assert (moved.complete, moved.sent, moved.waiting) == (False, 0, 1)
    assert 0 < moved.bytes_sent < 30 * MIB


@pytest.mark.parametrize("upwards", [True, False])
def test_over_a_line_that_breaks(
    office: Office,
    colleague: Office,
    server: RunningServer,
    file: Make,
    upwards: bool,  # noqa: FBT001
) -> None:
    entry = office.files.add(office.first, file(6 * MIB))
    _meet(office, colleague, server.url)
    office.files.add(office.second, file(6 * MIB, "друга.bin", 1))
    colleague.workspace.exchange.files.choose(InAdvance(FileChoice.NONE))
    if not upwards:
        _sync(office, server.url)
    who = office if upwards else colleague
    with Line(server.url, cut_after=2 * MIB + 77_777, cuts=2, upwards=upwards) as line:
        pin_server(who.workspace.log, line.url, server.key)
        if not upwards:
            colleague.workspace.exchange.files.choose(InAdvance(FileChoice.ALL))
        moved = _sync(who, line.url)
    assert line.cuts_left == 0
    assert moved.complete
    assert _content_of(who, entry.id) == content(6 * MIB)


def test_the_quota(office: Office, server: RunningServer, file: Make, tmp_path: Path) -> None:
    from sync.server.run import open_store

    office.workspace.exchange.sync(server.url)
    first = office.files.add(office.first, file(1_000))
    second = office.files.add(office.first, file(3 * MIB, "велика.bin", 1))
    store = open_store(tmp_path / "server", None)
    with store.writing() as writer:
        community = writer.communities()[0]
        writer.set_quota(community.id, community.used + MIB)
    result = office.workspace.exchange.sync(server.url)
    assert result.over_quota
    assert any("більше немає місця" in words or "немає" in words for words in warnings(result))
    assert result.files is not None
    assert (result.files.sent, result.files.waiting) == (1, 1)
    assert (office.files.get(first.id).at_server, office.files.get(second.id).at_server) == (True, False)
    with store.writing() as writer:
        writer.set_quota(community.id, None)
    store.close()
    assert _sync(office, server.url).sent == 1


def _bend_chunks(request: wire.Message, reply: wire.Message) -> wire.Message:
    if isinstance(request, GetRequest) and isinstance(reply, GetReply):
        return GetReply(
            reply.version, [(size, part[:-1] + bytes([part[-1] ^ 1]) if part else part) for size, part in reply.parts]
        )
    return reply


def test_wrong_chunks_are_refused_named_and_asked_for_again(
    office: Office, colleague: Office, server: RunningServer, file: Make, tmp_path: Path
) -> None:
    entry = office.files.add(office.first, file(2 * MIB, "важливе.pdf"))
    _meet(office, colleague, server.url)
    office.files.add(office.first, file(5_000, "ще.pdf", 1))
    _sync(office, server.url)
    before = colleague.stored
    with Bending(server, tmp_path / "server", _bend_chunks) as liar:
        result: SyncResult = colleague.workspace.exchange.sync(liar.url)
    assert result.files is not None
    assert (result.files.wrong, result.files.received) == (["ще.pdf"], 0)
    assert any("ще.pdf" in words for words in warnings(result))
    assert colleague.stored == before
    assert _content_of(colleague, entry.id) == content(2 * MIB)
    assert _sync(colleague, server.url).received == 1


@pytest.mark.parametrize(
    "lie",
    [
        lambda _, reply: MissingReply(1, reply.epoch, bytes(32)) if isinstance(reply, MissingReply) else reply,
        lambda _, reply: MissingReply(1, reply.epoch, b"?") if isinstance(reply, MissingReply) else reply,
        lambda _, reply: PutReply(1, bytes(32), []) if isinstance(reply, PutReply) else reply,
        lambda _, reply: PutReply(1, b"", [(bytes(32), "x")]) if isinstance(reply, PutReply) else reply,
    ],
)
def test_answers_that_can_not_be(
    office: Office,
    server: RunningServer,
    file: Make,
    tmp_path: Path,
    lie: Callable[[wire.Message, wire.Message], wire.Message],
) -> None:
    office.workspace.exchange.sync(server.url)
    entry = office.files.add(office.first, file(5_000))
    with Bending(server, tmp_path / "server", lie) as liar, pytest.raises(Refused) as caught:
        office.workspace.exchange.sync(liar.url)
    assert caught.value.code == "server_misbehaves"
    assert not office.files.get(entry.id).at_server
    assert _sync(office, server.url).sent == 1


@pytest.mark.parametrize("parts", [[], [(0, b"more than it has")], [(10, b"x" * 11)], [(5, b"")] * 500])
def test_parts_that_can_not_be(
    office: Office, colleague: Office, server: RunningServer, file: Make, tmp_path: Path, parts: list[tuple[int, bytes]]
) -> None:
    entry = office.files.add(office.first, file(5_000))
    _meet(office, colleague, server.url)
    office.files.add(office.first, file(6_000, "друга", 1))
    _sync(office, server.url)

    def lie(_request: wire.Message, reply: wire.Message) -> wire.Message:
        return GetReply(1, parts) if isinstance(reply, GetReply) else reply

    with Bending(server, tmp_path / "server", lie) as liar, pytest.raises(Refused) as caught:
        colleague.workspace.exchange.sync(liar.url)
    assert caught.value.code == "server_misbehaves"
    assert _content_of(colleague, entry.id) == content(5_000)
    assert _sync(colleague, server.url).received == 1


def test_a_server_that_takes_nothing_is_not_believed_to_have_it(
    office: Office, server: RunningServer, file: Make, tmp_path: Path
) -> None:
    office.workspace.exchange.sync(server.url)
    entry = office.files.add(office.first, file(3 * MIB))

    def lie(request: wire.Message, reply: wire.Message) -> wire.Message:
        if isinstance(request, PutRequest) and isinstance(reply, PutReply):
            return PutReply(1, b"", [(chunk, "mood") for chunk in chunkwire.split(reply.accepted)])
        return reply

    with Bending(server, tmp_path / "server", lie) as liar:
        moved = _sync(office, liar.url)
    assert (moved.sent, moved.waiting) == (0, 1)
    assert not office.files.get(entry.id).at_server


def test_a_damaged_file_is_named_and_the_others_go(office: Office, server: RunningServer, file: Make) -> None:
    office.files.add(office.first, file(2 * MIB, "зіпсоване.pdf"))
    next(path for path in office.stored if path.stat().st_size > MIB).write_bytes(b"?")
    office.files.add(office.first, file(100, "ціле.pdf", 1))
    result = office.workspace.exchange.sync(server.url)
    assert result.files is not None
    assert (result.files.sent, result.files.damaged) == (1, ["зіпсоване.pdf"])
    assert any("зіпсоване.pdf" in words for words in warnings(result))


def test_the_screens_are_told(office: Office, colleague: Office, server: RunningServer, file: Make) -> None:
    entry = office.files.add(office.first, file(100))
    told: list[frozenset[str]] = []
    office.workspace.subscribe(lambda event: told.append(event.cases))
    _sync(office, server.url)
    assert frozenset({entry.case}) in told
    told.clear()
    colleague.workspace.subscribe(lambda event: told.append(event.cases))
    _sync(colleague, server.url)
    assert told[-1] == {entry.case}


def test_fetched_from_an_office_hub_when_the_server_is_away(
    office: Office, colleague: Office, server: RunningServer, file: Make, tmp_path: Path
) -> None:
    """The central server has gone meanwhile; a hub in sight has the file too."""
    entry = office.files.add(office.first, file(2 * MIB))
    colleague.workspace.exchange.files.choose(InAdvance(FileChoice.NONE))
    _meet(office, colleague, server.url)
    carrier = colleague.workspace.exchange.files
    with RunningServer(tmp_path / "hub") as hub:
        office.workspace.exchange.sync(hub.url)
        pin_server(colleague.workspace.log, "http://127.0.0.1:9", server.key)
        colleague.workspace.exchange.set_server(None)
        with pytest.raises(Refused) as caught:
            carrier.fetch([entry.id])
        assert caught.value.code == "no_server"
        assert colleague.files.get(entry.id).at_server
        colleague.workspace.exchange.set_server("http://127.0.0.1:9")
        carrier.hubs = lambda: [(hub.url, hub.key)]
        assert carrier.fetch([entry.id]).received == 1
    assert _content_of(colleague, entry.id) == content(2 * MIB)
