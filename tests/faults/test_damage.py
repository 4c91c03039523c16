"""Every file of a vault is damaged in every way: it is said, or nothing of the contents has changed; nothing goes."""

import os
import random
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from desktop_app.backup.drill import drill
from desktop_app.backup.making import back_up
from desktop_app.backup.ways import Way
from desktop_app.cases.model import CaseQuery
from desktop_app.kits import examples
from desktop_app.opening import open_workspace
from desktop_app.settings import Settings
from desktop_app.verify import verify
from sync.errors import Failure
from tests.faults.bench import Bench, State, read_state
from tests.faults.work import PASSPHRASE, Place, look
from tests.faults.works import WORKS

TIMES = int(os.environ.get("SPRAVA_SOAK", "1"))
SQLITES_OWN = ("-wal", "-shm", "-journal")
"""What SQLite takes away when it has brought everything into the database."""
Damage = Callable[[bytes, random.Random], bytes | None]


def flip_a_bit(content: bytes, chance: random.Random) -> bytes:
    if not content:
        return b"\x01"
    at = chance.randrange(len(content))
    return content[:at] + bytes([content[at] ^ 1 << chance.randrange(8)]) + content[at + 1 :]


def cut_off(content: bytes, chance: random.Random) -> bytes:
    return content[: chance.randrange(max(len(content), 1))]


def empty(_content: bytes, _chance: random.Random) -> bytes:
    return b""


def missing(_content: bytes, _chance: random.Random) -> None:
    return None


def foreign(content: bytes, chance: random.Random) -> bytes:
    return chance.randbytes(len(content))


def zeros(content: bytes, _chance: random.Random) -> bytes:
    return bytes(len(content))


def longer(content: bytes, chance: random.Random) -> bytes:
    return content + chance.randbytes(4096)


