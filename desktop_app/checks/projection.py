"""Whether the tables that follow from the log are those that its frames give, built anew in memory."""

import hashlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import islice

from desktop_app import schema
from desktop_app.checks.model import Fault, Subject
from desktop_app.projection import DeskProjection
from sync import digest, rebuilding, snapshot_loading, sqlcipher
from sync import schema as log_schema
from sync.applying import Applier
from sync.messages import _
from sync.snapshots import BadSnapshot
from sync.sqlcipher import Connection

_BATCH = 500


def check_projection(subject: Subject, connection: Connection) -> str:
    """The tables that follow from the frames are those that the frames give."""
    with _rebuilt(subject, connection) as again:
        units = list(subject.units)
        if digest.of_units(connection, units) != digest.of_units(again, units):
            raise Fault(_("the merged records differ from what the log gives"))
        if _rows(connection) != _rows(again):
            raise Fault(_("the list of cases differs from what the log gives"))
        if _index(connection) != _index(again):
            raise Fault(_("the search index differs from what the log gives"))
        if _history(connection) != _history(again):
            raise Fault(_("the histories of the cases differ from what the log gives"))
        if _names(connection) != _names(again):
            raise Fault(_("the names of people and units differ from what the log gives"))
        if _files(connection) != _files(again):
            raise Fault(_("the list of attached files differs from what the log gives"))
        if _moved(connection) != _moved(again):
            raise Fault(_("the list of cases that were moved differs from what the log gives"))
        (count,) = again.execute("SELECT count(*) FROM case_row").fetchone()
    return _("cases rebuilt from the log and equal: {count}").format(count=count)


@contextmanager
def _rebuilt(subject: Subject, connection: Connection) -> Iterator[Connection]:
    """Give a database in memory alone, built from the frames of the vault."""
    again = sqlcipher.connect_in_memory()
    try:
        log_schema.create(again)
        schema.create(again)
        again.execute("BEGIN")
        for table in ("local", "unit", "epoch_key", "snapshot", "snapshot_part"):
            rows = connection.execute(f"SELECT * FROM {table}").fetchall()  # noqa: S608 - the names above
            for row in rows:
                marks = ",".join("?" * len(row))
                again.execute(f"INSERT INTO {table} VALUES ({marks})", row)  # noqa: S608 - only question marks
        snapshot_loading.load_taken(again, DeskProjection())
        applier = Applier(again, subject.membership, DeskProjection(), settled=True)
        bodies = rebuilding.in_order(connection)
        while some := list(islice(bodies, _BATCH)):
            applier.take(some)
        applier.finish()
        yield again
    except BadSnapshot as error:
        raise Fault(_("the snapshot that the log begins with is damaged")) from error
    finally:
        again.close()


def _rows(connection: Connection) -> str:
    """Hash the list of cases, without what only says when this device heard of it."""
    return _hash(
        connection.execute(
            "SELECT uuid, kit, number, stage, final, title, person, received_on, due_on, remind_on, conflicts"
            " FROM case_row ORDER BY uuid"
        )
    )


def _history(connection: Connection) -> str:
    """Hash which frames touched which records."""
    return _hash(
        connection.execute(
            "SELECT r.uuid, f.hash FROM touched t JOIN record r ON r.id = t.record JOIN frame f ON f.id = t.frame"
            " ORDER BY r.uuid, f.hash"
        )
    )


def _names(connection: Connection) -> str:
    """Hash the names by which people, units and the community are shown."""
    return _hash(connection.execute("SELECT uuid, collection, name FROM named ORDER BY uuid"))


def _files(connection: Connection) -> str:
    """Hash the list of attached files."""
    return _hash(
        connection.execute(
            "SELECT uuid, case_uuid, name, type, size, manifest, key, removed FROM file_row ORDER BY uuid, unit"
        )
    )


def _moved(connection: Connection) -> str:
    """Hash what is left of cases that were moved to another unit."""
    return _hash(connection.execute("SELECT uuid, unit, number, moved_to, moved_on FROM moved_row ORDER BY uuid, unit"))


def _index(connection: Connection) -> str:
    """Hash the words of the search index and in how many cases each stands."""
    return _hash(connection.execute("SELECT term, doc FROM case_words ORDER BY term"))


def _hash(rows: Iterable[tuple[object, ...]]) -> str:
    found = hashlib.sha256()
    for row in rows:
        found.update(repr(row).encode())
    return found.hexdigest()
