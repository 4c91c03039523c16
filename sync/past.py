"""What was ever written: every version of some records, read from the frames that touched them."""

from collections.abc import Iterable, Iterator

from sync import changes, frames
from sync.changes import Value
from sync.sqlcipher import Connection

_SELECT = "SELECT f.body, k.key FROM frame f JOIN epoch_key k ON k.unit = f.unit WHERE f.id = ?"


def versions(connection: Connection, rows: Iterable[int], collection: str) -> Iterator[tuple[bytes, dict[str, Value]]]:
    """Yield every change that some frames made to records of one collection, as the record's id and the fields.

    Each frame is opened once, however many of its records are asked for.

    Args:
        connection: A transaction to read in.
        rows: The row numbers of the frames.
        collection: What kind of records.
    """
    for row in rows:
        for body, key in connection.execute(_SELECT, (row,)).fetchall():
            try:
                payload = frames.parse(body).open(key)
            except frames.BadFrame:
                continue  # sealed with another epoch's key of the same unit, which has a row of its own
            for group in changes.decode(payload).groups:
                if group.collection != collection:
                    continue
                for index, record in enumerate(group.records):
                    values = [column[index] for column in group.columns]
                    yield record, dict(zip(group.names, values, strict=True))
