"""Members recognise a hub of their community and the device behind it; nobody else does, and nobody can pretend."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from sync import caretaking, introduction
from sync.crypto import Signer
from tests.sync.replicas import Replica


@pytest.fixture
def first(tmp_path: Path) -> Iterator[Replica]:
    replica = Replica.found(tmp_path / "first.db")
    yield replica
    replica.close()


@pytest.fixture
def second(tmp_path: Path, first: Replica) -> Iterator[Replica]:
    replica = first.invite(tmp_path / "second.db")
    first.welcome(replica)
    yield replica
    replica.close()


def _introduced(by: Replica, to: Replica, server: bytes, signer: Signer | None = None) -> bytes | None:
    sealed = introduction.introduce(
        by.log.common_keys(),
        server=server,
        community=by.log.community,
        device=by.log.device,
        signer=signer or by.log.signer,
    )
    found = introduction.introduced(sealed, to.log.common_keys(), server=server, members=to.log.membership)
    return found.device if found else None


def test_tags_tell_members_and_nobody_else(first: Replica, second: Replica) -> None:
    hub = introduction.new_hub_id()
    announced = introduction.tags(first.log.common_keys(), hub)
    assert introduction.is_ours(second.log.common_keys(), hub, announced)
    assert not introduction.is_ours([os.urandom(32)], hub, announced)
    assert not introduction.is_ours(second.log.common_keys(), introduction.new_hub_id(), announced)
    assert introduction.tags(first.log.common_keys(), introduction.new_hub_id()) != announced
    for odd in (b"", announced * 9, announced[:-1], b"\x00" * 64):
        assert not introduction.is_ours(second.log.common_keys(), hub, odd)


def test_who_has_not_heard_of_the_newest_key_still_finds_the_hub(
    first: Replica, second: Replica, tmp_path: Path
) -> None:
    third = first.invite(tmp_path / "third.db")
    first.welcome(third)
    caretaking.revoke(first.log, third.log.device)
    hub, server = introduction.new_hub_id(), os.urandom(32)
    assert len(first.log.common_keys()) > len(second.log.common_keys())
    announced = introduction.tags(first.log.common_keys(), hub)
    assert introduction.is_ours(second.log.common_keys(), hub, announced)
    assert _introduced(first, second, server) == first.log.device
    third.close()


def test_only_a_member_stands_behind_a_hub(first: Replica, second: Replica) -> None:
    server = os.urandom(32)
    assert _introduced(second, first, server) == second.log.device
    assert _introduced(second, first, server, Signer.generate()) is None
    caretaking.revoke(first.log, second.log.device)
    assert _introduced(second, first, server) is None


def test_an_introduction_is_worth_nothing_for_another_server(first: Replica, second: Replica) -> None:
    server = os.urandom(32)
    sealed = introduction.introduce(
        first.log.common_keys(),
        server=server,
        community=first.log.community,
        device=first.log.device,
        signer=first.log.signer,
    )
    keys, members = second.log.common_keys(), second.log.membership
    assert introduction.introduced(sealed, keys, server=os.urandom(32), members=members) is None
    bent = [item[:-1] + bytes([item[-1] ^ 1]) for item in sealed]
    for odd in (bent, [b""], [item[:-1] for item in sealed], [b"\x02" + item[1:] for item in sealed]):
        assert introduction.introduced(odd, keys, server=server, members=members) is None
