"""Where cases stand: they are grouped by type and stage, so that a list counts and filters without seeing each."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from sync.sqlcipher import Connection


@dataclass(frozen=True, slots=True)
class Standing:
    """One type and stage.

    Args:
        id: What `case_row.standing` holds.
        kit: The type of the cases.
        stage: Their stage.
        final: Whether it ends a case.
        cases: How many stand there.
    """

    id: int
    kit: str
    stage: str
    final: bool
    cases: int


def standings(connection: Connection) -> list[Standing]:
    """Return all of them; there are as many as the kits in use have stages."""
    rows = connection.execute("SELECT id, kit, stage, final, cases FROM standing")
    return [Standing(number, kit, stage, bool(final), cases) for number, kit, stage, final, cases in rows]


class Recount:
    """Keeps the table in step while the rows of a batch are written.

    Args:
        connection: Inside the caller's write transaction.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._ids = {(known.kit, known.stage, known.final): known.id for known in standings(connection)}
        self._change: Counter[tuple[str, str, bool]] = Counter()

    def leave(self, rows: Iterable[int]) -> None:
        """Count out cases whose rows are about to be deleted; those that have no row do not matter."""
        for row in rows:
            found = self._connection.execute("SELECT kit, stage, final FROM case_row WHERE id = ?", (row,)).fetchone()
            if found is not None:
                kit, stage, final = found
                self._change[kit, stage, bool(final)] -= 1

    def enter(self, kit: str, stage: str, *, final: bool) -> int:
        """Count in a case and return what `case_row.standing` shall hold."""
        key = (kit, stage, final)
        self._change[key] += 1
        return self._ids.setdefault(key, len(self._ids) + 1)

    def keep(self) -> None:
        """Write the counts."""
        self._connection.executemany(
            "INSERT INTO standing (id, kit, stage, final, cases) VALUES (?, ?, ?, ?, ?)"
            " ON CONFLICT (id) DO UPDATE SET cases = cases + excluded.cases",
            [(self._ids[key], *key, change) for key, change in self._change.items() if change],
        )
