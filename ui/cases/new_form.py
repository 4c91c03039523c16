"""The form of a case not registered yet: its title above, what can be done with it below."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from desktop_app.kits.model import Kit, text
from sync.messages import _
from ui import theme
from ui.cases.case_form import CaseForm
from ui.widgets import button, caption, line, title


class NewCaseForm(CaseForm):
    """A case form with the buttons of a new case."""

    register_wanted = Signal()
    other_wanted = Signal()
    discard_wanted = Signal()

    def __init__(self, kit: Kit, parent: QWidget | None = None) -> None:
        super().__init__(kit, parent, fresh=True)
        column = self.column
        column.setContentsMargins(theme.SPACE_XL, theme.SPACE_L, theme.SPACE_S, theme.SPACE_M)
        column.insertWidget(0, title(text(kit.title), self))
        column.insertWidget(1, caption(_("* required. What you type is kept as a draft by itself."), self))
        column.addWidget(line(self))
        self.register = button(_("Register  (Ctrl+Enter)"), "ok", "primary", self)
        self.other = button(_("Another case type"), "", "", self)
        self.discard = button(_("Throw the draft away"), "", "quiet", self)
        row = QHBoxLayout()
        row.addWidget(self.register)
        row.addWidget(self.other)
        row.addStretch(1)
        row.addWidget(self.discard)
        row.setContentsMargins(0, 0, theme.SPACE_L, 0)
        column.addLayout(row)
        self.register.clicked.connect(self.register_wanted)
        self.other.clicked.connect(self.other_wanted)
        self.discard.clicked.connect(self.discard_wanted)
