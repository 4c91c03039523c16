"""Many communities at one server: admitted by codes, kept within their quotas, suspended and served again."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sync import wire
from sync.admission import code_key, new_code
from sync.client import sync_with
from sync.errors import Failure, Misuse, Refused
from sync.ids import new_id
from sync.server import Options, RunningServer
from sync.server.run import open_store
from sync.server.store import Store, Ticket
from tests.sync.replicas import Replica
from tests.sync.server.asking import post


@pytest.fixture
def server(tmp_path: Path, database: str | None) -> Iterator[RunningServer]:
    options = Options(database=database, admits_first=False)
    with RunningServer(tmp_path / "server", options=options) as running:
        yield running


@pytest.fixture
def operator(tmp_path: Path, database: str | None) -> Iterator[Store]:
    """The store, opened beside the server that runs."""
    opened = open_store(tmp_path / "server", database)
    yield opened
    opened.close()


@pytest.fixture
def other(tmp_path: Path) -> Iterator[Replica]:
    """A device of another community."""
    replica = Replica.found(tmp_path / "other.db")
    yield replica
    replica.close()


@pytest.fixture
def code_for(operator: Store) -> Callable[..., str]:
    def make(label: str, quota: int | None = None) -> str:
        code = new_code()
        key = code_key(code)
        assert key is not None
        with operator.writing() as writer:
            writer.add_ticket(Ticket(key.public_key, label, quota))
        return code

    return make


def _refusal(replica: Replica, server: RunningServer, code: str | None = None) -> Failure:
    with pytest.raises(Failure) as caught:
        sync_with(replica.log, server.url, admission=code)
    return caught.value


def test_without_a_code_nobody_is_served(server: RunningServer, first: Replica) -> None:
    first.set(new_id(), name="Олена")
    for code, word in ((None, "not_admitted"), (new_code(), "admission_unknown")):
        failure = _refusal(first, server, code)
        assert (type(failure), failure.code) == (Refused, word)
        assert server.url in failure.message
    assert isinstance(_refusal(first, server, "мій код"), Misuse)


def test_a_code_admits_one_community(
    server: RunningServer, first: Replica, second: Replica, other: Replica, code_for: Callable[..., str]
) -> None:
    code = code_for("Лісова")
    first.set(new_id(), name="Олена")
    spoken = code.lower().replace("-", " ")
    assert sync_with(first.log, server.url, admission=spoken).sent == 1
    assert sync_with(first.log, server.url, admission=code).waiting == 0  # said again, it does no harm
    assert sync_with(second.log, server.url).received == 1
    assert _refusal(other, server, code).code == "admission_unknown"
    assert _refusal(other, server).code == "not_admitted"


def test_communities_see_nothing_of_each_other(
    server: RunningServer,
    first: Replica,
    second: Replica,
    other: Replica,
    code_for: Callable[..., str],
    operator: Store,
) -> None:
    for replica in (first, other):
        replica.set(new_id(), name=f"{replica.log.device.hex()}")
        sync_with(replica.log, server.url, admission=code_for("Громада"))
    assert sync_with(second.log, server.url).received == 1
    assert second.digest() == first.digest()
    with operator.reading() as reader:
        assert {known.id for known in reader.communities()} == {first.log.community, other.log.community}
        assert reader.tickets() == []


def test_an_answer_to_a_code_is_signed_and_a_stolen_request_is_worth_nothing(
    server: RunningServer, first: Replica, other: Replica, code_for: Callable[..., str]
) -> None:
    code = code_key(code_for("Лісова"))
    assert code is not None
    body = wire.sign_admission(code, server=server.key, community=first.log.community, nonce=os.urandom(16))
    bent = body[:16] + other.log.community + body[48:]
    response = [post_admission(server, data) for data in (bent, body[:-1], body, body)]
    assert response == ["bad_signature", "bad_request", "", ""]


def post_admission(server: RunningServer, body: bytes) -> str:
    import requests

    answer = requests.post(server.url + wire.ADMISSION_PATH, data=body, timeout=30)
    nonce = body[:16] if len(body) == wire.ADMISSION_BYTES else bytes(16)
    message = wire.open_reply(answer.content, server=server.key, nonce=nonce, status=answer.status_code)
    return "" if answer.ok else wire.decode(wire.Problem, message).code


def test_a_community_over_its_quota_can_still_fetch(
    server: RunningServer, first: Replica, second: Replica, code_for: Callable[..., str], operator: Store
) -> None:
    code = code_for("Лісова", 6_000)
    second.set(new_id(), name="Ганна")
    sync_with(second.log, server.url, admission=code)
    for _ in range(8):
        first.set(new_id(), name=os.urandom(500).hex())
    outcome = sync_with(first.log, server.url)
    assert (outcome.received, outcome.over_quota, outcome.complete) == (1, True, True)
    assert outcome.sent + outcome.waiting == 8
    assert outcome.waiting > 0
    with operator.writing() as writer:
        (known,) = writer.communities()
        assert known.used <= 6_000
        writer.set_quota(known.id, None)
    outcome = sync_with(first.log, server.url)
    assert (outcome.waiting, outcome.over_quota) == (0, False)
    sync_with(second.log, server.url)
    assert first.digest() == second.digest()


def test_a_suspended_community_is_told_so_and_goes_on_afterwards(
    server: RunningServer, first: Replica, second: Replica, code_for: Callable[..., str], operator: Store
) -> None:
    first.set(new_id(), name="Олена")
    sync_with(first.log, server.url, admission=code_for("Лісова"))
    with operator.writing() as writer:
        writer.set_suspended(first.log.community, suspended=True)
    first.set(new_id(), name="Ганна")
    digest = first.digest()
    for replica in (first, second):
        failure = _refusal(replica, server)
        assert (type(failure), failure.code) == (Refused, "suspended")
    assert first.digest() == digest
    with operator.writing() as writer:
        writer.set_suspended(first.log.community, suspended=False)
    assert sync_with(first.log, server.url).sent == 1
    assert sync_with(second.log, server.url).received == 2


def test_a_stranger_learns_nothing_of_a_suspended_community(
    server: RunningServer, first: Replica, code_for: Callable[..., str], operator: Store
) -> None:
    sync_with(first.log, server.url, admission=code_for("Лісова"))
    with operator.writing() as writer:
        writer.set_suspended(first.log.community, suspended=True)
    message = wire.encode(wire.NewsRequest(wire.VERSION, first.log.community, b""))
    body = wire.sign_request(
        first.log.signer,
        server=server.key,
        community=first.log.community,
        device=os.urandom(16),
        nonce=os.urandom(16),
        message=message,
        path=wire.NEWS_PATH,
    )
    assert post(server, body, wire.NEWS_PATH).code == "not_member"
