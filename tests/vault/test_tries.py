"""Wrong tries make wait: the first are free, the wait is bounded, and nothing about its file gets in the way."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from desktop_app import vault
from desktop_app.vault import Tries, tries
from desktop_app.vault.tries import TRIES_NAME
from sync.errors import Refused

from . import second
from .conftest import OTHER, PASSPHRASE

NOW = 1_900_000_000.0


class Clock:
    """The two clocks of the computer; a program that begins anew remembers nothing."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.wall, self.running = NOW, 1000.0
        monkeypatch.setattr(tries.time, "time", lambda: self.wall)
        monkeypatch.setattr(tries.time, "monotonic", lambda: self.running)

    def passes(self, seconds: float) -> None:
        self.wall += seconds
        self.running += seconds

    def new_program(self) -> None:
        tries._known.clear()
        self.running = 5.0


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock(monkeypatch)
    clock.new_program()
    return clock


def fail(folder: Path, times: int = 1) -> None:
    for _time in range(times):
        with pytest.raises(Refused) as caught, Tries(folder).one():
            raise Refused("wrong_passphrase", "no")
        assert caught.value.code == "wrong_passphrase"


def test_three_tries_are_free_and_then_the_wait_grows_to_five_minutes(tmp_path: Path, clock: Clock) -> None:
    waits = []
    for _try in range(14):
        fail(tmp_path)
        waits.append(Tries(tmp_path).seconds_left())
        clock.passes(waits[-1])
    assert waits == [0, 0, 5, 10, 20, 40, 80, 160, 300, 300, 300, 300, 300, 300]


def test_a_try_while_waiting_is_refused_and_neither_made_nor_counted(tmp_path: Path, clock: Clock) -> None:
    fail(tmp_path, 3)
    clock.passes(2.5)
    with pytest.raises(Refused) as caught, Tries(tmp_path).one():
        pytest.fail("it was tried")
    assert caught.value.code == "too_many_tries"
    assert "3" in caught.value.message
    clock.passes(2.5)
    fail(tmp_path)
    assert Tries(tmp_path).seconds_left() == 10


def test_a_right_try_forgets_all(tmp_path: Path, clock: Clock) -> None:
    fail(tmp_path, 4 - 1)
    clock.passes(5)
    with Tries(tmp_path).one():
        pass
    assert not (tmp_path / TRIES_NAME).exists()
    fail(tmp_path, 2)
    assert Tries(tmp_path).seconds_left() == 0


def test_what_is_no_wrong_try_is_not_counted(tmp_path: Path) -> None:
    for _time in range(9):
        with pytest.raises(Refused), Tries(tmp_path).one():
            raise Refused("memory_missing", "no")
    assert Tries(tmp_path).seconds_left() == 0


def test_the_wait_goes_on_in_the_next_program(tmp_path: Path, clock: Clock) -> None:
    fail(tmp_path, 3)
    clock.new_program()
    clock.passes(1)
    assert Tries(tmp_path).seconds_left() == 4
    clock.passes(4)
    fail(tmp_path)
    clock.new_program()
    assert Tries(tmp_path).seconds_left() == 10


@pytest.mark.parametrize("moved", [-400 * 86_400.0, -60.0, 60.0, 400 * 86_400.0])
def test_a_clock_that_is_set_never_makes_wait_longer(tmp_path: Path, clock: Clock, moved: float) -> None:
    fail(tmp_path, 3)
    clock.wall += moved
    assert Tries(tmp_path).seconds_left() == 5
    clock.new_program()
    first = Tries(tmp_path).seconds_left()
    assert first == (0 if moved > 0 else 5)
    clock.passes(5)
    assert Tries(tmp_path).seconds_left() == 0
    clock.new_program()
    clock.passes(5)
    assert Tries(tmp_path).seconds_left() == 0


@pytest.mark.parametrize("data", [b"", b"x" * 30, b"x" * 5000, second.tries(3, 0)[:-1], second.tries(3, 0) + b"x"])
def test_garbage_counts_as_nothing_and_is_replaced(tmp_path: Path, clock: Clock, data: bytes) -> None:
    (tmp_path / TRIES_NAME).write_bytes(data)
    assert Tries(tmp_path).seconds_left() == 0
    fail(tmp_path)
    clock.new_program()
    assert (tmp_path / TRIES_NAME).read_bytes() == second.tries(1, int(NOW * 1000))


def test_the_file_of_the_second_implementation(tmp_path: Path, clock: Clock) -> None:
    (tmp_path / TRIES_NAME).write_bytes(second.tries(2**32 - 1, int(NOW * 1000)))
    assert Tries(tmp_path).seconds_left() == 300
    (tmp_path / TRIES_NAME).write_bytes(second.tries(5, 2**64 - 1))
    clock.new_program()
    assert Tries(tmp_path).seconds_left() == 20
    clock.passes(20)
    assert Tries(tmp_path).seconds_left() == 0


@pytest.mark.parametrize("broken", ["folder in its place", "no folder"])
def test_where_it_cannot_be_written_the_program_itself_remembers(tmp_path: Path, clock: Clock, broken: str) -> None:
    folder = tmp_path / "v"
    if broken == "folder in its place":
        (folder / TRIES_NAME / "x").mkdir(parents=True)
    fail(folder, 3)
    assert Tries(folder).seconds_left() == 5
    clock.passes(5)
    with Tries(folder).one():
        pass
    assert Tries(folder).seconds_left() == 0


@pytest.mark.usefixtures("clock")
def test_every_door_of_the_vault_waits(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from desktop_app.vault import kdf, shares

    held = vault.open_vault(folder, PASSPHRASE)
    secret, _sheets = shares.split(shares.Arrangement())
    held.replace_ways(recovery=secret)
    for _try in range(3):
        with pytest.raises(Refused):
            held.verify_passphrase(OTHER)

    def forbidden(*_arguments: object) -> bytearray:
        pytest.fail("Argon2id was paid while waiting")

    monkeypatch.setattr(vault.keyfile, "stretch", forbidden)
    monkeypatch.setattr(kdf, "stretch", forbidden)
    doors: list[Callable[[], object]] = [
        lambda: held.verify_passphrase(PASSPHRASE),
        lambda: held.change_passphrase(PASSPHRASE, OTHER),
    ]
    closed: list[Callable[[], object]] = [
        lambda: vault.open_vault(folder, PASSPHRASE),
        lambda: vault.open_with_recovery(folder, secret),
        lambda: vault.change_passphrase(folder, PASSPHRASE, OTHER),
    ]
    for door in [*doors, held.close, *closed]:
        if door == held.close:
            held.close()
            continue
        with pytest.raises(Refused) as caught:
            door()
        assert caught.value.code == "too_many_tries"
    monkeypatch.undo()
    tries._known.clear()
    (folder / TRIES_NAME).unlink()
    vault.open_vault(folder, PASSPHRASE).close()


@pytest.mark.skipif(sys.platform == "win32", reason="rights of POSIX")
def test_only_its_owner_reads_it(tmp_path: Path) -> None:
    fail(tmp_path)
    assert (tmp_path / TRIES_NAME).stat().st_mode & 0o077 == 0
