"""The lock closes the vault and takes everything of it away; the pass phrase brings back the same letter."""

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QMessageBox, QPlainTextEdit

from desktop_app.kits.examples import example
from desktop_app.opening import create_workspace, open_workspace
from desktop_app.settings import Settings
from desktop_app.vault import KDF_FLOOR
from desktop_app.workspace import Workspace
from sync.errors import Refused
from tests.ui.conftest import PHRASE, Hands
from ui.administration.page import AdministrationPage
from ui.administration.passphrase import PassphraseSection
from ui.cases.case_page import CasePage
from ui.cases.new_case_page import NewCasePage
from ui.desk import Desk
from ui.help import Help
from ui.lock import Lock
from ui.passphrase_field import PassphraseLine
from ui.signin import SignIn
from ui.window import Window


def _desk(window: Window) -> Desk:
    assert window.desk is not None
    return window.desk


def _page(window: Window) -> str:
    page = _desk(window).page
    assert page is not None
    return page.page_id


def _lock(window: Window, hands: Hands) -> Lock:
    hands.press("Ctrl+L")
    lock = window.lock
    assert lock is not None
    assert lock.isVisible()
    hands.wait()
    return lock


def _unlock(window: Window, hands: Hands) -> None:
    hands.type(PHRASE)
    hands.press("Return")
    hands.wait(lambda: window.lock is None)
    hands.wait()


def test_the_lock_closes_the_vault_and_takes_the_desk_away(desk_window: Window, hands: Hands) -> None:
    workspace = _desk(desk_window).context.workspace
    lock = _lock(desk_window, hands)
    assert desk_window.desk is desk_window.context is None
    assert not desk_window.findChildren(Desk)
    with pytest.raises(Refused) as refusal:
        workspace.units()
    assert refusal.value.code == "vault_closed"
    # Another program can open it now; while it does, the pass phrase alone opens nothing here.
    with open_workspace(workspace.folder, PHRASE):
        hands.type(PHRASE)
        hands.press("Return")
        hands.wait(lock.problem.isVisible)
    hands.press("Return")
    hands.wait(lambda: desk_window.desk is not None)
    assert _page(desk_window) == "today"


def test_a_wrong_phrase_keeps_it_locked_and_keys_of_the_desk_do_nothing(desk_window: Window, hands: Hands) -> None:
    lock = _lock(desk_window, hands)
    for keys in ("Ctrl+1", "Ctrl+K", "Ctrl+L", "F12"):
        hands.press(keys)
    hands.press("Return")
    assert lock.problem.isVisible()
    hands.type("щось інше зовсім")
    hands.press("Return")
    hands.wait(lock.open.isEnabled)
    assert lock.problem.isVisible()
    assert desk_window.desk is None
    _unlock(desk_window, hands)
    assert _page(desk_window) == "today"


def test_what_is_typed_outside_of_forms_comes_back_with_its_caret(desk_window: Window, hands: Hands) -> None:
    hands.press("Ctrl+2")
    hands.press("Ctrl+6")
    hands.wait()
    hands.type("https://sprava.example.org")
    hands.press("Left", 4)
    _lock(desk_window, hands)
    _unlock(desk_window, hands)
    focused = hands.focus()
    assert _page(desk_window) == "exchange"
    assert isinstance(focused, QLineEdit)
    assert focused.text() == "https://sprava.example.org"
    assert focused.cursorPosition() == len(focused.text()) - 4
    hands.press("Alt+Left")
    hands.wait()
    assert _page(desk_window) == "cases", "the way back is kept as well"


def _begin_case(window: Window, hands: Hands) -> NewCasePage:
    hands.press("F7")
    hands.wait()
    page = _desk(window).page
    assert isinstance(page, NewCasePage)
    kit = page.chooser.kit("appeal")
    assert kit is not None
    page.chooser.kit_chosen.emit(kit)
    hands.wait()
    assert page.form is not None
    page.form.fields.focus_field("text")
    return page


def test_a_case_half_typed_comes_back_to_the_same_letter(desk_window: Window, hands: Hands) -> None:
    _begin_case(desk_window, hands)
    hands.type("Прошу полагодити дах")
    hands.press("Left", 3)
    _lock(desk_window, hands)
    _unlock(desk_window, hands)
    focused = hands.focus()
    assert _page(desk_window) == "new_case"
    assert isinstance(focused, QPlainTextEdit)
    assert focused.toPlainText() == "Прошу полагодити дах"
    assert focused.textCursor().position() == len("Прошу полагодити ")
    hands.type("наш ")
    _lock(desk_window, hands)
    _unlock(desk_window, hands)
    again = hands.focus()
    assert isinstance(again, QPlainTextEdit)
    assert again.toPlainText() == "Прошу полагодити наш дах"


def test_an_empty_form_comes_back_too_and_is_no_draft(desk_window: Window, hands: Hands) -> None:
    _begin_case(desk_window, hands)
    _lock(desk_window, hands)
    _unlock(desk_window, hands)
    page = _desk(desk_window).page
    assert isinstance(page, NewCasePage)
    assert page.form is not None
    assert hands.focus() is page.form.fields.editor("text").widget
    assert not _desk(desk_window).context.workspace.drafts.list()


