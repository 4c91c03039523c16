"""What a work is: something that a process does with a vault while a fault befalls it."""

import hashlib
import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from desktop_app.attachments import rows
from desktop_app.vault import Stick, stick
from desktop_app.workspace import Workspace
from sync import ids
from sync.errors import Failure

PASSPHRASE = "калина горить над ставом 77"
OTHER_PASSPHRASE = "сім журавлів летять на північ 12"
NONE = "none"
"""The look of what is not there."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a work happens.

    Args:
        root: The folder that is watched; the vault is in it.
        beside: A folder for what is not, such as a bundle to take in.
    """

    root: Path
    beside: Path

    @classmethod
    def below(cls, folder: Path) -> "Place":
        """Return the place in a folder."""
        return cls(folder / "root", folder / "beside")

    @property
    def vault(self) -> Path:
        """The folder of the vault."""
        return self.root / "vault"

    @property
    def stick_file(self) -> Path:
        """The key file on the stick, for a work that makes one."""
        return self.root / f"key{stick.ENDING}"

    def stick(self) -> Stick | None:
        """Return the second secret, or None when it is not on the stick, or not whole."""
        with suppress(Failure):
            return stick.read(self.stick_file)
        return None

    @property
    def server(self) -> str:
        """The address of the server, for a work that needs one."""
        return (self.beside / "server").read_text(encoding="utf-8")


Say = Callable[[str], None]
"""Tells what was done: ``saved LOOK`` where a person is told so, ``now LOOK`` after a commit nobody is told of yet."""


def nothing(_place: Place) -> None:
    """Prepare nothing."""


def vault_alone(_place: Place) -> str:
    """Return the look of what is beside the vault: nothing is."""
    return ""


@dataclass(frozen=True, slots=True)
class Work:
    """One thing that is done with a vault.

    Args:
        prepare: Makes what must be there before.
        do: Does it.
        phrases: The pass phrases one of which must open the vault at any time.
        look_beside: Returns the look of what the work makes beside the vault, or raises an error if that is broken.
        server: Whether it needs a server.
        tells: Whether the vault has something to tell when it is opened, such as that it was restored.
    """

    prepare: Callable[[Place], None]
    do: Callable[[Place, Say], None]
    phrases: tuple[str, ...] = (PASSPHRASE,)
    look_beside: Callable[[Place], str] = vault_alone
    server: bool = False
    tells: bool = False


def look(workspace: Workspace, phrase: str = PASSPHRASE) -> str:
    """Return everything that a person could miss in a vault, as one short word; the same in each run of a work."""
    with workspace.store.read() as connection:
        cases = connection.execute(
            "SELECT number, title, stage, fields FROM case_row JOIN record USING (uuid) ORDER BY number"
        ).fetchall()
        names = connection.execute("SELECT name FROM named ORDER BY name").fetchall()
        held = [(row.name, row.removed, ids.to_text(row.id)) for row in rows.all_rows(connection)]
    files = sorted((name, removed, _content(workspace, file)) for name, removed, file in held)
    drafts = sorted((draft.id, draft.values, draft.focus) for draft in workspace.drafts.list())
    ways = [phrase, workspace.store.key_file.stick_mark is not None]
    told = json.dumps([cases, names, files, drafts, ways], sort_keys=True)
    return hashlib.sha256(told.encode()).hexdigest()[:16]


def _content(workspace: Workspace, file: str) -> str:
    found = hashlib.sha256()
    for block in workspace.files.content(file).blocks():
        found.update(block)
    return found.hexdigest()