def a_sector_of_zeros(content: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(content) // 512 + 1) * 512
    return content[:at] + bytes(len(content[at : at + 512])) + content[at + 512 :]


DAMAGES: dict[Damage, int] = {
    flip_a_bit: 6,
    cut_off: 3,
    a_sector_of_zeros: 3,
    empty: 1,
    missing: 1,
    foreign: 1,
    zeros: 1,
    longer: 1,
}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """A vault with cases and an attached file, as a crash leaves it: with a log that is not in the database yet."""
    made = Place.below(tmp_path_factory.mktemp("damage"))
    made.root.mkdir()
    made.beside.mkdir()
    WORKS["attach"].prepare(made)
    with open_workspace(made.vault, PASSPHRASE) as workspace:
        workspace.cases.register("appeal", examples.example("appeal", 1))
        workspace.files.add(workspace.cases.register("appeal", examples.example("appeal", 2)).id, file_of(made))
        workspace.drafts.save("form", "appeal", {"applicant_name": "Їжак"}, "applicant_name")
        shutil.copytree(made.root, made.beside / "before")
        workspace.cases.register("appeal", examples.example("appeal", 3))
        (made.beside / "look").write_text(look(workspace), encoding="utf-8")
        shutil.copytree(made.root, made.beside / "live")
        back_up(workspace, made.beside / "backup")
        workspace.exchange.export_bundle(made.beside / "bundle")
    return made


def file_of(place: Place) -> Path:
    return place.beside / "довідка.pdf"


def what_happens(place: Place, whole: str) -> str:
    """Open a vault and return what is said of it, or ``unchanged``.

    Raises:
        AssertionError: Something else is in it, and nothing is said.
    """
    try:
        with open_workspace(place.vault, PASSPHRASE) as workspace:
            unsound = sorted(check.part for check in verify(workspace) if not check.sound)
            told = bool(workspace.notices)
            try:
                same = look(workspace) == whole
            except Failure as failure:
                return failure.code
    except Failure as failure:
        return failure.code
    if unsound:
        return "verify: " + ", ".join(unsound)
    if told:
        return "told on opening"
    assert same, "the contents are others, and nothing is said"
    return "unchanged"


def changed(state: State, name: str, content: bytes | None) -> State:
    """Return a state in which a file has another content, or is not there."""
    others = {path: kept for path, kept in state.items() if path != name}
    return others if content is None else {**others, name: content}


def names(state: State) -> list[str]:
    """Return the files of a vault, one of each kind, attached ones once."""
    found = sorted(
        path for path, content in state.items() if content is not None and not path.endswith((".lock", "-shm"))
    )
    attached = [path for path in found if path.startswith("vault/files/")]
    return [*(path for path in found if path not in attached), *attached[:2]]


def test_every_file_of_a_vault_is_damaged(place: Place) -> None:
    chance = random.Random(1)
    whole = (place.beside / "look").read_text(encoding="utf-8")
    start = read_state(place.beside / "live")
    bench = Bench(place.root)
    bench.put(start)
    assert what_happens(place, whole) == "unchanged"
    for name in names(start):
        content = start[name]
        assert content is not None
        outcomes: Counter[str] = Counter()
        for damage, times in DAMAGES.items():
            for _time in range(times * TIMES):
                bad = damage(content, chance)
                if bad == content:
                    continue
                bench.put(changed(start, name, bad))
                outcomes[what_happens(place, whole)] += 1
                gone = start.keys() - read_state(place.root).keys() - {name}
                assert all(path.endswith(SQLITES_OWN) for path in gone), f"{gone} is gone after {name} was damaged"
        print(f"damage, {name}: {dict(outcomes)}")


def test_files_of_another_time_are_put_back(place: Place) -> None:
    """Each passes every check of SQLite and SQLCipher; the high-water mark tells."""
    whole = (place.beside / "look").read_text(encoding="utf-8")
    before, now = read_state(place.beside / "before"), read_state(place.beside / "live")
    bench = Bench(place.root)
    database, log = "vault/vault.db", "vault/vault.db-wal"
    without_log = changed(now, log, None)
    states = {
        "the database without its log": without_log,
        "yesterday's log": changed(now, log, before[log]),
        "yesterday's database, no log": changed(without_log, database, before[database]),
        "a log of another vault": changed(now, log, (now[log] or b"")[:32] + bytes(len(now[log] or b"") - 32)),
    }
    for name, state in states.items():
        bench.put(state)
        outcome = what_happens(place, whole)
        print(f"put back, {name}: {outcome}")
        assert outcome in {"told on opening", "verify: mark", "verify: audit, mark"}, name
        with open_workspace(place.vault, PASSPHRASE) as workspace:  # and it goes on
            workspace.cases.register("appeal", examples.example("appeal", 9))
            numbers = [row.number for row in workspace.cases.page(CaseQuery(), 0, 100)]
            assert len(numbers) == len(set(numbers))


def test_a_backup_is_damaged(place: Place, tmp_path: Path) -> None:
    content = (place.beside / "backup").read_bytes()
    outcomes: Counter[str] = Counter()
    chance = random.Random(2)
    path = tmp_path / "backup"
    for damage, times in DAMAGES.items():
        for _time in range(times * TIMES):
            bad = damage(content, chance)
            path.unlink(missing_ok=True)
            if bad is not None:
                path.write_bytes(bad)
            try:
                done = drill(path, Way(PASSPHRASE))
                outcomes["sound" if done.sound else "drill: not sound"] += 1
            except Failure as failure:
                outcomes[failure.code] += 1
            assert not path.exists() or path.read_bytes() == bad
    print(f"damage, backup: {dict(outcomes)}")


def test_a_bundle_is_damaged(place: Place, tmp_path: Path) -> None:
    content = (place.beside / "bundle").read_bytes()
    outcomes: Counter[str] = Counter()
    chance = random.Random(3)
    path = tmp_path / "bundle"
    Bench(place.root).put(read_state(place.beside / "live"))
    with open_workspace(place.vault, PASSPHRASE) as workspace:
        before = workspace.digest()
        for damage, times in DAMAGES.items():
            for _time in range(times * TIMES):
                bad = damage(content, chance)
                path.unlink(missing_ok=True)
                if bad is not None:
                    path.write_bytes(bad)
                with pytest.raises(Failure) as failed:
                    workspace.exchange.import_bundle(path)
                outcomes[failed.value.code] += 1
                assert workspace.digest() == before
    print(f"damage, bundle: {dict(outcomes)}")


def test_the_settings_are_damaged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPRAVA_SETTINGS_DIR", str(tmp_path))
    chance = random.Random(4)
    for damage, times in DAMAGES.items():
        for _time in range(times * 3):
            bad = damage(b'{"version": 1, "language": "uk", "text_percent": 125, "theme": "dark"}', chance)
            (tmp_path / "settings.json").unlink(missing_ok=True)
            if bad is not None:
                (tmp_path / "settings.json").write_bytes(bad)
            Settings.load()
