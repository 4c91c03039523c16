"""The works: ``python -m tests.faults.works NAME ROOT BESIDE`` does one and tells what it has done."""

import csv
import os
import random
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from desktop_app import vault
from desktop_app.backup.making import back_up
from desktop_app.backup.reading import BackupFile, blocks_of
from desktop_app.backup.restoring import restore
from desktop_app.backup.ways import Way
from desktop_app.kits import examples
from desktop_app.opening import create_workspace, join_workspace, open_recovered, open_workspace
from desktop_app.recovery import Prepared
from desktop_app.recovery_reading import read_shares
from desktop_app.spreadsheet.importing import import_spreadsheet
from desktop_app.vault import Stick, keystore, shares, stick, ways
from desktop_app.vault.shares import Arrangement
from desktop_app.vault.ways import NewPhrase
from desktop_app.workspace import Workspace
from sync import crypto, volume
from sync.errors import Damaged, Failure, Refused
from sync.stick import statement
from tests.faults.work import NONE, OTHER_PASSPHRASE, PASSPHRASE, Place, Say, Work, look, nothing

_FILES = ("довідка.pdf", "скан.jpg")
STORED = Path(__file__).parent.parent / "data" / "vaults" / "schema-1"
WAY = Way(PASSPHRASE)


def _found(folder: Path, *, cases: int = 2) -> Workspace:
    made = create_workspace(folder, PASSPHRASE, community="Г", unit="Ц", person="О", kdf=vault.KDF_FLOOR)
    if cases:
        made.cases.register_many("appeal", examples.examples("appeal", cases, 7))
    return made


def _numbers(workspace: Workspace) -> list[str]:
    with workspace.store.read() as connection:
        return [number for (number,) in connection.execute("SELECT number FROM case_row ORDER BY id")]


def _name_of_first(workspace: Workspace, name: str) -> None:
    workspace.cases.edit(workspace.cases.find(_numbers(workspace)[0]).id, {"applicant_name": name})


def founded(place: Place) -> None:
    _found(place.vault).close()


def invited(place: Place) -> None:
    """Make a founder's vault with cases beside, its bundle, an invitation, and the vault of whom it invited."""
    with _found(place.beside / "founder", cases=0) as founder:
        first = founder.invite("clerk", "Ц").data
        (place.beside / "invitation").write_bytes(founder.invite("clerk", "Ц").data)
        for seed in range(4):
            founder.cases.register_many("appeal", examples.examples("appeal", 5, seed))
        founder.exchange.export_bundle(place.beside / "bundle")
        if (place.beside / "server").exists():
            founder.exchange.sync(place.server)
    join_workspace(place.vault, PASSPHRASE, invitation=first, person="І", kdf=vault.KDF_FLOOR).close()


def stored(place: Place) -> None:
    """Put a vault of the first tables there, byte by byte: it must not be opened before."""
    place.vault.mkdir()
    for file in STORED.iterdir():
        (place.vault / file.name).write_bytes(file.read_bytes())


def with_sheet(place: Place) -> None:
    secret, sheets = shares.split(Arrangement())
    (place.beside / "sheet").write_text(sheets[0].mnemonic, encoding="utf-8")
    with _found(place.vault) as workspace:
        workspace.store.replace_ways(recovery=secret)


