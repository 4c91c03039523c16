"""The way in: a calm side that says where one is, and beside it what is to be done."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from sync.messages import _
from ui import icons, theme
from ui.look import Look, look_menu
from ui.widgets import Button, icon_label, label, last_in_tab_order, scrolled

_SIDE_WIDTH = 340
_CONTENT_WIDTH = 620


class Gate(QWidget):
    """The frame around sign-in, first run and the locked desk.

    Args:
        look: The present language, theme and text size.
        parent: The window.
    """

    look_wanted = Signal(object)

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("gate")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.content = QVBoxLayout()
        self.content.setSpacing(theme.SPACE_M)
        self.content.setContentsMargins(0, 0, 0, 0)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        self.look = _look_button(look, self)
        row.addWidget(self._side())
        row.addWidget(self._main(), 1)

    def put_look_last(self) -> None:
        """Let Tab come to language and look after everything else; called when all else is there."""
        last = last_in_tab_order(self.window())
        if last is not None and last is not self.look:
            self.setTabOrder(last, self.look)

    def _side(self) -> QFrame:
        side = QFrame(self)
        side.setProperty("surface", "brand")
        side.setFixedWidth(_SIDE_WIDTH + (theme.scaled(_SIDE_WIDTH) - _SIDE_WIDTH) // 2)
        column = QVBoxLayout(side)
        column.setContentsMargins(theme.SPACE_XXL, theme.SPACE_XXL, theme.SPACE_XL, theme.SPACE_XL)
        column.setSpacing(theme.SPACE_M)
        column.addWidget(_logo(side))
        column.addSpacing(theme.SPACE_S)
        column.addWidget(label(_("Sprava"), "hero", "on_brand", side))
        column.addWidget(
            label(_("Case management that works without a network."), "", "on_brand_muted", side, wrap=True)
        )
        column.addStretch(1)
        for icon, text in (
            ("shield", _("Encrypted on this computer. Nobody reads it without your pass phrase.")),
            ("saved", _("Every word is kept as you type. A power cut loses nothing.")),
            ("exchange", _("Offices agree by a server or a USB stick, whenever there is a way.")),
        ):
            line = QHBoxLayout()
            line.setSpacing(theme.SPACE_M)
            line.addWidget(icon_label(icon, "on_brand_muted", side), 0, Qt.AlignmentFlag.AlignTop)
            line.addWidget(label(text, "small", "on_brand_muted", side, wrap=True), 1)
            column.addLayout(line)
        return side

    def _main(self) -> QWidget:
        main = QWidget(self)
        column = QVBoxLayout(main)
        column.setContentsMargins(theme.SPACE_XXL, theme.SPACE_M, theme.SPACE_M, theme.SPACE_L)
        column.setSpacing(0)
        holder = QWidget(main)
        holder.setMaximumWidth(theme.scaled(_CONTENT_WIDTH))
        holder.setLayout(self.content)
        inner = QWidget(main)
        centre = QHBoxLayout(inner)
        centre.setContentsMargins(0, 0, theme.SPACE_L, 0)
        centre.addStretch(1)
        centre.addWidget(holder, 100)
        centre.addStretch(1)
        column.addWidget(scrolled(inner, main), 1)
        column.addWidget(self.look, 0, Qt.AlignmentFlag.AlignRight)
        return main


def _logo(parent: QWidget) -> QWidget:
    result = icon_label("info", "on_brand", parent)
    side = theme.scaled(56)
    result.setPixmap(icons.app_icon().pixmap(side, side))
    return result


def _look_button(look: Look, gate: Gate) -> Button:
    result = Button(_("Language and look"), "language", "quiet", gate)
    menu = look_menu(look, gate.look_wanted.emit, result)
    result.setMenu(menu)
    return result
