"""A synthetic community on real parts: vaults of several devices, filled with invented cases."""

import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import msgspec

from benchmarks.figures import Samples
from desktop_app import schema, vault
from desktop_app.cases.model import COLLECTION, KIT, KIT_VERSION, NUMBER, REGISTERED_ON, STAGE
from desktop_app.kits import examples, loader, numbering
from desktop_app.opening import create_workspace, join_workspace, open_workspace
from desktop_app.projection import DeskProjection
from desktop_app.workspace import Workspace
from sync import enrolment, ids, sqlcipher
from sync.changes import Change, Value
from sync.log import Log
from sync.sqlcipher import Connection

AID_SHARE = 0.25
"""The others are appeals."""
TEN_FIELDS = ("applicant_name", "applicant_address", "subject", "received_on", "channel")
"""With the five that every case has, these make a case of ten fields."""
CLOSED_SHARE = 0.85
"""Most cases of an office are old ones."""
_AT_ONCE = 20_000
_OTHER_DEVICE = "9"


class Community:
    """The folder in which all vaults of one measurement are, and their pass phrase.

    Args:
        folder: An empty folder.
        size: How many cases the first vault is filled with.
        ten_fields: Whether they have ten short fields only, instead of all that the examples have.
    """

    def __init__(self, folder: Path, size: int, *, ten_fields: bool = False) -> None:
        self.folder = folder
        self.size = size
        self._ten_fields = ten_fields
        self.passphrase = vault.generate_passphrase()

    def found(self) -> Workspace:
        """Make the first vault."""
        return create_workspace(
            self.folder / "first",
            self.passphrase,
            community="Щаслива громада",
            unit="ЦНАП",
            person="Оксана Левченко",
            kdf=vault.KDF_FLOOR,
        )

    def open(self, name: str) -> Workspace:
        """Open a vault made before."""
        return open_workspace(self.folder / name, self.passphrase)

    def join(self, name: str, invitation: bytes) -> Workspace:
        """Make the vault of one more device."""
        return join_workspace(
            self.folder / name, self.passphrase, invitation=invitation, person="Іван Черненко", kdf=vault.KDF_FLOOR
        )

    def fill(self, workspace: Workspace) -> Samples:
        """Write all cases into a vault, as if another program had kept them for years; one sample for each batch.

        They go through the log, the merge, the lists and the index as every case does; only the kit's rules are not
        asked, since the examples follow them.
        """
        samples = Samples()
        unit = min(workspace.log.me.units - {workspace.log.membership.common_unit})
        for start in range(0, self.size, _AT_ONCE):
            changes = _cases(start, min(_AT_ONCE, self.size - start), ten_fields=self._ten_fields)
            with samples.one():
                workspace.log.write(unit, changes)
        return samples


def _cases(first: int, count: int, *, ten_fields: bool) -> list[Change]:
    """Return new cases, most of them closed, in the order of their days."""
    chance = random.Random(first)
    aid = 0 if ten_fields else round(count * AID_SHARE)
    drawn = [("humanitarian-aid", values) for values in examples.examples("humanitarian-aid", aid, first)]
    for values in examples.examples("appeal", count - aid, first):
        kept = {name: values.get(name, "") for name in TEN_FIELDS} if ten_fields else values
        drawn.append(("appeal", kept))
    drawn.sort(key=lambda case: str(case[1].get("received_on")))
    return [_case(kit_id, values, first + place, chance) for place, (kit_id, values) in enumerate(drawn, start=1)]


def _case(kit_id: str, values: dict[str, Value], counter: int, chance: random.Random) -> Change:
    kit = loader.kit(kit_id)
    closed = chance.random() < CLOSED_SHARE
    stages = [stage.id for stage in kit.stages if stage.final == closed]
    received = str(values.get(kit.date_field))
    system: dict[str, Value] = {
        KIT: kit_id,
        KIT_VERSION: kit.version,
        NUMBER: numbering.registration_number(kit, counter, _OTHER_DEVICE, int(received[:4]), values),
        STAGE: chance.choice(stages),
        REGISTERED_ON: received,
    }
    return Change(COLLECTION, ids.new_id(), system | values)


def new_values(count: int, seed: int) -> list[dict[str, Value]]:
    """Return the values of appeals that nobody has registered yet."""
    return examples.examples("appeal", count, seed, until=date.today())  # noqa: DTZ011 - the clerk's calendar day


def plain_json_bytes(workspace: Workspace) -> int:
    """Return how large all cases are as one JSON text in UTF-8, each with its id and all its fields."""
    with workspace.store.read() as connection:
        rows = connection.execute("SELECT uuid, fields FROM record WHERE collection = ?", (COLLECTION,))
        return sum(
            len(msgspec.json.encode({"id": ids.to_text(uuid), "fields": msgspec.Raw(fields.encode())})) + 1
            for uuid, fields in rows
        )


class PlainStore:
    """A vault's tables in a database without encryption, to compare with.

    Args:
        path: The file.
    """

    def __init__(self, path: Path) -> None:
        self._connection = sqlcipher.connect(path, None)

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Give the connection inside a transaction."""
        self._connection.execute("BEGIN IMMEDIATE")
        yield self._connection
        self._connection.execute("COMMIT")

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Give the connection."""
        yield self._connection

    def close(self) -> None:
        """Close the database."""
        self._connection.close()


def copy_plain(path: Path, invitation: bytes, bodies: Sequence[bytes]) -> PlainStore:
    """Let one more device, which encrypts nothing, take in frames.

    Args:
        path: The file of its database.
        invitation: The bytes of an invitation file.
        bodies: The frames.
    """
    start = enrolment.accept(enrolment.read_invitation(invitation), ids.new_id())
    store = PlainStore(path)
    with store.write() as connection:
        enrolment.initialise(connection, start)
        schema.create(connection)
    log = Log(store, DeskProjection())
    for first in range(0, len(bodies), _AT_ONCE // 2000):
        log.apply(bodies[first : first + _AT_ONCE // 2000])
    return store
