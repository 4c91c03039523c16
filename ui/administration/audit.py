"""The way to the audit."""

from collections.abc import Sequence

from PySide6.QtWidgets import QWidget

from desktop_app.audit import AuditQuery
from sync.messages import _, ngettext
from ui import theme
from ui.actions import Action
from ui.administration.section import Section
from ui.context import DeskContext
from ui.forms.flow import FlowRow
from ui.widgets import button, caption, label


class AuditSection(Section):
    """How many entries there are, and the ways to see them.

    Args:
        context: The vault and its worker.
        parent: The page.
    """

    section_id = "audit"

    def __init__(self, context: DeskContext, parent: QWidget | None = None) -> None:
        super().__init__(_("Audit"), context, parent)
        words = _(
            "Looks at personal data and what is done to the vault leave entries on this computer. They are chained: a "
            "change or removal of one is found out when the vault is checked."
        )
        self.body.addWidget(caption(words, self))
        self.count = label("", parent=self)
        self.body.addWidget(self.count)
        ways = FlowRow(self, theme.SPACE_S)
        self.show_audit = button(_("Show the audit"), "eye", parent=ways)
        self.report = button(_("Access report"), "person", parent=ways)
        self.report.setVisible(context.workspace.audit_log.sees_all)
        self.body.addWidget(ways)
        self.show_audit.clicked.connect(self._open)
        self.report.clicked.connect(self._open_report)

    def load(self) -> None:
        """Ask how many entries there are."""
        self.context.run(self._counted, self._show)

    def focus_first(self) -> None:
        """Put the focus on the way to the audit."""
        self.show_audit.setFocus()

    def commands(self) -> Sequence[Action]:
        """Return the way to the report; that to the audit is the desk's."""
        if not self.context.workspace.audit_log.sees_all:
            return ()
        return [Action("access-report", self.report.text(), self._open_report, "person")]

    def _counted(self) -> int:
        return self.context.workspace.audit_log.peek_count(AuditQuery())

    def _show(self, count: int) -> None:
        words = ngettext("{number} entry", "{number} entries", count)
        self.count.setText(words.format(number=f"{count:,}".replace(",", "\u00a0")))

    def _open(self) -> None:
        self.context.show_page("audit")

    def _open_report(self) -> None:
        self.context.show_page("access_report")
