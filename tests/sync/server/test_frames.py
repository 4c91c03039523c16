"""Which frames the server takes: signed ones, of members who may write, that carry their chains on."""

import os
from pathlib import Path

import pytest

from sync import frames, wire
from sync.changes import Change
from sync.client import sync_with
from sync.frames import Frame, Header
from sync.ids import new_id
from sync.membership import CLERK
from sync.server import RunningServer
from tests.sync.replicas import Replica
from tests.sync.server.asking import ask, request_of
from tests.sync.server.rows import rows_of


def _frame(replica: Replica, **changes: object) -> Frame:
    """A frame that begins a chain of a replica, or not quite."""
    own = {
        "community": replica.log.community,
        "unit": replica.unit,
        "device": replica.log.device,
        "incarnation": b"i" * 16,
        "seq": 1,
        "previous": frames.NO_PREVIOUS,
        "epoch": bytes(16),
    }
    signer = changes.pop("signer", replica.log.signer)
    return frames.build(Header(**{**own, **changes}), b"hidden", bytes(32), signer)


def _reasons(server: RunningServer, replica: Replica, *bodies: bytes) -> list[str]:
    return [reason for _hash, reason in ask(server, replica, request_of(replica, bodies)).reply.refused]


@pytest.mark.parametrize(
    ("reason", "changes"),
    [
        ("community", {"community": os.urandom(32)}),
        ("author", {"device": os.urandom(16)}),
        ("right", {"unit": os.urandom(16)}),
        ("gap", {"seq": 7, "previous": bytes(range(32))}),
        ("fork", {"previous": bytes(range(32))}),
    ],
)
def test_frames_that_do_not_belong(
    server: RunningServer, first: Replica, reason: str, changes: dict[str, object]
) -> None:
    assert _reasons(server, first, _frame(first, **changes).body) == [reason]
    assert sync_with(first.log, server.url).received == 0


def test_a_frame_signed_by_another_member(server: RunningServer, first: Replica, second: Replica) -> None:
    sync_with(second.log, server.url)
    assert _reasons(server, first, _frame(first, signer=second.log.signer).body) == ["signature"]


def test_a_frame_of_somebody_who_may_only_read(server: RunningServer, first: Replica, tmp_path: Path) -> None:
    auditor = first.invite(tmp_path / "auditor.db", "auditor")
    assert _reasons(server, auditor, _frame(auditor).body) == ["right"]
    auditor.close()


def test_an_auditor_names_itself_and_everybody_learns_it(
    server: RunningServer, first: Replica, second: Replica, tmp_path: Path
) -> None:
    sync_with(first.log, server.url)
    auditor = first.invite(tmp_path / "auditor.db", "auditor")
    person = auditor.log.me.entry.person
    auditor.log.write(auditor.log.membership.common_unit, [Change("person", person, {"name": "Ревізорка"})])
    outcome = sync_with(auditor.log, server.url)
    assert (outcome.sent, outcome.waiting, outcome.disputed) == (1, 0, 0)
    for replica in (first, second):
        sync_with(replica.log, server.url)
        assert replica.values(person, "name") == ["Ревізорка"]
        assert replica.digest() == auditor.digest()
    assert _reasons(server, auditor, _frame(auditor).body) == ["right"]
    auditor.close()


def test_frames_of_a_newer_program(server: RunningServer, first: Replica) -> None:
    assert _reasons(server, first, b"SPRF\x09" + bytes(200)) == ["unknown_version"]
    assert ask(server, first, request_of(first, [b"garbage"])).code == "bad_frame"


def test_one_member_cannot_take_the_log_of_another(server: RunningServer, first: Replica, second: Replica) -> None:
    sync_with(second.log, server.url)
    assert _reasons(server, second, _frame(second).body) == []
    assert _reasons(server, first, _frame(first, unit=first.log.membership.common_unit).body) == ["incarnation"]


