"""What a desk tells and records about units, roles and devices."""

from pathlib import Path

import pytest

from desktop_app import schema, vault
from desktop_app.audit.model import AuditQuery
from desktop_app.kits import examples
from desktop_app.opening import create_workspace, join_workspace, open_workspace
from desktop_app.verify import verify
from sync import membership
from sync.errors import Refused
from tests.cases.test_transfers import exchange
from tests.workspace.conftest import PASSPHRASE


def test_a_device_that_is_confirmed_while_the_vault_opens_is_recorded_too(tmp_path: Path) -> None:
    folder = tmp_path / "a"
    with create_workspace(folder, PASSPHRASE, community="Г", unit="В", person="Оксана", kdf=vault.KDF_FLOOR) as founder:
        invitation = founder.invite("clerk", "В").data
        known = set(founder.log.membership.links)
    with join_workspace(
        tmp_path / "b", PASSPHRASE, invitation=invitation, person="Іван", kdf=vault.KDF_FLOOR
    ) as second:
        links = [membership.parse(data) for data in second.log.links()]
    held = vault.open_vault(folder, PASSPHRASE, schema_version=schema.VERSION)
    with held.write() as connection:  # as a database does that was put together from what was left of one
        for link in links:
            if link.hash not in known:
                connection.execute("INSERT INTO link (hash, body) VALUES (?, ?)", (link.hash, link.data))
    held.close()
    with open_workspace(folder, PASSPHRASE) as founder:
        assert len(founder.log.membership.devices) == 2
        joined = founder.audit_log.page(AuditQuery(kind="device_joined"), 0, 10)
        assert [entry.detail["device"] for entry in joined] == ["2"]


def test_who_lost_the_right_meanwhile_is_told_what_waits(tmp_path: Path) -> None:
    founder = create_workspace(
        tmp_path / "a", PASSPHRASE, community="Г", unit="В", person="Оксана", kdf=vault.KDF_FLOOR
    )
    invitation = founder.invite("clerk", "В").data
    clerk = join_workspace(tmp_path / "b", PASSPHRASE, invitation=invitation, person="Іван", kdf=vault.KDF_FLOOR)
    exchange(founder, clerk)
    founder.members.units.set_role("2", "auditor")
    clerk.cases.register("appeal", examples.example("appeal", 1))
    exchange(founder, clerk)
    clerk.close()
    with open_workspace(tmp_path / "b", PASSPHRASE) as clerk:
        assert len([notice for notice in clerk.notices if notice.startswith("1 ")]) == 1
        assert clerk.log.undecided() == 1
        with pytest.raises(Refused) as refused:
            clerk.cases.register("appeal", examples.example("appeal", 2))
        assert refused.value.code == "no_right"
        founder.members.judge("2", accept=True)
        exchange(founder, clerk)
        assert clerk.log.undecided() == 0
        assert founder.digest() == clerk.digest()
        for workspace in (founder, clerk):
            assert [check.finding for check in verify(workspace) if not check.sound] == []
    founder.close()
