"""The steps of the first run."""

import re
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QButtonGroup, QGridLayout, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from desktop_app.opening import invitation_code
from desktop_app.settings import vaults_folder
from desktop_app.vault import check_passphrase
from desktop_app.workspace import Workspace
from sync.enrolment import MAX_INVITATION_BYTES
from sync.errors import Failure, Refused
from sync.files import open_named
from sync.messages import _
from ui import theme
from ui.choice import Choice
from ui.files import ask_folder, ask_open
from ui.first_place import FirstPlace
from ui.look import Look, variants
from ui.new_phrase import NewPhraseField
from ui.widgets import Elided, button, caption, icon_label, label
from ui.worker import Worker

RESTORE = "restore"
"""The way that leads to another screen."""
INVITATION_KINDS = "*.sprava-invite"
_UNFIT_IN_NAMES = re.compile(r'[\\/:*?"<>|.\x00-\x1f]+')


@dataclass
class Answers:
    """What a person has said so far; it outlives a change of language in the middle."""

    way: str = ""
    community: str = ""
    unit: str = ""
    person: str = ""
    passphrase: str = ""
    invitation: bytes = b""
    invitation_name: str = ""
    invitation_code: str = ""
    folder: str = ""
    folder_by_hand: bool = False
    step: int = 0
    begun_with_language: bool = True


class Step(QWidget):
    """One step.

    Args:
        answers: Read and filled.
        parent: The first run.
    """

    go_on_wanted = Signal()
    look_wanted = Signal(object)
    changed = Signal()

    def __init__(self, answers: Answers, parent: QWidget) -> None:
        super().__init__(parent)
        self.answers = answers
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(0, 0, 0, 0)
        self.column.setSpacing(theme.SPACE_M)

    def enter(self) -> None:
        """Show what is known by now."""

    def keep(self) -> None:
        """Keep what is typed, whole or not: somebody goes back, or changes the language."""

    def take(self) -> None:
        """Keep the answers.

        Raises:
            Failure: One is missing or wrong.
        """

    def focus_first(self) -> None:
        """Put the focus where a person begins."""

    def show_problem(self, failure: Failure) -> None:
        """Go where the problem is; its sentence stands below the step."""

    def next_text(self) -> str:
        """Return what the button that goes on says; asked again when `changed` is emitted."""
        return _("Next")

    def is_whole(self) -> bool:
        """Return whether going on now is what most people should do; else the button only puts off."""
        return True

    def use(self, workspace: Workspace) -> None:
        """Be told of the vault, as soon as it's made.

        Args:
            workspace: The vault, open.
        """

    def is_wanted(self) -> bool:
        """Return whether this step belongs to the chosen way."""
        return True


class LanguageStep(Step):
    """Language and text size; a choice shows at once."""

    def __init__(self, answers: Answers, look: Look, parent: QWidget) -> None:
        super().__init__(answers, parent)
        self._look = look
        self.column.addWidget(label(_("Welcome"), "hero", parent=self))
        self.column.addWidget(
            label(_("Choose language, theme and the size of the text."), "", "muted", self, wrap=True)
        )
        self._chosen: Choice | None = None
        for _icon, heading, choices in variants(look):
            self.column.addWidget(label(heading, "strong", parent=self))
            row = QHBoxLayout()
            row.setSpacing(theme.SPACE_S)
            group = QButtonGroup(self)
            for name, other in choices:
                choice = Choice(name, "", "", self)
                choice.setChecked(other == look)
                choice.clicked.connect(partial(self._choose, other))
                choice.setAccessibleName(f"{heading}: {name}")
                group.addButton(choice)
                row.addWidget(choice, 1)
                self._chosen = self._chosen or (choice if other == look else None)
            self.column.addLayout(row)

    def focus_first(self) -> None:
        """Put the focus on the language in use."""
        if self._chosen:
            self._chosen.setFocus()

    def _choose(self, look: Look) -> None:
        if look == self._look:
            self.go_on_wanted.emit()
        else:
            self.look_wanted.emit(look)


class WayStep(Step):
    """Found, join, or try."""

    def __init__(self, answers: Answers, parent: QWidget) -> None:
        super().__init__(answers, parent)
        self.column.addWidget(label(_("How do you begin?"), "hero", parent=self))
        self._ways: dict[str, Choice] = {}
        group = QButtonGroup(self)
        for way, icon, text, hint in (
            ("create", "community", _("Start a community"), _("You are the first here and become its administrator.")),
            ("join", "invite", _("Join by an invitation"), _("Your administrator gave you an invitation file.")),
            (
                "example",
                "sparkle",
                _("Try with example data"),
                _("Look around among invented people. Nothing is sent."),
            ),
            (RESTORE, "import", _("Restore from a backup"), _("You have the file, and the pass phrase of then.")),
        ):
            choice = Choice(text, hint, icon, self)
            choice.clicked.connect(self.go_on_wanted)
            group.addButton(choice)
            self._ways[way] = choice
            self.column.addWidget(choice)
        self._ways[answers.way or "create"].setChecked(True)

    def take(self) -> None:
        """Keep the way that is chosen."""
        self.answers.way = next(way for way, choice in self._ways.items() if choice.isChecked())

    def focus_first(self) -> None:
        """Put the focus on the chosen way."""
        next(choice for choice in self._ways.values() if choice.isChecked()).setFocus()


