"""An office without a link, and what happens when it gets one: real desks, a real hub, a real server."""

import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from desktop_app import vault
from desktop_app.exchange_watch import Reach
from desktop_app.kits.examples import example
from desktop_app.office.hub import FOLDER
from desktop_app.office.looking import look_around
from desktop_app.opening import create_workspace
from desktop_app.workspace import Workspace
from sync import caretaking
from sync.errors import Refused, Unreachable
from sync.server import RunningServer
from sync.server.run import STORE_FILE, open_store
from tests.office.desks import PATIENCE, Process, run, wait_for

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
Opened = Callable[[str], Workspace]


def _register(workspace: Workspace, seed: int) -> None:
    workspace.cases.register("appeal", example("appeal", seed))


def _written(opened: Opened) -> None:
    for seed, name in enumerate(("ivan", "petro")):
        with opened(name) as workspace:
            _register(workspace, seed)


@pytest.fixture
def hub(project: Path, office: Path) -> Iterator[Process]:
    with Process(project, "hub", office / "oksana", "--port", "0") as running:
        yield running


def _exchange(opened: Opened, *names: str) -> dict[str, str]:
    """Let desks that find the hub exchange, one after the other; return what each then has."""
    digests = {}
    for name in names:
        with opened(name) as workspace, look_around(workspace.ways, PATIENCE):
            assert workspace.ways.has_hub_in_sight
            assert workspace.ways.exchange().complete
            digests[name] = workspace.digest()
    return digests


def test_an_office_without_a_server_agrees_and_a_link_brings_all_of_it_out(
    project: Path, office: Path, opened: Opened, tmp_path: Path
) -> None:
    """Two clerks exchange by the administrator's hub, which they find; then a link comes to one of them alone."""
    _written(opened)
    with Process(project, "hub", office / "oksana", "--port", "0"):
        _exchange(opened, "ivan", "petro")
        digests = _exchange(opened, "ivan", "petro")
        assert digests["ivan"] == digests["petro"]
        with RunningServer(tmp_path / "central") as central:
            with opened("petro") as petro:
                petro.exchange.set_server(central.url)
            _exchange(opened, "petro")
            with opened("hanna") as hanna:  # she is elsewhere, and reaches the central server alone
                hanna.exchange.sync(central.url)
                assert hanna.info().cases == 2
            with opened("ivan") as ivan:
                assert ivan.digest() == digests["ivan"]


def test_the_serving_desk_carries_both_ways_within_moments(
    project: Path, office: Path, opened: Opened, tmp_path: Path
) -> None:
    _written(opened)
    with RunningServer(tmp_path / "central") as central:
        with opened("oksana") as oksana:
            oksana.exchange.sync(central.url)
        with Process(project, "hub", office / "oksana", "--port", "0"):
            _exchange(opened, "ivan", "petro")
            with opened("hanna") as hanna:
                assert wait_for(lambda: bool(hanna.exchange.sync(central.url)) and hanna.info().cases == 2)
                _register(hanna, 7)
                hanna.exchange.sync(central.url)

            def back() -> bool:
                _exchange(opened, "ivan")
                with opened("ivan") as ivan:
                    return ivan.info().cases == 3

            assert wait_for(back)


def test_a_hub_that_was_killed_goes_on_where_it_was(project: Path, office: Path, opened: Opened) -> None:
    _written(opened)
    hub = Process(project, "hub", office / "oksana", "--port", "0")
    _exchange(opened, "ivan")
    children = [int(pid) for pid in Path(f"/proc/{hub.child.pid}/task/{hub.child.pid}/children").read_text().split()]
    assert len(children) == 1
    hub.kill()
    assert wait_for(lambda: not Path(f"/proc/{children[0]}").exists())
    with opened("petro") as petro:
        petro.ways.add(hub.url)
        with pytest.raises(Unreachable):
            petro.ways.exchange()
    with Process(project, "hub", office / "oksana", "--port", hub.told["port"]):
        _exchange(opened, "petro", "ivan")
        digests = _exchange(opened, "petro", "ivan")
        assert digests["petro"] == digests["ivan"]


def test_the_child_that_serves_is_begun_again_when_it_is_killed(opened: Opened, hub: Process) -> None:
    _written(opened)
    _exchange(opened, "ivan")
    listing = Path(f"/proc/{hub.child.pid}/task/{hub.child.pid}/children")

    def children() -> list[int]:
        return [
            int(pid) for pid in " ".join(path.read_text() for path in listing.parent.parent.glob("*/children")).split()
        ]

    (first,) = children()
    os.kill(first, signal.SIGKILL)
    assert wait_for(lambda: any(pid != first for pid in children()))
    _exchange(opened, "petro", "ivan")
    digests = _exchange(opened, "petro", "ivan")
    assert digests["petro"] == digests["ivan"]


def test_a_damaged_store_is_filled_again_by_the_desks(project: Path, office: Path, opened: Opened) -> None:
    _written(opened)
    with Process(project, "hub", office / "oksana", "--port", "0"):
        _exchange(opened, "ivan", "petro")
    database = office / "oksana" / FOLDER / "server.db"
    database.write_bytes(b"\x00" * 4096)
    with Process(project, "hub", office / "oksana", "--port", "0") as again:
        digests = _exchange(opened, "ivan", "petro", "ivan")
        assert digests["ivan"] == digests["petro"]
        said = again.stop()
    assert "damaged" in said
    assert (database.parent / "server.db.damaged").read_bytes() == b"\x00" * 4096


