"""The sheet of an open vault, and the vault without its pass phrase: at no moment nobody can open it."""

import random
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from desktop_app.opening import open_recovered, open_workspace, recover_workspace
from desktop_app.recovery import Prepared, asked_back, is_word, required
from desktop_app.recovery_reading import read_shares
from desktop_app.vault import KDF_FLOOR, NewPhrase, keystore, shares, vault_key
from desktop_app.vault.shares import Arrangement
from desktop_app.workspace import Workspace
from sync.errors import Damaged, Refused

from .conftest import NEW, PHRASE

CHILD = """
import sys
from pathlib import Path
from desktop_app.opening import recover_workspace
from desktop_app.recovery_reading import read_shares
from desktop_app.vault import KDF_FLOOR, NewPhrase
place, phrases = Path(sys.argv[1]), sys.argv[2:]
for number in range(1_000):
    found = read_shares(place / f"{number}.pdf")
    new = NewPhrase(phrases[number % 2], cost=KDF_FLOOR)
    recover_workspace(place / "vault", found, new, lambda made: made.write(place / f"{number + 1}.pdf")).close()
    print(number, flush=True)
"""


def recover(place: Path, name: str = "1.pdf", phrase: str = NEW) -> Workspace:
    found = read_shares(place / "0.pdf")
    new = NewPhrase(phrase, cost=KDF_FLOOR)
    return recover_workspace(place / "vault", found, new, lambda made: made.write(place / name))


def code_of(door: Callable[[], object]) -> str:
    with pytest.raises((Refused, Damaged)) as caught:
        door()
    return caught.value.code


def test_the_sheet_is_described_from_the_vault(opened: Callable[[], Workspace], place: Path) -> None:
    state = opened().recovery.state()
    (sheet,) = read_shares(place / "0.pdf")
    assert (state.exists, state.number) == (True, shares.sheet_number(sheet.sheet))
    assert (state.arrangement, state.confirmed) == (Arrangement(), True)
    assert state.made_on == date.today()  # noqa: DTZ011 - the day of the person


def test_a_prepared_sheet_opens_nothing_yet(opened: Callable[[], Workspace], place: Path) -> None:
    workspace = opened()
    prepared = workspace.recovery.prepare(Arrangement(2, 3))
    workspace.close()
    assert code_of(lambda: open_recovered(place / "vault", prepared.secret)) == "wrong_recovery"
    open_recovered(place / "vault", shares.combine(read_shares(place / "0.pdf"))).close()


def test_what_opens_is_said_although_the_note_about_it_is_of_an_older_sheet(opened: Callable[[], Workspace]) -> None:
    """As after a power cut between the two, or with an older copy of the database."""
    workspace = opened()
    prepared = workspace.recovery.prepare(Arrangement(3, 5))
    workspace.store.replace_ways(recovery=prepared.secret)
    state = workspace.recovery.state()
    assert (state.number, state.arrangement, state.made_on) == (prepared.number, None, None)
    workspace.recovery.confirm()
    assert not workspace.recovery.state().confirmed


def test_a_forgotten_phrase_is_replaced(place: Path) -> None:
    with recover(place) as workspace:
        state = workspace.recovery.state()
        assert (state.arrangement, state.confirmed) == (Arrangement(), False)
    open_workspace(place / "vault", NEW).close()
    assert code_of(lambda: open_workspace(place / "vault", PHRASE)) == "wrong_passphrase"
    assert code_of(lambda: recover(place, "2.pdf")) == "wrong_recovery"
    secret = shares.combine(read_shares(place / "1.pdf"))
    open_recovered(place / "vault", secret).close()
    assert vault_key((place / "vault" / "vault.key").read_bytes(), recovery=secret)


def test_when_the_new_sheet_cannot_be_kept_nothing_changes(place: Path) -> None:
    before = (place / "vault" / "vault.key").read_bytes()
    (place / "1.pdf").write_bytes(b"x")
    assert code_of(lambda: recover(place)) == "file_exists"
    assert code_of(lambda: recover(place, "no/1.pdf")) == "unwritable"
    assert code_of(lambda: recover(place, phrase="слабка")) == "weak_passphrase"
    assert (place / "vault" / "vault.key").read_bytes() == before
    open_workspace(place / "vault", PHRASE).close()


