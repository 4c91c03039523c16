"""What was ever written: every version of some records, read from the frames that touched them."""

from collections.abc import Iterable, Iterator

from sync import changes, frames
from sync.changes import Value
from sync.keyring import Keyring
from sync.sqlcipher import Connection

_SELECT = "SELECT body FROM frame WHERE id = ?"


def versions(connection: Connection, rows: Iterable[int], collection: str) -> Iterator[tuple[bytes, dict[str, Value]]]:
    """Yield every change that some frames made to records of one collection, as the record's id and the fields.

    Each frame is opened once, however many of its records are asked for.

    Args:
        connection: A transaction to read in.
        rows: The row numbers of the frames.
        collection: What kind of records.
    """
    keyring = Keyring.load(connection)
    for row in rows:
        for (body,) in connection.execute(_SELECT, (row,)).fetchall():
            for group in changes.decode(keyring.open(frames.parse(body))).groups:
                if group.collection != collection:
                    continue
                for index, record in enumerate(group.records):
                    values = [column[index] for column in group.columns]
                    yield record, dict(zip(group.names, values, strict=True))