class FolderLine(QWidget):
    """Where the vault will lie: a small line, since the proposed place is right for most computers.

    Args:
        parent: The step.
    """

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._path = ""
        self.by_hand = False
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.SPACE_S)
        row.addWidget(icon_label("folder", "muted", self, theme.scaled(16)))
        self._shown = Elided("small", "muted", self)
        row.addWidget(self._shown, 1)
        self.change = button(_("Change…"), "", "quiet", self)
        self.change.setAccessibleName(_("Change the folder of the vault"))
        self.change.clicked.connect(self._ask)
        row.addWidget(self.change)

    def path(self) -> str:
        """Return the folder that is to be made."""
        return self._path

    def set_path(self, path: str, *, by_hand: bool = True) -> None:
        """Take a folder.

        Args:
            path: The folder.
            by_hand: Whether a person chose it; else the next proposal takes its place.
        """
        self.by_hand = by_hand
        self._show(path)

    def propose(self, name: str) -> None:
        """Propose an unused folder, unless one was chosen already.

        Args:
            name: After what to call it.
        """
        if not self.by_hand:
            self._show(str(_unused(vaults_folder(), name)))

    def _show(self, path: str) -> None:
        self._path = path
        self._shown.setText(_("Kept in {folder}").format(folder=path))

    def _ask(self) -> None:
        ask_folder(self, _("Where to keep the vault"), self._take_parent)

    def _take_parent(self, parent: str) -> None:
        self.set_path(str(_unused(Path(parent), Path(self._path).name)))


