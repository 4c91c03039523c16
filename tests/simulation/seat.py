"""One device: a real log in a database in memory, with what a vault keeps beside its database."""

from collections.abc import Callable, Sequence
from typing import Any

from sync import digest, enrolment
from sync.applying import Projector
from sync.changes import Change, Dot, Value
from sync.enrolment import Start
from sync.ids import new_id
from sync.log import Log, Position
from sync.replica import Applied
from sync.sqlcipher import Connection
from tests.simulation.oracle import Oracle, Written
from tests.simulation.store import MemoryStore, PowerCut, copied

_IN_ONE_FRAME = 2_000


class Seat:
    """A device, alive through power cuts and old copies.

    Args:
        name: What the trace calls it.
        store: Its database, with a log in it.
        projector: Makes what keeps its tables in step.
        oracle: Is told of everything written.

    Attributes:
        forms: What is displayed on its screen: record, and the dots of each field.
        wrong_by: By how many nanoseconds its clock is wrong.
        offline: Whether it reaches no server.
    """

    def __init__(self, name: str, store: MemoryStore, projector: Callable[[], Projector], oracle: Oracle) -> None:
        self.name = name
        self.store = store
        self.wrong_by = 0
        self.offline = False
        self.forms: list[tuple[bytes, dict[str, tuple[Dot, ...]]]] = []
        self.kept: list[tuple[Connection, bytes]] = []
        self._projector = projector
        self._oracle = oracle
        self.projector = projector()
        self.log = Log(store, self.projector)
        self._mark = self.log.position()
        self.open()

    @classmethod
    def start(
        cls, name: str, empty: Connection, begin: Start, projector: Callable[[], Projector], oracle: Oracle
    ) -> "Seat":
        store = MemoryStore(copied(empty))
        with store.write() as connection:
            enrolment.initialise(connection, begin)
        return cls(name, store, projector, oracle)

    def open(self, *, elsewhere: bool = False) -> None:
        """Open the vault as the program does: what looks like an old or a second copy begins a new life."""
        self.store.cut_in, self.store.off = None, False
        self.projector = self._projector()
        self.log = Log(self.store, self.projector)
        self.log.on_applied.append(self._applied)
        self.forms = []
        now = self.log.position()
        if elsewhere or self._mark.incarnation != now.incarnation or self._mark.counter > now.counter:
            self.log.start_incarnation()
        self._mark = self.log.position()
        self.log.tend()

    def _applied(self, applied: Applied) -> None:
        if applied.copied:
            self.log.start_incarnation()
        self._mark = self.log.position()

    @property
    def mark(self) -> Position:
        return self._mark

    def keep_copy(self) -> None:
        self.kept.append((self.store.copy(), self.log.device))

    def put_back(self, number: int) -> None:
        """Put an old copy of the database in the place of the present one."""
        copy, _device = self.kept[number]
        self.store = MemoryStore(copied(copy))
        self.open()

    def clone(self, name: str) -> "Seat":
        """A copy of the whole folder in another place, which the program notices when it opens it."""
        twin = Seat(name, MemoryStore(self.store.copy()), self._projector, self._oracle)
        twin.open(elsewhere=True)
        return twin

    def write(self, unit: bytes, changes: Sequence[Change]) -> Applied | None:
        """Write as a form does, and tell the oracle what came to be; None when the power went."""
        before = self._own_seq(unit)
        applied: Applied | None = None
        try:
            applied = self.log.write(unit, changes)
        except PowerCut:
            self.open()
        portions = -(-len(changes) // _IN_ONE_FRAME)
        after = self._own_seq(unit)
        assert after - before in {0, portions}, "a write came to be in part"
        if after == before:
            assert applied is None, "a write that was acknowledged is not there"
            return None
        incarnation = self.log.identity.incarnation
        first = self.log.position().counter - len(changes) + 1
        for place, change in enumerate(changes):
            frame = (unit, incarnation, before + 1 + place // _IN_ONE_FRAME)
            for name, value in change.fields.items():
                dot = (first + place, incarnation)
                replaced = change.replaces.get(name, ())
                self._oracle.note(Written(change.record, name, dot, value, frozenset(replaced), self.log.device, frame))
        return applied

    def _own_seq(self, unit: bytes) -> int:
        chains = self.log.heads().get(unit, {})
        return chains.get(self.log.identity.incarnation, (0, b""))[0]

    def shown(self, record: bytes) -> dict[str, list[tuple[Dot, Value]]]:
        """Every field of a record with all its current values, as a form shows them."""
        with self.store.read() as connection:
            known = self.log.record(connection, record)
        return {} if known is None else {name: known.state.current(name) for name in known.state.fields}

    def take(self, bodies: Sequence[bytes], links: Sequence[bytes] = ()) -> Applied | None:
        """Apply what came by any way; None when the power went."""
        try:
            return self.log.apply(bodies, links)
        except PowerCut:
            self.open()
            return None

    def frames(self) -> list[bytes]:
        return self.log.frames_missing({}, 2**40)

    def applied_frames(self) -> set[bytes]:
        return {hash_ for (hash_,) in self.store.connection.execute("SELECT hash FROM frame")}

    def digest(self, units: list[bytes]) -> str:
        return digest.of_units(self.store.connection, units)

    def rows(self, statement: str, *arguments: Any) -> list[tuple[Any, ...]]:  # noqa: ANN401 - as the driver has it
        return list(self.store.connection.execute(statement, arguments).fetchall())

    def accept(self, invitation: bytes) -> Start:
        return enrolment.accept(enrolment.read_invitation(invitation), new_id())
