"""Backups on the screens: the card, the word in the status bar, the desk that makes them, and the way back."""

from collections.abc import Callable
from pathlib import Path

import pytest

from desktop_app.audit import AuditQuery
from desktop_app.backup.making import back_up
from desktop_app.backup.reading import BackupFile
from desktop_app.backup.ways import Way
from desktop_app.kits import examples
from desktop_app.opening import create_workspace
from desktop_app.settings import Settings
from desktop_app.vault import KDF_FLOOR
from desktop_app.vault.shares import Arrangement
from desktop_app.workspace import Workspace
from tests.ui.conftest import PHRASE, Hands
from ui.administration.backup import BackupSection
from ui.administration.page import AdministrationPage
from ui.first_run import FirstRun
from ui.first_run_steps import Answers, DoneStep
from ui.recover import Recover
from ui.restore import Restore
from ui.today import TodayPage
from ui.window import Window


@pytest.fixture(autouse=True)
def _own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))


@pytest.fixture
def stick(tmp_path: Path) -> Path:
    made = tmp_path / "stick"
    made.mkdir()
    return made


def card(window: Window, hands: Hands) -> BackupSection:
    assert window.desk is not None
    window.desk.show_page("administration", "backup")
    hands.wait()
    page = window.desk.page
    assert isinstance(page, AdministrationPage)
    section = page.section("backup")
    assert isinstance(section, BackupSection)
    return section


def told_as_restored(workspace: Workspace) -> bool:
    """Whether the audit of a vault says that it comes from a backup."""
    return workspace.audit_log.peek_count(AuditQuery(kind="backup_restored")) == 1


def today(window: Window, hands: Hands) -> TodayPage:
    assert window.desk is not None
    window.desk.show_page("today")
    hands.wait()
    page = window.desk.page
    assert isinstance(page, TodayPage)
    return page


def test_today_says_what_is_wrong_with_the_backups(
    desk_window: Window, hands: Hands, workspace: Workspace, stick: Path
) -> None:
    assert not today(desk_window, hands).backup.isVisible(), "an empty vault has nothing to lose"
    workspace.cases.register("appeal", examples.example("appeal", 1))
    hands.wait()
    assert today(desk_window, hands).backup.isVisible()
    context = desk_window.context
    assert context is not None
    context.backup.start([stick])
    rest(desk_window, hands)
    assert not today(desk_window, hands).backup.isVisible()
    (file,) = stick.iterdir()
    file.write_bytes(b"a letter" * 1000)
    context.backup.start([stick])
    rest(desk_window, hands)
    note = today(desk_window, hands).backup
    assert note.isVisible()
    assert "не вдалася" in note.words.text()
    assert "немає" not in note.hint.text(), "the good one from before is named"
    note.open.click()
    hands.wait()
    assert desk_window.desk is not None
    assert isinstance(desk_window.desk.page, AdministrationPage)


def rest(window: Window, hands: Hands) -> None:
    hands.wait(lambda: window.context is not None and not window.context.backup.running)


def test_from_no_backup_to_one_that_is_proved(desk_window: Window, hands: Hands, stick: Path) -> None:
    window = desk_window
    assert window.desk is not None
    assert "ще немає" in window.desk.status_bar.backup.text()
    section = card(window, hands)
    assert "ще немає" in section.last.text()
    section.add_place(str(stick))
    rest(window, hands)
    (file,) = stick.iterdir()
    assert section.last.text().startswith("Остання справна копія")
    assert window.desk.status_bar.backup.text().startswith("Копія ")
    trial = section.trial
    assert not trial.passphrase.isVisible(), "nothing is asked for before it was chosen"
    trial.begin_trial.setFocus()
    hands.press("Space")
    assert hands.has_focus(trial.passphrase.line)
    hands.type("це не та")
    hands.press("Escape")
    assert hands.has_focus(trial.begin_trial)
    assert trial.passphrase.text() == ""
    hands.press("Space")
    hands.type("це не та фраза зовсім")
    hands.press("Return")
    rest(window, hands)
    assert trial.result.property("role") == "error"
    trial.ask()
    hands.type(PHRASE)
    hands.press("Return")
    rest(window, hands)
    assert trial.result.property("role") == "ok"
    assert not trial.passphrase.isVisible()
    assert trial.passphrase.text() == ""
    with BackupFile(file) as backup:
        backup.unlock(Way(PHRASE).vault_key)
        assert backup.newest.number == 1


def test_a_backup_is_proved_with_the_sheets_of_trustees(
    desk_window: Window, hands: Hands, workspace: Workspace, stick: Path, tmp_path: Path
) -> None:
    prepared = workspace.recovery.prepare(Arrangement(2, 3))
    sheets = prepared.write(tmp_path / "sheet.pdf")
    workspace.recovery.put_in_force(prepared)
    made = workspace.backups.back_up(stick)
    trial = card(desk_window, hands).trial
    trial.ask()
    trial.take_file(str(made.file))
    trial.take_sheet(str(sheets[2]))
    hands.wait(trial.result.isVisible)
    assert trial.result.property("role") == "warn"
    trial.take_sheet(str(sheets[0]))
    hands.wait(lambda: trial.result.property("role") == "ok")
    rest(desk_window, hands)


def test_the_word_in_the_status_bar_leads_to_the_card(desk_window: Window, hands: Hands) -> None:
    assert desk_window.desk is not None
    desk_window.desk.status_bar.backup.click()
    hands.wait()
    page = desk_window.desk.page
    assert isinstance(page, AdministrationPage)
    assert hands.has_focus(card(desk_window, hands).now)


