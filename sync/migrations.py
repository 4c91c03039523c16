"""Versions of a database's tables: frozen steps, each applied once and inside the caller's transaction."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sync.sqlcipher import Connection

if TYPE_CHECKING:
    from sqlite_utils import Database, Migrations

Step = Callable[["Database"], None]


@dataclass(frozen=True, slots=True)
class Schema:
    """A set of tables and how they came about.

    A step is frozen once a program with it was given to anybody: a later change of the tables is a further step.

    Args:
        name: Under which the database keeps which steps it has had.
        steps: From the first tables to those of today; the name of a function is the name of its step.
    """

    name: str
    steps: tuple[Step, ...]

    def apply(self, connection: Connection) -> None:
        """Bring the tables up to date.

        Args:
            connection: Inside a write transaction that the caller commits.
        """
        from sqlite_utils import Database

        self._migrations().apply(Database(connection))

    def adopt(self, connection: Connection, count: int) -> None:
        """Note that the tables of the first steps are there already, made before steps were noted.

        Args:
            connection: Inside a write transaction that the caller commits.
            count: How many steps.
        """
        from sqlite_utils import Database

        migrations, database = self._migrations(), Database(connection)
        migrations.ensure_migrations_table(database)
        for step in self.steps[:count]:
            database.table("_sqlite_migrations").insert(
                {"migration_set": self.name, "name": step.__name__, "applied_at": "before steps were noted"}
            )

    def _migrations(self) -> "Migrations":
        # Imported when wanted: it takes longer than opening a vault that is up to date.
        from sqlite_utils import Migrations

        found = Migrations(self.name)
        for step in self.steps:
            found()(step)
        return found
