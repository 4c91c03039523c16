"""Every case screen in both languages, both themes, 100 and 150 %: named, in order, nothing clipped or out of reach."""

from itertools import pairwise

import pytest
from PySide6.QtCore import QPoint, QSize, Qt
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractScrollArea,
    QApplication,
    QCheckBox,
    QLabel,
    QRadioButton,
    QScrollArea,
    QWidget,
)

from desktop_app.cases.model import CaseQuery
from desktop_app.workspace import Workspace
from sync.messages import set_language
from tests.ui.cases.hands import Carry, ChooseLook, Show, Wait
from ui.cases.case_page import CasePage
from ui.cases.new_case_page import NewCasePage
from ui.cases.page import CasesPage
from ui.conflicts.page import ConflictsPage
from ui.context import DeskContext
from ui.page import Page

# What is left of 1366x768 beside the rail and between the bars, at 100 and at 150 %.
ROOM = {100: QSize(1166, 684), 150: QSize(1066, 650)}
LOOKS = [("uk", "light", 100), ("en", "dark", 100), ("uk", "dark", 150), ("en", "light", 150)]


def cases_page(context: DeskContext, _workspace: Workspace) -> Page:
    return CasesPage(context)


def case_page(context: DeskContext, workspace: Workspace) -> Page:
    page = CasePage(context)
    page.open_target(workspace.cases.page(CaseQuery(kit="appeal"), 0, 1)[0].id)
    return page


def edit_page(context: DeskContext, workspace: Workspace) -> Page:
    page = CasePage(context)
    page.open_target(workspace.cases.page(CaseQuery(kit="humanitarian-aid"), 0, 1)[0].id + "/edit")
    return page


def chooser_page(context: DeskContext, _workspace: Workspace) -> Page:
    return NewCasePage(context)


def conflicts_page(context: DeskContext, _workspace: Workspace) -> Page:
    return ConflictsPage(context)


@pytest.fixture
def clashing(cases: Workspace, colleague: Workspace, carry: Carry) -> Workspace:
    case = cases.cases.page(CaseQuery(kit="appeal"), 0, 1)[0].id
    carry(cases, colleague)
    cases.cases.edit(case, {"text": "Прошу відремонтувати міст через річку Псел. " * 8})
    colleague.cases.edit(case, {"text": "Прошу полагодити місток. " * 8})
    carry(colleague, cases)
    return cases


@pytest.fixture(params=LOOKS, ids=lambda look: "-".join(map(str, look)))
def room(request: pytest.FixtureRequest, look: ChooseLook) -> QSize:
    language, theme, scale = request.param
    set_language(language)
    look(theme, scale)
    return ROOM[scale]


def open_all(context: DeskContext, workspace: Workspace, room: QSize, show: Show, wait: Wait) -> dict[str, Page]:
    """Build every screen in the look that is set."""
    pages = {}
    for make in (cases_page, case_page, edit_page, chooser_page, conflicts_page):
        page = make(context, workspace)
        show(page, room.width(), room.height())
        page.activate()
        wait(lambda: not context.worker.busy)
        page.focus_first()
        pages[make.__name__] = page
    form = NewCasePage(context)
    show(form, room.width(), room.height())
    form.activate()
    wait(lambda form=form: form.chooser.list.count())
    form.chooser.kit_chosen.emit(form.chooser.kit("appeal"))
    form.register()
    pages["form"] = form
    wait(lambda: True)
    return pages


def test_every_screen_in_every_look(
    clashing: Workspace, context: DeskContext, room: QSize, show: Show, wait: Wait
) -> None:
    faults = []
    for name, page in open_all(context, clashing, room, show, wait).items():
        page.activateWindow()
        wait(page.isActiveWindow)
        faults += [f"{name}: {fault}" for fault in faults_of(page)]
    assert not faults, "\n".join(faults)


def faults_of(page: QWidget) -> list[str]:
    return [*unnamed(page), *clipped(page), *outside(page), *sideways(page), *disorder(page)]


def seen(page: QWidget, kind: type = QWidget) -> list[QWidget]:
    return [widget for widget in page.findChildren(kind) if widget.isVisible()]


