"""The replicated log of one vault: the one way in for every change, whoever made it and however it came."""

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sync import caretaking, chains, changes, epochs, frames, histories, membership, named, rebuilding, writing
from sync.applying import Applier, Projector, Store
from sync.changes import Change
from sync.crypto import Opener, Signer
from sync.errors import Refused
from sync.histories import Record, Written
from sync.ids import random_id
from sync.keyring import Keyring
from sync.membership import Assign, Cut, Link, Membership, Revoke
from sync.messages import _
from sync.replica import Applied, Heads
from sync.sqlcipher import Connection
from sync.writing import Author, Identity

__all__ = ["Identity", "Log", "Position", "Record", "Written"]


@dataclass(frozen=True, slots=True)
class Position:
    """How far this device's own log has come; kept outside the database too, to notice an old copy."""

    incarnation: bytes
    counter: int


class Log:
    """The log of one opened vault.

    Args:
        store: The vault's database.
        projector: Keeps the tables that screens read in step, inside the same transaction.
    """

    def __init__(self, store: Store, projector: Projector) -> None:
        self._store = store
        self._projector = projector
        self.on_applied: list[Callable[[Applied], None]] = []
        with store.read() as connection:
            local = dict(connection.execute("SELECT name, value FROM local").fetchall())
            bodies = [body for (body,) in connection.execute("SELECT body FROM link ORDER BY id")]
        self.membership = Membership.of(bodies)
        self.identity = Identity(
            local["community"],
            local["device"],
            Signer(local["signer"]),
            Opener(local["opener"]),
            local["incarnation"],
        )

    @property
    def store(self) -> Store:
        """The vault's database."""
        return self._store

    @property
    def projector(self) -> Projector:
        """What keeps the tables that screens read in step."""
        return self._projector

    @property
    def community(self) -> bytes:
        """The 32-byte id of the community."""
        return self.identity.community

    @property
    def device(self) -> bytes:
        """The 16-byte id of this device."""
        return self.identity.device

    @property
    def signer(self) -> Signer:
        """This device's signing key."""
        return self.identity.signer

    @property
    def me(self) -> membership.Device:
        """This device as the membership links make it.

        It works from the beginning; what it writes is taken by others once an administrator's device confirms it.

        Raises:
            Refused: It is not a member, because an administrator turned it away.
        """
        key = self.identity.signer.public_key
        for seat in self.membership.seats(self.device):
            if seat.entry.sign_key == key and not self.membership.is_turned_away(seat):
                return seat
        raise Refused(
            "not_a_member",
            _(
                "This device is not a member of the community: an administrator turned it away, since another device "
                "used the same invitation. The vault's files were not changed. Ask an administrator for a new "
                "invitation, and join with it in another folder."
            ),
        )

    @property
    def is_revoked(self) -> bool:
        """Whether an administrator has revoked this device."""
        return self.device in self.membership.revocations

    @property
    def is_confirmed(self) -> bool:
        """Whether an administrator's device has confirmed this one, so that others take what it writes."""
        return self.device in self.membership.devices

    def write(self, unit: bytes, written: Sequence[Change]) -> Applied:
        """Make frames of changes, apply them and commit durably.

        Args:
            unit: The 16-byte id of the unit that shall read them.
            written: Any number of changes; what is too much for one frame becomes several, still all or nothing.
        """
        return self.write_with(lambda _: (unit, written))

    def write_with(self, decide: Callable[[Connection], tuple[bytes, Sequence[Change]]]) -> Applied:
        """Decide on changes and apply them in one transaction.

        Args:
            decide: Given the open transaction; reads what it needs, writes what only this device has (such as a
                counter), and returns the unit and the changes. An exception from it undoes everything.
        """
        return self.write_all(lambda connection: [decide(connection)])

    def write_all(self, decide: Callable[[Connection], Sequence[tuple[bytes, Sequence[Change]]]]) -> Applied:
        """Decide on changes in several units and apply them in one transaction, all or nothing.

        Args:
            decide: As for `write_with`; returns any number of units, each with its changes.
        """
        with self._store.write() as connection:
            decided = decide(connection)
            author = Author(self.identity, self.membership, self.me)
            applier = Applier(connection, self.membership, self._projector)
            for unit, written in decided:
                for portion in changes.portions(written):
                    writing.append(connection, applier, author, unit, portion)
            applied = applier.finish()
        return self.tell(applied)

    def apply(self, bodies: Sequence[bytes], links: Sequence[bytes] = ()) -> Applied:
        """Apply frames and membership links that came from elsewhere, in one transaction.

        Args:
            bodies: Frames as they travel, in any order, known ones included.
            links: Membership links as they travel.

        Returns:
            What was applied, what waits and what was refused; nothing is dropped silently.
        """
        refused = Applied()
        members = self.membership
        with self._store.write() as connection:
            try:
                members = self._with_links(connection, [membership.parse(link) for link in links])
            except membership.BadLink:
                refused = Applied(refused=1, reasons={"link": 1})
            own = self._own_chain(connection)
            applier = Applier(connection, members, self._projector)
            applier.expect(bodies)
            applier.take(bodies)
            if members is not self.membership:
                applier.retry_waiting()
            applied = applier.finish() + refused
            if self._own_chain(connection) != own:
                applied += Applied(copied=True)
        self.membership = members
        return self.tell(applied)

    def add_own_link(self, body: membership.Body) -> Link:
        """Sign a membership link with this device's key and add it.

        Args:
            body: What the link says.

        Raises:
            PermissionError: The members' rules refuse it.
        """
        return self.add_own_links([body])[0]

    def add_own_links(self, bodies: Sequence[membership.Body]) -> list[Link]:
        """Sign membership links one after another and add them, all or none.

        Args:
            bodies: What the links say.

        Raises:
            PermissionError: The members' rules refuse one of them.
        """
        with self._store.write() as connection:
            links: list[Link] = []
            for body in bodies:
                parents = (links[-1].hash,) if links else self.membership.tips
                links.append(membership.make(self.community, parents, self.device, body, self.signer))
            members = self._with_links(connection, links)
            for link in links:
                if link.hash in members.refused:
                    raise PermissionError(members.refused[link.hash])
            applier = Applier(connection, members, self._projector)
            applier.retry_waiting()
            applied = applier.finish()
        self.membership = members
        self.tell(applied)
        return links

    def tend(self) -> None:
        """Do what an administrator's device owes the others, such as confirming a device that it invited."""
        with self._store.write() as connection:
            members = copy.copy(self.membership)
            if due := caretaking.tend(members, self.device, self.signer, epochs.held(connection)):
                self._keep_links(connection, members, due)
                applier = Applier(connection, members, self._projector)
                applier.retry_waiting()
                applier.finish()
        self.membership = members

    def _with_links(self, connection: Connection, links: list[Link]) -> Membership:
        """Store links and return the members with them; they count only once the transaction is committed."""
        members = copy.copy(self.membership)
        added = members.add(links) if links else []
        if not added:
            return self.membership
        epochs.take(connection, members, self.device, self.identity.opener)  # what is given is passed on
        added += caretaking.tend(members, self.device, self.signer, epochs.held(connection))
        self._keep_links(connection, members, added)
        return members

    def _keep_links(self, connection: Connection, members: Membership, added: list[Link]) -> None:
        """Store links, take the keys that they give, and put back what they no longer let stand."""
        connection.executemany(
            "INSERT INTO link (hash, body) VALUES (?, ?)", [(link.hash, link.data) for link in added]
        )
        epochs.take(connection, members, self.device, self.identity.opener)
        if any(isinstance(link.body, Assign | Revoke) for link in added):
            rebuilding.withdraw(connection, members, self._projector, self.device)

    def tell(self, applied: Applied) -> Applied:
        """Call whoever wants to know what was applied, if anything was."""
        if applied.frames or applied.copied:
            for callback in self.on_applied:
                callback(applied)
        return applied

    def unit_keys(self) -> list[tuple[bytes, bytes, bytes]]:
        """Return unit, epoch and key of the newest epoch of every unit this device reads."""
        with self._store.read() as connection:
            return list(
                connection.execute(
                    "SELECT u.uuid, k.epoch, k.key FROM epoch_key k JOIN unit u ON u.id = k.unit WHERE k.newest"
                )
            )

    def common_keys(self) -> list[bytes]:
        """Return the keys of the unit that every member belongs to, the newest first."""
        unit = self.membership.common_unit
        with self._store.read() as connection:
            held = epochs.held(connection)
        found = [held[unit, epoch] for epoch in self.membership.epochs.get(unit, {}) if (unit, epoch) in held]
        return found[::-1]

    def links(self) -> list[bytes]:
        """Return all membership links as they travel, parents before children."""
        return [link.data for link in self.membership.ordered]

    def heads(self) -> Heads:
        """Return the last frame of every chain that is held without gaps, frames kept aside included."""
        with self._store.read() as connection:
            heads, _waiting = chains.held(connection)
        return heads

    def frames_missing(self, theirs: Heads, budget: int) -> list[bytes]:
        """Return frames that somebody lacks, each chain in order.

        Args:
            theirs: The heads the other side has.
            budget: About how many bytes to return at most; at least one frame if any is missing.
        """
        found: list[bytes] = []
        with self._store.read() as connection:
            for body in chains.missing(connection, theirs):
                budget -= len(body)
                if budget < 0 and found:
                    break
                found.append(body)
        return found

    def begins(self) -> Heads:
        """Return the ends of the chains whose beginning is not here, since a snapshot stands in its place."""
        with self._store.read() as connection:
            return chains.begins(connection)

    def count_missing(self, theirs: Heads) -> int:
        """Return how many changes the other side lacks of what this vault holds."""
        with self._store.read() as connection:
            return chains.changes_missing(connection, theirs)

    def bytes_missing(self, theirs: Heads) -> int:
        """Return how large the frames are that the other side lacks."""
        with self._store.read() as connection:
            return chains.bytes_missing(connection, theirs)

    def record(self, connection: Connection, record: bytes, unit: bytes | None = None) -> Record | None:
        """Return one record, or None when no device has written it.

        Args:
            connection: A transaction to read in.
            record: The 16-byte id.
            unit: The unit that it lies in; by default any, where it lies in one only.
        """
        return histories.record(connection, record, unit)

    def history(
        self, connection: Connection, record: bytes, unit: bytes | None = None, *, present: bool = False
    ) -> list[Written]:
        """Return every change of a record, oldest first, read from the frames that touched it.

        Where a snapshot stands in place of the beginning of the log, older changes may not be here; see `behind`.

        Args:
            connection: A transaction to read in.
            record: The 16-byte id.
            unit: Only what was written in that unit.
            present: Also return who wrote the values that are current, with as much as is known of it.
        """
        return histories.history(connection, record, unit, present=present)

    def recall(self, name: str) -> bytes | None:
        """Return a note that `remember` kept, or None."""
        with self._store.read() as connection:
            row = connection.execute("SELECT value FROM local WHERE name = ?", (f"note:{name}",)).fetchone()
        return None if row is None else bytes(row[0])

    def remember(self, name: str, value: bytes) -> None:
        """Keep a small note of this device alone, such as a server's key; it is encrypted as all else."""
        with self._store.write() as connection:
            connection.execute(
                "INSERT INTO local (name, value) VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value",
                (f"note:{name}", value),
            )

    def notes(self, beginning: str) -> list[tuple[str, bytes]]:
        """Return the notes that `remember` kept under names with some beginning."""
        with self._store.read() as connection:
            rows = connection.execute("SELECT name, value FROM local WHERE name LIKE 'note:%' ORDER BY name").fetchall()
        found = [(name.removeprefix("note:"), bytes(value)) for name, value in rows]
        return [(name, value) for name, value in found if name.startswith(beginning)]

    def last_written(self) -> int | None:
        """Return when this device last wrote something: milliseconds since 1970, or None."""
        with self._store.read() as connection:
            row = connection.execute(
                "SELECT f.body FROM frame f JOIN incarnation i ON i.id = f.incarnation"
                " WHERE i.uuid = ? ORDER BY f.id DESC LIMIT 1",
                (self.identity.incarnation,),
            ).fetchone()
            if row is None:
                return None
            frame = frames.parse(row[0])
            payload = Keyring.load(connection).open(frame)
        return changes.decode(payload).time_ms

    def heads_seen_by(self, device: bytes) -> Heads:
        """Return the heads that a device is known to hold: its own chains, and what its frames named.

        Args:
            device: The 16-byte id of the device.
        """
        with self._store.read() as connection:
            return chains.heads_seen_by(connection, device)

    @property
    def device_code(self) -> str:
        """A short number that two people compare to know that both see the same device."""
        return membership.device_code(self.community, self.me.entry)

    def count_kept_back(self) -> int:
        """Count the chains of which others have seen more for a while than came; asked after a whole exchange."""
        units = frozenset[bytes]().union(*(seat.units for seat in self.membership.seats(self.device)))
        with self._store.write() as connection:
            return 0 if self.is_revoked else named.count_kept_back(connection, units)

    def waiting(self) -> dict[str, int]:
        """Return how many frames are kept aside, by reason."""
        with self._store.read() as connection:
            return dict(connection.execute("SELECT reason, count(*) FROM waiting GROUP BY reason").fetchall())

    def undecided(self) -> int:
        """Return how many of this device's own frames wait at the others, because it had lost the right by then."""
        members = self.membership
        if self.device not in members.revocations.keys() | members.rights.lessened(members.common_unit):
            return 0
        with self._store.read() as connection:
            rows = connection.execute(
                "SELECT u.uuid, i.uuid, f.seq FROM frame f JOIN unit u ON u.id = f.unit"
                " JOIN incarnation i ON i.id = f.incarnation WHERE i.device = ?",
                (self.device,),
            ).fetchall()
        return sum(bool(members.may_stand(self.device, *place)) for place in rows)

    def chains_of(self, device: bytes, *, waiting: bool = False) -> list[Cut]:
        """Return how far the chains of a device have come here.

        Args:
            device: The 16-byte id.
            waiting: Count frames kept aside too.
        """
        with self._store.read() as connection:
            return chains.ends(connection, device, waiting=waiting)

    def position(self) -> Position:
        """Return how far this device's own log has come."""
        with self._store.read() as connection:
            (counter,) = connection.execute(
                "SELECT coalesce(max(h.counter), 0) FROM head h JOIN incarnation i ON i.id = h.incarnation"
                " WHERE i.uuid = ?",
                (self.identity.incarnation,),
            ).fetchone()
        return Position(self.identity.incarnation, counter)

    def _own_chain(self, connection: Connection) -> tuple[object, ...]:
        """What only this device itself may change: the ends of its chains, and what does not fit them."""
        own = self.identity.incarnation
        ends = connection.execute(
            "SELECT h.unit, h.seq FROM head h JOIN incarnation i ON i.id = h.incarnation WHERE i.uuid = ?", (own,)
        ).fetchall()
        (misfits,) = connection.execute("SELECT count(*) FROM waiting WHERE incarnation = ?", (own,)).fetchone()
        return (*sorted(ends), misfits)

    def check_own_chain(self, theirs: Heads) -> None:
        """Notice that somebody else holds other frames of this device's own log than it does.

        Args:
            theirs: The heads of a server, which were compared with this log.
        """
        own = self.identity.incarnation
        with self._store.read() as connection:
            known = {
                (unit, seq): hash_
                for unit, seq, hash_ in connection.execute(
                    "SELECT u.uuid, f.seq, f.hash FROM frame f JOIN unit u ON u.id = f.unit"
                    " JOIN incarnation i ON i.id = f.incarnation WHERE i.uuid = ?",
                    (own,),
                )
            }
        heads = {unit: chains[own] for unit, chains in theirs.items() if own in chains}
        if any(known.get((unit, seq)) != hash_ for unit, (seq, hash_) in heads.items()):
            self.tell(Applied(copied=True))

    def start_incarnation(self) -> None:
        """Begin a new life of this device's log, so that no counter is used twice after an old copy came back."""
        incarnation = random_id()
        with self._store.write() as connection:
            connection.execute("UPDATE local SET value = ? WHERE name = 'incarnation'", (incarnation,))
        old = self.identity
        self.identity = Identity(old.community, old.device, old.signer, old.opener, incarnation)
