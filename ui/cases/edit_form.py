"""The form of a registered case while it is being changed."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from desktop_app.kits.model import Kit
from sync.messages import _
from ui.cases.case_form import CaseForm
from ui.widgets import button, line


class EditForm(CaseForm):
    """A case form with the buttons of an edit."""

    save_wanted = Signal()
    cancel_wanted = Signal()
    discard_wanted = Signal()

    def __init__(self, kit: Kit, parent: QWidget | None = None) -> None:
        super().__init__(kit, parent)
        self.save = button(_("Save  (Ctrl+Enter)"), "ok", "primary", self)
        self.cancel = button(_("Later  (Esc)"), "", "", self)
        self.discard = button(_("Throw changes away"), "", "quiet", self)
        self.cancel.setToolTip(_("Stop editing and keep the changes as a draft"))
        row = QHBoxLayout()
        row.addWidget(self.save)
        row.addWidget(self.cancel)
        row.addStretch(1)
        row.addWidget(self.discard)
        self.column.addWidget(line(self))
        self.column.addLayout(row)
        self.step = ""
        self.save.clicked.connect(self.save_wanted)
        self.cancel.clicked.connect(self.cancel_wanted)
        self.discard.clicked.connect(self.discard_wanted)

    def prepare_step(self, stage: str, label: str) -> None:
        """Let saving go on with a step that waits for what is filled in now.

        Args:
            stage: Where the step leads.
            label: What it's called.
        """
        self.step = stage
        self.save.setText(f"{label}  (Ctrl+Enter)")
