"""Where and how often a vault is backed up, and when it last went well: small notes of this device alone."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

ON_SIGHT = 0
"""Interval of a plan that makes a backup whenever the stick appears."""
BY_HAND = -1
"""Interval of a plan that makes none by itself."""
DAILY = 24
INTERVALS = (DAILY, 12, 4, 1, ON_SIGHT, BY_HAND)
MAX_PLACES = 5
_ON_SIGHT_PAUSE = timedelta(minutes=10)
_AFTER_FAILURE = timedelta(minutes=30)
_PASSING = {"medium_gone", "vault_in_use"}
"""What is over as soon as the place is there again."""
_PATIENCE = timedelta(days=2)
"""For so long after it was due, a backup that is missing is nothing to speak of."""
_AHEAD = timedelta(minutes=10)
"""A backup from further ahead was made while the clock was wrong."""


class Place(msgspec.Struct, frozen=True):
    """A folder that backups go to, or one backup file.

    Args:
        path: The folder or file.
        apart: Whether it lay on another disk than the vault when it was chosen. If it seems to lie on the same one
            later, its medium is not there, and only the empty folder for it is.
        is_folder: Whether it was a folder when it was chosen; where that is gone, no file takes its name.
    """

    path: str
    apart: bool
    is_folder: bool = True

    @classmethod
    def at(cls, path: Path, vault: Path) -> "Place":
        """Describe a place as it is now.

        Args:
            path: The folder or file.
            vault: The vault's folder.
        """
        return cls(str(path.absolute()), apart=_disk(path) != _disk(vault), is_folder=path.is_dir())

    def is_there(self, vault: Path) -> bool:
        """Return whether a backup can go there now; a look at the disk, never more."""
        path = Path(self.path)
        folder = path if self.is_folder else path.parent
        if not folder.is_dir():
            return False
        return not self.apart or _disk(folder) != _disk(vault)


class Plan(msgspec.Struct, frozen=True):
    """What a person wants.

    Args:
        places: Where backups go.
        hours: How often: every so many hours, `ON_SIGHT` or `BY_HAND`.
        keep: How many states of the vault each file holds.
    """

    places: tuple[Place, ...] = ()
    hours: int = DAILY
    keep: int = 7


class Good(msgspec.Struct, frozen=True):
    """The last backup of a place that was made and read back.

    Args:
        file: The backup file.
        when_ms: When the state of the vault was saved, milliseconds since 1970.
        bytes: The size of the file.
        generation: Its number in the file.
        checked_ms: When everything in the file was last read back.
        backup: The id of the backup, in hexadecimal digits; empty where an older program noted it.
    """

    file: str
    when_ms: int
    bytes: int
    generation: int
    checked_ms: int
    backup: str = ""

    @property
    def when(self) -> datetime:
        """When the state of the vault was saved."""
        return datetime.fromtimestamp(self.when_ms / 1000, UTC)


class Failed(msgspec.Struct, frozen=True):
    """The last backup of a place that failed, if none went well since.

    Args:
        when_ms: When, milliseconds since 1970.
        code: What happened, as a machine word.
    """

    when_ms: int
    code: str

    @property
    def when(self) -> datetime:
        """When it failed."""
        return datetime.fromtimestamp(self.when_ms / 1000, UTC)


class Drilled(msgspec.Struct, frozen=True):
    """The last restore for practice.

    Args:
        file: The backup file.
        when_ms: When, milliseconds since 1970.
        sound: Whether everything was whole.
    """

    file: str
    when_ms: int
    sound: bool


class Notes(msgspec.Struct, frozen=True):
    """All that a vault remembers about its backups.

    Args:
        plan: What a person wants.
        good: By place.
        failed: By place.
        drilled: The last restore for practice.
    """

    plan: Plan = Plan()
    good: dict[str, Good] = {}
    failed: dict[str, Failed] = {}
    drilled: Drilled | None = None

    @property
    def last_good(self) -> Good | None:
        """The youngest of all good backups, wherever it is."""
        return max(self.good.values(), key=lambda good: good.when_ms, default=None)

    def is_due(self, place: Place, now: datetime, *, appeared: bool) -> bool:
        """Return whether a place is to get a backup now, if it is there.

        Args:
            place: The place.
            now: The time.
            appeared: Whether it was not there a while ago.
        """
        hours = self.plan.hours
        if hours == BY_HAND:
            return False
        failed = self.failed.get(place.path)
        if failed is not None and failed.code not in _PASSING and timedelta(0) <= now - failed.when < _AFTER_FAILURE:
            return False
        good = self.good.get(place.path)
        # A clock that was set back makes a backup of the future; that one is no reason to wait for years.
        if good is None or good.when > now + _AHEAD:
            return True
        if hours == ON_SIGHT:
            return appeared and now - good.when >= _ON_SIGHT_PAUSE
        return now - good.when >= timedelta(hours=hours)

    def next_due(self, now: datetime) -> datetime | None:
        """Return when the next backup is due; None when that is up to a person or a stick."""
        if self.plan.hours in {BY_HAND, ON_SIGHT} or not self.plan.places:
            return None
        goods = [self.good.get(place.path) for place in self.plan.places]
        whens = [good.when for good in goods if good is not None and good.when <= now + _AHEAD]
        known = [when + timedelta(hours=self.plan.hours) for when in whens]
        return now if len(known) < len(goods) else max(now, min(known))

    def is_late(self, now: datetime) -> bool:
        """Return whether the last good backup is older than anybody should be easy with."""
        # One of the future was made while the clock was wrong; nobody knows how old it is, and it would calm for years.
        known = [good.when for good in self.good.values() if good.when <= now + _AHEAD]
        if not known:
            return True
        return now - max(known) > timedelta(hours=max(self.plan.hours, DAILY)) + _PATIENCE


def _disk(path: Path) -> int:
    """Return the number of the disk that a path lies on, or would lie on; 0 when nobody can tell."""
    for part in (path, *path.parents):
        try:
            return part.stat().st_dev
        except OSError:
            continue
    return 0
