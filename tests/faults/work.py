"""What a process does with a vault while the power goes, it is killed, or the disk refuses.

``python -m tests.faults.work NAME ROOT BESIDE`` does one work, and tells on its standard output what it has done:
``saved LOOK`` where a person is told so, and ``now LOOK`` after a commit that nobody is told of yet.
"""

import hashlib
import json
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from desktop_app import vault
from desktop_app.kits import examples
from desktop_app.opening import create_workspace, join_workspace, open_workspace
from desktop_app.workspace import Workspace

PASSPHRASE = "калина горить над ставом 77"
OTHER_PASSPHRASE = "сім журавлів летять на північ 12"
STORED = Path(__file__).parent.parent / "data" / "vaults" / "schema-1"
NONE = "none"
"""The look of a vault that is not there."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a work happens.

    Args:
        root: The folder that is watched; the vault is in it.
        beside: A folder for what is not, such as a bundle to take in.
    """

    root: Path
    beside: Path

    @property
    def vault(self) -> Path:
        """The folder of the vault."""
        return self.root / "vault"


Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Work:
    """One thing that is done with a vault.

    Args:
        prepare: Makes what must be there before.
        do: Does it.
        phrases: The pass phrases one of which must open the vault at any time.
    """

    prepare: Callable[[Place], None]
    do: Callable[[Place, Say], None]
    phrases: tuple[str, ...] = (PASSPHRASE,)


def look(workspace: Workspace, phrase: str = PASSPHRASE) -> str:
    """Return everything that a person could miss in a vault, as one short word; the same in each run of a work."""
    with workspace.store.read() as connection:
        cases = connection.execute(
            "SELECT number, title, stage, fields FROM case_row JOIN record USING (uuid) ORDER BY number"
        ).fetchall()
        names = connection.execute("SELECT name FROM named ORDER BY name").fetchall()
    drafts = sorted((draft.id, draft.values, draft.focus) for draft in workspace.drafts.list())
    told = json.dumps([cases, names, drafts, phrase], sort_keys=True)
    return hashlib.sha256(told.encode()).hexdigest()[:16]


def founded(place: Place) -> None:
    _found(place.vault).close()


def _found(folder: Path, *, cases: int = 2) -> Workspace:
    made = create_workspace(folder, PASSPHRASE, community="Г", unit="Ц", person="О", kdf=vault.KDF_FLOOR)
    if cases:
        made.cases.register_many("appeal", examples.examples("appeal", cases, 7))
    return made


def invited(place: Place) -> None:
    """Make a founder's vault with cases beside, its bundle, an invitation, and the vault of whom it invited."""
    with _found(place.beside / "founder", cases=0) as founder:
        first = founder.invite("clerk", "Ц").data
        (place.beside / "invitation").write_bytes(founder.invite("clerk", "Ц").data)
        for seed in range(4):
            founder.cases.register_many("appeal", examples.examples("appeal", 5, seed))
        founder.exchange.export_bundle(place.beside / "bundle")
    join_workspace(place.vault, PASSPHRASE, invitation=first, person="І", kdf=vault.KDF_FLOOR).close()


def uninvited(place: Place) -> None:
    with _found(place.beside / "founder", cases=0) as founder:
        (place.beside / "invitation").write_bytes(founder.invite("clerk", "Ц").data)


def stored(place: Place) -> None:
    """Put a vault of the first tables there, byte by byte: it must not be opened before."""
    place.vault.mkdir()
    for file in STORED.iterdir():
        (place.vault / file.name).write_bytes(file.read_bytes())


def nothing(_place: Place) -> None:
    pass


def register(place: Place, say: Say) -> None:
    with open_workspace(place.vault, PASSPHRASE) as workspace:
        say(f"saved {look(workspace)}")
        for seed in range(5):
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
            workspace.cases.register_many("appeal", examples.examples("appeal", 60, seed))
            say(f"saved {look(workspace)}")


def edit(place: Place, say: Say) -> None:
    with open_workspace(place.vault, PASSPHRASE) as workspace:
        say(f"saved {look(workspace)}")
        with workspace.store.read() as connection:
            numbers = [number for (number,) in connection.execute("SELECT number FROM case_row ORDER BY id")]
        for name in ("Ґудзь Федір", "Їжак Олена"):
            for number in numbers:
                workspace.cases.edit(workspace.cases.find(number).id, {"applicant_name": name})
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


def create(place: Place, say: Say) -> None:
    say(f"saved {NONE}")
    with _found(place.vault, cases=0) as workspace:
        say(f"saved {look(workspace)}")


def join(place: Place, say: Say) -> None:
    say(f"saved {NONE}")
    data = (place.beside / "invitation").read_bytes()
    with join_workspace(place.vault, PASSPHRASE, invitation=data, person="І", kdf=vault.KDF_FLOOR) as workspace:
        say(f"saved {look(workspace)}")


def take_in(place: Place, say: Say) -> None:
    with open_workspace(place.vault, PASSPHRASE) as workspace:
        say(f"saved {look(workspace)}")
        workspace.log.on_applied.append(lambda _applied: say(f"now {look(workspace)}"))
        workspace.exchange.import_bundle(place.beside / "bundle")
        say(f"saved {look(workspace)}")


WORKS = {
    "register": Work(founded, register),
    "register_many": Work(founded, register_many),
    "edit": Work(founded, edit),
    "draft": Work(founded, draft),
    "migrate": Work(stored, migrate),
    "change_passphrase": Work(founded, change_passphrase, (OTHER_PASSPHRASE, PASSPHRASE)),
    "create": Work(nothing, create),
    "join": Work(uninvited, join),
    "take_in": Work(invited, take_in),
}
CONTROLS = {
    "register without waiting": Work(founded, register_with("OFF")),
    "register waiting sometimes": Work(founded, register_with("NORMAL")),
}
"""Works that break the promise; a trial that does not notice tries nothing."""


def prepared(name: str, folder: Path) -> Place:
    """Make the place of a work below a folder, with all that must be there before."""
    place = Place(folder / "root", folder / "beside")
    place.root.mkdir()
    place.beside.mkdir()
    {**WORKS, **CONTROLS}[name].prepare(place)
    return place


def say_on_stdout(line: str) -> None:
    """Write one line in one call, so that who watches sees when it was said."""
    os.write(1, f"{line}\n".encode())


if __name__ == "__main__":
    {**WORKS, **CONTROLS}[sys.argv[1]].do(Place(Path(sys.argv[2]), Path(sys.argv[3])), say_on_stdout)
