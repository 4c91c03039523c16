"""The desk locks itself when nobody is there, when the computer slept, and when the system says that it's left."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QPoint, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMessageBox

from desktop_app import auto_lock
from desktop_app.workspace import Workspace
from sync.errors import Refused
from tests.ui.conftest import PHRASE, Hands
from ui.administration.lock import LockSection
from ui.presence import Presence
from ui.session_watch import is_leaving
from ui.window import Window

_SESSION = "/org/freedesktop/login1/session/_31"
_SIGNALS = [
    ("system", "/org/freedesktop/login1", "org.freedesktop.login1.Manager.PrepareForSleep", "boolean:true"),
    ("system", _SESSION, "org.freedesktop.login1.Session.Lock", ""),
    ("session", "/org/freedesktop/ScreenSaver", "org.freedesktop.ScreenSaver.ActiveChanged", "boolean:true"),
    ("session", "/ScreenSaver", "org.freedesktop.ScreenSaver.ActiveChanged", "boolean:true"),
    ("session", "/org/gnome/ScreenSaver", "org.gnome.ScreenSaver.ActiveChanged", "boolean:true"),
]


class Time:
    """Two clocks that are moved by hand."""

    def __init__(self) -> None:
        self.steady = self.wall = 1000.0

    def __call__(self) -> tuple[float, float]:
        return self.steady, self.wall

    def pass_by(self, seconds: float, *, asleep: bool = False) -> None:
        self.steady += 0 if asleep else seconds
        self.wall += seconds


@pytest.fixture
def time(desk_window: Window) -> Time:
    """The desk's own presence, on clocks moved by hand."""
    made = Time()
    desk_window._presence._clock = made
    desk_window._presence.start(10)
    return made


def _wait_by_ticks(presence: Presence, time: Time, seconds: float) -> None:
    for _tick in range(int(seconds / 5)):
        time.pass_by(5)
        presence.tick()


def test_nobody_there_for_the_time_set_locks(desk_window: Window, time: Time) -> None:
    _wait_by_ticks(desk_window._presence, time, 595)
    assert desk_window.lock is None
    _wait_by_ticks(desk_window._presence, time, 5)
    assert desk_window.lock is not None


@pytest.mark.parametrize("sign", ["key", "click", "move"])
def test_a_sign_of_somebody_puts_it_off(desk_window: Window, time: Time, sign: str) -> None:
    _wait_by_ticks(desk_window._presence, time, 590)
    window = desk_window.windowHandle()
    if sign == "key":
        QTest.keyClick(window, Qt.Key.Key_Shift)
    elif sign == "click":
        QTest.mouseClick(window, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, QPoint(400, 760))
    else:
        QTest.mouseMove(window, QPoint(401, 400))
    _wait_by_ticks(desk_window._presence, time, 590)
    assert desk_window.lock is None
    _wait_by_ticks(desk_window._presence, time, 10)
    assert desk_window.lock is not None


@pytest.mark.parametrize("ends", [True, False])
def test_work_that_its_person_began_puts_it_off_for_half_an_hour_at_most(
    desk_window: Window, time: Time, hands: Hands, tmp_path: Path, *, ends: bool
) -> None:
    context, presence = desk_window.context, desk_window._presence
    assert context is not None
    source = tmp_path / "pipe"
    os.mkfifo(source)
    # Long work, as an import is: it's done when whoever writes into the pipe is.
    context.run(source.read_text, desk_window.setWindowTitle, aside=True)
    _wait_by_ticks(presence, time, 39 * 60)
    assert desk_window.lock is None
    if ends:
        source.write_text("!")
        hands.wait(lambda: not context.own_work)
        presence.tick()
        assert desk_window.lock is not None, "nobody has been there for long"
    else:
        _wait_by_ticks(presence, time, 60)
        assert desk_window.lock is not None
        source.write_text("!")


def test_the_keys_and_sleep_lock_in_spite_of_it(desk_window: Window, time: Time, tmp_path: Path) -> None:
    context = desk_window.context
    assert context is not None
    source = tmp_path / "pipe"
    os.mkfifo(source)
    context.run(source.read_text, desk_window.setWindowTitle, aside=True)
    time.pass_by(60)
    desk_window._presence.tick()
    assert desk_window.lock is not None
    source.write_text("!")


@pytest.mark.parametrize("asleep", [True, False], ids=["clock stands still", "clock goes on"])
def test_a_sleep_that_nobody_announced_locks_before_the_first_key_counts(
    desk_window: Window, time: Time, hands: Hands, *, asleep: bool
) -> None:
    hands.press("Ctrl+6")
    hands.wait()
    time.pass_by(120, asleep=asleep)
    QTest.keyClick(desk_window.windowHandle(), Qt.Key.Key_7)
    assert desk_window.lock is not None
    hands.wait()
    assert desk_window.lock.passphrase.text() == ""
    hands.type(PHRASE)
    hands.press("Return")
    hands.wait(lambda: desk_window.desk is not None)
    hands.wait()
    assert hands.focus().property("text") == ""


