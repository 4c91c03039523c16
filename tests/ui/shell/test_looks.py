"""Every screen at 1366x768 in both languages, both themes, 100 and 150 %: nothing is cut, everything has a name."""

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractScrollArea,
    QComboBox,
    QLabel,
    QLineEdit,
    QScrollArea,
    QWidget,
)

from desktop_app.kits.examples import example, examples
from desktop_app.opening import join_workspace
from desktop_app.settings import KnownVault, Settings
from desktop_app.vault import KDF_FLOOR
from desktop_app.workspace import Workspace
from tests.ui.conftest import PHRASE, Hands
from ui.about import About
from ui.cases.case_page import CasePage
from ui.desk import Desk
from ui.first_run import FirstRun
from ui.first_run_steps import Answers
from ui.help import Help
from ui.lock import Lock
from ui.palette import Palette
from ui.people.page import PeoplePage
from ui.recover import Recover
from ui.signin import SignIn
from ui.widgets import Elided
from ui.window import Window

_LOOKS = [("uk", "light", 100), ("uk", "dark", 150), ("en", "light", 150), ("en", "dark", 100)]
_SLACK = 1


def cut(widget: QWidget) -> bool:
    """Whether a control shows less than its words need."""
    if isinstance(widget, QLabel) and not isinstance(widget, Elided):
        if widget.wordWrap():
            return widget.height() + _SLACK < widget.heightForWidth(widget.width())
        return (
            widget.width() + _SLACK < widget.sizeHint().width() or widget.height() + _SLACK < widget.sizeHint().height()
        )
    if isinstance(widget, QAbstractButton):
        return widget.width() + _SLACK < widget.sizeHint().width()
    if isinstance(widget, QComboBox):
        return widget.fontMetrics().horizontalAdvance(widget.currentText()) > widget.width() - 40
    if isinstance(widget, QLineEdit):
        least = widget.fontMetrics().height()
        words = widget.fontMetrics().horizontalAdvance(widget.placeholderText())
        return words > widget.width() - 24 or widget.height() < least
    return False


def settle(screen: QWidget, hands: Hands) -> None:
    """Wait until nothing moves any more: what is asked of a card is asked of its column next, and so on."""
    before: list[object] = []
    while True:
        hands.wait()
        after: list[object] = [widget.geometry().getRect() for widget in screen.findChildren(QWidget)]
        if after == before:
            return
        before = after


def judge(screen: QWidget) -> list[str]:
    """Return what is wrong with a screen."""
    problems = []
    for widget in screen.findChildren(QWidget):
        if not widget.isVisible() or widget.objectName().startswith("qt_"):
            continue
        name = _name(widget)
        if cut(widget):
            problems.append(f"cut: {name} {widget.size().toTuple()} needs {widget.sizeHint().toTuple()}")
        if isinstance(widget, QScrollArea) and widget.widget().minimumSizeHint().width() > widget.viewport().width():
            problems.append(f"too wide: {name}")
        if _focusable(widget):
            if not (widget.accessibleName() or widget.property("text")):
                problems.append(f"no name: {name}")
            if isinstance(widget, QAbstractButton | QLineEdit | QComboBox) and widget.height() < 32:
                problems.append(f"too small: {name} {widget.height()}")
        if isinstance(widget, QAbstractButton) and not _inside(widget, screen):
            problems.append(f"outside: {name}")
    return problems


def _name(widget: QWidget) -> str:
    return f"{type(widget).__name__} {widget.property('text') or widget.accessibleName()!r}"


def _focusable(widget: QWidget) -> bool:
    tabbed = bool(widget.focusPolicy() & Qt.FocusPolicy.TabFocus)
    return tabbed and widget.isEnabled() and widget.isVisible() and widget.focusProxy() is None


def _inside(widget: QWidget, screen: QWidget) -> bool:
    """Whether a control can be seen; what lies in a scrolled area can be scrolled to."""
    parent = widget.parentWidget()
    while parent is not None and parent is not screen:
        if isinstance(parent, QAbstractScrollArea):
            return True
        parent = parent.parentWidget()
    corner = widget.mapTo(screen, QPoint(0, 0))
    return screen.rect().contains(corner) and screen.rect().contains(widget.mapTo(screen, widget.rect().bottomRight()))


