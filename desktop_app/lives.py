"""The lives of a device's log: each time its past may have been written on elsewhere, it begins anew.

A counter of the log and a registration number are given once. Where it can't be known which were given already, a
new life has counters of its own, and its registration numbers carry a mark of their own.
"""

import secrets
from datetime import UTC, datetime
from enum import StrEnum

from desktop_app.highwater import HighWater
from desktop_app.moments import date_and_time
from desktop_app.place import Place, read_place
from desktop_app.vault import MarkState, Vault, wal
from sync.errors import Failure
from sync.log import Log, Position
from sync.messages import N_, _

LIVES = "lives"
"""The note of how many times the log began anew."""
_UNKNOWN_LIVES = 10_000
_RESTORED = "restored"
RESTORED_NOTE = f"note:{_RESTORED}"
"""Where a restore writes into the database when the backup was made, until the first opening has told it."""
_LIVES_BY_CHANCE = 90_000


class Past(StrEnum):
    """What a vault's files say about its past when it is opened."""

    KNOWN = "known"
    NEW = "new"
    SET_BACK = "set_back"
    LOST = "lost"
    COPIED = "copied"


_SAID = {
    Past.SET_BACK: N_(
        "This vault's database is an older copy than the one last used here. Everything in it is safe; what "
        "was written after the copy comes back with the next exchange, from the server or a colleague."
    ),
    Past.LOST: N_(
        "The file vault.mark was missing or damaged. Everything in the vault is safe; from now on its "
        "registration numbers carry a new mark, so that none can be given twice."
    ),
    Past.COPIED: N_(
        "This vault's folder is a copy, was put back from a backup, or lies on another computer now. Everything in it "
        "is safe, and you can work on at once. From now on its registration numbers carry a new mark, so that none "
        "is given twice. If the other folder is still there, go on with one of the two only."
    ),
}

_WAL_ASIDE = N_(
    "After the last crash the database could not read all that had been saved. It was put aside: close the vault and "
    "choose “Check and repair” (or “sprava repair”), which takes it back."
)


def examine(highwater: HighWater, position: Position, place: Place | None) -> Past:
    """Say what a vault's files tell about its past; nothing is changed.

    Args:
        highwater: What the mark says.
        position: How far the log in the database has come.
        place: Where the vault lies now; None when that can't be seen.
    """
    kept = highwater.contents
    if kept is None:
        return Past.NEW if highwater.state is MarkState.EMPTY else Past.LOST
    if kept.incarnation != position.incarnation or kept.counter > position.counter:
        return Past.SET_BACK
    former = Place.unpack(kept.place)
    if former is not None and place is not None and not former.may_be(place):
        return Past.COPIED
    return Past.KNOWN


class Lives:
    """Notices on opening that a vault's past can't be relied on, and begins new lives of its log.

    Args:
        opened: The vault.
        log: Its log.

    Attributes:
        highwater: What the mark says.
        past: What was found on opening; known from the next change on.
        notices: Sentences about it.
    """

    def __init__(self, opened: Vault, log: Log) -> None:
        self._log = log
        self._mark_path = opened.mark.path
        self.notices: list[str] = []
        self.highwater = HighWater(opened.mark)
        # As it was found, until the next change: what it told of would else be forgotten as soon as it is noticed.
        self.past = examine(self.highwater, log.position(), read_place(self._mark_path))
        if self.past in _SAID:
            self.notices.append(self._said())
            if self.past is Past.SET_BACK and wal.put_aside(opened.database_path):
                self.notices.append(_(_WAL_ASIDE))
            self._begin(self._next_count())
        else:
            self._note(self._count)

    @property
    def number_suffix(self) -> str:
        """What makes this device's registration numbers its own, in each of its lives."""
        suffix = self._log.me.entry.suffix
        return f"{suffix}.{self._count}" if self._count else suffix

    @property
    def _count(self) -> int:
        """How many times the log began anew."""
        return int(self._log.recall(LIVES) or 0)

    def keep_position(self) -> None:
        """Note how far the log has come.

        Raises:
            Failure: The disk refused; the mark is the one before, which only notices less.
        """
        self.highwater.note_position(self._log.position(), self._count)
        self.past = Past.KNOWN

    def leave_copy(self) -> str:
        """Begin a new life because another copy of this vault was in use: its numbers may be given already.

        Returns:
            What to tell the person.
        """
        self._begin(lives_by_chance())
        return _(
            "This vault's folder is a copy, or was put back from one: another copy wrote on. Everything here is "
            "safe. From now on its registration numbers carry a new mark. Use one copy only, and tell the "
            "administrator: what both wrote under the same number of the log must be compared by hand."
        )

    def _said(self) -> str:
        made = self._log.recall(_RESTORED)
        if not made or self.past is not Past.LOST:
            return _(_SAID[self.past])
        self._log.remember(_RESTORED, b"")
        when = datetime.fromtimestamp(int(made) / 1000, UTC).astimezone()
        return _(
            "This vault was restored from the backup of {when}. Everything in it is safe. What was written after that "
            "comes back with the next exchange. From now on its registration numbers carry a new mark, so that none is "
            "given twice; if the former vault is still there, go on with one of the two only."
        ).format(when=date_and_time(when))

    def _next_count(self) -> int:
        kept = self.highwater.contents
        if self.past is Past.SET_BACK and kept is not None:
            # The mark, which did not go back in time, counts the lives: no number of an earlier life is given again.
            return kept.lives + 1
        return lives_by_chance()

    def _begin(self, count: int) -> None:
        self._log.start_incarnation()
        self._log.remember(LIVES, str(count).encode())
        self._note(count)

    def _note(self, count: int) -> None:
        """Keep position and place; without them the next opening begins a new life, which harms nothing."""
        place = read_place(self._mark_path)
        try:
            self.highwater.note_position(self._log.position(), count, place.pack() if place else b"")
            if place is None:  # the file is there now
                place = read_place(self._mark_path)
                self.highwater.note_position(self._log.position(), count, place.pack() if place else b"")
        except Failure as problem:
            self.notices.append(problem.message)


def lives_by_chance() -> int:
    """Return a number of lives when it is not known how many there were: this one will not have been one of them."""
    return _UNKNOWN_LIVES + secrets.randbelow(_LIVES_BY_CHANCE)
