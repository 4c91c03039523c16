"""A field for a new pass phrase: it says at once whether it's strong enough, and can suggest one."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from desktop_app.vault import check_passphrase, generate_passphrase
from sync.errors import Refused
from sync.messages import _
from ui import theme
from ui.passphrase_field import PassphraseField
from ui.widgets import button, icon_label, label


class NewPhraseField(QWidget):
    """The field, the judgement below it and the suggestion.

    Args:
        name: Its accessible name.
        parent: Where it stands.
    """

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.passphrase = PassphraseField(name, self, steady=False)
        self.generate = button(_("Suggest a pass phrase"), "sync", parent=self)
        self._verdict_icon = icon_label("info", "muted", self, theme.scaled(16))
        self._verdict = label("", "small", "muted", self, wrap=True)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.SPACE_S)
        column.addWidget(self.passphrase)
        row = QHBoxLayout()
        row.setSpacing(theme.SPACE_S)
        row.addWidget(self._verdict_icon)
        row.addWidget(self._verdict, 1)
        column.addLayout(row)
        column.addWidget(self.generate, 0, Qt.AlignmentFlag.AlignLeft)
        self.setFocusProxy(self.passphrase)
        self.generate.clicked.connect(self.suggest)
        self.passphrase.line.textChanged.connect(self.judge)
        self.judge()

    def text(self) -> str:
        """Return what was typed or suggested."""
        return self.passphrase.text()

    def clear(self) -> None:
        """Forget what was typed, and show dots again."""
        self.passphrase.clear()
        self.passphrase.set_shown(False)

    def suggest(self) -> None:
        """Put a phrase of five words into the field, where it can be read."""
        self.passphrase.set_shown(True)
        self.passphrase.line.setText(generate_passphrase())

    def judge(self) -> None:
        """Say whether what is typed is strong enough."""
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
