"""The whole story on real parts: a community is founded, works offline, exchanges, and every step is checked."""

import os
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from desktop_app import vault
from desktop_app.cases.model import CaseQuery
from desktop_app.kits import examples
from desktop_app.opening import create_workspace, join_workspace, open_workspace
from desktop_app.verify import verify
from desktop_app.workspace import Workspace
from sync.errors import Damaged
from sync.messages import _

CASES_ON_EACH = 200
ONE_BY_ONE = 20
AID_SHARE = 4
PASSPHRASE_VARIABLE = "SPRAVA_PASSPHRASE"  # noqa: S105 - the name of the variable
KNOWN_NAME = "Ґудзь-Їжакевич Федора Єлисеївна"
ACKNOWLEDGED_BEFORE_KILL = 12

Photographer = Callable[[Workspace, Path], list[Path]]
"""Takes pictures of the screens: an opened vault, and the folder for them."""


class StepFailed(Exception):
    """A step of the tour did not check out; the argument says what was expected and what was found."""


@dataclass
class Step:
    """One step that checked out."""

    title: str
    finding: str


@dataclass
class Tour:
    """Tells the story and checks it.

    Args:
        folder: Where vaults, server and pictures are left; must be empty.
        told: Called with each step as soon as it checked out.
        photograph: Takes the pictures.
        worker: The command that registers cases until it is killed; the vault's folder is put behind it.
    """

    folder: Path
    told: Callable[[Step], None]
    photograph: Photographer
    worker: list[str]
    passphrase: str = field(default_factory=vault.generate_passphrase)
    steps: list[Step] = field(default_factory=list)
    pictures: list[Path] = field(default_factory=list)

    def run(self) -> None:
        """Go through the whole story.

        Raises:
            StepFailed: A step did not check out.
        """
        from sync.server import RunningServer

        with self._founded("oksana") as oksana:
            invitations = [oksana.invite("clerk", oksana.unit.name).data for _number in range(2)]
        self._done(
            _("A community was founded, and two invitations written"), _("in {folder}").format(folder=self.folder)
        )
        self._join("ivan", "Іван Черненко", invitations[0])
        self._join("maria", "Марія Ґалаґан", invitations[1])
        with self._open("oksana") as oksana, self._open("ivan") as ivan:
            self._work_offline(oksana, ivan)
            with RunningServer(self.folder / "server") as server:
                self._exchange(oksana, ivan, server.url)
                self._conflict(oksana, ivan)
            self._search_server()
            self._by_stick(oksana)
        self._kill_and_reopen()
        self._done(_("A damaged bundle file is refused, and nothing of it is taken in"), self._refuse_damaged())

    def _work_offline(self, oksana: Workspace, ivan: Workspace) -> None:
        today = date.today()  # noqa: DTZ011 - the clerk's calendar day
        for place, workspace in enumerate((oksana, ivan)):
            appeals = examples.examples("appeal", CASES_ON_EACH - CASES_ON_EACH // AID_SHARE, place, until=today)
            for values in appeals[:ONE_BY_ONE]:
                workspace.cases.register("appeal", values)
            workspace.cases.register_many("appeal", appeals[ONE_BY_ONE:])
            aid = examples.examples("humanitarian-aid", CASES_ON_EACH // AID_SHARE, place, until=today)
            workspace.cases.register_many("humanitarian-aid", aid)
        numbers = [
            row.number
            for workspace in (oksana, ivan)
            for row in workspace.cases.page(CaseQuery(), 0, 2 * CASES_ON_EACH)
        ]
        _equal(_("numbers given twice"), len(numbers) - len(set(numbers)), 0)
        _equal(_("cases registered offline"), len(numbers), 2 * CASES_ON_EACH)
        self._done(
            _("Both worked offline"),
            _("{count} cases on each, no number given twice").format(count=CASES_ON_EACH),
        )

    def _exchange(self, oksana: Workspace, ivan: Workspace, url: str) -> None:
        for workspace in (oksana, ivan, oksana):
            moved = workspace.exchange.sync(url)
        _equal(_("cases on the first device"), oksana.cases.count(CaseQuery()), 2 * CASES_ON_EACH)
        _equal(_("cases on the second device"), ivan.cases.count(CaseQuery()), 2 * CASES_ON_EACH)
        _equal(_("digests"), oksana.digest(), ivan.digest())
        self._done(
            _("A server started, both exchanged, and both have the same"),
            _("digest {digest}…, round trips of the last exchange: {trips}").format(
                digest=oksana.digest()[:12], trips=moved.round_trips
            ),
        )

    def _conflict(self, oksana: Workspace, ivan: Workspace) -> None:
        case = oksana.cases.page(CaseQuery(kit="appeal"), 0, 1)[0]
        oksana.cases.edit(case.id, {"subject": "Прошу відремонтувати дах", "executor": "Відділ ЖКГ"})
        ivan.cases.edit(case.id, {"subject": "Прошу перекрити дах до зими", "applicant_phone": "067 765 43 21"})
        for workspace in (oksana, ivan, oksana):
            workspace.exchange.sync()
        _equal(_("conflicts on the first device"), oksana.conflicts.count(), 1)
        _equal(_("conflicts on the second device"), ivan.conflicts.count(), 1)
        values = {sibling.value for sibling in ivan.conflicts.list()[0].siblings}
        _equal(_("values kept"), values, {"Прошу відремонтувати дах", "Прошу перекрити дах до зими"})
        merged = ivan.cases.get(case.id).values
        _equal(_("the other fields"), (merged["executor"], merged["applicant_phone"]), ("Відділ ЖКГ", "+380677654321"))
        self.pictures += self.photograph(ivan, self.folder / "screens")
        self._done(
            _("Pictures of the main screens were taken"),
            _("{count} in {folder}").format(count=len(self.pictures), folder=self.folder / "screens"),
        )
        ivan.conflicts.take(case.id, "subject", "theirs")
        for workspace in (ivan, oksana):
            workspace.exchange.sync()
        _equal(_("conflicts left"), (oksana.conflicts.count(), ivan.conflicts.count()), (0, 0))
        _equal(_("the value decided"), oksana.cases.get(case.id).values["subject"], "Прошу відремонтувати дах")
        _equal(_("digests"), oksana.digest(), ivan.digest())
        history = [entry.after for entry in oksana.cases.history(case.id) if entry.field == "subject"]
        if "Прошу перекрити дах до зими" not in history:
            raise StepFailed(_("the value that was not chosen is not in the history"))
        self._done(
            _("Both changed one field; the conflict was shown on both, resolved on one, and is gone on both"),
            _("the other value is in the history"),
        )
        oksana.cases.register("appeal", {**examples.example("appeal", 7), "applicant_name": KNOWN_NAME})
        for workspace in (oksana, ivan):
            workspace.exchange.sync()
        _equal(_("cases found by a name"), ivan.cases.count(CaseQuery(text="гудзь-іжак")), 1)

    def _search_server(self) -> None:
        searched, hits = search_bytes(self.folder / "server", [KNOWN_NAME, "Черненко", "ЦНАП", "Щаслива громада"])
        if hits or not searched:
            raise StepFailed(_("a name can be read on the server: {files}").format(files=", ".join(hits)))
        sealed, found = search_bytes(self.folder / "oksana", [KNOWN_NAME, "Щаслива громада"])
        if found or not sealed:
            raise StepFailed(_("a name can be read in the vault: {files}").format(files=", ".join(found)))
        self._done(
            _("The files of the server and of the vault were searched byte by byte for known names: none is there"),
            _("bytes: {bytes}").format(bytes=searched + sealed),
        )

    def _by_stick(self, oksana: Workspace) -> None:
        there, back = self.folder / "stick-to-maria.sprava", self.folder / "stick-from-maria.sprava"
        oksana.exchange.export_bundle(there)
        with self._open("maria") as maria:
            maria.exchange.import_bundle(there)
            _equal(_("cases on the third device"), maria.cases.count(CaseQuery()), 2 * CASES_ON_EACH + 1)
            maria.cases.register("humanitarian-aid", examples.example("humanitarian-aid", 9))
            maria.exchange.export_bundle(back, device=oksana.info().device)
            oksana.exchange.import_bundle(back)
            _equal(_("digests"), maria.digest(), oksana.digest())
        self._done(
            _("A third device that never saw the server got everything by a bundle file, and gave back its own"),
            _("bytes there: {there}, back: {back}").format(there=there.stat().st_size, back=back.stat().st_size),
        )

    def _kill_and_reopen(self) -> None:
        folder = self.folder / "maria"
        acknowledged: list[str] = []
        with subprocess.Popen(
            [*self.worker, str(folder)],
            env={**os.environ, PASSPHRASE_VARIABLE: self.passphrase},
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        ) as process:
            for line in process.stdout or ():
                acknowledged.append(line.strip())
                if len(acknowledged) == ACKNOWLEDGED_BEFORE_KILL:
                    process.kill()
        if len(acknowledged) < ACKNOWLEDGED_BEFORE_KILL:
            raise StepFailed(_("the process that was to be killed ended by itself"))
        with self._open("maria") as maria:
            lost = [number for number in acknowledged if maria.cases.count(CaseQuery(where={"number": number})) != 1]
            _equal(_("saved cases lost"), lost, [])
            faults = [check.finding for check in verify(maria) if not check.sound]
            _equal(_("faults"), faults, [])
        self._done(
            _("A process was killed while it registered cases; the vault opened again and is whole"),
            _("cases that were shown as saved and are there: all {count}").format(count=len(acknowledged)),
        )

    def _refuse_damaged(self) -> str:
        bundle = self.folder / "stick-from-maria.sprava"
        data = bytearray(bundle.read_bytes())
        data[len(data) // 2] ^= 1
        bundle.with_name("stick-damaged.sprava").write_bytes(data)
        with self._open("ivan") as ivan:
            before = ivan.digest()
            try:
                ivan.exchange.import_bundle(bundle.with_name("stick-damaged.sprava"))
            except Damaged as problem:
                _equal(_("digests"), ivan.digest(), before)
                return problem.code
        raise StepFailed(_("a damaged bundle file was taken in"))

    def _founded(self, name: str) -> Workspace:
        return create_workspace(
            self.folder / name,
            self.passphrase,
            community="Щаслива громада",
            unit="ЦНАП",
            person="Оксана Левченко",
            kdf=vault.KDF_FLOOR,
        )

    def _join(self, name: str, person: str, invitation: bytes) -> None:
        with join_workspace(
            self.folder / name, self.passphrase, invitation=invitation, person=person, kdf=vault.KDF_FLOOR
        ) as joined:
            self._done(
                _("{person} joined with an invitation").format(person=person),
                _("{community}, {unit}, device {device}").format(
                    community=joined.community, unit=joined.unit.name, device=joined.info().device
                ),
            )

    def _open(self, name: str) -> Workspace:
        return open_workspace(self.folder / name, self.passphrase)

    def _done(self, title: str, finding: str) -> None:
        step = Step(title, finding)
        self.steps.append(step)
        self.told(step)


def register_until_killed(folder: Path, passphrase: str, written: Callable[[str], None]) -> None:
    """Register example cases one by one until the process is killed, for the tour's trial.

    Args:
        folder: A vault.
        passphrase: Its pass phrase.
        written: Called with each number after the case was saved.
    """
    with open_workspace(folder, passphrase) as workspace:
        for number in range(1_000_000):
            written(workspace.cases.register("appeal", examples.example("appeal", number)).number)


def search_bytes(folder: Path, words: list[str]) -> tuple[int, list[str]]:
    """Search every file below a folder for words in UTF-8 and UTF-16.

    Args:
        folder: Where to search.
        words: What to search for.

    Returns:
        How many bytes were searched, and the names of the files that hold a word.
    """
    patterns = [word.encode(coding) for word in words for coding in ("utf-8", "utf-16-le", "utf-16-be")]
    searched, hits = 0, []
    for path in _files(folder):
        data = path.read_bytes()
        searched += len(data)
        if any(pattern in data for pattern in patterns):
            hits.append(path.name)
    return searched, hits


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.is_file())


def _equal(what: str, found: object, expected: object) -> None:
    if found != expected:
        raise StepFailed(_("{what}: {found}, expected {expected}").format(what=what, found=found, expected=expected))
