"""The lives of a device's log: each time its past may have been written on elsewhere, it begins anew.

A counter of the log and a registration number are given once. Where it can't be known which were given already, a
new life has counters of its own, and its registration numbers carry a mark of their own.
"""

import secrets

from desktop_app.highwater import HighWater
from desktop_app.vault import MarkState, Vault
from sync.log import Log
from sync.messages import _

_LIVES = "lives"
_UNKNOWN_LIVES = 1_000


class Lives:
    """Notices on opening that a vault's past can't be relied on, and begins new lives of its log.

    Args:
        opened: The vault.
        log: Its log.

    Attributes:
        highwater: What the mark says.
        notices: Sentences about what was found on opening.
        mark_state: What the file of the mark was then; valid from the next change on.
        set_back: Whether the database was older than the mark then, and nothing was written since.
    """

    def __init__(self, opened: Vault, log: Log) -> None:
        self._log = log
        self.highwater = HighWater(opened.mark)
        # As it was found, until the next change: what it told of would else be forgotten as soon as it is noticed.
        self.mark_state = opened.mark.state
        self.set_back = False
        self.notices = self._notice_old_copy()

    @property
    def number_suffix(self) -> str:
        """What makes this device's registration numbers its own, in each of its lives."""
        suffix = self._log.me.entry.suffix
        return f"{suffix}.{self._count}" if self._count else suffix

    @property
    def _count(self) -> int:
        """How many times the log began anew."""
        return int(self._log.recall(_LIVES) or 0)

    def keep_position(self) -> None:
        """Note how far the log has come.

        Raises:
            Failure: The disk refused; the mark is the one before, which only notices less.
        """
        self.highwater.note_position(self._log.position(), self._count)
        self.mark_state, self.set_back = MarkState.VALID, False

    def leave_copy(self) -> str:
        """Begin a new life because another copy of this vault was in use: its numbers may be given already.

        Returns:
            What to tell the person.
        """
        self._begin(_by_chance())
        return _(
            "This vault's folder is a copy, or was put back from one: another copy wrote on. Everything here is "
            "safe. From now on its registration numbers carry a new mark. Use one copy only, and tell the "
            "administrator: what both wrote under the same number of the log must be compared by hand."
        )

    def _notice_old_copy(self) -> list[str]:
        """Begin a new life when the database is older than the mark beside it."""
        kept = self.highwater.contents
        if kept is None:
            return self._notice_lost_mark()
        position = self._log.position()
        if kept.incarnation == position.incarnation and kept.counter <= position.counter:
            return []
        self.set_back = True
        # The mark, which did not go back in time, counts the lives: no number of an earlier life is given again.
        self._begin(kept.lives + 1)
        return [
            _(
                "This vault's database is an older copy than the one last used here. Everything in it is safe; what "
                "was written after the copy comes back with the next exchange, from the server or a colleague."
            )
        ]

    def _notice_lost_mark(self) -> list[str]:
        """Begin a new life when nothing tells whether the database is the one last used."""
        if self.highwater.state is MarkState.EMPTY:
            return []
        self._begin(_by_chance())
        return [
            _(
                "The file vault.mark was missing or damaged. Everything in the vault is safe; from now on its "
                "registration numbers carry a new mark, so that none can be given twice."
            )
        ]

    def _begin(self, lives: int) -> None:
        self._log.start_incarnation()
        self._log.remember(_LIVES, str(lives).encode())
        self.highwater.note_position(self._log.position(), lives)


def _by_chance() -> int:
    """Return a number of lives when it is not known how many there were: this one will not have been one of them."""
    return _UNKNOWN_LIVES + secrets.randbelow(9_000)
