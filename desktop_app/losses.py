"""What a repair could not get back: remembered until it returns, or until a person says that it is given up."""

import time
from collections.abc import Iterable

import msgspec

from desktop_app.directory import moment
from desktop_app.exchange import LAST_EXCHANGE
from desktop_app.moments import date_and_time
from sync.applying import Store
from sync.messages import _, ngettext
from sync.sqlcipher import Connection

NAME = "unrecovered"
"""The note that holds it."""
_NOTE = "note:"


class End(msgspec.Struct, frozen=True, array_like=True):
    """How far one chain had come.

    Args:
        unit: 16-byte id.
        incarnation: 16-byte id of the life of its author's log.
        seq: The number of its last frame.
    """

    unit: bytes
    incarnation: bytes
    seq: int


class Loss(msgspec.Struct, frozen=True, array_like=True):
    """What was there, as far as is known, when a repair found less of it.

    Args:
        incarnation: The 16-byte id of the life of this device's log; empty when it is not known.
        counter: The largest counter it had reached.
        found_ms: When the repair was, milliseconds since 1970.
        aside: The name of the damaged database that was put aside, empty for none.
        ends: How far chains had come that the repair did not bring back so far.
        unsure: Nothing tells any more whether all chains are named here; None in a note of an earlier program.
        bad_pages: How many pages of the damaged database could not be read.
        pages: How many it had.
        exchange: When the last complete exchange before the repair was, as it was noted then.
    """

    incarnation: bytes
    counter: int
    found_ms: int
    aside: str
    ends: list[End] = []
    unsure: bool | None = None
    bad_pages: int = 0
    pages: int = 0
    exchange: bytes = b""

    @property
    def is_unsure(self) -> bool:
        """Whether more may be missing than is named."""
        return not self.incarnation if self.unsure is None else self.unsure


def new_loss(incarnation: bytes, counter: int, aside: str) -> Loss:
    """Return what is known when a database lacks what its device wrote, and nothing of it is damaged."""
    return Loss(incarnation, counter, now_ms(), aside, unsure=False)


def now_ms() -> int:
    """Return the time, in milliseconds since 1970."""
    return time.time_ns() // 1_000_000


def note(connection: Connection, new: Loss) -> None:
    """Remember what may be gone; what came back already is forgotten again.

    Args:
        connection: Inside a write transaction that the caller commits, after the log was filled.
        new: What the repair at hand found.
    """
    lacking = [end for end in new.ends if not _is_held(connection, end)]
    _write(connection, [*standing(connection), *_standing(connection, [msgspec.structs.replace(new, ends=lacking)])])


def accept(store: Store) -> int:
    """Give up what is missing, and return how many repairs had missed something."""
    with store.write() as connection:
        count = len(standing(connection))
        _write(connection, [])
    return count


def settle(store: Store) -> None:
    """Be sure from now on that no more is missing than is named: sources brought back every chain that is known of."""
    with store.write() as connection:
        _write(connection, [msgspec.structs.replace(loss, unsure=False) for loss in standing(connection)])


def standing(connection: Connection) -> list[Loss]:
    """Return what is missing still, the oldest first."""
    kept = _note_of(connection, NAME)
    return _standing(connection, msgspec.msgpack.decode(kept, type=list[Loss]) if kept else [])


def count_lacking(connection: Connection, losses: Iterable[Loss]) -> int:
    """Return how many frames that were there once are not here."""
    ends: dict[tuple[bytes, bytes], int] = {}
    for loss in losses:
        for end in loss.ends:
            place = (end.unit, end.incarnation)
            ends[place] = max(end.seq, ends.get(place, 0))
    return sum(max(0, seq - _held(connection, *place)) for place, seq in ends.items())


def words(connection: Connection, loss: Loss) -> str:
    """Return the sentences that say what is missing and how it may come back."""
    when = date_and_time(moment(loss.found_ms))
    said = [_said_of_pages(loss, when)] if loss.bad_pages else []
    if _lacks_own(connection, loss):
        said.append(
            _("Something that was written on this device was not found by the repair of {when}.").format(when=when)
        )
    if count := count_lacking(connection, [loss]):
        said.append(
            ngettext(
                "{count} frame that was here before the repair of {when} is still missing.",
                "{count} frames that were here before the repair of {when} are still missing.",
                count,
            ).format(count=count, when=when)
        )
    if loss.is_unsure:
        said.append(
            _(
                "What told how much there had been was damaged too, so more may be missing. A complete exchange with "
                "the server settles that, or a repair with the newest stick of a colleague or the newest backup."
            )
        )
    said.append(
        _(
            "All that was found is safe, and you can work on. What had been exchanged comes back from the server or "
            "from a colleague's stick, the rest from the last backup (“sprava repair VAULT --from FILE”). If it is "
            "gone for good, say so with “sprava repair VAULT --accept-loss”."
        )
    )
    return " ".join(said)


def _said_of_pages(loss: Loss, when: str) -> str:
    said = ngettext(
        "The repair of {when} could not read {count} page of {pages}.",
        "The repair of {when} could not read {count} pages of {pages}.",
        loss.bad_pages,
    ).format(when=when, count=loss.bad_pages, pages=loss.pages)
    if not loss.aside:
        return said
    return f"{said} " + _("The damaged database is kept as {file}.").format(file=loss.aside)


def _standing(connection: Connection, losses: Iterable[Loss]) -> list[Loss]:
    exchange = _note_of(connection, LAST_EXCHANGE)
    found = []
    for loss in losses:
        unsure = loss.is_unsure and exchange in {b"", loss.exchange}
        ends = [end for end in loss.ends if not _is_held(connection, end)]
        if unsure or ends or _lacks_own(connection, loss):
            found.append(msgspec.structs.replace(loss, unsure=unsure, ends=ends))
    return found


def _lacks_own(connection: Connection, loss: Loss) -> bool:
    (counter,) = connection.execute(
        "SELECT coalesce(max(h.counter), 0) FROM head h JOIN incarnation i ON i.id = h.incarnation WHERE i.uuid = ?",
        (loss.incarnation,),
    ).fetchone()
    return bool(counter < loss.counter)


def _is_held(connection: Connection, end: End) -> bool:
    return _held(connection, end.unit, end.incarnation) >= end.seq


def _held(connection: Connection, unit: bytes, incarnation: bytes) -> int:
    """Return the last frame of a chain that is here without a gap, frames kept aside included."""
    (held,) = connection.execute(
        "SELECT coalesce(max(h.seq), 0) FROM head h JOIN unit u ON u.id = h.unit"
        " JOIN incarnation i ON i.id = h.incarnation WHERE u.uuid = ? AND i.uuid = ?",
        (unit, incarnation),
    ).fetchone()
    aside = connection.execute(
        "SELECT DISTINCT seq FROM waiting WHERE unit = ? AND incarnation = ? ORDER BY seq", (unit, incarnation)
    )
    for (seq,) in aside:
        held += seq == held + 1
    return int(held)


def _write(connection: Connection, losses: list[Loss]) -> None:
    connection.execute(
        "INSERT INTO local (name, value) VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value",
        (_NOTE + NAME, msgspec.msgpack.encode(losses)),
    )


def _note_of(connection: Connection, name: str) -> bytes:
    row = connection.execute("SELECT value FROM local WHERE name = ?", (_NOTE + name,)).fetchone()
    return bytes(row[0]) if row else b""
