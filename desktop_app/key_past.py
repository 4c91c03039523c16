"""Notices on opening that another key file is in force than when the vault was last used."""

from contextlib import suppress

from desktop_app.vault import Vault
from sync.errors import Failure
from sync.log import Log
from sync.messages import _

CHANGED, PUT_BACK = "ways_changed", "key_file_put_back"
_NOTE = "key-file"


def examine(opened: Vault, log: Log) -> list[str]:
    """Return the kinds of audit entries that tell of another key file; none where it is the known one.

    Args:
        opened: The vault.
        log: Its log, which keeps a note of the last generation.
    """
    noted, present = log.recall(_NOTE), opened.key_file.generation
    if noted is None or int(noted) == present:
        return []
    return [PUT_BACK if present < int(noted) else CHANGED]


def keep(opened: Vault, log: Log) -> None:
    """Note which key file is in force; when the disk refuses, the next opening tells once more.

    Args:
        opened: The vault.
        log: Its log.
    """
    present = str(opened.key_file.generation).encode()
    with suppress(Failure):
        if log.recall(_NOTE) != present:
            log.remember(_NOTE, present)


def put_back() -> str:
    """Return what to tell when an older key file lies in the vault's folder than the last one that was used."""
    return _(
        "An older key file lies in the vault's folder: the pass phrase and the recovery sheet of that time open the "
        "vault again, the newer ones don't. Unless you put it back yourself, somebody did who may know the former "
        "pass phrase: change the pass phrase and make a new recovery sheet. This was written into the audit. The cases "
        "are safe."
    )
