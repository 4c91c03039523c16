"""A person is told what is the matter: no network, nobody there, somebody else there, or not served."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from desktop_app.exchange_watch import Reach
from desktop_app.workspace import Workspace
from sync.errors import Failure
from sync.messages import set_language
from sync.server import RunningServer
from sync.server.run import open_store
from tests.office.desks import environment

Opened = Callable[[str], Workspace]


@pytest.mark.skipif(sys.platform != "linux", reason="network namespaces of Linux")
@pytest.mark.parametrize("server", ["http://192.0.2.77:8437", "https://sprava.example.org"])
@pytest.mark.parametrize(("language", "word"), [("en", "no network"), ("uk", "немає мережі")])
def test_without_a_network_it_says_so(project: Path, office: Path, server: str, language: str, word: str) -> None:
    program = [sys.executable, "-m", "ui.main", "sync", office / "ivan", "--server", server, "--json"]
    done = subprocess.run(
        [str(shutil.which("unshare")), "-rn", *map(str, program), "--lang", language],
        cwd=project,
        env=environment(),
        capture_output=True,
        timeout=120,
        check=False,
    )
    assert json.loads(done.stdout)["error"]["code"] == "offline", done.stderr
    assert word in done.stderr.decode()


def _told(workspace: Workspace) -> tuple[str, Reach]:
    with pytest.raises(Failure) as told:
        workspace.ways.exchange()
    assert told.value.message
    return told.value.code, workspace.ways.status()[0].reach


@pytest.mark.parametrize("language", ["en", "uk"])
def test_each_reason_is_told_from_the_others(opened: Opened, tmp_path: Path, language: str) -> None:
    set_language(language)
    with opened("ivan") as ivan:
        with RunningServer(tmp_path / "server") as server:
            port = int(server.url.rsplit(":", 1)[1])
            ivan.exchange.set_server(server.url)
            assert ivan.ways.exchange().complete
            store = open_store(tmp_path / "server", None)
            with store.writing() as writer:
                writer.set_suspended(ivan.log.community, suspended=True)
            store.close()
            assert _told(ivan) == ("suspended", Reach.NOT_SERVED)
        assert _told(ivan) == ("server_away", Reach.AWAY)
        with RunningServer(tmp_path / "another", port=port):
            assert _told(ivan) == ("wrong_server", Reach.WRONG)
        assert ivan.ways.status()[0].problem
        assert ivan.ways.status()[0].waiting == 0


def test_what_is_metered_waits_until_somebody_asks(opened: Opened, tmp_path: Path) -> None:
    with RunningServer(tmp_path / "server") as server, opened("ivan") as ivan:
        ivan.exchange.set_server(server.url)
        ways = ivan.ways
        (central,) = ways.ways()
        assert ways.is_automatic(central)
        ways.set_terms("central", ways.book.terms("central").__class__(metered=None, by_hand=True, largest=3))
        assert ways.is_automatic(central)
        assert ways.largest_file(central) is None
        ways.metered = True  # the system says so
        assert not ways.is_automatic(central)
        assert ways.largest_file(central) == 3 * 2**20
        with pytest.raises(Failure) as told:
            ways.exchange(by_hand=False)
        assert told.value.code == "no_server"
        assert ways.exchange(by_hand=True).complete
    with opened("ivan") as again:
        assert again.ways.book.terms("central").by_hand
