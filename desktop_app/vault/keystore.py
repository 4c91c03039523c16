"""The two places of the key file in a vault's folder, and how one mends the other."""

from dataclasses import dataclass
from pathlib import Path

from desktop_app.vault import keyfile
from desktop_app.vault.keyfile import KeyFile
from sync import files
from sync.errors import Damaged, Failure
from sync.messages import _

KEY_NAME = "vault.key"
PREVIOUS_NAME = "vault.key.previous"
DAMAGED_NAME = "vault.key.damaged"


@dataclass(frozen=True, slots=True)
class Loaded:
    """A key file and where it came from.

    Args:
        key_file: The newest that is whole.
        from_previous: Whether ``vault.key`` was damaged, missing or another vault's, and the one before it was taken.
        foreign: Whether ``vault.key`` was another vault's.
    """

    key_file: KeyFile
    from_previous: bool
    foreign: bool = False


def load(folder: Path) -> Loaded:
    """Read the newest key file that is whole.

    Raises:
        Damaged: Both are damaged or missing ("damaged_key_file").
        Refused: A newer program wrote it ("newer_vault").
        OSError: The disk refused.
    """
    try:
        return Loaded(_read(folder / KEY_NAME), from_previous=False)
    except Damaged as damage:
        try:
            return Loaded(_read(folder / PREVIOUS_NAME), from_previous=True)
        except Damaged:
            raise damage from None


def other(folder: Path, loaded: Loaded) -> Loaded | None:
    """Return the copy beside a whole ``vault.key`` where it's of another vault; None where there is no such.

    Raises:
        OSError: The disk refused.
    """
    if loaded.from_previous:
        return None
    try:
        previous = _read(folder / PREVIOUS_NAME)
    except Failure:
        return None
    if previous.vault_id == loaded.key_file.vault_id:
        return None
    return Loaded(previous, from_previous=True, foreign=True)


def foreign() -> Damaged:
    """Return the failure of a key file that opens, and then fits nothing in its folder."""
    return Damaged(
        "foreign_key_file",
        _(
            "The key file (vault.key) in this folder belongs to another vault: it opens, but it doesn't fit the "
            "database here. Nothing was changed. Put back the key file of this vault; a backup holds it too."
        ),
    )


def store(folder: Path, key_file: KeyFile) -> None:
    """Write the first key file of a vault, and its copy.

    Raises:
        OSError: The disk refused.
    """
    files.write_durably(folder / PREVIOUS_NAME, key_file.pack())
    files.write_durably(folder / KEY_NAME, key_file.pack())


def replace(folder: Path, present: KeyFile, following: KeyFile) -> None:
    """Write the next generation and keep the present one until the next has opened the vault once.

    Raises:
        OSError: The disk refused; the present one is in force.
    """
    files.write_durably(folder / PREVIOUS_NAME, present.pack())
    files.write_durably(folder / KEY_NAME, following.pack())


def mend(folder: Path, loaded: Loaded) -> tuple[str, ...]:
    """After the vault was unlocked: make both places hold the key file that unlocked it.

    A damaged or foreign ``vault.key`` is put aside, not deleted. The former pass phrase ends here, when the new one has
    proved itself.

    Returns:
        Sentences to show, if something was amiss.
    """
    data = loaded.key_file.pack()
    notices = []
    try:
        if loaded.foreign:
            notices.append(
                _(
                    "The key file in the vault's folder was another vault's; the copy beside it opened the vault and "
                    "was put in its place. The other one was put aside as {file}."
                ).format(file=DAMAGED_NAME)
            )
        elif loaded.from_previous:
            notices.append(
                _(
                    "The newest key file was damaged; the copy beside it opened the vault and was put in its place. "
                    "If the pass phrase was changed lately, the former one is in force: change it again."
                )
            )
        if loaded.from_previous:
            if (folder / KEY_NAME).exists():
                (folder / KEY_NAME).replace(folder / DAMAGED_NAME)
            files.write_durably(folder / KEY_NAME, data)
        elif not _holds(folder / PREVIOUS_NAME, data):
            files.write_durably(folder / PREVIOUS_NAME, data)
    except OSError:
        notices.append(
            _(
                "The second copy of the key file could not be written: the disk is full, read-only or failing. "
                "The vault itself is intact."
            )
        )
    return tuple(notices)


def _holds(path: Path, data: bytes) -> bool:
    return path.is_file() and path.stat().st_size == len(data) and path.read_bytes() == data


def _read(path: Path) -> KeyFile:
    try:
        with files.open_own(path) as file:
            return keyfile.parse(file.read(keyfile.MAX_BYTES + 1))
    except (FileNotFoundError, IsADirectoryError) as error:
        raise keyfile.damaged() from error
