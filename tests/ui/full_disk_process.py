"""A desk on a small disk of its own, filled to the last byte while somebody types; run by `test_full_disk`."""

import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from PySide6.QtWidgets import QApplication, QPlainTextEdit

from desktop_app.kits.examples import example
from desktop_app.opening import create_workspace, open_workspace
from desktop_app.settings import Settings
from desktop_app.vault import KDF_FLOOR
from tests.ui.conftest import PHRASE, Hands
from ui.app import make_application
from ui.cases.case_page import CasePage
from ui.cases.new_case_page import NewCasePage
from ui.signin import SignIn
from ui.unwritten import LeavingQuestion
from ui.window import Window

TYPED = "Ґанок розмило, їжак утік"


class SmallDisk:
    """The disk on which the vault lies."""

    def __init__(self, folder: Path) -> None:
        self._filling = folder / "filling"

    def fill(self) -> None:
        """Take every free byte."""
        with suppress(OSError), self._filling.open("ab", buffering=0) as file:
            while file.write(bytes(1 << 16)):
                pass
        with suppress(OSError), self._filling.open("ab", buffering=0) as file:
            while file.write(b"\x00"):
                pass

    def free(self) -> None:
        """Give it back."""
        self._filling.unlink()


class Trial:
    """A window with an open desk, in which somebody has typed a case on a disk that is full."""

    def __init__(self, folder: Path) -> None:
        self.disk = SmallDisk(folder)
        self.vault = folder / "vault"
        self.app = make_application(Settings(language="uk"))
        self.hands = Hands(self.app)
        self.window = Window(Settings(language="uk"))
        self.hands.window = self.window
        self.window.resize(1366, 768)
        self.window.show()
        self.window.activateWindow()
        workspace = create_workspace(
            self.vault, PHRASE, community="Ґанок", unit="Приймальня", person="Їжакевич", kdf=KDF_FLOOR
        )
        self.case = workspace.cases.register("appeal", example("appeal", 4)).id
        self.window.open_desk(workspace)
        self.hands.wait()

    def type_new_case(self) -> None:
        self.hands.press("F7")
        self.hands.wait()
        assert self.window.desk is not None
        page = self.window.desk.page
        assert isinstance(page, NewCasePage)
        kit = page.chooser.kit("appeal")
        assert kit is not None
        page.chooser.kit_chosen.emit(kit)
        self.hands.wait()
        assert page.form is not None
        page.form.fields.focus_field("text")
        self.disk.fill()
        self.hands.type(TYPED)

    def type_into_case(self) -> None:
        assert self.window.context is not None
        self.window.context.open_case(self.case)
        self.hands.wait()
        self.hands.press("F2")
        self.hands.wait()
        assert self.window.desk is not None
        page = self.window.desk.page
        assert isinstance(page, CasePage)
        assert page.form is not None
        page.form.fields.focus_field("text")
        self.disk.fill()
        self.hands.press("Ctrl+End")
        self.hands.type(TYPED)

    def lock(self) -> None:
        self.hands.press("Ctrl+L")
        self.hands.wait(lambda: self.window.lock is not None)
        self.hands.wait()
        assert self.window.lock is not None
        assert self.window.lock.unwritten.isVisible(), "the lock says what waits"

    def unlock(self) -> None:
        self.hands.type(PHRASE)
        self.hands.press("Return")
        self.hands.wait(lambda: self.window.desk is not None)
        self.hands.wait()

    def question(self) -> LeavingQuestion:
        self.hands.wait(lambda: self.window.findChild(LeavingQuestion) is not None)
        question = self.window.findChild(LeavingQuestion)
        assert question is not None
        assert question.isVisible()
        return question

    def shown(self) -> str:
        focused = self.hands.focus()
        assert isinstance(focused, QPlainTextEdit)
        return focused.toPlainText()

    def in_the_vault(self) -> list[str]:
        """Close everything, and return the texts of the drafts that are on the disk."""
        self.window.close()
        self.hands.wait(lambda: not self.window.isVisible())
        with open_workspace(self.vault, PHRASE) as workspace:
            return [str(draft.values["text"]) for draft in workspace.drafts.list()]


def locked_until_freed(trial: Trial) -> None:
    trial.type_new_case()
    trial.lock()
    trial.disk.fill()  # closing the database has given its log back
    trial.hands.type(PHRASE)
    trial.hands.press("Return")
    assert trial.window.lock is not None
    trial.hands.wait(trial.window.lock.problem.isVisible)
    assert trial.window.lock.unwritten.isVisible(), "it still waits"
    trial.disk.free()
    trial.hands.press("Return")
    trial.hands.wait(lambda: trial.window.desk is not None)
    trial.hands.wait()
    assert trial.shown() == TYPED
    assert trial.in_the_vault() == [TYPED]


def a_change_of_a_case(trial: Trial) -> None:
    trial.type_into_case()
    trial.lock()
    trial.unlock()
    assert trial.shown().endswith(TYPED)
    trial.disk.fill()
    trial.hands.type("!")
    trial.lock()
    trial.unlock()
    assert trial.shown().endswith(TYPED + "!")
    trial.disk.free()
    assert trial.window.context is not None
    trial.window.context.unwritten.try_again()
    trial.hands.wait()
    (kept,) = trial.in_the_vault()
    assert kept.endswith(TYPED + "!")


def closed_while_full(trial: Trial) -> None:
    trial.type_new_case()
    assert trial.window.desk is not None
    trial.window.desk.close_wanted.emit()
    question = trial.question()
    question.stay.click()
    trial.hands.wait()
    assert trial.window.desk is not None, "nobody left"
    trial.window.close()
    assert trial.window.isVisible()
    question = trial.question()
    trial.disk.free()
    assert question.again is not None
    question.again.click()
    trial.hands.wait(lambda: not trial.window.isVisible())
    assert trial.in_the_vault() == [TYPED]


def lost_on_purpose(trial: Trial) -> None:
    trial.type_new_case()
    trial.lock()
    assert trial.window.lock is not None
    trial.window.lock.leave.click()
    question = trial.question()
    assert question.again is None, "a closed vault can't be written"
    question.lose.click()
    trial.hands.wait(lambda: trial.window.centralWidget().findChild(SignIn) is not None)
    trial.disk.free()
    assert trial.in_the_vault() == []


TRIALS: dict[str, Callable[[Trial], None]] = {
    trial.__name__: trial for trial in (locked_until_freed, a_change_of_a_case, closed_while_full, lost_on_purpose)
}


if __name__ == "__main__":
    TRIALS[sys.argv[1]](Trial(Path(sys.argv[2])))
    assert QApplication.instance() is not None
