"""An old key file that is put back opens the vault as it did then, but not unnoticed; nor is a change from outside."""

from pathlib import Path

import pytest

from desktop_app import key_past, vault
from desktop_app.audit import AuditQuery
from desktop_app.opening import open_recovered, open_workspace
from desktop_app.vault import NewPhrase
from desktop_app.vault.shares import Arrangement, combine
from desktop_app.workspace import Workspace
from tests.workspace.conftest import PASSPHRASE, Office

LATER = "верба стоїть над ставом 99"


def kinds(workspace: Workspace) -> list[str]:
    return [entry.kind for entry in workspace.audit_log.page(AuditQuery(), 0, 100)]


@pytest.fixture(autouse=True)
def _cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vault.kdf, "calibrate", lambda: vault.KDF_FLOOR)


def told(workspace: Workspace) -> bool:
    return key_past.put_back() in workspace.notices


def test_an_old_key_file_that_is_put_back_is_told_once_and_recorded(office: Office) -> None:
    oksana = office.found()
    former = (oksana.folder / "vault.key").read_bytes()
    oksana.change_passphrase(PASSPHRASE, LATER)
    folder = office.close("oksana")
    with open_workspace(folder, LATER) as known:
        assert not told(known)
    (folder / "vault.key").write_bytes(former)
    with open_workspace(folder, PASSPHRASE) as again:
        assert told(again)
        assert kinds(again).count("key_file_put_back") == 1
    with open_workspace(folder, PASSPHRASE) as once_more:
        assert not told(once_more)
        assert kinds(once_more).count("key_file_put_back") == 1


def test_it_is_noticed_even_if_the_program_was_killed_after_the_change(office: Office) -> None:
    oksana = office.found()
    former = (oksana.folder / "vault.key").read_bytes()
    oksana.change_passphrase(PASSPHRASE, LATER)
    oksana.store.close()  # no more than a kill leaves behind
    (oksana.folder / "vault.key").write_bytes(former)
    with open_workspace(oksana.folder, PASSPHRASE) as again:
        assert told(again)


def test_a_sheet_that_was_replaced_opens_again_only_with_the_old_key_file_and_that_is_told(office: Office) -> None:
    oksana = office.found()
    first, second = (oksana.recovery.prepare(Arrangement(1, 1)) for _each in range(2))
    oksana.recovery.put_in_force(first)
    former = (oksana.folder / "vault.key").read_bytes()
    oksana.recovery.put_in_force(second, NewPhrase(LATER, cost=vault.KDF_FLOOR))
    folder = office.close("oksana")
    with pytest.raises(vault.opening.Refused):
        open_recovered(folder, combine(list(first.sheets)))
    (folder / "vault.key").write_bytes(former)
    with open_recovered(folder, combine(list(first.sheets))) as again:
        assert told(again)


def test_a_change_while_the_vault_was_closed_stands_in_the_audit(office: Office) -> None:
    office.found()
    folder: Path = office.close("oksana")
    vault.change_passphrase(folder, PASSPHRASE, LATER, kdf=vault.KDF_FLOOR)
    for _time in range(2):
        with open_workspace(folder, LATER) as again:
            assert not told(again)
            assert kinds(again).count("ways_changed") == 1