def test_a_change_of_a_case_survives_the_lock_as_a_draft(
    desk_window: Window, hands: Hands, workspace: Workspace
) -> None:
    registered = workspace.cases.register("appeal", example("appeal", 4))
    before = workspace.cases.get(registered.id).values["text"]
    context = _desk(desk_window).context
    context.open_case(registered.id)
    hands.wait()
    hands.press("F2")
    hands.wait()
    page = _desk(desk_window).page
    assert isinstance(page, CasePage)
    assert page.form is not None
    page.form.fields.focus_field("text")
    hands.press("Ctrl+End")
    hands.type(" Ґрунт розмило.")
    _lock(desk_window, hands)
    _unlock(desk_window, hands)
    focused = hands.focus()
    assert isinstance(focused, QPlainTextEdit)
    assert focused.toPlainText() == f"{before} Ґрунт розмило."
    assert focused.textCursor().position() == len(focused.toPlainText())
    page = _desk(desk_window).page
    assert isinstance(page, CasePage)
    page.save()
    hands.wait()
    saved = _desk(desk_window).context.workspace.cases.get(registered.id)
    assert saved.values["text"] == f"{before} Ґрунт розмило."


def test_the_list_comes_back_with_its_filters_and_its_row(
    desk_window: Window, hands: Hands, workspace: Workspace
) -> None:
    for number in range(60):
        workspace.cases.register("appeal", example("appeal", number))
    hands.press("Ctrl+2")
    hands.wait()
    page = _desk(desk_window).page
    page.filters.only_open.setChecked(True)  # type: ignore[union-attr]
    hands.wait()
    hands.press("Down", 40)
    case = page.grid.current_case()  # type: ignore[union-attr]
    scrolled = page.grid.verticalScrollBar().value()  # type: ignore[union-attr]
    assert scrolled > 0
    _lock(desk_window, hands)
    _unlock(desk_window, hands)
    page = _desk(desk_window).page
    assert page.filters.only_open.isChecked()  # type: ignore[union-attr]
    assert page.grid.current_case() == case  # type: ignore[union-attr]
    assert page.grid.verticalScrollBar().value() == scrolled  # type: ignore[union-attr]
    assert hands.focus() is page.grid  # type: ignore[union-attr]


def test_no_pass_phrase_that_is_half_typed_survives(desk_window: Window, hands: Hands) -> None:
    _desk(desk_window).show_page("administration", "passphrase")
    hands.wait()
    card = _card(desk_window)
    card.ask(card.begin_change, card.change)
    hands.type("половина фрази")
    card.present.set_shown(True)
    card.new.suggest()
    _lock(desk_window, hands)
    _unlock(desk_window, hands)
    assert _page(desk_window) == "administration"
    assert not _card(desk_window).present.isVisible()
    assert all(not line.text() for line in _desk(desk_window).findChildren(PassphraseLine))


def _card(window: Window) -> PassphraseSection:
    page = _desk(window).page
    assert isinstance(page, AdministrationPage)
    card = page.section("passphrase")
    assert isinstance(card, PassphraseSection)
    return card


def test_windows_and_menus_of_the_desk_close_with_it(desk_window: Window, hands: Hands, app: QApplication) -> None:
    hands.press("F1")
    hands.wait(lambda: _desk(desk_window).findChild(Help) is not None)
    box = QMessageBox(QMessageBox.Icon.Question, "?", "Коваленко Олена", parent=desk_window)
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    box.open()
    desk_window.lock_desk()
    hands.wait()
    assert [widget for widget in app.topLevelWidgets() if widget.isVisible()] == [desk_window]


def test_closing_instead_of_unlocking_leads_to_the_sign_in(desk_window: Window, hands: Hands) -> None:
    lock = _lock(desk_window, hands)
    lock.leave.click()
    hands.wait()
    assert desk_window.lock is None
    assert desk_window.centralWidget().findChild(SignIn) is not None


def test_the_screen_of_the_lock_names_the_community_and_nobody_else(desk_window: Window, hands: Hands) -> None:
    lock = _lock(desk_window, hands)
    words = " ".join(shown.text() for shown in lock.findChildren(QLabel))
    assert "Ґанок" in words
    assert "Їжакевич" not in words


def test_another_vault_in_the_folder_begins_anew(
    open_window: Callable[[Settings], Window], settings: Settings, workspace: Workspace, hands: Hands, tmp_path: Path
) -> None:
    window = open_window(settings)
    window.open_desk(workspace)
    hands.wait()
    hands.press("Ctrl+6")
    _lock(window, hands)
    workspace.folder.rename(tmp_path / "first")
    create_workspace(workspace.folder, PHRASE, community="Інша", unit="В", person="П", kdf=KDF_FLOOR).close()
    _unlock(window, hands)
    assert _page(window) == "today"
