"""Which pages the desk has; each is imported and built when it's first wanted."""

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtWidgets import QWidget

from sync.messages import N_
from ui.context import DeskContext
from ui.page import Page


@dataclass(frozen=True, slots=True)
class PageSpec:
    """One page.

    Args:
        page_id: Its name in the program.
        text: Its name for people, to be translated.
        icon: The name of its icon.
        keys: The keys that show it.
        make: Builds it.
        in_rail: Whether the rail offers it.
    """

    page_id: str
    text: str
    icon: str
    keys: tuple[str, ...]
    make: Callable[[DeskContext, QWidget], Page]
    in_rail: bool = True


def _today(context: DeskContext, parent: QWidget) -> Page:
    from ui.today import TodayPage

    return TodayPage(context, parent)


def _cases(context: DeskContext, parent: QWidget) -> Page:
    from ui.cases.page import CasesPage

    return CasesPage(context, parent)


def _case(context: DeskContext, parent: QWidget) -> Page:
    from ui.cases.case_page import CasePage

    return CasePage(context, parent)


def _new_case(context: DeskContext, parent: QWidget) -> Page:
    from ui.cases.new_case_page import NewCasePage

    return NewCasePage(context, parent)


def _conflicts(context: DeskContext, parent: QWidget) -> Page:
    from ui.conflicts.page import ConflictsPage

    return ConflictsPage(context, parent)


def _audit(context: DeskContext, parent: QWidget) -> Page:
    from ui.audit.page import AuditPage

    return AuditPage(context, parent)


def _access_report(context: DeskContext, parent: QWidget) -> Page:
    from ui.audit.report_page import AccessReportPage

    return AccessReportPage(context, parent)


def _exchange(context: DeskContext, parent: QWidget) -> Page:
    from ui.exchange_page import ExchangePage

    return ExchangePage(context, parent)


def _administration(context: DeskContext, parent: QWidget) -> Page:
    from ui.administration.page import AdministrationPage

    return AdministrationPage(context, parent)


def _people(context: DeskContext, parent: QWidget) -> Page:
    from ui.people.page import PeoplePage

    return PeoplePage(context, parent)


def _file(context: DeskContext, parent: QWidget) -> Page:
    from ui.attachments.page import FilePage

    return FilePage(context, parent)


PAGES = (
    PageSpec("today", N_("Today"), "today", ("Ctrl+1",), _today),
    PageSpec("cases", N_("Cases"), "cases", ("Ctrl+2",), _cases),
    PageSpec("conflicts", N_("Conflicts"), "conflict", ("F9",), _conflicts),
    PageSpec("exchange", N_("Exchange"), "exchange", ("Ctrl+6",), _exchange),
    PageSpec("administration", N_("Administration"), "shield", ("Ctrl+7",), _administration),
    PageSpec("people", N_("People and devices"), "community", ("Ctrl+0",), _people, in_rail=False),
    PageSpec("audit", N_("Audit"), "eye", ("Ctrl+9",), _audit, in_rail=False),
    PageSpec("access_report", N_("Access report"), "person", (), _access_report, in_rail=False),
    PageSpec("case", N_("Case"), "case", (), _case, in_rail=False),
    PageSpec("file", N_("File"), "file", (), _file, in_rail=False),
    PageSpec("new_case", N_("New case"), "new_case", ("F7", "Ctrl+N"), _new_case, in_rail=False),
)