def test_trustees_sheets_are_all_written_or_none(opened: Callable[[], Workspace], place: Path) -> None:
    prepared = opened().recovery.prepare(Arrangement(2, 3))
    (place / "t-3.pdf").write_bytes(b"x")
    assert code_of(lambda: prepared.write(place / "t.pdf")) == "file_exists"
    assert sorted(path.name for path in place.glob("t*")) == ["t-3.pdf"]
    assert [path.name for path in prepared.write(place / "u")] == ["u-1.pdf", "u-2.pdf", "u-3.pdf"]


def test_on_a_bare_machine_a_copy_of_the_folder_is_enough(place: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(place, tmp_path / "elsewhere"))
    shutil.rmtree(place)
    recover(copy).close()
    open_workspace(copy / "vault", NEW).close()


def test_a_damaged_database_changes_nothing_and_the_sheet_stays_valid(place: Path) -> None:
    for name in ("vault.db", "vault.db-wal"):
        (place / "vault" / name).unlink(missing_ok=True)
    before = (place / "vault" / "vault.key").read_bytes()
    assert code_of(lambda: recover(place)) == "missing_database"
    assert (place / "vault" / "vault.key").read_bytes() == before


def test_the_copy_of_the_key_file_recovers_too(place: Path) -> None:
    (place / "vault" / "vault.key").write_bytes(b"torn")
    recover(place).close()
    open_workspace(place / "vault", NEW).close()


def test_two_words_are_asked_back() -> None:
    asked = set()
    for _sheet in range(50):
        (sheet,) = shares.split(Arrangement())[1]
        first, last = asked_back(sheet)
        assert 1 <= first < last <= 20
        asked.add((first, last))
        assert is_word(sheet, first, f" {sheet.words[first - 1].upper()}\n")
        assert not is_word(sheet, first, "")
        assert is_word(sheet, first, sheet.words[last - 1]) == (sheet.words[first - 1] == sheet.words[last - 1])
    assert len(asked) > 10


def test_how_many_more_are_needed() -> None:
    _secret, sheets = shares.split(Arrangement(3, 5))
    assert [required(sheets[:count]) for count in range(5)] == [1, 2, 1, 0, 0]
    assert required([sheets[0], sheets[0]]) == 2


def test_nothing_secret_is_shown(opened: Callable[[], Workspace]) -> None:
    prepared = opened().recovery.prepare(Arrangement())
    shown = repr([prepared, prepared.secret, prepared.sheets, NewPhrase(PHRASE)])
    assert isinstance(prepared, Prepared)
    for secret in (*prepared.sheets[0].words, prepared.secret.secret.hex(), PHRASE):
        assert secret not in shown


@pytest.mark.parametrize("seed", range(3))
def test_killed_while_recovering_there_is_always_a_way_in(place: Path, project: Path, seed: int) -> None:
    command = [sys.executable, "-c", CHILD, str(place), NEW, PHRASE]
    with subprocess.Popen(command, cwd=project, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        first = child.stdout.readline()
        time.sleep(random.Random(seed).uniform(0, 0.9))
        child.kill()
        said = (first + child.stdout.read()).splitlines()
    done = int(said[-1]) + 1
    before, after = place / f"{done}.pdf", place / f"{done + 1}.pdf"
    slot = vault_slot(place / "vault")
    (old,) = read_shares(before)
    in_force, turn = (before, done - 1) if slot == old.sheet else (after, done)
    open_recovered(place / "vault", shares.combine(read_shares(in_force))).close()
    open_workspace(place / "vault", (NEW, PHRASE)[turn % 2]).close()


def vault_slot(folder: Path) -> int:
    """The number of the sheet that the key file asks for."""
    slot = keystore.load(folder).key_file.recovery_slot
    assert slot is not None
    return slot.reserved


def test_a_sheet_made_earlier_is_checked_and_stays_good(opened: Callable[[], Workspace], place: Path) -> None:
    workspace = opened()
    prepared = workspace.recovery.prepare(Arrangement(2, 3))
    prepared.write(place / "new.pdf")
    workspace.recovery.put_in_force(prepared)
    assert code_of(lambda: workspace.recovery.check(read_shares(place / "0.pdf"))) == "wrong_recovery"
    first, second = read_shares(place / "new-1.pdf"), read_shares(place / "new-3.pdf")
    assert code_of(lambda: workspace.recovery.check(first)) == "recovery_more_needed"
    assert not workspace.recovery.state().confirmed
    workspace.recovery.check([*first, *second])
    assert workspace.recovery.state().confirmed
    workspace.close()
    open_recovered(place / "vault", shares.combine([*first, *second])).close()