def test_a_fork_is_refused_and_the_evidence_kept(
    server: RunningServer, first: Replica, tmp_path: Path, database: str | None
) -> None:
    one, two = _frame(first), _frame(first, heads=((bytes(16), 1),))
    assert _reasons(server, first, one.body) == []
    assert ask(server, first, request_of(first, [one.body])).reply.accepted == one.hash
    assert _reasons(server, first, two.body, two.body) == ["fork", "fork"]
    rows = rows_of(tmp_path / "server", database)
    assert [row[-3:] for row in rows["forks"]] == [(1, two.hash, two.body)]
    assert [row[-2] for row in rows["frames"]] == [one.hash]


def test_frames_in_any_order_and_twice(server: RunningServer, first: Replica, second: Replica) -> None:
    for _ in range(5):
        first.set(new_id(), name="Олена")
    bodies = first.frames()
    reply = ask(server, first, request_of(first, [*reversed(bodies), bodies[2]])).reply
    assert (reply.refused, len(reply.accepted)) == ([], 5 * 32)
    assert sync_with(second.log, server.url).received == 5
    assert first.digest() == second.digest()


def test_frames_carried_for_others(server: RunningServer, first: Replica, second: Replica, tmp_path: Path) -> None:
    """What came by a stick goes on to the server by whoever gets there first."""
    second.set(new_id(), name="Олена")
    first.log.apply(second.frames(), second.log.links())
    assert sync_with(first.log, server.url).sent == 1
    third = first.invite(tmp_path / "third.db")
    sync_with(third.log, server.url)
    assert third.digest() == first.digest() == second.digest()
    third.close()


def test_a_budget_is_kept_and_the_rest_is_counted(server: RunningServer, first: Replica, second: Replica) -> None:
    for _ in range(10):
        first.set(new_id(), name="Олена")
    sync_with(first.log, server.url)
    sizes = [len(body) for body in first.frames()]
    ask(server, second, request_of(second, budget=0))
    none = ask(server, second, request_of(second, budget=0)).reply
    assert (none.frames, none.remaining) == ([], 10)
    some = ask(server, second, request_of(second, budget=sum(sizes[:3]))).reply
    assert (len(some.frames), some.remaining) == (3, 7)
    assert len(ask(server, second, request_of(second, budget=1)).reply.frames) == 1


def test_heads_from_a_base_that_is_not_known(server: RunningServer, first: Replica) -> None:
    first.set(new_id(), name="Олена")
    sync_with(first.log, server.url)
    reply = ask(server, first, request_of(first, base=os.urandom(32), heads=[])).reply
    assert (reply.base_known, reply.frames, reply.remaining) == (False, [], 0)
    own = {unit: chains for unit, chains in first.log.heads().items() if chains}
    assert wire.unpack_heads(reply.heads) == own


def test_links_of_nobody_are_left_out(server: RunningServer, first: Replica, tmp_path: Path) -> None:
    """A stranger can sign that they enter, but no invitation stands behind it."""
    sync_with(first.log, server.url)
    stranger = Replica.found(tmp_path / "stranger.db")
    guest = stranger.invite(tmp_path / "guest.db", CLERK)
    foreign = ask(server, first, request_of(first, links=guest.log.links()))
    assert (foreign.status, foreign.code) == (400, "bad_link")
    for replica in (stranger, guest):
        replica.close()


def test_the_server_can_read_nothing(
    server: RunningServer, first: Replica, tmp_path: Path, database: str | None
) -> None:
    name, field = "Параскева Кульбаба", "secret_field_name"
    first.set(new_id(), **{field: name})
    sync_with(first.log, server.url)
    rows = rows_of(tmp_path / "server", database).values()
    kept = b"".join(value for table in rows for row in table for value in row if isinstance(value, bytes))
    files = b"".join(path.read_bytes() for path in (tmp_path / "server").iterdir() if path.is_file())
    assert first.log.community in kept
    for text in (name, field, "Кульбаба"):
        for encoding in ("utf-8", "utf-16-le", "cp1251"):
            assert text.encode(encoding) not in kept + files