def test_waking_up_locks_before_anything_is_drawn(desk_window: Window, time: Time, hands: Hands) -> None:
    time.pass_by(120, asleep=True)
    assert desk_window.desk is not None
    desk_window.desk.update()
    hands.wait()
    assert desk_window.lock is not None


@pytest.mark.parametrize("key", [Qt.Key.Key_L, Qt.Key(ord("Д")), Qt.Key.Key_F12])
def test_the_keys_lock_while_a_question_is_open(desk_window: Window, hands: Hands, key: Qt.Key) -> None:
    box = QMessageBox(QMessageBox.Icon.Question, "?", "?", parent=desk_window)
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    box.open()
    hands.wait(lambda: hands.app.focusWindow() is box.windowHandle())
    control = Qt.KeyboardModifier.ControlModifier
    # QTest knows no letter but Latin ones, so the event is sent to the system's window itself.
    modifiers = Qt.KeyboardModifier.NoModifier if key == Qt.Key.Key_F12 else control
    QCoreApplication.sendEvent(box.windowHandle(), QKeyEvent(QEvent.Type.KeyPress, key, modifiers))
    assert desk_window.lock is not None
    hands.wait()
    assert hands.focus() is desk_window.lock.passphrase.line


def test_the_card_sets_the_time_and_the_vault_keeps_it(desk_window: Window, hands: Hands, workspace: Workspace) -> None:
    hands.press("Ctrl+7")
    hands.wait()
    card = desk_window.findChild(LockSection)
    assert card is not None
    assert card.minutes.currentData() == desk_window._presence.minutes == auto_lock.DEFAULT_MINUTES
    card.minutes.setFocus()
    hands.press("Up")
    hands.wait()
    assert auto_lock.minutes(workspace) == desk_window._presence.minutes == 5
    with pytest.raises(Refused) as refusal:
        auto_lock.set_minutes(workspace, 61)
    assert refusal.value.code == "bad_minutes"
    card.now.click()
    assert desk_window.lock is not None
    hands.wait()
    hands.type(PHRASE)
    hands.press("Return")
    hands.wait(lambda: desk_window.desk is not None)
    hands.wait()
    assert desk_window._presence.minutes == 5


def test_what_windows_says_is_understood() -> None:
    lock, unlock, suspend, resume = (0x02B1, 7), (0x02B1, 8), (0x0218, 4), (0x0218, 7)
    assert [is_leaving(*message) for message in (lock, unlock, suspend, resume)] == [True, False, True, False]


@pytest.fixture
def bus(tmp_path: Path) -> Iterator[str]:
    """A message bus of our own."""
    assert shutil.which("dbus-daemon"), "python3 -m dev test installs what tests need"
    daemon = subprocess.Popen(
        ["dbus-daemon", "--session", "--nofork", "--print-address", f"--address=unix:path={tmp_path}/bus"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert daemon.stdout is not None
    yield daemon.stdout.readline().strip()
    daemon.terminate()
    daemon.wait()
    daemon.stdout.close()


@pytest.fixture
def start(workspace: Workspace, project: Path) -> Iterator[Callable[[dict[str, str]], subprocess.Popen[str]]]:
    """Starts a desk in a process of its own."""
    started: list[subprocess.Popen[str]] = []

    def run(environment: dict[str, str]) -> subprocess.Popen[str]:
        folder = workspace.folder
        workspace.close()
        desk = subprocess.Popen(
            [sys.executable, "-m", "tests.ui.desk_process", str(folder)],
            cwd=project,
            env=os.environ | environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        started.append(desk)
        tell(desk, PHRASE, "open")
        return desk

    yield run
    for desk in started:
        desk.kill()
        desk.communicate()


def tell(desk: subprocess.Popen[str], line: str, answer: str) -> None:
    """Give a desk a line and read its answer."""
    assert desk.stdin is not None
    assert desk.stdout is not None
    if line:
        desk.stdin.write(line + "\n")
        desk.stdin.flush()
    assert desk.stdout.readline().strip() == answer


def test_the_desk_locks_when_the_system_says_so(
    bus: str, start: Callable[[dict[str, str]], subprocess.Popen[str]]
) -> None:
    desk = start({"DBUS_SYSTEM_BUS_ADDRESS": bus, "DBUS_SESSION_BUS_ADDRESS": bus})
    for _which, path, name, argument in _SIGNALS:
        over = [argument.replace("true", "false")] * bool(argument)
        for arguments in (over, [argument] * bool(argument)) if argument else ([],):
            subprocess.run(["dbus-send", f"--bus={bus}", "--type=signal", path, name, *arguments], check=True)
        tell(desk, "", "locked")
        tell(desk, "unlock", "open")
    desk.communicate("quit\n")
    assert desk.returncode == 0
