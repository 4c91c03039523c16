"""What a repair could not get back: remembered until it returns, or until a person says that it is given up."""

import time

import msgspec

from desktop_app.directory import moment
from sync.applying import Store
from sync.log import Log
from sync.messages import _
from sync.sqlcipher import Connection

_NAME = "unrecovered"
_NOTE = f"note:{_NAME}"


class Loss(msgspec.Struct, frozen=True, array_like=True):
    """How far the log of this device had come when a repair found less of it.

    Args:
        incarnation: The 16-byte id of that life of the log; empty when it is not known.
        counter: The largest counter it had reached.
        found_ms: When the repair was, milliseconds since 1970.
        aside: The name of the damaged database that was put aside, empty for none.
    """

    incarnation: bytes
    counter: int
    found_ms: int
    aside: str


def note(store: Store, log: Log, incarnation: bytes, counter: int, aside: str) -> None:
    """Remember that something this device wrote may be gone; what came back already is forgotten again.

    Args:
        store: The vault's database.
        log: The log after the repair.
        incarnation: The life of the log as the high-water mark named it before; empty when it is not known.
        counter: How far it had come.
        aside: The name of the damaged database that was put aside.
    """
    with store.read() as connection:
        kept = standing(connection)
        new = Loss(incarnation, counter, time.time_ns() // 1_000_000, aside)
        losses = [*kept, new] if _still_missing(connection, new) else kept
    log.remember(_NAME, msgspec.msgpack.encode(losses))


def accept(store: Store, log: Log) -> int:
    """Give up what is missing, and return how many repairs had missed something."""
    with store.read() as connection:
        count = len(standing(connection))
    log.remember(_NAME, msgspec.msgpack.encode([]))
    return count


def standing(connection: Connection) -> list[Loss]:
    """Return what is missing still, the oldest first."""
    row = connection.execute("SELECT value FROM local WHERE name = ?", (_NOTE,)).fetchone()
    kept = msgspec.msgpack.decode(row[0], type=list[Loss]) if row else []
    return [loss for loss in kept if _still_missing(connection, loss)]


def words(loss: Loss) -> str:
    """Return the sentence that says what is missing and how it may come back."""
    when = f"{moment(loss.found_ms):%d.%m.%Y %H:%M}"
    said = _("Something that was written on this device was not found by the repair of {when}.").format(when=when)
    advice = _(
        "What had been exchanged comes back from the server or a colleague; the rest is in the last backup, if there "
        "is one: repair with it. If it is gone for good, say so with “sprava repair VAULT --accept-loss”."
    )
    return f"{said} {advice}"


def _still_missing(connection: Connection, loss: Loss) -> bool:
    (counter,) = connection.execute(
        "SELECT coalesce(max(h.counter), 0) FROM head h JOIN incarnation i ON i.id = h.incarnation WHERE i.uuid = ?",
        (loss.incarnation,),
    ).fetchone()
    return bool(counter < loss.counter) or not loss.incarnation
