"""Filling the tables of the lists with very much at once: their indexes are built afterwards, each in one go."""

from sync.sqlcipher import Connection

_FEWEST = 2_000
_TABLE = "case_row"
_SEARCH = "case_search"
_MIB = 2**20
_WORDS_KEPT_BYTES, _WORDS_AT_ONCE_BYTES = _MIB, 32 * _MIB
"""How much of the search index is gathered in memory before it is written: usually, and while much comes in."""


class Bulk:
    """Leaves the indexes of a table away while it is filled; all of it happens in the caller's transaction."""

    def __init__(self) -> None:
        self._left_away: list[str] = []

    def begin(self, connection: Connection, changes: int) -> None:
        """Leave the indexes away if that pays.

        Args:
            connection: Inside a write transaction that the caller commits, or undoes with all of this.
            changes: About how many are to come.
        """
        self._left_away = []
        (present,) = connection.execute(f"SELECT coalesce(max(id), 0) FROM {_TABLE}").fetchone()  # noqa: S608 - the name above
        if changes < max(_FEWEST, present):
            return
        indexes = connection.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = ? AND sql IS NOT NULL", (_TABLE,)
        ).fetchall()
        for name, statement in indexes:
            connection.execute(f"DROP INDEX {name}")
            self._left_away.append(statement)
        _keep_in_memory(connection, _WORDS_AT_ONCE_BYTES)

    def end(self, connection: Connection) -> None:
        """Build what was left away."""
        left_away, self._left_away = self._left_away, []
        for statement in left_away:
            connection.execute(statement)
        if left_away:
            _keep_in_memory(connection, _WORDS_KEPT_BYTES)


def _keep_in_memory(connection: Connection, size: int) -> None:
    connection.execute(f"INSERT INTO {_SEARCH} ({_SEARCH}, rank) VALUES ('hashsize', ?)", (size,))  # noqa: S608 - the name above
