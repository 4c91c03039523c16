"""Whether everything in the vault is whole, part by part, and what is done when it isn't."""

from collections.abc import Sequence
from functools import partial

from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QVBoxLayout, QWidget

from desktop_app.checks.model import Check
from desktop_app.repair import PROJECTION, rebuild
from desktop_app.verify import verify
from desktop_app.workspace import Workspace
from sync.errors import Failure
from sync.messages import _
from ui import theme
from ui.actions import Action
from ui.administration.section import Section
from ui.context import DeskContext
from ui.widgets import button, caption, icon_label, label

_MENDED_BY_OPENING = frozenset({"key", "seat", "mark"})
"""Parts that are written anew by themselves, at the latest when the vault is next opened."""


class CheckSection(Section):
    """Checks every part of the vault, and mends what can be mended while it is open.

    Args:
        context: The vault and its worker.
        parent: The page.
    """

    section_id = "check"

    def __init__(self, context: DeskContext, parent: QWidget | None = None) -> None:
        super().__init__(_("Is everything whole?"), context, parent)
        words = _(
            "Checks the database, the log, the search index, drafts, the audit and attached files. Nothing is changed; "
            "a large vault takes some minutes, and you can work on meanwhile."
        )
        self.body.addWidget(caption(words, self))
        self._in_place = False
        self.start = button(_("Check everything"), "shield", parent=self)
        self.mend = button(_("Repair"), "undo", "primary", self)
        self._busy = QProgressBar(self)
        self._busy.setRange(0, 0)
        self._busy.setTextVisible(False)
        self._busy.setAccessibleName(_("Everything is being checked."))
        self.verdict = label("", "strong", parent=self, wrap=True)
        self._advice = label("", parent=self, wrap=True)
        self._results = QWidget(self)
        self._lines = QVBoxLayout(self._results)
        self._lines.setContentsMargins(0, 0, 0, 0)
        self._lines.setSpacing(theme.SPACE_S)
        row = QHBoxLayout()
        row.setSpacing(theme.SPACE_S)
        row.addWidget(self.start)
        row.addWidget(self.mend)
        row.addWidget(self._busy, 1)
        row.addStretch(1)
        self.body.addLayout(row)
        for widget in (self.verdict, self._advice, self._results):
            self.body.addWidget(widget)
            widget.hide()
        self._busy.hide()
        self.mend.hide()
        self.start.clicked.connect(self.check)
        self.mend.clicked.connect(self.repair)

    def focus_first(self) -> None:
        """Put the focus on the check."""
        self.start.setFocus()

    def commands(self) -> Sequence[Action]:
        """Return the check for the palette."""
        return [Action("check-vault", _("Check everything in the vault"), self.check, "shield")]

    def check(self) -> None:
        """Check every part off the screen's thread."""
        if self.start.isEnabled():
            self._set_busy(busy=True)
            self.context.run(partial(verify, self.context.workspace), self._show, self._failed, aside=True)

    def repair(self) -> None:
        """Build lists, search and histories anew from the log and check again; for more, the vault must be closed."""
        if not self._in_place:
            self.context.repair_wanted.emit()
            return
        self._set_busy(busy=True)
        self.context.run(partial(_rebuilt, self.context.workspace), self._show, self._failed)

    def _show(self, checks: list[Check]) -> None:
        self._set_busy(busy=False)
        while (item := self._lines.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.deleteLater()
        for check in checks:
            self._lines.addWidget(_line(check, self._results))
        faulty = {check.part for check in checks if not check.sound}
        self._in_place = faulty == {PROJECTION}
        self.verdict.setText(_("Something is amiss.") if faulty else _("Everything is whole."))
        advice = _("The log is whole: lists, search and histories can be built anew from it. That changes no case.")
        if not self._in_place:
            advice = _(
                "Nothing was changed, and all that is whole stays. Make a backup first if you can. “Repair” closes the "
                "vault and leads to the sign-in, where it is mended; what is damaged is put aside, never deleted."
            )
        self._advice.setText(advice)
        self._advice.setVisible(bool(faulty))
        self.mend.setVisible(bool(faulty - _MENDED_BY_OPENING))
        self.verdict.show()
        self._results.show()

    def _failed(self, failure: Failure) -> None:
        self._set_busy(busy=False)
        self.context.show_failure(failure)

    def _set_busy(self, *, busy: bool) -> None:
        self._busy.setVisible(busy)
        for widget in (self.start, self.mend):
            widget.setEnabled(not busy)


def _rebuilt(workspace: Workspace) -> list[Check]:
    rebuild(workspace)
    return verify(workspace)


def _line(check: Check, parent: QWidget) -> QWidget:
    """Return one part: whether it is whole, its name, and what was found."""
    row = QWidget(parent)
    columns = QHBoxLayout(row)
    columns.setContentsMargins(0, 0, 0, 0)
    columns.setSpacing(theme.SPACE_S)
    icon = icon_label("ok" if check.sound else "error", "ok" if check.sound else "error", row)
    icon.setAccessibleName(_("whole") if check.sound else _("damaged"))
    texts = QVBoxLayout()
    texts.setSpacing(0)
    texts.addWidget(label(check.title, parent=row))
    texts.addWidget(label(check.finding, "small", "muted" if check.sound else "error", row, wrap=True))
    columns.addWidget(icon)
    columns.addLayout(texts, 1)
    return row
