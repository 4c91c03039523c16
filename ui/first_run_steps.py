"""The five steps of the first run."""

import re
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QButtonGroup, QGridLayout, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from desktop_app.opening import invitation_code
from desktop_app.settings import vaults_folder
from desktop_app.vault import check_passphrase, generate_passphrase
from sync.errors import Failure, Refused
from sync.messages import _
from ui import theme
from ui.choice import Choice
from ui.files import ask_folder, ask_open
from ui.look import Look, variants
from ui.passphrase_field import PassphraseField
from ui.widgets import button, caption, icon_label, label

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

    def __init__(self, answers: Answers, parent: QWidget) -> None:
        super().__init__(parent)
        self.answers = answers
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(0, 0, 0, 0)
        self.column.setSpacing(theme.SPACE_M)

    def enter(self) -> None:
        """Show what is known by now."""

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
        """Return what the button that goes on says."""
        return _("Next")


class LanguageStep(Step):
    """Language and text size; a choice shows at once."""

    def __init__(self, answers: Answers, look: Look, parent: QWidget) -> None:
        super().__init__(answers, parent)
        self._look = look
        self.column.addWidget(label(_("Welcome"), "hero", parent=self))
        self.column.addWidget(label(_("Choose the language and the size of the text."), "", "muted", self, wrap=True))
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
        self.passphrase = PassphraseField(_("Pass phrase"), self, steady=False)
        self._row(_("Pass phrase"), self.passphrase)
        self.generate = button(_("Suggest a pass phrase"), "sync", parent=self)
        self._verdict_icon = icon_label("info", "muted", self, theme.scaled(16))
        self._verdict = label("", "small", "muted", self, wrap=True)
        self._build_below()
        for field in (self.community, self.unit, self.person):
            field.setMinimumHeight(theme.scaled(36))
        self.invitation.clicked.connect(self._ask_invitation)
        self.generate.clicked.connect(self._generate)
        self.passphrase.line.textChanged.connect(self._judge)

    def _build_below(self) -> None:
        row = QHBoxLayout()
        row.setSpacing(theme.SPACE_S)
        row.addWidget(self._verdict_icon)
        row.addWidget(self._verdict, 1)
        self._grid.addLayout(row, self._grid.rowCount(), 1)
        self._grid.addWidget(self.generate, self._grid.rowCount(), 1, Qt.AlignmentFlag.AlignLeft)
        self.column.addWidget(
            caption(
                _("Nobody can restore a forgotten pass phrase. Write it down and keep it away from the computer."), self
            )
        )

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
            self._generate()
        self._judge()

    def take(self) -> None:
        """Keep what was typed.

        Raises:
            Refused: A name or the invitation is missing, or the pass phrase is weak.
        """
        answers = self.answers
        answers.community, answers.unit = self.community.text().strip(), self.unit.text().strip()
        answers.person, answers.passphrase = self.person.text().strip(), self.passphrase.text()
        if answers.way == "join" and not answers.invitation:
            raise Refused("no_invitation", _("Choose the invitation file that your administrator gave you."))
        for name in ("community", "unit", "person"):
            if not self._rows[name][1].isHidden() and not getattr(answers, name):
                raise Refused(name, _("Fill in all names: they stand in the registers and letters."))
        check_passphrase(answers.passphrase)

    def show_problem(self, failure: Failure) -> None:
        """Go to the field that the failure is about."""
        fields = {"no_invitation": self.invitation, "community": self.community, "unit": self.unit}
        fields |= {"person": self.person, "weak_passphrase": self.passphrase.line}
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

    def _generate(self) -> None:
        self.passphrase.set_shown(True)
        self.passphrase.line.setText(generate_passphrase())

    def _judge(self) -> None:
        typed = self.passphrase.text()
        if not typed:
            self._say("info", "muted", _("At least 10 characters; several words are easier to remember."))
            return
        try:
            check_passphrase(typed)
        except Refused as refused:
            self._say("warn", "warn", refused.message)
        else:
            self._say("ok", "ok", _("Strong enough"))

    def _say(self, icon: str, role: str, words: str) -> None:
        fresh = icon_label(icon, role, None, theme.scaled(16))
        self._verdict_icon.setPixmap(fresh.pixmap())
        self._verdict.setText(words)
        self._verdict.setProperty("role", role)
        theme.repolish(self._verdict)

    def _ask_invitation(self) -> None:
        kinds = _("Invitation ({pattern})").format(pattern=INVITATION_KINDS)
        ask_open(self, _("Choose the invitation file"), kinds, self._take_invitation)

    def _take_invitation(self, path: str) -> None:
        answers = self.answers
        answers.invitation, answers.invitation_code = b"", ""
        answers.invitation_name = Path(path).name
        try:
            # A few kilobytes; what they hold decides what this step says next.
            data = Path(path).read_bytes()
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


class FolderStep(Step):
    """Where the vault lies."""

    def __init__(self, answers: Answers, parent: QWidget) -> None:
        super().__init__(answers, parent)
        self.column.addWidget(label(_("Where to keep the vault"), "hero", parent=self))
        text = _("Everything is kept in this folder, encrypted. The place below is right for most computers.")
        self.column.addWidget(label(text, "", "muted", self, wrap=True))
        self.folder = QLineEdit(self)
        self.folder.setAccessibleName(_("Folder of the vault"))
        self.folder.setMinimumHeight(theme.scaled(36))
        self.change = button(_("Change…"), "folder", parent=self)
        self.change.clicked.connect(self._ask)
        row = QHBoxLayout()
        row.addWidget(self.folder, 1)
        row.addWidget(self.change)
        self.column.addLayout(row)

    def enter(self) -> None:
        """Propose a folder that isn't taken."""
        if not self.answers.folder:
            names = {"create": self.answers.community, "join": _("Community"), "example": _("Example")}
            self.answers.folder = str(_unused(vaults_folder(), names[self.answers.way]))
        self.folder.setText(self.answers.folder)

    def take(self) -> None:
        """Keep the folder.

        Raises:
            Refused: None is named.
        """
        folder = self.folder.text().strip()
        if not folder or not Path(folder).expanduser().is_absolute():
            raise Refused("no_folder", _("Name the folder in full, from the disk on."))
        self.answers.folder = str(Path(folder).expanduser())

    def focus_first(self) -> None:
        """Put the focus on the folder."""
        self.folder.setFocus()

    def next_text(self) -> str:
        """Return what the button that goes on says."""
        return _("Make the vault")

    def _ask(self) -> None:
        ask_folder(self, _("Where to keep the vault"), self._take_parent)

    def _take_parent(self, parent: str) -> None:
        self.folder.setText(str(_unused(Path(parent), Path(self.folder.text()).name)))


class DoneStep(Step):
    """What was made, and what comes next."""

    def __init__(self, answers: Answers, parent: QWidget) -> None:
        super().__init__(answers, parent)
        self.column.addWidget(icon_label("ok", "ok", self, theme.scaled(48)))
        self.column.addWidget(label(_("Your desk is ready"), "hero", parent=self))
        self._who = label("", "lead", parent=self, wrap=True)
        self._where = caption("", self)
        self.column.addWidget(self._who)
        self.column.addWidget(self._where)
        self._next = label("", parent=self, wrap=True)
        self.column.addWidget(self._next)
        self._parent = parent

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
