"""The backups of an opened vault: the plan, what is due, and what came of the last ones."""

import logging
import threading
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from desktop_app.backup import failures
from desktop_app.backup.form import MAX_GENERATIONS
from desktop_app.backup.plan import INTERVALS, MAX_PLACES, Drilled, Failed, Good, Notes, Place, Plan
from sync.errors import Failure, Refused
from sync.messages import _

if TYPE_CHECKING:
    from desktop_app.backup.drill import Drill
    from desktop_app.backup.making import Made
    from desktop_app.backup.watch import Watch
    from desktop_app.backup.ways import Way
    from desktop_app.workspace import Workspace

_NOTE = "backups"
_BROKEN_OFF = {"stopped", "vault_closed"}
_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class BackupStatus:
    """What a person is told about the backups.

    Args:
        notes: All that is remembered.
        late: Whether the last good backup is too old.
        next_due: When the next one is due, where the clock decides.
        example: Whether the vault holds invented data only, which nobody needs to save.
    """

    notes: Notes
    late: bool
    next_due: datetime | None
    example: bool

    @property
    def last_good(self) -> Good | None:
        """The youngest good backup."""
        return self.notes.last_good

    @property
    def last_failed(self) -> Failed | None:
        """The youngest of the failures after which no backup went well at that place."""
        return max(self.notes.failed.values(), key=lambda failed: failed.when_ms, default=None)


class BackupService:
    """Backs an opened vault up and remembers what came of it.

    Args:
        workspace: The vault.
    """

    def __init__(self, workspace: "Workspace") -> None:
        self._workspace = workspace
        self._lock = threading.Lock()
        self._absent: set[str] = set()

    def status(self) -> BackupStatus:
        """Return what a person is told."""
        notes, now = self._notes(), datetime.now(UTC)
        example = self._workspace.is_example
        return BackupStatus(notes, notes.is_late(now) and not example, notes.next_due(now), example)

    @property
    def plan(self) -> Plan:
        """Where and how often backups are made."""
        return self._notes().plan

    def set_plan(self, plan: Plan) -> None:
        """Keep another plan.

        Raises:
            Refused: It names too many places or another interval than those of `plan.INTERVALS` ("bad_plan").
        """
        if plan.hours not in INTERVALS or len(plan.places) > MAX_PLACES or not 1 <= plan.keep <= MAX_GENERATIONS:
            raise Refused(
                "bad_plan",
                _(
                    "Backups can go to at most {places} places, and a file holds 1 to {states} states of the vault. "
                    "Nothing was changed."
                ).format(places=MAX_PLACES, states=MAX_GENERATIONS),
            )
        with self._lock:
            self._keep(msgspec.structs.replace(self._notes(), plan=plan))

    def add_place(self, path: Path) -> Plan:
        """Let backups go to one more folder, and return the plan.

        Raises:
            Refused: It lies inside the vault, or there are too many places.
        """
        from desktop_app.backup.making import file_for

        file_for(self._workspace, path)
        plan, place = self.plan, Place.at(path, self._workspace.folder)
        others = tuple(other for other in plan.places if other.path != place.path)
        changed = msgspec.structs.replace(plan, places=(*others, place))
        self.set_plan(changed)
        return changed

    def remove_place(self, path: str) -> Plan:
        """Let no more backups go to a place, and return the plan; the files there stay."""
        plan = self.plan
        changed = msgspec.structs.replace(plan, places=tuple(place for place in plan.places if place.path != path))
        self.set_plan(changed)
        return changed

    def set_hours(self, hours: int) -> None:
        """Let backups be made so often; see `Plan`."""
        self.set_plan(msgspec.structs.replace(self.plan, hours=hours))

    def due(self, now: datetime | None = None) -> list[Place]:
        """Return the places that are there and are to get a backup; asks the disks, so it may take a moment.

        Args:
            now: The time, by default this moment.
        """
        notes, moment = self._notes(), now or datetime.now(UTC)
        found = []
        for place in notes.plan.places:
            if not place.is_there(self._workspace.folder):
                self._absent.add(place.path)
                continue
            if notes.is_due(place, moment, appeared=place.path in self._absent):
                found.append(place)
            else:
                self._absent.discard(place.path)
        return found

    def back_up(self, target: Path, watch: "Watch | None" = None, *, check_all: bool = True) -> "Made":
        """Make one backup and remember what came of it.

        Args:
            target: One of the plan's places, or any other file or folder.
            watch: Told about progress; can stop the work.
            check_all: As for `making.back_up`.

        Raises:
            Failure: As `making.back_up`.
        """
        from desktop_app.backup import making

        name = str(target.absolute())
        self._absent.discard(name)
        try:
            if not all(place.is_there(self._workspace.folder) for place in self.plan.places if place.path == name):
                raise failures.gone(target)
            before = self._notes().good.get(name)
            known = (before.backup, before.generation) if before is not None else ("", 0)
            made = making.back_up(self._workspace, target, watch, keep=self.plan.keep, check_all=check_all, known=known)
        except Failure as failure:
            if failure.code not in _BROKEN_OFF:
                self._note_failure(name, failure)
            raise
        with self._lock:
            notes = self._notes()
            before = notes.good.get(name)
            checked = made.made_ms if made.checked_all or before is None else before.checked_ms
            good = Good(str(made.file), made.made_ms, made.bytes, made.generation, checked, made.backup)
            failed = {place: kept for place, kept in notes.failed.items() if place != name}
            self._keep(msgspec.structs.replace(notes, good={**notes.good, name: good}, failed=failed))
        return made

    def drill(self, file: Path, way: "Way", watch: "Watch | None" = None) -> "Drill":
        """Prove a backup by a restore for practice, and remember what came of it.

        Raises:
            Failure: As `drill.drill`.
        """
        from desktop_app.backup.drill import drill

        proved = drill(file, way, watch=watch)
        with self._lock:
            done = Drilled(str(file), int(datetime.now(UTC).timestamp() * 1000), proved.sound)
            self._keep(msgspec.structs.replace(self._notes(), drilled=done))
        self._workspace.audit.record("backup_drilled", file=str(file), sound=proved.sound)
        return proved

    def _note_failure(self, name: str, failure: Failure) -> None:
        failed = Failed(int(datetime.now(UTC).timestamp() * 1000), failure.code)
        try:
            with self._lock:
                notes = self._notes()
                self._keep(msgspec.structs.replace(notes, failed={**notes.failed, name: failed}))
        except Failure as other:
            _logger.warning("the failure of a backup could not be noted: %s", other.code)

    def _notes(self) -> Notes:
        kept = self._workspace.log.recall(_NOTE)
        try:
            return msgspec.msgpack.decode(kept, type=Notes) if kept else Notes()
        except (msgspec.MsgspecError, ValueError):
            return Notes()  # of a newer program that was left again; the backups themselves are where they are

    def _keep(self, notes: Notes) -> None:
        self._workspace.log.remember(_NOTE, msgspec.msgpack.encode(notes))
