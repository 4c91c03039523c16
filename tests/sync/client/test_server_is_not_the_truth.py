"""A server that is destroyed, emptied, set back or replaced is filled again from the devices, in any order."""

import shutil
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from sync.client import sync_with
from sync.errors import Refused
from sync.ids import new_id
from tests.sync.replicas import Replica
from tests.sync.server.processes import server_process


def _destroy(data: Path, _backup: Path) -> None:
    shutil.rmtree(data)


def _empty(data: Path, _backup: Path) -> None:
    """Somebody threw the database away and kept the key."""
    for path in data.iterdir():
        if path.name != "server.key":
            shutil.rmtree(path) if path.is_dir() else path.unlink()


def _set_back(data: Path, backup: Path) -> None:
    shutil.rmtree(data)
    shutil.copytree(backup, data)


def _replace(data: Path, backup: Path) -> None:
    """Another key on the old database of somebody else's backup."""
    _set_back(data, backup)
    (data / "server.key").unlink()


FATES = [_destroy, _empty, _set_back, _replace]
ORDERS = [(1, 2, 0), (2, 0, 1)]


@pytest.mark.parametrize("fate", FATES, ids=lambda fate: fate.__name__.strip("_"))
def test_the_server_is_filled_again_in_any_order(
    tmp_path: Path, first: Replica, fate: Callable[[Path, Path], None]
) -> None:
    devices = [first, first.invite(tmp_path / "second.db"), first.invite(tmp_path / "third.db", "administrator")]
    data, backup = tmp_path / "server", tmp_path / "backup"
    case = new_id()

    with server_process(data) as (_process, url):
        port = int(urlsplit(url).port or 0)
        for device in (*devices, *devices):
            sync_with(device.log, url)
    shutil.copytree(data, backup)
    for turn, order in enumerate(ORDERS):
        with server_process(data, port):
            for number, device in enumerate(devices):
                device.set(case, **{f"field{number}": f"{turn}: на сервері"})
                sync_with(device.log, url)
        fate(data, backup)
        first.set(new_id(), subject=f"{turn}: ще не на сервері")
        with server_process(data, port):
            for number in order:
                _meet_again(devices[number], url, replaced=fate in {_destroy, _replace})
            for device in (*devices, *devices):
                assert sync_with(device.log, url).waiting == 0
            assert len({device.digest() for device in devices}) == 1
            assert first.values(case, "field2") == [f"{turn}: на сервері"]
    new = first.invite(tmp_path / "new.db")
    with server_process(data, port):
        for device in (first, new, first, new):
            sync_with(device.log, url)
    assert new.digest() == first.digest()
    for device in (*devices[1:], new):
        device.close()


def _meet_again(device: Replica, url: str, *, replaced: bool) -> None:
    """A server with another key gets nothing before an administrator says that it is the new one."""
    before = device.digest()
    if not replaced:
        sync_with(device.log, url)
        return
    with pytest.raises(Refused) as caught:
        sync_with(device.log, url)
    assert caught.value.code == "wrong_server"
    assert device.digest() == before
    sync_with(device.log, url, new_server=True)
