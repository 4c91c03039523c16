"""The folder of a vault in a community of three is damaged at random: verify and repair tell the truth afterwards."""

import os
import random
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from desktop_app import vault
from desktop_app.cases.model import CaseQuery
from desktop_app.kits.examples import examples
from desktop_app.opening import create_workspace, join_workspace, open_workspace
from desktop_app.repair import repair
from desktop_app.verify import verify_folder
from desktop_app.workspace import Workspace
from sync.errors import Failure
from tests.templates import forget_place

PASSPHRASE = "калина горить над ставом 77"
EACH = 8
TRIES = 4 * int(os.environ.get("SPRAVA_SOAK", "1"))
NAMES = ("vault.db", "vault.db-wal", "vault.mark", "vault.seat", "vault.key", "vault.key.previous")
Hurt = Callable[[bytes, random.Random], bytes]


def exchange(one: Workspace, other: Workspace, stick: Path) -> None:
    for giver, taker in ((one, other), (other, one)):
        giver.exchange.export_bundle(stick)
        taker.exchange.import_bundle(stick)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Maria's vault, which holds what all three wrote: closed, as after a crash, and of yesterday; and a stick."""
    folder = tmp_path_factory.mktemp("hostile")
    stick = folder / "stick"
    with create_workspace(
        folder / "oksana", PASSPHRASE, community="Г", unit="Ц", person="О", kdf=vault.KDF_FLOOR
    ) as one:
        seats = [
            join_workspace(
                folder / name, PASSPHRASE, invitation=one.invite("clerk", "Ц").data, person=name, kdf=vault.KDF_FLOOR
            )
            for name in ("ivan", "maria")
        ]
        for _round in range(2):
            for seat in seats:
                exchange(one, seat, stick)
        for seed, seat in enumerate((one, *seats), start=1):
            if seat is seats[1]:
                shutil.copytree(folder / "maria", folder / "yesterday")
            for fields in examples("appeal", EACH, seed):
                seat.cases.register("appeal", fields)
            for other in seats:
                exchange(one, other, stick)
        shutil.copytree(folder / "maria", folder / "crashed")
        one.exchange.export_bundle(stick)
        for seat in seats:
            seat.close()
    (folder / "crashed" / "vault.db-shm").unlink()
    forget_place(folder / "maria", PASSPHRASE)
    return folder


def flipped(data: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(data))
    return data[:at] + bytes([data[at] ^ 1 << chance.randrange(8)]) + data[at + 1 :]


def zeroed(data: bytes, chance: random.Random) -> bytes:
    at, size = chance.randrange(len(data)), chance.choice((512, 4096, 20_000, 100_000))
    return data[:at] + bytes(len(data[at : at + size])) + data[at + size :]


def cut(data: bytes, chance: random.Random) -> bytes:
    return data[: chance.randrange(len(data))]


def swapped(data: bytes, chance: random.Random) -> bytes:
    """Two pages have changed places."""
    pages = [data[start : start + 4096] for start in range(0, len(data), 4096)]
    one, other = chance.randrange(len(pages)), chance.randrange(len(pages))
    pages[one], pages[other] = pages[other], pages[one]
    return b"".join(pages)


def gone(_data: bytes, _chance: random.Random) -> bytes:
    return b""


HURTS: tuple[Hurt, ...] = (flipped, zeroed, zeroed, cut, swapped, gone)


def hurt(folder: Path, template: Path, chance: random.Random) -> list[str]:
    """Damage one to three files, mostly the database."""
    done = []
    for _file in range(chance.choice((1, 1, 2, 3))):
        name = chance.choice(("vault.db", "vault.db", *NAMES))
        path = folder / name
        if not path.is_file() or not path.stat().st_size:
            continue
        if chance.random() < 0.1 and (template / "yesterday" / name).exists():
            path.write_bytes((template / "yesterday" / name).read_bytes())
            done.append(f"yesterday's {name}")
            continue
        how = chance.choice(HURTS)
        path.write_bytes(how(path.read_bytes(), chance))
        done.append(f"{how.__name__} {name}")
    return done


def try_once(folder: Path, template: Path, chance: random.Random) -> str:
    """Damage, repair, and compare what is said with what there is."""
    done = hurt(folder, template, chance)
    try:
        report = repair(folder, PASSPHRASE)
    except Failure as refusal:
        return refusal.code
    unsound = {check.part for check in verify_folder(folder, PASSPHRASE) if not check.sound}
    with open_workspace(folder, PASSPHRASE) as opened:
        cases = opened.cases.count(CaseQuery())
        assert opened.notices == [], done
    if cases < 3 * EACH and not unsound:
        # An older database passes every check; only the mark tells, and here an older mark stood in its place.
        assert any(each.endswith("vault.db-wal") for each in done), (done, cases)
        assert any(each.endswith("vault.mark") for each in done), (done, cases)
        return "an older vault"
    assert report.sound == (not unsound), done
    back = repair(folder, PASSPHRASE, [template / "stick"])
    left = {check.part for check in verify_folder(folder, PASSPHRASE) if not check.sound}
    with open_workspace(folder, PASSPHRASE) as opened:
        assert opened.cases.count(CaseQuery()) == 3 * EACH, done
    assert not left, (done, left, back.missing)
    return ", ".join(sorted(unsound)) or "whole"


@pytest.mark.parametrize("state", ["maria", "crashed"])
def test_what_is_said_afterwards_is_true(template: Path, tmp_path: Path, state: str) -> None:
    outcomes: Counter[str] = Counter()
    for number in range(TRIES):
        folder = tmp_path / str(number)
        shutil.copytree(template / state, folder)
        outcomes[try_once(folder, template, random.Random(f"{state} {number}"))] += 1
        shutil.rmtree(folder)
    print(f"hostile, {state}: {dict(outcomes)}")