def reachable(page: QWidget) -> list[QWidget]:
    inner = {area.viewport() for area in page.findChildren(QAbstractScrollArea)}
    return [
        widget
        for widget in seen(page)
        if widget.focusPolicy() & Qt.FocusPolicy.TabFocus
        and widget not in inner
        and widget.focusProxy() is None
        and not widget.objectName().startswith("qt_")
        and widget.isEnabled()
    ]


def unnamed(page: QWidget) -> list[str]:
    """Return what a screen reader could only call by its class."""
    return [
        f"{widget} has no name"
        for widget in reachable(page)
        if not widget.accessibleName()
        and not (isinstance(widget, QAbstractButton) and widget.text())
        and not any(label.buddy() is widget for label in seen(page, QLabel))
    ]


def clipped(page: QWidget) -> list[str]:
    """Return words that don't fit where they stand."""
    faults = []
    for widget in [*seen(page, QLabel), *seen(page, QAbstractButton)]:
        words = widget.text()
        if not words or widget.property("elided"):
            continue
        if isinstance(widget, QLabel) and widget.wordWrap():
            short = widget.height() < widget.heightForWidth(widget.width())
        else:
            short = widget.width() < widget.sizeHint().width() or widget.height() < widget.minimumSizeHint().height()
        if short:
            faults.append(f"“{words[:50]}” needs {widget.sizeHint()} and has {widget.size()}")
    return faults


def outside(page: QWidget) -> list[str]:
    """Return what stands partly outside its own parent, where nobody sees it."""
    return [
        f"“{widget.text()[:50]}” at {widget.geometry()} stands outside {widget.parentWidget().size()}"
        for widget in [*seen(page, QLabel), *seen(page, QAbstractButton)]
        if not widget.parentWidget().rect().adjusted(-1, -1, 1, 1).contains(widget.geometry())
    ]


def sideways(page: QWidget) -> list[str]:
    """Return what would have to be scrolled sideways, or stands outside."""
    faults = [
        f"{area} scrolls sideways"
        for area in seen(page, QAbstractScrollArea)
        if not isinstance(area, QAbstractItemView) and area.horizontalScrollBar().maximum() > 0
    ]
    faults += [
        f"{area.widget()} is wider than its area"
        for area in seen(page, QScrollArea)
        if area.widget().minimumSizeHint().width() > area.viewport().width()
    ]
    for widget in reachable(page):
        right = widget.mapTo(page, QPoint(widget.width(), 0)).x()
        if right > page.width():
            faults.append(f"{widget} ends at {right} of {page.width()}")
    return faults


def disorder(page: QWidget) -> list[str]:
    """Return neighbours in the Tab order of which the later stands above or left of the earlier, in one column."""
    chain = []
    widget = page.nextInFocusChain()
    wanted = set(reachable(page))
    while widget is not page:
        if widget in wanted and not isinstance(widget, (QRadioButton,)):
            chain.append(widget)
        widget = widget.nextInFocusChain()
    faults = []
    for first, second in pairwise(chain):
        if first.parentWidget() is not second.parentWidget() and not same_form(first, second):
            continue
        above = second.mapTo(page, QPoint(0, 0)).y() + second.height() <= first.mapTo(page, QPoint(0, 0)).y()
        if above:
            faults.append(f"Tab goes up from {first.accessibleName()} to {second.accessibleName()}")
    return faults


def same_form(first: QWidget, second: QWidget) -> bool:
    areas = first.window().findChildren(QScrollArea)
    return any(area.isAncestorOf(first) and area.isAncestorOf(second) for area in areas)


def test_targets_are_large_enough(cases: Workspace, context: DeskContext, show: Show, wait: Wait) -> None:
    for name, page in open_all(context, cases, ROOM[100], show, wait).items():
        for widget in seen(page, QAbstractButton):
            least = 28 if isinstance(widget, (QCheckBox, QRadioButton)) else 32
            inside = widget.parentWidget().inherits("QLineEdit") or widget.parentWidget().inherits("QComboBox")
            assert inside or widget.height() >= least, f"{name}: {widget.text()} is {widget.height()} px high"


def test_the_pages_leave_nothing_behind(context: DeskContext, show: Show, wait: Wait) -> None:
    page = NewCasePage(context)
    show(page)
    page.activate()
    wait(page.chooser.list.count)
    for _ in range(3):
        page.chooser.kit_chosen.emit(page.chooser.kit("appeal"))
    wait(lambda: sum(type(widget).__name__ == "NewCaseForm" for widget in QApplication.allWidgets()) == 1)