def test_the_desk_backs_up_by_itself_when_a_place_is_due(
    desk_window: Window, hands: Hands, workspace: Workspace, stick: Path
) -> None:
    workspace.backups.add_place(stick)
    assert desk_window.context is not None
    desk_window.context.backup.look()
    hands.wait(lambda: list(stick.glob("*.sprava-backup")))
    rest(desk_window, hands)
    assert workspace.backups.status().last_good is not None
    assert not desk_window.context.backup.running
    desk_window.context.backup.look()
    rest(desk_window, hands)
    assert workspace.backups.status().last_good == workspace.backups.status().notes.good[str(stick)]
    with BackupFile(next(stick.iterdir())) as backup:
        backup.unlock(Way(PHRASE).vault_key)
        assert backup.newest.number == 1


def test_the_lock_ends_a_backup(desk_window: Window, hands: Hands, workspace: Workspace, stick: Path) -> None:
    workspace.cases.register_many("appeal", examples.examples("appeal", 300, 1))
    section = card(desk_window, hands)
    section.add_place(str(stick))
    desk_window.lock_desk()
    hands.wait(lambda: desk_window.lock is not None)
    assert [entry for entry in stick.iterdir() if entry.name.endswith(".new")] == []


def test_a_full_place_is_told_and_remembered(desk_window: Window, hands: Hands, tmp_path: Path) -> None:
    section = card(desk_window, hands)
    foreign = tmp_path / "notes.txt"
    foreign.write_bytes(b"x" * 9000)
    assert desk_window.context is not None
    desk_window.context.backup.start([foreign])
    rest(desk_window, hands)
    assert section.problem.isVisibleTo(section)
    assert foreign.read_bytes() == b"x" * 9000


def test_from_the_first_run_to_a_restored_desk(
    open_window: Callable[[Settings], Window], settings: Settings, workspace: Workspace, hands: Hands, tmp_path: Path
) -> None:
    digest = workspace.digest()
    made = back_up(workspace, tmp_path)
    workspace.close()
    window = open_window(settings)
    window.show_first_run(Answers(step=1))
    hands.wait()
    hands.press("Up")
    hands.press("Return")
    hands.wait()
    screen = window.centralWidget().currentWidget()  # type: ignore[attr-defined]
    assert isinstance(screen, Restore)
    screen.restore()
    assert screen.problem.text()
    screen.take_file(str(made.file))
    screen.folder.setText(str(tmp_path / "restored"))
    screen.passphrase.line.setText("це не та фраза зовсім")
    hands.press("Return")
    hands.wait()
    assert "попередня фраза" in screen.problem.text()
    assert not (tmp_path / "restored").exists()
    screen.passphrase.line.setText(PHRASE)
    hands.press("Return")
    hands.wait(lambda: window.desk is not None)
    assert window.context is not None
    assert window.context.workspace.digest() == digest
    assert window.context.workspace.folder == tmp_path / "restored"
    assert told_as_restored(window.context.workspace)


def test_the_first_run_ends_with_a_place_for_backups(
    open_window: Callable[[Settings], Window], settings: Settings, hands: Hands, tmp_path: Path, stick: Path
) -> None:
    window = open_window(settings)
    window.show_first_run(Answers(way="create", step=2, folder=str(tmp_path / "new")))
    hands.wait()
    first_run = window.centralWidget().currentWidget()  # type: ignore[attr-defined]
    assert isinstance(first_run, FirstRun)
    made = create_workspace(tmp_path / "made", PHRASE, community="Ґанок", unit="Приймальня", person="Є", kdf=KDF_FLOOR)
    done = first_run.steps[-1]
    assert isinstance(done, DoneStep)
    done.use(made)
    done.place.take_place(str(stick))
    hands.wait(lambda: str(stick) in done.place.words.text())
    assert [place.path for place in made.backups.plan.places] == [str(stick)]
    made.close()


def test_restored_with_the_recovery_sheet(
    open_window: Callable[[Settings], Window], settings: Settings, workspace: Workspace, hands: Hands, tmp_path: Path
) -> None:
    prepared = workspace.recovery.prepare(Arrangement())
    (sheet,) = prepared.write(tmp_path / "sheet.pdf")
    workspace.recovery.put_in_force(prepared)
    digest = workspace.digest()
    made = back_up(workspace, tmp_path)
    workspace.close()
    window = open_window(settings)
    window.show_restore()
    screen = window.centralWidget().currentWidget()  # type: ignore[attr-defined]
    assert isinstance(screen, Restore)
    screen.use_sheet()
    assert screen.problem.text()
    screen.take_file(str(made.file))
    screen.folder.setText(str(tmp_path / "restored"))
    screen.use_sheet()
    hands.wait()
    recover = window.centralWidget().currentWidget()  # type: ignore[attr-defined]
    assert isinstance(recover, Recover)
    recover.take_file(str(sheet))
    hands.wait()
    recover.phrase.passphrase.line.setText("осінній дощ над містом 42")
    recover.recover_to(str(tmp_path / "second.pdf"))
    hands.wait(lambda: window.desk is not None)
    assert window.context is not None
    assert window.context.workspace.digest() == digest
    assert (tmp_path / "second.pdf").exists()
    assert told_as_restored(window.context.workspace)