def with_table(place: Place) -> None:
    founded(place)
    header = [
        "recipient_name",
        "Де проживає зараз",
        "Tax number (RNOKPP)",
        "received_on",
        "household_size",
        "aid_kinds",
    ]
    person = ["с. Вільне, вул. Нова, 1", "3652687674", "05.11.2026", "4", "Питна вода; food"]
    with (place.beside / "table.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([header, *([f"Коваль Олена {letter}", *person] for letter in "АБВГДЕЖЗ")])


def with_files(place: Place) -> None:
    founded(place)
    for name, size in zip(_FILES, (300, 2_300_000), strict=True):
        (place.beside / name).write_bytes(random.Random(size).randbytes(size))


def with_orphans(place: Place) -> None:
    """Attach a file, take another one out again, and leave chunks that nothing names."""
    founded(place)
    for name, content in zip(_FILES, (b"kept", b"removed"), strict=True):
        (place.beside / name).write_bytes(content)
    with open_workspace(place.vault, PASSPHRASE) as workspace:
        kept, removed = (workspace.files.add(_numbers(workspace)[0], place.beside / name) for name in _FILES)
        workspace.files.remove(removed.id)
        workspace.files.chunks.put(crypto.sha256(b"orphan"), b"orphan")
        broken_off = workspace.files.chunks.folder / "new-0123"
        broken_off.mkdir()
        (broken_off / kept.id).write_bytes(b"half")


def backed_up(place: Place) -> None:
    """Make a backup beside, with an attached file, to restore from."""
    with_files(place)
    with open_workspace(place.vault, PASSPHRASE) as workspace:
        workspace.files.add(_numbers(workspace)[0], place.beside / "довідка.pdf")
        back_up(workspace, place.beside / "backup")
    place.vault.rename(place.beside / "original")


def register(place: Place, say: Say) -> None:
    with open_workspace(place.vault, PASSPHRASE) as workspace:
        say(f"saved {look(workspace)}")
        for seed in range(4):
            workspace.cases.register("appeal", examples.example("appeal", seed))
            say(f"saved {look(workspace)}")


def register_with(synchronous: str) -> Callable[[Place, Say], None]:
    """Return a control: cases are registered with a database that does not wait for the disk."""

    def do(place: Place, say: Say) -> None:
        with open_workspace(place.vault, PASSPHRASE) as workspace:
            workspace.store._database._writer.execute(f"PRAGMA synchronous = {synchronous}")
            say(f"saved {look(workspace)}")
            for seed in range(3):
                workspace.cases.register("appeal", examples.example("appeal", seed))
                say(f"saved {look(workspace)}")

    return do


def register_many(place: Place, say: Say) -> None:
    with open_workspace(place.vault, PASSPHRASE) as workspace:
        say(f"saved {look(workspace)}")
        for seed in range(2):
            workspace.cases.register_many("appeal", examples.examples("appeal", 25, seed))
            say(f"saved {look(workspace)}")


def import_table(place: Place, say: Say) -> None:
    with open_workspace(place.vault, PASSPHRASE) as workspace:
        say(f"saved {look(workspace)}")
        import_spreadsheet(workspace.cases, place.beside / "table.csv", "humanitarian-aid")
        say(f"saved {look(workspace)}")


def edit(place: Place, say: Say) -> None:
    with open_workspace(place.vault, PASSPHRASE) as workspace:
        say(f"saved {look(workspace)}")
        for name in ("Ґудзь Федір", "Їжак Олена", "Щур Марія"):
            _name_of_first(workspace, name)
            say(f"saved {look(workspace)}")


def draft(place: Place, say: Say) -> None:
    with open_workspace(place.vault, PASSPHRASE) as workspace:
        say(f"saved {look(workspace)}")
        for letters in range(1, 6):
            workspace.drafts.save("form", "appeal", {"applicant_name": "Їжакевич"[:letters]}, "applicant_name")
            say(f"saved {look(workspace)}")
        workspace.drafts.delete("form")
        say(f"saved {look(workspace)}")


def migrate(place: Place, say: Say) -> None:
    with open_workspace(place.vault, PASSPHRASE) as workspace:
        say(f"saved {look(workspace)}")


def change_passphrase(place: Place, say: Say) -> None:
    with open_workspace(place.vault, PASSPHRASE) as workspace:
        say(f"saved {look(workspace)}")
        workspace.store.change_passphrase(PASSPHRASE, OTHER_PASSPHRASE, kdf=vault.KDF_FLOOR)
        say(f"saved {look(workspace, OTHER_PASSPHRASE)}")
    with open_workspace(place.vault, OTHER_PASSPHRASE) as workspace:  # the former one ends here
        say(f"saved {look(workspace, OTHER_PASSPHRASE)}")


def recover(place: Place, say: Say) -> None:
    secret = shares.combine(shares.parse((place.beside / "sheet").read_text(encoding="utf-8")))
    following, _sheets = shares.split(Arrangement())
    with open_recovered(place.vault, secret) as workspace:
        say(f"saved {look(workspace)}")
        workspace.store.replace_ways(NewPhrase(OTHER_PASSPHRASE, cost=vault.KDF_FLOOR), following)
        say(f"saved {look(workspace, OTHER_PASSPHRASE)}")


def create(place: Place, say: Say) -> None:
    say(f"saved {NONE}")
    with _found(place.vault, cases=0) as workspace:
        say(f"saved {look(workspace)}")


def join(place: Place, say: Say) -> None:
    say(f"saved {NONE}")
    data = (place.beside / "invitation").read_bytes()
    with join_workspace(place.vault, PASSPHRASE, invitation=data, person="І", kdf=vault.KDF_FLOOR) as workspace:
        say(f"saved {look(workspace)}")


def uninvited(place: Place) -> None:
    with _found(place.beside / "founder", cases=0) as founder:
        (place.beside / "invitation").write_bytes(founder.invite("clerk", "Ц").data)


def take_in(place: Place, say: Say) -> None:
    with open_workspace(place.vault, PASSPHRASE) as workspace:
        say(f"saved {look(workspace)}")
        workspace.log.on_applied.append(lambda _applied: say(f"now {look(workspace)}"))
        workspace.exchange.import_bundle(place.beside / "bundle")
        say(f"saved {look(workspace)}")


def exchange(place: Place, say: Say) -> None:
    with open_workspace(place.vault, PASSPHRASE) as workspace:
        say(f"saved {look(workspace)}")
        workspace.log.on_applied.append(lambda _applied: say(f"now {look(workspace)}"))
        workspace.exchange.sync(place.server)
        say(f"saved {look(workspace)}")


def hand_out(place: Place, say: Say) -> None:
    with open_workspace(place.vault, PASSPHRASE) as workspace:
        say(f"saved {look(workspace)}{NONE}")
        for name in ("Ґудзь Федір", "Їжак Олена"):
            workspace.exchange.export_bundle(place.root / "bundle")
            say(f"saved {look(workspace)}{_handed_out(place)}")
            _name_of_first(workspace, name)
            say(f"saved {look(workspace)}{_handed_out(place)}")


def _handed_out(place: Place) -> str:
    """Return whether there is a bundle, which is whole then."""
    if not (place.root / "bundle").exists():
        return NONE
    with (place.root / "bundle").open("rb") as file:
        community = volume.read_header(file).community
        file.seek(0)
        try:
            volume.check(file, community)
        except volume.BadVolume as error:
            raise Damaged("damaged_bundle", str(error)) from error
    return "whole"


def with_stick(place: Place) -> None:
    """Make what `invited` makes, and a stick on which the founder has left everything."""
    invited(place)
    (place.root / "stick").mkdir()
    with open_workspace(place.beside / "founder", PASSPHRASE) as founder:
        founder.sticks.exchange(place.root / "stick")


def go_round(place: Place, say: Say) -> None:
    """Take in what is on a stick, and leave there what its other user lacks."""
    with open_workspace(place.vault, PASSPHRASE) as workspace:
        say(f"saved {look(workspace)}{_on_stick(place)}")
        workspace.log.on_applied.append(lambda _applied: say(f"now {look(workspace)}{_on_stick(place)}"))
        if not workspace.sticks.exchange(place.root / "stick").complete:
            raise Refused("no_space", "the stick is full")
        say(f"saved {look(workspace)}{_on_stick(place)}")


def _on_stick(place: Place) -> str:
    """Return how many volumes are on the stick; each of them, and each statement, is whole."""
    found = sorted((place.root / "stick").rglob("*.sprava"))
    try:
        for path in found:
            with path.open("rb") as file:
                community = volume.read_header(file).community
                file.seek(0)
                volume.check(file, community)
        for path in (place.root / "stick").rglob("*.heads"):
            statement.parse(path.read_bytes())
    except (volume.BadVolume, statement.BadStatement) as error:
        raise Damaged("damaged_bundle", str(error)) from error
    return f"+{len(found)}"


def attach(place: Place, say: Say) -> None:
    with open_workspace(place.vault, PASSPHRASE) as workspace:
        say(f"saved {look(workspace)}")
        for name in _FILES:
            added = workspace.files.add(_numbers(workspace)[0], place.beside / name)
            say(f"saved {look(workspace)}")
        workspace.files.remove(added.id)
        say(f"saved {look(workspace)}")
        workspace.files.restore(added.id)
        say(f"saved {look(workspace)}")


def clean_up(place: Place, say: Say) -> None:
    """Remove what nothing names, and attach a file once more whose content was looked at."""
    with open_workspace(place.vault, PASSPHRASE) as workspace:
        say(f"saved {look(workspace)}")
        assert workspace.files.clean().removed == 2
        say(f"saved {look(workspace)}")
        workspace.files.add(_numbers(workspace)[0], place.beside / _FILES[1])
        say(f"saved {look(workspace)}")


def use_stick(place: Place, say: Say) -> None:
    """Let a vault ask for a key file on a stick beside the pass phrase, and then no more."""
    with open_workspace(place.vault, PASSPHRASE) as workspace:
        say(f"saved {look(workspace)}")
        made = Stick.generate()
        stick.write(place.stick_file, made)
        change = partial(workspace.store.change_passphrase, PASSPHRASE, PASSPHRASE, kdf=vault.KDF_FLOOR)
        change(new_stick=made)
        say(f"saved {look(workspace)}")
        change(stick=made, drop_stick=True)
        say(f"saved {look(workspace)}")


def make_sheets(place: Place, say: Say) -> None:
    """Make a recovery sheet, and sheets of trustees in its place."""
    with open_workspace(place.vault, PASSPHRASE) as workspace:
        say(f"saved {look(workspace)}{NONE}")
        for name, arrangement in _SHEETS.items():
            secret, sheets = shares.split(arrangement)
            # The words instead of a page with them: what is tried is how sheets are kept, and not how they look.
            words = tuple(sheet.mnemonic.encode() for sheet in sheets)
            prepared = Prepared(arrangement, secret, tuple(sheets), words)
            prepared.write(place.root / name)
            workspace.recovery.put_in_force(prepared)
            say(f"saved {look(workspace)}{_sheet_in_force(place)}")


_SHEETS = {"one.pdf": Arrangement(), "three.pdf": Arrangement(2, 3)}


def _sheet_in_force(place: Place) -> str:
    """Return which of the sheets that were written open the vault."""
    key_file = keystore.load(place.vault).key_file
    if key_file.recovery_slot is None:
        return NONE
    for name, arrangement in _SHEETS.items():
        try:
            found = [share for path in arrangement.paths(place.root / name) for share in read_shares(path)]
            ways.require_sheet(key_file, shares.combine(found[: arrangement.threshold]))
        except Failure:
            continue
        return name
    raise Damaged("no_sheet", "the recovery sheet in force is nowhere")


def make_backup(place: Place, say: Say) -> None:
    """Make a backup, change something, and make the next one in the same file."""
    with open_workspace(place.vault, PASSPHRASE) as workspace:
        say(f"saved {look(workspace)}{NONE}")
        back_up(workspace, place.root / "backup")
        say(f"saved {look(workspace)}{_backups(place)}")
        _name_of_first(workspace, "Ґудзь Федір")
        say(f"saved {look(workspace)}{_backups(place)}")
        back_up(workspace, place.root / "backup", keep=2)
        say(f"saved {look(workspace)}{_backups(place)}")
        back_up(workspace, place.root / "backup", keep=2)
        say(f"saved {look(workspace)}{_backups(place)}")


def _backups(place: Place) -> str:
    """Return what the newest generation of the backup holds, after reading all of it."""
    if not (place.root / "backup").exists():
        return NONE
    with BackupFile(place.root / "backup") as held:
        held.unlock(WAY.vault_key)
        newest = held.newest
        for block in blocks_of([held.index(newest)]):
            held.block(block)
        return f"{newest.number}:{newest.cases}"


def bring_back(place: Place, say: Say) -> None:
    say(f"saved {NONE}")
    restore(place.beside / "backup", place.vault, WAY.vault_key)
    with open_workspace(place.vault, PASSPHRASE) as workspace:
        say(f"saved {look(workspace)}")


WORKS = {
    "register": Work(founded, register),
    "register_many": Work(founded, register_many),
    "import_table": Work(with_table, import_table),
    "edit": Work(founded, edit),
    "draft": Work(founded, draft),
    "attach": Work(with_files, attach),
    "clean_up": Work(with_orphans, clean_up),
    "migrate": Work(stored, migrate),
    "change_passphrase": Work(founded, change_passphrase, (OTHER_PASSPHRASE, PASSPHRASE)),
    "recover": Work(with_sheet, recover, (OTHER_PASSPHRASE, PASSPHRASE)),
    "use_stick": Work(founded, use_stick),
    "make_sheets": Work(founded, make_sheets, look_beside=_sheet_in_force),
    "create": Work(nothing, create),
    "join": Work(uninvited, join),
    "take_in": Work(invited, take_in),
    "exchange": Work(invited, exchange, server=True),
    "go_round": Work(with_stick, go_round, look_beside=_on_stick),
    "hand_out": Work(founded, hand_out, look_beside=_handed_out),
    "make_backup": Work(founded, make_backup, look_beside=_backups),
    "bring_back": Work(backed_up, bring_back, tells=True),
}
CONTROLS = {
    "register without waiting": Work(founded, register_with("OFF")),
    "register waiting sometimes": Work(founded, register_with("NORMAL")),
}
"""Works that break the promise; a trial that does not notice tries nothing."""


def say_on_stdout(line: str) -> None:
    """Write one line in one call, so that who watches sees when it was said, and by a call that nothing else uses."""
    os.writev(1, [f"{line}\n".encode()])


if __name__ == "__main__":
    {**WORKS, **CONTROLS}[sys.argv[1]].do(Place(Path(sys.argv[2]), Path(sys.argv[3])), say_on_stdout)
