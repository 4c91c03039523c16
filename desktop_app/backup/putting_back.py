"""What a repair takes from a backup: a lost key file, the frames and links of the log, and parts of attached files."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from desktop_app.backup import failures as refusals
from desktop_app.backup.contents import chunk_of
from desktop_app.backup.form import MAGIC, BadForm, File
from desktop_app.backup.reading import BackupFile, label
from desktop_app.backup.restoring import saved_database_file, saved_key_file
from desktop_app.salvage.collecting import collect
from desktop_app.vault import failures, keyfile, keystore, ways
from desktop_app.vault.custody import Custody
from desktop_app.vault.fitting import is_foreign
from desktop_app.vault.stick import Stick
from desktop_app.workspace import Workspace
from sync import files
from sync.errors import Damaged
from sync.messages import _
from sync.replica import Heads


def is_backup(path: Path) -> bool:
    """Return whether a file begins as a backup does; one that can't be read is for others to complain about.

    Raises:
        Misuse: It is no file.
    """
    try:
        with files.open_named(path) as file:
            return file.read(len(MAGIC)) == MAGIC
    except OSError:
        return False


def key_file(
    folder: Path, sources: Sequence[Path], text: str, *, stick: Stick | None = None, foreign: bool = False
) -> list[str]:
    """Put the key file of a backup into a vault that has none that is whole.

    Args:
        folder: The vault's folder.
        sources: Files of which some may be backups of this vault; the first is taken.
        text: The pass phrase the backup's key file opens with.
        stick: The second secret, where the vault needs one.
        foreign: The key file there is whole and surely another vault's.

    Returns:
        Sentences about what was done.

    Raises:
        Failure: A backup is damaged, does not open or is another vault's, or the disk refused; nothing was changed.
    """
    backups = [source for source in sources if is_backup(source)]
    if not backups or not folder.is_dir():
        return []
    with failures.plainly():
        if not foreign and _is_whole(folder):
            return []
        data = saved_key_file(backups[0])
        found = keyfile.parse(data)
        key = ways.vault_key(data, text, given=stick)
        try:
            if is_foreign(folder, key):  # before anything is written
                raise refusals.other_vault(backups[0])
        finally:
            keyfile.wipe(key)
        if (folder / keystore.KEY_NAME).exists():
            (folder / keystore.KEY_NAME).replace(folder / keystore.DAMAGED_NAME)
        keystore.store(folder, found)
    words = _("The key file was put back from {file}; the pass phrase of that time opens the vault.")
    return [words.format(file=backups[0].name)]


def _is_whole(folder: Path) -> bool:
    try:
        keystore.load(folder)
    except Damaged:
        return False
    return True


def frames(workspace: Workspace, custody: Custody, source: Path) -> tuple[int, Heads]:
    """Take in the frames and links of a backup's newest state; known ones change nothing.

    Args:
        workspace: The vault, opened after what was damaged was built anew.
        custody: Its keys.
        source: The backup.

    Returns:
        How many frames came back, and how far its chains reach.

    Raises:
        Failure: It is the backup of another vault, or damaged.
    """
    with BackupFile(source) as backup:
        if backup.header.vault != custody.key_file.vault_id:
            raise refusals.other_vault(source)
    with saved_database_file(source, custody.subkey) as path:
        found = collect([path], bytes(custody.database_key), b"")
    order = sorted(found.frames.values(), key=lambda frame: (frame.header.incarnation, frame.header.seq))
    heads: Heads = {}
    for frame in order:
        header = frame.header
        heads.setdefault(header.unit, {})[header.incarnation] = (header.seq, frame.hash)
    return workspace.log.apply([frame.body for frame in order], list(found.links.values())).frames, heads


def chunks(workspace: Workspace, custody: Custody, source: Path) -> tuple[int, int]:
    """Bring back the parts of attached files that are damaged or not here, from a backup's newest state.

    Args:
        workspace: The vault, opened.
        custody: Its keys.
        source: The backup, which `frames` has found to be of this vault.

    Returns:
        How many parts came back, and how many are needed and damaged in the backup too.

    Raises:
        Failure: The backup is damaged, its medium is gone, or the disk refused; what came back stays.
    """
    store, brought, lost = workspace.files.chunks, 0, 0
    with BackupFile(source) as backup:
        backup.unlock_with(custody.subkey(label(backup.header.backup)))
        for file in backup.index(backup.newest).files:
            chunk = chunk_of(file.name)
            if chunk is None:
                continue
            try:
                brought += store.mend(chunk, partial(_content, backup, file))
            except (BadForm, Damaged):
                lost += 1
    return brought, lost


def _content(backup: BackupFile, file: File) -> bytes:
    return b"".join(backup.block(block) for block in file.places())