def _middle(widget: QWidget, screen: QWidget) -> tuple[int, int]:
    corner, area = widget.mapTo(screen, QPoint(0, 0)), _area(widget)
    # What is scrolled out of sight is above nothing that stands over its area.
    top = area.mapTo(screen, QPoint(0, 0)).y() if area is not None else 0
    return max(corner.y() + widget.height() // 2, top), corner.x()


def out_of_order(screen: QWidget, hands: Hands) -> list[str]:
    """Walk by Tab, once around: it never leads up and to the left at once, but from the last to the first."""
    visited: list[QWidget] = []
    screen.window().activateWindow()
    hands.wait(hands.app.focusWidget)
    while hands.focus() not in visited:
        visited.append(hands.focus())
        hands.press("Tab")
    visited = [widget for widget in visited if screen.isAncestorOf(widget)]
    first = min(range(len(visited)), key=lambda number: _middle(visited[number], screen))
    return [
        f"tab leads back from {_name(one)} to {_name(other)}"
        for one, other in pairwise(visited[first:] + visited[:first])
        if _leads_back(*_seen(one, other), screen)
    ]


def _seen(one: QWidget, other: QWidget) -> tuple[QWidget, QWidget]:
    """What two controls are for the eye: where only one is in a scrolled area, the area stands for it."""
    areas = [_area(one), _area(other)]
    return (one, other) if areas[0] is areas[1] else (areas[0] or one, areas[1] or other)


def _area(widget: QWidget) -> QScrollArea | None:
    parent = widget.parentWidget()
    while parent is not None and not isinstance(parent, QScrollArea):
        parent = parent.parentWidget()
    return parent


def _leads_back(one: QWidget, other: QWidget, screen: QWidget) -> bool:
    here, there = one.mapTo(screen, QPoint(0, 0)), other.mapTo(screen, QPoint(0, 0))
    return there.y() + other.height() <= here.y() and there.x() <= here.x()


@pytest.fixture(params=_LOOKS, ids=lambda look: "-".join(map(str, look)))
def looked(request: pytest.FixtureRequest) -> Settings:
    language, theme, scale = request.param
    return Settings(language=language, theme=theme, text_scale=scale)


def test_the_desk(
    looked: Settings, open_window: Callable[[Settings], Window], workspace: Workspace, hands: Hands
) -> None:
    for kit in workspace.kits():
        workspace.cases.register_many(kit.id, examples(kit.id, 8, 3))
    workspace.drafts.save("new:1", "appeal", {}, "")
    window = open_window(looked)
    window.open_desk(workspace)
    desk = window.desk
    assert desk is not None
    hands.wait()
    problems = {}
    for page_id in ("today", "exchange", "administration", "people", "audit", "access_report"):
        desk.show_page(page_id)
        settle(window, hands)
        problems[page_id] = judge(window) + out_of_order(window, hands)
    desk.context.show_message("Щось сталося, і про це варто знати, не поспішаючи. " * 3, "warn")
    hands.wait()
    problems["message"] = judge(desk)
    for kind in (Help, About):
        dialog = kind(desk)
        dialog.show()
        hands.wait()
        problems[kind.__name__] = judge(dialog)
        dialog.close()
    desk.show_palette()
    hands.wait()
    palette = desk.findChild(Palette)
    assert palette is not None
    problems["palette"] = judge(palette)
    palette.reject()
    hands.wait()
    window.lock_desk()
    hands.wait()
    lock = window.centralWidget().findChild(Lock)
    problems["lock"] = judge(lock) + out_of_order(lock, hands)
    assert not {screen: found for screen, found in problems.items() if found}


def test_people_units_and_where_a_case_belongs(
    looked: Settings, open_window: Callable[[Settings], Window], workspace: Workspace, hands: Hands, tmp_path: Path
) -> None:
    workspace.members.units.add("Відділ соціального захисту населення")
    case = workspace.cases.register("appeal", example("appeal", 1))
    invitation, file = workspace.invite("clerk", workspace.unit.id).data, tmp_path / "x.sprava-bundle"
    for name in ("Ґудзь-Підкаблучна Єфросинія Їжаківна", "Хтось"):
        joined = join_workspace(tmp_path / name, PHRASE, invitation=invitation, person=name, kdf=KDF_FLOOR)
        joined.exchange.export_bundle(file)
        workspace.exchange.import_bundle(file)
        joined.close()
    window = open_window(looked)
    window.open_desk(workspace)
    desk = window.desk
    assert desk is not None
    hands.wait()
    problems = {"today": judge(window)}
    desk.show_page("people", "waiting")
    settle(window, hands)
    page = desk.page
    assert isinstance(page, PeoplePage)
    problems["waiting"] = judge(window) + out_of_order(window, hands)
    page.rows.setFocus()
    hands.press("Home")
    hands.press("Down")
    for name, ask in (("rights", page.device.ask_rights), ("out", page.device.ask_out), ("unit", page.units.ask_new)):
        ask()
        settle(window, hands)
        problems[name] = judge(window) + out_of_order(window, hands)
        page.device.asked.leave()
    desk.show_page("case", case.id)
    settle(window, hands)
    assert isinstance(desk.page, CasePage)
    for name, ask in (("transfer", desk.page.where.ask_unit), ("limit", desk.page.where.ask_people)):
        problems["case"] = judge(window)
        ask()
        settle(window, hands)
        problems[name] = judge(window)
        desk.page.where.leave()
    assert not {screen: found for screen, found in problems.items() if found}


def test_a_long_name_leaves_room_for_the_rest(
    looked: Settings, open_window: Callable[[Settings], Window], workspace: Workspace, hands: Hands
) -> None:
    window = open_window(looked)
    window.open_desk(workspace)
    hands.wait()
    desk = window.desk
    assert isinstance(desk, Desk)
    desk.top_bar.whereabouts.show_names(
        *("Великомихайлівська селищна територіальна громада", "Відділ соціального захисту " * 3)
    )
    hands.wait()
    assert window.width() == 1366
    assert not judge(desk.top_bar)
    assert desk.top_bar.search.width() >= 200


def test_the_way_in(looked: Settings, open_window: Callable[[Settings], Window], hands: Hands) -> None:
    looked.vaults = [KnownVault("/vaults/olena", "Ґанківська громада")]
    window = open_window(looked)
    window.begin()
    hands.wait()
    screen = window.centralWidget().findChild(SignIn)
    assert isinstance(screen, SignIn)
    hands.press("Return")
    hands.type("Ф")
    hands.wait()
    assert not judge(screen) + out_of_order(screen, hands)
    for way in ("create", "join", "example"):
        window.show_first_run(Answers(way=way))
        hands.wait()
        run = next(run for run in window.centralWidget().findChildren(FirstRun) if run.isVisible())
        wanted = [number for number, step in enumerate(run.steps) if step.is_wanted()]
        assert len(wanted) <= 5
        for number in wanted:
            run.answers.community = "Ґанківська громада"
            run._show(number)
            hands.wait()
            assert not judge(run) + out_of_order(run, hands), (way, number)
    window.show_recovery(looked.vaults[0])
    hands.wait()
    recover = window.centralWidget().findChild(Recover)
    assert isinstance(recover, Recover)
    assert not judge(recover) + out_of_order(recover, hands)
