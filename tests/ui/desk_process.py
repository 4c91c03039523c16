"""A desk in a process of its own, led by lines on its standard input; it tells each change on its standard output.

The first line is the pass phrase. Then: ``box`` opens a question, ``menu`` the menu, ``field`` types the words that
follow into the server's address, ``copied`` tells what is copied, ``lock`` and ``unlock`` do so, ``quit`` ends.
"""

import sys
import threading
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Qt, QTimer, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QLineEdit, QMessageBox

from desktop_app.opening import open_workspace
from desktop_app.settings import Settings
from ui.app import make_application
from ui.desk import Desk
from ui.window import Window


class Lead(QObject):
    """Does what the lines say."""

    line = Signal(str)

    def __init__(self, window: Window, phrase: str) -> None:
        super().__init__(window)
        self.window = window
        self.phrase = phrase
        self.told = ""
        self.minimised = False
        self.line.connect(self.obey)
        self.timer = QTimer(self)
        self.timer.timeout.connect(self.tell)
        self.timer.start(5)

    def tell(self) -> None:
        if self.minimised and not self.window.isMinimized():
            self.minimised = False
            self.say("raised")
        desk, lock = self.window.desk, self.window.lock
        busy = self.window.worker.busy or (desk is not None and desk.context.worker.busy)
        state = "" if busy else "locked" if lock is not None else "open" if desk is not None else "away"
        if state and state != self.told:
            self.told = state
            self.say(state)

    def say(self, words: str) -> None:
        print(words, flush=True)

    def obey(self, line: str) -> None:
        word, _space, rest = line.partition(" ")
        getattr(self, f"do_{word}")(rest)

    def do_box(self, _rest: str) -> None:
        box = QMessageBox(QMessageBox.Icon.Question, "?", "?", parent=self.window)
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.open()
        QTimer.singleShot(200, self, partial(self.say, "box"))

    def do_menu(self, _rest: str) -> None:
        QTimer.singleShot(200, self, partial(self.say, "menu"))
        self.desk.top_bar.menu_button.showMenu()

    def do_field(self, words: str) -> None:
        self.desk.show_page("exchange")
        field = self.field()
        field.setText(words)
        field.setModified(True)
        field.setFocus()
        self.say("field")

    def do_copied(self, rest: str) -> None:
        # The keys come from another program, in their own time.
        if words := QGuiApplication.clipboard().text():
            self.say(words)
        else:
            QTimer.singleShot(20, self, partial(self.do_copied, rest))

    def do_minimise(self, _rest: str) -> None:
        self.window.showMinimized()
        self.minimised = True
        self.say("minimised")

    def do_lock(self, _rest: str) -> None:
        self.window.lock_desk()

    def do_unlock(self, _rest: str) -> None:
        lock = self.window.lock
        assert lock is not None
        lock.passphrase.line.setText(self.phrase)
        lock.unlock()

    def do_quit(self, _rest: str) -> None:
        self.window.close()

    @property
    def desk(self) -> Desk:
        assert self.window.desk is not None
        return self.window.desk

    def field(self) -> QLineEdit:
        return next(line for line in self.desk.stack.currentWidget().findChildren(QLineEdit) if line.isVisible())


def main() -> int:
    phrase = sys.stdin.readline().strip()
    app = make_application(Settings(language="uk", theme="light"))
    window = Window(Settings(language="uk", theme="light"))
    window.show()
    window.watch()
    window.activateWindow()
    window.open_desk(open_workspace(Path(sys.argv[1]), phrase))
    lead = Lead(window, phrase)
    threading.Thread(target=_read, args=(lead,), daemon=True).start()
    return app.exec()


def _read(lead: Lead) -> None:
    for line in sys.stdin:
        lead.line.emit(line.rstrip("\n"))


if __name__ == "__main__":
    sys.exit(main())
