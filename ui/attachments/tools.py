"""The line above a file: its name, its pages, and what can be done with it."""

from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QToolButton, QWidget

from sync.messages import _
from ui import theme
from ui.widgets import Elided, button, icon_button, label


class Tools(QWidget):
    """Name and buttons of one file."""

    page_wanted = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.back = icon_button("back", _("Back (Alt+Left)"), self)
        self.name = Elided("title", parent=self)
        self.before = icon_button("back", _("Previous page (Page Up)"), self)
        self.number = label("", parent=self)
        self.after = icon_button("forward", _("Next page (Page Down)"), self)
        self.smaller = icon_button("zoom_out", _("Smaller (-)"), self)
        self.larger = icon_button("zoom_in", _("Larger (+)"), self)
        self.fit = icon_button("fit", _("Fit into the window (0)"), self)
        self.turn = icon_button("rotate", _("Turn (R)"), self)
        self.remove = icon_button("remove", _("Remove the file from the case (Del)"), self)
        self.save = button(_("Save a copy…"), "export", parent=self)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.SPACE_XS)
        row.addWidget(self.back)
        row.addSpacing(theme.SPACE_XS)
        row.addWidget(self.name, 1)
        for widget in (self.before, self.number, self.after):
            row.addWidget(widget)
        row.addSpacing(theme.SPACE_S)
        for widget in self._of_pictures:
            row.addWidget(widget)
        row.addSpacing(theme.SPACE_S)
        row.addWidget(self.remove)
        row.addWidget(self.save)
        self.before.clicked.connect(partial(self.page_wanted.emit, -1))
        self.after.clicked.connect(partial(self.page_wanted.emit, 1))
        self.show_file("", 0)

    @property
    def _of_pictures(self) -> tuple[QToolButton, ...]:
        return (self.smaller, self.larger, self.fit, self.turn)

    def show_file(self, name: str, pages: int) -> None:
        """Show the name of a file and the buttons that fit its kind.

        Args:
            name: Its name.
            pages: How many pages it has, 0 for what is no picture.
        """
        self.name.setText(name)
        for widget in self._of_pictures:
            widget.setVisible(pages > 0)
        for page in (self.before, self.number, self.after):
            page.setVisible(pages > 1)
        if pages:
            self.show_page(0, pages)

    def show_page(self, page: int, pages: int) -> None:
        """Show which page is in view."""
        self.number.setText(_("{page} of {pages}").format(page=page + 1, pages=pages))
        self.before.setEnabled(page > 0)
        self.after.setEnabled(page < pages - 1)
