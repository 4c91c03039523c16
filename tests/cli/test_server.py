"""Exchange with a server by the command line: a server that was replaced, and a member who may only read."""

from pathlib import Path

from sync.server import RunningServer
from tests.cli.conftest import Sprava


def test_a_replaced_server_is_trusted_when_a_person_says_so(sprava: Sprava, seat: Path, tmp_path: Path) -> None:
    with RunningServer(tmp_path / "server") as server:
        url = server.url
        sent = sprava("sync", seat, "--server", url, "--json").json["sent"]
        assert sent > 0
    away = sprava("sync", seat, "--new-server", "--json")
    assert (away.code, away.error) == (5, "server_away")
    with RunningServer(tmp_path / "replacement", port=int(url.rsplit(":", 1)[1])):
        refused = sprava("sync", seat, "--json")
        assert (refused.code, refused.error) == (3, "wrong_server")
        assert "--new-server" in refused.err
        assert sprava("sync", seat, "--new-server", "--json").json["sent"] == sent
        again = sprava("sync", seat, "--json")
        assert (again.code, again.json["waiting"]) == (0, 0)


def test_an_auditor_joins_and_everybody_has_the_same(sprava: Sprava, seat: Path, second: Path, tmp_path: Path) -> None:
    invitation, auditor = tmp_path / "auditor.invitation", tmp_path / "auditor"
    with RunningServer(tmp_path / "server") as server:
        invited = ("invite", seat, "--role", "auditor", "--unit", "ЦНАП", "--out", invitation, "--server", server.url)
        assert sprava(*invited).code == 0
        assert sprava("vault", "join", auditor, "--invitation", invitation, "--person", "Ревізорка").code == 0
        for folder in (seat, second, auditor, seat, second, auditor):
            synced = sprava("sync", folder, "--server", server.url, "--json")
            assert (synced.code, synced.json["waiting"], synced.json["disputed"]) == (0, 0, 0), synced.err
    assert len({sprava("digest", folder).out for folder in (seat, second, auditor)}) == 1