class WhoStep(Step):
    """Names, the invitation where there is one, and the pass phrase."""

    def __init__(self, answers: Answers, parent: QWidget) -> None:
        super().__init__(answers, parent)
        self._title = label("", "hero", parent=self)
        self.column.addWidget(self._title)
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(theme.SPACE_M)
        self._grid.setVerticalSpacing(theme.SPACE_S)
        self._grid.setColumnStretch(1, 1)
        self.column.addLayout(self._grid)
        self.invitation = button("", "import", parent=self)
        self.community, self.unit, self.person = QLineEdit(self), QLineEdit(self), QLineEdit(self)
        self._rows = {
            "invitation": self._row(_("Invitation"), self.invitation),
            "community": self._row(_("Community"), self.community),
            "unit": self._row(_("Your unit"), self.unit),
            "person": self._row(_("Your name"), self.person),
        }
        self._phrase = NewPhraseField(_("Pass phrase"), self)
        self.passphrase, self.generate = self._phrase.passphrase, self._phrase.generate
        self._row(_("Pass phrase"), self._phrase)
        self._hint = caption("", self)
        self.column.addWidget(self._hint)
        self.folder = FolderLine(self)
        self.column.addWidget(self.folder)
        for field in (self.community, self.unit, self.person):
            field.setMinimumHeight(theme.scaled(36))
        self.invitation.clicked.connect(self._ask_invitation)
        self.community.textChanged.connect(self._propose_folder)

    def _row(self, text: str, field: QWidget) -> tuple[QWidget, QWidget]:
        number = self._grid.rowCount()
        prompt = label(text, parent=self)
        if isinstance(field, QLineEdit):
            field.setAccessibleName(text)
            prompt.setBuddy(field)
        prompt.setMinimumHeight(theme.scaled(36))
        self._grid.addWidget(prompt, number, 0, Qt.AlignmentFlag.AlignTop)
        self._grid.addWidget(field, number, 1)
        return prompt, field

    def enter(self) -> None:
        """Show the rows that this way needs."""
        answers = self.answers
        titles = {"create": _("Your community"), "join": _("Your invitation"), "example": _("Example data")}
        self._title.setText(titles[answers.way])
        needed = {"create": ("community", "unit", "person"), "join": ("invitation", "person"), "example": ()}
        for name, row in self._rows.items():
            for widget in row:
                widget.setVisible(name in needed[answers.way])
        self._show_invitation()
        self.community.setText(answers.community)
        self.unit.setText(answers.unit)
        self.person.setText(answers.person)
        if answers.passphrase:
            self.passphrase.line.setText(answers.passphrase)
        elif answers.way == "example" and not self.passphrase.text():
            self._phrase.suggest()
        hints = {
            "create": _("A forgotten pass phrase is replaced with the recovery sheet alone; the next step makes one."),
            "join": _("A forgotten pass phrase is replaced with the recovery sheet alone; the next step makes one."),
            "example": _("Write it down if you want to come back to the example data."),
        }
        self._hint.setText(hints[answers.way])
        self.folder.set_path(answers.folder, by_hand=answers.folder_by_hand)
        self._propose_folder()

    def keep(self) -> None:
        """Keep what is typed."""
        answers = self.answers
        answers.community, answers.unit = self.community.text().strip(), self.unit.text().strip()
        answers.person, answers.passphrase = self.person.text().strip(), self.passphrase.text()
        answers.folder, answers.folder_by_hand = self.folder.path(), self.folder.by_hand

    def take(self) -> None:
        """Keep what was typed.

        Raises:
            Refused: A name or the invitation is missing, the pass phrase is weak, or no folder is named.
        """
        self.keep()
        answers = self.answers
        if answers.way == "join" and not answers.invitation:
            raise Refused("no_invitation", _("Choose the invitation file that your administrator gave you."))
        for name in ("community", "unit", "person"):
            if not self._rows[name][1].isHidden() and not getattr(answers, name):
                raise Refused(name, _("Fill in all names: they stand in the registers and letters."))
        check_passphrase(answers.passphrase)
        if not answers.folder or not Path(answers.folder).is_absolute():
            raise Refused("no_folder", _("Name the folder in full, from the disk on."))

    def next_text(self) -> str:
        """Return what the button that goes on says."""
        return _("Make the vault")

    def show_problem(self, failure: Failure) -> None:
        """Go to the field that the failure is about."""
        fields = {"no_invitation": self.invitation, "community": self.community, "unit": self.unit}
        fields |= {"person": self.person, "weak_passphrase": self.passphrase.line}
        fields |= dict.fromkeys(("no_folder", "folder_not_empty", "vault_exists"), self.folder.change)
        if failure.code in fields:
            fields[failure.code].setFocus()

    def focus_first(self) -> None:
        """Put the focus on the first field that is still empty."""
        if self.answers.way == "join" and not self.answers.invitation:
            self.invitation.setFocus()
            return
        fields = (self.community, self.unit, self.person, self.passphrase.line)
        empty = [field for field in fields if not field.isHidden() and not field.text()]
        (empty[0] if empty else self.passphrase.line).setFocus()

    def _propose_folder(self) -> None:
        names = {"create": self.community.text().strip(), "join": _("Community"), "example": _("Example")}
        self.folder.propose(names[self.answers.way])

    def _ask_invitation(self) -> None:
        kinds = _("Invitation ({pattern})").format(pattern=INVITATION_KINDS)
        ask_open(self, _("Choose the invitation file"), kinds, self._take_invitation)

    def _take_invitation(self, path: str) -> None:
        answers = self.answers
        answers.invitation, answers.invitation_code = b"", ""
        answers.invitation_name = Path(path).name
        try:
            # A few kilobytes; what they hold decides what this step says next.
            with open_named(Path(path)) as file:
                data = file.read(MAX_INVITATION_BYTES + 1)
            answers.invitation_code = invitation_code(data)
            answers.invitation = data
        except OSError as error:
            answers.invitation_name = _("{name}: can't be read ({reason})").format(
                name=answers.invitation_name, reason=error.strerror
            )
        except Failure:
            answers.invitation_name = _("{name}: not a whole invitation").format(name=answers.invitation_name)
        self._show_invitation()
        self.person.setFocus()

    def _show_invitation(self) -> None:
        answers = self.answers
        shown = answers.invitation_name or _("Choose the invitation file…")
        if answers.invitation_code:
            shown = _("{name} · code to compare: {code}").format(
                name=answers.invitation_name, code=answers.invitation_code
            )
        self.invitation.setText(shown)


class DoneStep(Step):
    """What was made, where its backups go, and what comes next."""

    def __init__(self, answers: Answers, worker: Worker, parent: QWidget) -> None:
        super().__init__(answers, parent)
        self.column.addWidget(icon_label("ok", "ok", self, theme.scaled(48)))
        self.column.addWidget(label(_("Your desk is ready"), "hero", parent=self))
        self._who = label("", "lead", parent=self, wrap=True)
        self._where = caption("", self)
        self.column.addWidget(self._who)
        self.column.addWidget(self._where)
        self.place = FirstPlace(worker, self)
        self.column.addWidget(self.place)
        self._next = label("", parent=self, wrap=True)
        self.column.addWidget(self._next)
        self._parent = parent

    def use(self, workspace: Workspace) -> None:
        """Be ready to keep where its backups go."""
        self.place.use(workspace)

    def enter(self) -> None:
        """Say what was made."""
        self._who.setText(f"{self.answers.community} · {self.answers.unit}")
        self._where.setText(_("The vault is in {folder}").format(folder=self.answers.folder))
        self._next.setText(_("F7 registers a case, Ctrl+F finds anything, Ctrl+K does everything else, F1 helps."))

    def focus_first(self) -> None:
        """Let Enter open the desk."""
        self._parent.setFocus()

    def next_text(self) -> str:
        """Return what the button that goes on says."""
        return _("Open the desk")


def _unused(parent: Path, name: str) -> Path:
    """Return a folder below another that isn't there yet, named after a community."""
    plain = _UNFIT_IN_NAMES.sub(" ", name).strip() or "Sprava"
    folder, number = parent / plain, 2
    while folder.exists():
        folder, number = parent / f"{plain} {number}", number + 1
    return folder
