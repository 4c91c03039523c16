"""Cases that only named people read: each lies in a small unit of its own, which those people keep themselves."""

from collections.abc import Mapping, Sequence

from desktop_app.audit import Audit
from desktop_app.cases.model import CaseView, Registered
from desktop_app.cases.service import CaseService
from desktop_app.cases.transfers import TransferService
from desktop_app.directory import Directory
from desktop_app.units import require_right
from sync import caretaking, ids
from sync.applying import Store
from sync.errors import Refused
from sync.log import Log
from sync.membership import AUDITOR, HEAD
from sync.messages import _
from sync.rights import NOBODY, Device


class CircleService:
    """Restricts cases to named people.

    Args:
        store: The vault's database.
        log: The vault's log.
        cases: Registers and finds cases.
        transfers: Moves them.
        directory: Names of people.
        audit: Where it is recorded.
    """

    def __init__(
        self,
        store: Store,
        log: Log,
        cases: CaseService,
        transfers: TransferService,
        directory: Directory,
        audit: Audit,
    ) -> None:
        self._store = store
        self._log = log
        self._cases = cases
        self._transfers = transfers
        self._directory = directory
        self._audit = audit

    def register(self, kit_id: str, values: Mapping[str, object], people: Sequence[str]) -> Registered:
        """Register a case that nobody but the named people and whoever registers it will ever read.

        Args:
            kit_id: The kit.
            values: What was typed or is stored, by field id.
            people: Names of people, or numbers of devices.

        Raises:
            Refused: A rule of the kit refuses a value, a name is nobody's here, or the role may not write.
        """
        require_right(self._log)
        chosen = self._devices(people)
        self._cases.check(kit_id, values)
        circle = caretaking.make_unit(self._log, {each.entry.id: _role(each) for each in chosen}, circle=True)
        registered = self._cases.register(kit_id, values, ids.to_text(circle))
        self._audit.record("case_restricted", registered.id, people=list(people))
        return registered

    def restrict(self, ref: str, people: Sequence[str]) -> CaseView:
        """Let nobody but the named people and whoever does it read a case from now on.

        A case that is open to a unit is moved out of it, and a pointer stays; what its members have read, they have
        read. One that was restricted before is open to those who are named now, and to nobody else.

        Args:
            ref: The case, by id or number.
            people: Names of people, or numbers of devices.

        Raises:
            Refused: There is no such case, a name is nobody's here, or the role may not write.
        """
        chosen = {each.entry.id: _role(each) for each in self._devices(people)}
        case = self._cases.peek(ref)
        unit = ids.from_text(case.unit.id) or b""
        require_right(self._log, unit)
        if unit in self._log.membership.circles:
            self._change(unit, chosen)
        else:
            self._transfers.move(ref, caretaking.make_unit(self._log, chosen, circle=True))
        self._audit.record("case_restricted", case.id, people=list(people))
        return self._cases.peek(case.id)

    def people(self, ref: str) -> list[str] | None:
        """Return the names of those who read a restricted case; None for one that is open to its unit.

        Raises:
            Refused: There is no such case.
        """
        unit = ids.from_text(self._cases.peek(ref).unit.id) or b""
        if unit not in self._log.membership.circles:
            return None
        with self._store.read() as connection:
            names = [self._directory.name(connection, each.entry.person) for each in self._log.membership.active(unit)]
        return sorted(set(names))

    def _change(self, circle: bytes, chosen: Mapping[bytes, str]) -> None:
        members = self._log.membership
        present = {each.entry.id: each.roles.get(circle, NOBODY) for each in members.active(circle)}
        wanted = {**chosen, self._log.device: HEAD}
        try:
            for device in present.keys() | wanted.keys():
                role = wanted.get(device, NOBODY)
                if role != present.get(device, NOBODY):
                    caretaking.assign(self._log, device, {circle: role})
        except PermissionError as error:
            raise Refused(
                "no_right",
                _("Only those who may change a restricted case say who else reads it. Nothing was changed."),
            ) from error

    def _devices(self, people: Sequence[str]) -> list[Device]:
        """Return the devices of some people.

        Raises:
            Refused: A name is nobody's, or that of two people.
        """
        active = self._log.membership.active(self._log.membership.common_unit)
        with self._store.read() as connection:
            names = {
                each.entry.id: self._directory.name(connection, each.entry.person).strip().casefold() for each in active
            }
        found: list[Device] = []
        for name in people:
            theirs = [each for each in active if names[each.entry.id] == name.strip().casefold()]
            theirs = theirs or [each for each in active if each.entry.suffix == name.strip()]
            if not theirs:
                raise Refused(
                    "unknown_person",
                    _("Nobody in the community has the name “{name}”. Nothing was changed.").format(name=name),
                )
            if len({each.entry.person for each in theirs}) > 1:
                raise Refused(
                    "ambiguous_person",
                    _(
                        "Several people have the name “{name}”. Give the number of the device instead: {devices}. "
                        "Nothing was changed."
                    ).format(name=name, devices=", ".join(sorted(each.entry.suffix for each in theirs))),
                )
            found += theirs
        return found


def _role(device: Device) -> str:
    """Return what somebody may do in a circle: named people keep it together, an auditor reads only."""
    return AUDITOR if device.role == AUDITOR else HEAD