def test_a_store_damaged_under_a_running_hub_is_begun_anew(office: Path, opened: Opened) -> None:
    with opened("oksana") as oksana:
        _register(oksana, 3)
        try:
            oksana.ways.serve(on=True, port=0)
            oksana.ways.exchange()
            database = office / "oksana" / FOLDER / "server.db"
            with database.open("r+b") as file:
                size = database.stat().st_size
                for start in range(4096, size, 4096):
                    file.seek(start)
                    file.write(os.urandom(4096))
            for leftover in database.parent.glob("server.db-*"):
                leftover.write_bytes(b"")
            running = oksana.ways.hub.running
            assert running is not None
            oksana.ways.hub.stop()
            assert oksana.ways.serve(on=True, port=0) is not None
            _register(oksana, 4)
            assert oksana.ways.exchange().complete
            assert not oksana.ways.status()[0].waiting
        finally:
            oksana.ways.end()


def test_the_hub_knows_nothing_of_the_vault(office: Path, opened: Opened) -> None:
    """Its process has neither the pass phrase nor a key, and no word of a case lies in its folder."""
    with opened("oksana") as oksana:
        _register(oksana, 5)
        secrets = [oksana.log.signer.seed, *(key for _unit, _epoch, key in oksana.log.unit_keys())]
        try:
            oksana.ways.serve(on=True, port=0)
            oksana.ways.exchange()
            child = oksana.ways.hub._child
            assert child is not None
            environ = Path(f"/proc/{child.pid}/environ").read_bytes()
            assert b"SPRAVA_" not in environ
            for path in (office / "oksana" / FOLDER).rglob("*"):
                if path.is_file():
                    data = path.read_bytes()
                    assert not any(secret in data for secret in secrets)
        finally:
            oksana.ways.end()


def test_strangers_are_not_served(opened: Opened, tmp_path: Path) -> None:
    with opened("oksana") as oksana:
        try:
            running = oksana.ways.serve(on=True, port=0)
            assert running is not None
            with create_workspace(
                tmp_path / "other",
                "інша громада 55 калина",
                community="Інша",
                unit="А",
                person="Б",
                kdf=vault.KDF_FLOOR,
            ) as other:
                with pytest.raises(Refused) as refused:
                    other.exchange.sync(running.url)
                assert refused.value.code == "other_community"
                other.ways.add(running.url)
                with pytest.raises(Refused) as refused:
                    other.ways.exchange()
                assert refused.value.code == "no_hub"
                assert other.ways.status()[0].reach is Reach.WRONG
        finally:
            oksana.ways.end()


def test_a_server_that_no_member_stands_behind_gets_nothing(opened: Opened, tmp_path: Path) -> None:
    """Somebody in the network repeats what a hub announces: the desk asks who it is, and sends nothing more."""
    with RunningServer(tmp_path / "false") as false, opened("ivan") as ivan:
        _register(ivan, 1)
        ivan.ways.add(false.url)
        with pytest.raises(Refused):
            ivan.ways.exchange()
        assert [status.reach for status in ivan.ways.status()] == [Reach.WRONG]
    with RunningServer(tmp_path / "false"), opened("hanna") as hanna:
        store = open_store(tmp_path / "false", None)
        assert (tmp_path / "false" / STORE_FILE).exists()
        with store.reading() as reader:
            assert reader.communities() == []
        store.close()
        assert hanna.ways.status() == []


def test_a_revoked_desk_serves_no_more_and_is_not_believed_any_more(opened: Opened) -> None:
    with opened("ivan") as ivan, opened("oksana") as oksana, opened("petro") as petro:
        _register(petro, 1)
        try:
            running = ivan.ways.serve(on=True, port=0)
            assert running is not None
            petro.ways.add(running.url)
            assert petro.ways.exchange().sent
            caretaking.revoke(oksana.log, ivan.log.device)
            oksana.ways.add(running.url)
            with pytest.raises(Refused) as refused:  # she knows already
                oksana.ways.exchange()
            assert refused.value.code == "no_hub"
            petro.log.apply([], oksana.log.links())
            assert petro.ways.status()[0].way.key is None
            ivan.log.apply([], oksana.log.links())
            ivan.ways.tend()
            assert ivan.ways.hub.running is None
            with pytest.raises(Refused) as refused:
                ivan.ways.serve(on=True)
            assert refused.value.code == "revoked"
        finally:
            ivan.ways.end()


def test_ways_are_kept_limited_and_forgotten(project: Path, office: Path, hub: Process) -> None:
    seat = office / "ivan"
    code, document, _said = run(project, "ways", "add", seat, hub.url)
    assert (code, document["met"]) == (0, True)
    run(project, "sync", seat)
    listed = run(project, "ways", "list", seat)[1]["ways"]
    assert [(way["kind"], way["waiting"]) for way in listed] in ([("found", 0)], [("typed", 0)])
    way = listed[0]["id"]
    code, terms, _said = run(
        project, "ways", "limit", seat, way, "--up", "64", "--metered", "yes", "--by-hand", "yes", "--largest", "2"
    )
    assert code == 0
    assert (terms["up"], terms["down"], terms["metered"], terms["by_hand"], terms["largest"]) == (
        64,
        None,
        True,
        True,
        2,
    )
    assert run(project, "ways", "limit", seat, "nothing")[1]["error"]["code"] == "unknown_way"
    assert run(project, "ways", "limit", seat, way, "--up", "-5")[1]["error"]["code"] in {"number", "usage"}
    assert run(project, "ways", "remove", seat, hub.url)[0] == 0
