"""Where the chunks of files are besides this computer, as far as is known, and which ones shall come by themselves."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from sync.applying import Store
from sync.log import Log
from sync.pins import pinned_server
from sync.sqlcipher import Connection

SERVER = "server-address"
_CHOICE = "files-in-advance"
_EPOCH = "files-epoch"
SMALL_BYTES = 10 * 2**20
"""What counts as small where nobody said otherwise."""


class FileChoice(StrEnum):
    """Which files come to this computer before anybody opens them."""

    ALL = "all"
    SMALL = "small"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class InAdvance:
    """Which files come by themselves.

    Args:
        choice: Which.
        limit: How many bytes a small one has at most.
    """

    choice: FileChoice = FileChoice.SMALL
    limit: int = SMALL_BYTES

    def wants(self, size: int) -> bool:
        """Return whether a file of some size comes by itself."""
        return self.choice is FileChoice.ALL or (self.choice is FileChoice.SMALL and size <= self.limit)


class Whereabouts:
    """What this vault knows of the server's files, and what its person chose.

    Args:
        vault: The database.
        log: The vault's log, which keeps the notes.
    """

    def __init__(self, vault: Store, log: Log) -> None:
        self._vault = vault
        self._log = log

    @property
    def in_advance(self) -> InAdvance:
        """Which files come by themselves."""
        kept = (self._log.recall(_CHOICE) or b"").decode("ascii", "replace").split()
        try:
            return InAdvance(FileChoice(kept[0]), int(kept[1]))
        except (IndexError, ValueError):
            return InAdvance()

    def choose(self, wanted: InAdvance) -> None:
        """Keep which files shall come by themselves."""
        self._log.remember(_CHOICE, f"{wanted.choice} {wanted.limit}".encode())

    def server(self) -> bytes | None:
        """Return the key of the server that is exchanged with, or None when none is known."""
        address = self._log.recall(SERVER)
        return pinned_server(self._log, address.decode()) if address else None

    def at(self, connection: Connection, server: bytes) -> set[bytes]:
        """Return the manifests of the files that a server was found to have whole."""
        rows = connection.execute("SELECT manifest FROM file_at WHERE server = ?", (server,))
        return {manifest for (manifest,) in rows}

    def not_at(self, connection: Connection, server: bytes) -> list[bytes]:
        """Return the manifests of the files, but those removed, that a server is not known to have whole."""
        rows = connection.execute(
            "SELECT DISTINCT manifest FROM file_row WHERE manifest IS NOT NULL AND NOT removed AND NOT EXISTS "
            "(SELECT 1 FROM file_at WHERE server = ? AND file_at.manifest = file_row.manifest)",
            (server,),
        )
        return [manifest for (manifest,) in rows]

    def anywhere(self, connection: Connection) -> set[bytes]:
        """Return the manifests of the files that any server or hub was found to have whole."""
        return {manifest for (manifest,) in connection.execute("SELECT DISTINCT manifest FROM file_at")}

    def is_anywhere(self, connection: Connection, manifest: bytes) -> bool:
        """Return whether any server or hub was found to have a file whole."""
        found = connection.execute("SELECT 1 FROM file_at WHERE manifest = ? LIMIT 1", (manifest,))
        return found.fetchone() is not None

    def is_at(self, connection: Connection, server: bytes, manifest: bytes) -> bool:
        """Return whether a server was found to have a file whole."""
        found = connection.execute("SELECT 1 FROM file_at WHERE server = ? AND manifest = ?", (server, manifest))
        return found.fetchone() is not None

    def found_at(self, server: bytes, manifests: Iterable[bytes]) -> None:
        """Note that a server has files whole."""
        with self._vault.write() as connection:
            connection.executemany(
                "INSERT OR IGNORE INTO file_at (server, manifest) VALUES (?, ?)",
                [(server, manifest) for manifest in manifests],
            )

    def lost_at(self, server: bytes, manifest: bytes) -> None:
        """Note that a server has not all of a file any more."""
        with self._vault.write() as connection:
            connection.execute("DELETE FROM file_at WHERE server = ? AND manifest = ?", (server, manifest))

    def enter(self, server: bytes, epoch: bytes) -> bool:
        """Note the epoch that a server is in; with another one all that was known of its files is void.

        Returns:
            Whether it is the epoch that was known.
        """
        name = f"{_EPOCH} {server.hex()}"
        if self._log.recall(name) == epoch:
            return True
        self.forget(server)
        self._log.remember(name, epoch)
        return False

    def forget(self, server: bytes) -> None:
        """Let go of all that was known of a server's files: it may have lost them."""
        with self._vault.write() as connection:
            connection.execute("DELETE FROM file_at WHERE server = ?", (server,))
