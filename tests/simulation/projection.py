"""The plainest tables that follow from a log: each record as it is shown."""

import json
from collections.abc import Sequence

from sync.merging import Touched
from sync.schema import create
from sync.sqlcipher import Connection


def tables(connection: Connection) -> None:
    create(connection)
    connection.execute("CREATE TABLE shown (row INTEGER PRIMARY KEY, fields TEXT NOT NULL, conflicts TEXT NOT NULL)")


class Plain:
    """See `sync.applying.Projector`."""

    def project(self, connection: Connection, touched: Sequence[Touched]) -> None:
        connection.executemany(
            "INSERT OR REPLACE INTO shown VALUES (?, ?, ?)",
            [
                (
                    entry.row,
                    json.dumps(entry.state.fields, sort_keys=True, ensure_ascii=False),
                    json.dumps(sorted(entry.state.conflicts)),
                )
                for entry in touched
            ],
        )

    def expect(self, connection: Connection, changes: int) -> None:
        pass

    def settle(self, connection: Connection) -> None:
        pass

    def empty(self, connection: Connection) -> None:
        connection.execute("DELETE FROM shown")


def rows(connection: Connection) -> list[tuple[object, ...]]:
    return list(
        connection.execute(
            "SELECT r.uuid, s.fields, s.conflicts FROM shown s JOIN record r ON r.id = s.row ORDER BY r.uuid, r.unit"
        ).fetchall()
    )
