"""The ways into a vault on the screens: the wait, the stick, the recovery sheet, and the cards that change them."""

from collections.abc import Callable
from pathlib import Path

import pytest

from desktop_app.opening import open_workspace
from desktop_app.recovery import asked_back
from desktop_app.recovery_reading import read_shares
from desktop_app.settings import KnownVault, Settings
from desktop_app.vault import KDF_FLOOR, Stick, kdf, shares, stick, tries
from desktop_app.vault.shares import Arrangement
from desktop_app.workspace import Workspace
from sync.errors import Refused
from sync.messages import _
from tests.ui.conftest import PHRASE, Hands
from ui.administration.page import AdministrationPage
from ui.administration.passphrase import PassphraseSection
from ui.administration.recovery import RecoverySection
from ui.recover import Recover
from ui.signin import SignIn
from ui.today import TodayPage
from ui.window import Window

NEW = "верба шумить над річкою 33"


@pytest.fixture(autouse=True)
def a_bare_computer(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is plugged in, a guess costs little, and no try of another test is remembered."""
    monkeypatch.setattr(stick, "removable", list)
    monkeypatch.setattr(kdf, "calibrate", lambda: KDF_FLOOR)
    tries._known.clear()


@pytest.fixture
def sheet(workspace: Workspace, tmp_path: Path) -> Path:
    """The sheet of the vault, in a file."""
    prepared = workspace.recovery.prepare(Arrangement())
    prepared.write(tmp_path / "sheet.pdf")
    workspace.recovery.put_in_force(prepared)
    return tmp_path / "sheet.pdf"


@pytest.fixture
def sign_in(
    open_window: Callable[[Settings], Window], settings: Settings, workspace: Workspace, hands: Hands
) -> Callable[[], SignIn]:
    def show() -> SignIn:
        workspace.close()
        settings.vaults = [KnownVault(str(workspace.folder), "Ґанок")]
        window = open_window(settings)
        window.begin()
        hands.wait()
        screen = window.centralWidget().findChild(SignIn)
        assert isinstance(screen, SignIn)
        return screen

    return show


def is_open(hands: Hands) -> bool:
    return hands.window is not None and hands.window.desk is not None


def try_phrase(screen: SignIn, hands: Hands, phrase: str) -> None:
    screen.passphrase.line.setText(phrase)
    screen.unlock()
    hands.wait(lambda: is_open(hands) or screen.problem.isVisible())
    hands.wait()


def test_wrong_tries_make_wait_and_the_wait_is_counted_down(
    sign_in: Callable[[], SignIn], hands: Hands, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tries, "FIRST_SECONDS", 2)
    screen = sign_in()
    for _try in range(3):
        assert not screen.patience.waiting
        try_phrase(screen, hands, "хибна фраза ось тут")
    assert screen.patience.isVisible()
    assert screen.patience.words.text() in {
        _("Another try in {minutes}:{seconds:02d}").format(minutes=0, seconds=s) for s in (1, 2)
    }
    assert not screen.open.isEnabled()
    hands.press("Return")
    assert not is_open(hands)
    hands.wait(screen.open.isEnabled)
    assert not screen.patience.isVisible()
    try_phrase(screen, hands, PHRASE)
    hands.wait(lambda: is_open(hands))


def test_a_wait_begun_elsewhere_is_shown_at_once(
    sign_in: Callable[[], SignIn], hands: Hands, workspace: Workspace
) -> None:
    for _try in range(4):
        tries.Tries(workspace.folder)._count_one()
    screen = sign_in()
    hands.wait(screen.patience.isVisible)
    assert not screen.open.isEnabled()


def test_the_stick_is_asked_for_and_chosen(
    sign_in: Callable[[], SignIn], hands: Hands, workspace: Workspace, tmp_path: Path
) -> None:
    made = Stick.generate()
    stick.write(tmp_path / "a.sprava-stick", made)
    workspace.change_passphrase(PHRASE, PHRASE, new_stick=made)
    screen = sign_in()
    assert not screen.stick.isVisible()
    try_phrase(screen, hands, PHRASE)
    assert screen.stick.isVisible()
    (tmp_path / "b.sprava-stick").write_bytes(b"x")
    screen.stick._take(str(tmp_path / "b.sprava-stick"))
    try_phrase(screen, hands, PHRASE)
    assert not is_open(hands)
    screen.stick._take(str(tmp_path / "a.sprava-stick"))
    try_phrase(screen, hands, PHRASE)
    hands.wait(lambda: is_open(hands))


def recover_screen(screen: SignIn, hands: Hands) -> Recover:
    screen.forgotten.click()
    hands.wait()
    assert hands.window is not None
    found = hands.window.centralWidget().findChild(Recover)
    assert isinstance(found, Recover)
    return found


def test_a_forgotten_phrase_is_replaced_with_the_file_of_the_sheet(
    sign_in: Callable[[], SignIn], hands: Hands, sheet: Path, workspace: Workspace, tmp_path: Path
) -> None:
    screen = recover_screen(sign_in(), hands)
    screen.go_on()
    assert screen.problem.text() == _("Read the recovery sheet first: type its words or choose its file.")
    screen.take_file(str(sheet))
    hands.wait(lambda: hands.has_focus(screen.phrase.passphrase.line))
    hands.type("12345")
    screen.go_on()
    assert screen.problem.isVisible()
    screen.phrase.clear()
    hands.type(NEW)
    screen.recover_to(str(sheet))
    hands.wait(screen.problem.isVisible)
    screen.recover_to(str(tmp_path / "new.pdf"))
    hands.wait(lambda: is_open(hands))
    hands.wait()
    assert hands.window is not None
    assert hands.window.desk is not None
    number = shares.sheet_number(read_shares(tmp_path / "new.pdf")[0].sheet)
    assert number in hands.window.desk.messages.text.text()
    hands.window.close_vault()
    hands.wait()
    open_workspace(workspace.folder, NEW).close()


@pytest.mark.usefixtures("sheet")
def test_words_are_typed_and_a_wrong_one_is_named(sign_in: Callable[[], SignIn], hands: Hands, sheet: Path) -> None:
    (share,) = read_shares(sheet)
    screen = recover_screen(sign_in(), hands)
    assert hands.has_focus(screen.words)
    words = list(share.words)
    words[4] = words[4][::-1] + "ъ"
    hands.type(" ".join(words))
    screen.take_words()
    hands.wait(screen.problem.isVisible)
    assert words[4] in screen.problem.text()
    screen.words.setPlainText(" ".join(share.words))
    screen.take_words()
    hands.wait(lambda: shares.sheet_number(share.sheet) in screen.state.text())
    assert screen.words.toPlainText() == ""


def test_trustees_sheets_are_gathered(
    sign_in: Callable[[], SignIn], hands: Hands, workspace: Workspace, tmp_path: Path
) -> None:
    prepared = workspace.recovery.prepare(Arrangement(2, 3))
    files = prepared.write(tmp_path / "t.pdf")
    workspace.recovery.put_in_force(prepared)
    other = shares.split(Arrangement(2, 3))[1][0]
    screen = recover_screen(sign_in(), hands)
    screen.take_file(str(files[2]))
    hands.wait(lambda: prepared.number in screen.state.text())
    screen.go_on()
    assert screen.problem.isVisible()
    screen.words.setPlainText(" ".join(other.words))
    screen.take_words()
    hands.wait(screen.problem.isVisible)
    assert len(screen._found) == 1
    screen.take_file(str(files[0]))
    hands.wait(lambda: hands.has_focus(screen.phrase.passphrase.line))
    screen.phrase.suggest()
    phrase = screen.phrase.text()
    screen.recover_to(str(tmp_path / "n.pdf"))
    hands.wait(lambda: is_open(hands))
    hands.wait()
    assert len(list(tmp_path.glob("n-*.pdf"))) == 3
    assert hands.window is not None
    hands.window.close_vault()
    hands.wait()
    open_workspace(workspace.folder, phrase).close()


def cards(window: Window, hands: Hands) -> tuple[RecoverySection, PassphraseSection]:
    assert window.desk is not None
    window.desk.show_page("administration", "recovery")
    hands.wait()
    page = window.desk.page
    assert isinstance(page, AdministrationPage)
    recovery, phrase = page.section("recovery"), page.section("passphrase")
    assert isinstance(recovery, RecoverySection)
    assert isinstance(phrase, PassphraseSection)
    return recovery, phrase


def test_the_card_makes_sheets_for_trustees(
    desk_window: Window, hands: Hands, workspace: Workspace, tmp_path: Path
) -> None:
    card, _phrase = cards(desk_window, hands)
    assert hands.has_focus(card.start)
    assert not card.passphrase.isVisible(), "nothing is asked for before it was chosen"
    hands.press("Space")
    assert hands.has_focus(card.passphrase.line)
    card.trustees.setChecked(True)
    card.count.setCurrentIndex(card.count.findData(5))
    card.needed.setCurrentIndex(card.needed.findData(4))
    card.count.setCurrentIndex(card.count.findData(3))
    assert card.needed.currentData() == 3
    hands.type("не та фраза тут")
    hands.press("Return")
    hands.wait(card.problem.isVisible)
    assert not card.maker.isVisible()
    card.passphrase.line.setText(PHRASE)
    card.check()
    hands.wait(card.maker.isVisible)
    card.maker.save_to(str(tmp_path / "k.pdf"))
    hands.wait(lambda: card.maker.is_made)
    (first,) = read_shares(tmp_path / "k-1.pdf")
    hands.type("геть інше")
    hands.press("Tab")
    assert card.maker.isVisible()
    for line, place in zip(card.maker.words, asked_back(first), strict=True):
        line.setText(first.words[place - 1])
    hands.wait(lambda: not card.maker.isVisible())
    hands.wait()
    state = workspace.recovery.state()
    assert (state.arrangement, state.confirmed) == (Arrangement(3, 3), True)
    assert state.number in card.state.text()
    assert desk_window.desk is not None
    desk_window.desk.show_page("today")
    hands.wait()
    today = desk_window.desk.page
    assert isinstance(today, TodayPage)
    assert not today.recovery.isVisible()


def test_the_card_changes_the_phrase_and_the_stick(
    desk_window: Window, hands: Hands, workspace: Workspace, tmp_path: Path
) -> None:
    _recovery, card = cards(desk_window, hands)
    assert not card.present.isVisible(), "nothing is asked for before it was chosen"
    card.begin_change.click()
    assert hands.has_focus(card.present.line)
    card.present.line.setText(PHRASE)
    card.new.passphrase.line.setText("12345")
    card.change_phrase()
    assert card.problem.isVisible()
    card.new.passphrase.line.setText(NEW)
    card.change_phrase()
    hands.wait(lambda: not card.present.isVisible())
    hands.wait()
    assert card.present.text() == card.new.text() == ""
    card.begin_stick.click()
    assert not card.new.isVisible()
    card.present.line.setText(PHRASE)
    card.make_stick(str(tmp_path / "a.sprava-stick"))
    hands.wait(card.problem.isVisible)
    assert not (tmp_path / "a.sprava-stick").exists()
    card.present.line.setText(NEW)
    card.make_stick(str(tmp_path / "a.sprava-stick"))
    hands.wait(card.end_stick.isVisible)
    card.end_stick.click()
    card.present.line.setText(NEW)
    card.drop_stick()
    hands.wait(card.stick.isVisible)
    card.stick._take(str(tmp_path / "a.sprava-stick"))
    card.drop_stick()
    hands.wait(card.begin_stick.isVisible)
    desk_window.close_vault()
    hands.wait()
    open_workspace(workspace.folder, NEW).close()


def test_a_sheet_that_was_not_read_back_is_checked_later(
    desk_window: Window, hands: Hands, workspace: Workspace, sheet: Path, tmp_path: Path
) -> None:
    assert desk_window.desk is not None
    desk_window.desk.show_page("today")
    today = desk_window.desk.page
    assert isinstance(today, TodayPage)
    hands.wait(today.recovery.isVisible)
    card, _phrase = cards(desk_window, hands)
    hands.wait(card.start_check.isVisible)
    card.start_check.click()
    assert hands.has_focus(card.sheet_check.words)
    other = workspace.recovery.prepare(Arrangement())
    other.write(tmp_path / "other.pdf")
    card.sheet_check.take_file(str(tmp_path / "other.pdf"))
    hands.wait(card.sheet_check.state.isVisible)
    assert not workspace.recovery.state().confirmed
    (share,) = read_shares(sheet)
    card.sheet_check.words.setPlainText(" ".join(share.words))
    card.sheet_check.take_words()
    hands.wait(lambda: workspace.recovery.state().confirmed)
    hands.wait(lambda: not card.start_check.isVisible())
    assert card.start.isVisible()
    assert not card.sheet_check.words.toPlainText()
    desk_window.desk.show_page("today")
    hands.wait(lambda: not today.recovery.isVisible())


@pytest.mark.usefixtures("sheet")
def test_the_lock_leads_to_the_recovery_sheet(desk_window: Window, hands: Hands) -> None:
    desk_window.lock_desk()
    hands.wait()
    assert desk_window.lock is not None
    folder = desk_window.lock.parked.known.folder
    desk_window.lock.forgotten.click()
    hands.wait()
    screen = desk_window.findChild(Recover)
    assert screen is not None
    assert screen.known.folder == folder


def test_a_failure_goes_with_its_page_and_that_of_the_background_stays(desk_window: Window, hands: Hands) -> None:
    desk, context = desk_window.desk, desk_window.context
    assert desk is not None
    assert context is not None
    desk.show_page("exchange")
    context.show_failure(Refused("bad_address", "Not an address."))
    assert desk.messages.isVisible()
    desk.show_page("today")
    assert not desk.messages.isVisible()
    context.exchange.failed.emit(Refused("unreachable", "No answer."))
    desk.show_page("exchange")
    hands.wait()
    assert desk.messages.isVisible()
