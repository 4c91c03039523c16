"""Exchange by a file on a stick, where there is no network at all."""

from datetime import datetime
from functools import partial
from pathlib import Path

from PySide6.QtWidgets import QHBoxLayout, QWidget

from desktop_app.exchange import BundleResult, bundle_warnings
from sync.errors import Failure
from sync.messages import _, ngettext
from ui import theme
from ui.context import DeskContext
from ui.files import ask_open, ask_save
from ui.widgets import Card, button, caption

ENDING = "sprava-bundle"


class BundleCard(Card):
    """Writes and takes in bundle files.

    Args:
        context: The vault.
        parent: The page.
    """

    def __init__(self, context: DeskContext, parent: QWidget | None = None) -> None:
        super().__init__(_("By a single file"), parent)
        self._context = context
        words = _("One file carries all changes, encrypted: to send, or to keep.")
        self.body.addWidget(caption(words, self))
        self.export = button(_("Write a file…"), "export", parent=self)
        self.take = button(_("Take in a file…"), "import", parent=self)
        row = QHBoxLayout()
        row.setSpacing(theme.SPACE_S)
        row.addWidget(self.export)
        row.addWidget(self.take)
        row.addStretch(1)
        self.body.addLayout(row)
        self.export.clicked.connect(self._ask_where)
        self.take.clicked.connect(self._ask_which)

    def _kinds(self) -> str:
        return _("Exchange file ({pattern})").format(pattern=f"*.{ENDING}")

    def _ask_where(self) -> None:
        name = f"{datetime.now().astimezone():%Y-%m-%d}.{ENDING}"
        ask_save(self, _("Write an exchange file"), self._kinds(), name, self.write_to)

    def _ask_which(self) -> None:
        ask_open(self, _("Take in an exchange file"), self._kinds(), self.take_from)

    def write_to(self, path: str) -> None:
        """Write all changes into a file.

        Args:
            path: The file.
        """
        self._set_busy(busy=True)
        job = partial(self._context.workspace.exchange.export_bundle, Path(path))
        self._context.run(job, self._written, self._failed, aside=True)

    def take_from(self, path: str) -> None:
        """Take in the changes of a file.

        Args:
            path: The file.
        """
        self._set_busy(busy=True)
        job = partial(self._context.workspace.exchange.import_bundle, Path(path))
        self._context.run(job, self._taken, self._failed, aside=True)

    def _written(self, result: BundleResult) -> None:
        self._set_busy(busy=False)
        words = ngettext("Written: {count} packet.", "Written: {count} packets.", result.frames)
        self._context.show_message(words.format(count=result.frames), "ok")

    def _taken(self, result: BundleResult) -> None:
        self._set_busy(busy=False)
        found = bundle_warnings(result)
        if found:
            self._context.show_message(" ".join(found), "warn")
            return
        if not result.changes:
            self._context.show_message(_("The file holds nothing new; all of it was here already."), "ok")
            return
        words = ngettext("Taken in: {count} change.", "Taken in: {count} changes.", result.changes)
        self._context.show_message(words.format(count=result.changes), "ok")

    def _failed(self, failure: Failure) -> None:
        self._set_busy(busy=False)
        self._context.show_failure(failure)

    def _set_busy(self, *, busy: bool) -> None:
        for widget in (self.export, self.take):
            widget.setEnabled(not busy)
