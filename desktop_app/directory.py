"""Names of the community, its units and its people: ordinary records of the unit that all members share."""

from datetime import UTC, datetime

from sync import ids
from sync.changes import Change
from sync.errors import Refused
from sync.log import Log
from sync.messages import _
from sync.sqlcipher import Connection

COMMUNITY = "community"
UNIT = "unit"
PERSON = "person"
NAMED = frozenset({COMMUNITY, UNIT, PERSON})
MAX_NAME_LETTERS = 200


def named(collection: str, record: bytes, name: str) -> Change:
    """Return the change that gives a new community, unit or person its name.

    Args:
        collection: One of `NAMED`.
        record: Its 16-byte id.
        name: The name.
    """
    return Change(collection, record, {"name": name})


class Directory:
    """Looks names up.

    Args:
        log: The vault's log, which knows whose device is whose.
    """

    def __init__(self, log: Log) -> None:
        self._log = log

    def name(self, connection: Connection, record: bytes) -> str:
        """Return the name of a community, unit or person, or a placeholder that says it has not come yet."""
        row = connection.execute("SELECT name FROM named WHERE uuid = ?", (record,)).fetchone()
        return row[0] if row else _("(name not received yet)")

    def unit(self, connection: Connection, unit: bytes) -> str:
        """Return the name of a unit; a circle has none, and the common unit stands for the community."""
        if unit in self._log.membership.circles:
            return _("(for named people)")
        return self.community(connection) if unit == self._log.membership.common_unit else self.name(connection, unit)

    def community(self, connection: Connection) -> str:
        """Return the name of the community."""
        return self.name(connection, self._log.community[: ids.ID_BYTES])

    def author(self, connection: Connection, device: bytes) -> tuple[str, str]:
        """Return the person's name and the short name of a device, which is its number suffix."""
        seats = self._log.membership.seats(device)
        if len(seats) != 1:
            return _("(unknown person)"), ids.to_text(device)
        member = seats[0]
        return self.name(connection, member.entry.person), _("device {suffix}").format(suffix=member.entry.suffix)


def moment(time_ms: int) -> datetime:
    """Return milliseconds since 1970 as a time with its zone, the local one."""
    return datetime.fromtimestamp(time_ms / 1000, tz=UTC).astimezone()


def require_name(name: str) -> None:
    """Refuse a name that nobody could read.

    Raises:
        Refused: It is empty, too long, or holds what can't be seen.
    """
    if not name.strip():
        raise Refused("empty_name", _("A name is empty. Give the names of community, unit and person."))
    if len(name) > MAX_NAME_LETTERS or not name.isprintable():
        raise Refused(
            "bad_name",
            _("The name “{name}…” can't be used: at most {limit} letters, and all of them visible.").format(
                name="".join(letter for letter in name[:20] if letter.isprintable()), limit=MAX_NAME_LETTERS
            ),
        )
