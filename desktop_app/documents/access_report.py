"""The access report on paper: what is held about a person, and who has read it."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import groupby

from reportlab.lib.units import mm
from reportlab.platypus import CondPageBreak, Flowable, Spacer, Table, TableStyle

from desktop_app.access_report import AccessReport, ReportedCase
from desktop_app.audit import Entry, kinds
from desktop_app.audit.model import origin_words
from desktop_app.cases import model
from desktop_app.cases.model import HistoryEntry
from desktop_app.cases.words import day_words, field_label, field_value, moment_digits, stage_label
from desktop_app.documents import pdf
from desktop_app.kits.model import text
from desktop_app.sizes import size_words
from sync.messages import N_, _, ngettext

_WIDTH_MM = 170.5  # as wide as a paragraph of the page
_LABEL_MM = 55
_FOOTER_LETTERS = 60
_WHEN_MM, _WHO_MM, _WHERE_MM, _CASE_MM = 29, 38, 34, 25
_LAW = N_(
    "This report answers a person who asks which personal data about them are held, where they come from and who has "
    "had access to them: Law of Ukraine 2297-VI “On personal data protection” of 1 June 2010, article 8, part two. The "
    "reference was gathered from secondary sources and has not been compared with the official text; compare it before "
    "the report is handed over."
)
_KEEP = N_(
    "The report holds personal data and is not encrypted. Hand it to the person it is about or to whom the law "
    "entitles, and to nobody else."
)
_LIMITS = N_(
    "It tells of the readings on this device only; those on other devices are kept there. A reading of the same case "
    "by the same person within five minutes counts once. Lists and search results, in which a case may have stood as "
    "one line, are not told here. Drafts that nobody has registered are not part of it."
)


def access_report(report: AccessReport) -> bytes:
    """Return the PDF of a report, in the language of the messages; nothing of it is written to a disk.

    Args:
        report: What it tells.
    """
    title = _("Access report")
    story: list[Flowable] = [
        pdf.paragraph(title, 20, bold=True, space=2),
        pdf.paragraph(report.about, 13, space=8),
        *_facts(report),
        Spacer(1, 4 * mm),
        *(pdf.paragraph(_(words), 9, muted=True, space=4) for words in (_LAW, _KEEP, _LIMITS)),
    ]
    for case in report.cases:
        story += _case(case)
    story += _readings(report)
    community = (
        report.community if len(report.community) <= _FOOTER_LETTERS else f"{report.community[:_FOOTER_LETTERS]}…"
    )
    footer = f"{title} · {community} · {moment_digits(report.made_at)}"
    return pdf.document(f"{title}: {report.about}", story, footer=footer)


def _facts(report: AccessReport) -> Iterator[Flowable]:
    count = len(report.cases)
    rows = [
        (_("Community"), report.community),
        (_("Made by"), _("{person}, device {device}").format(person=report.made_by, device=report.device)),
        (_("Made on"), moment_digits(report.made_at)),
        (_("Contents"), ngettext("{count} case", "{count} cases", count).format(count=count)),
    ]
    return (_pair(label, value) for label, value in rows)


def _case(case: ReportedCase) -> list[Flowable]:
    view = case.view
    heading = f"{view.number} · {text(view.kit.title)}"
    told = [(_("Stage"), stage_label(view.kit, view.stage)), (_("Unit"), view.unit.name)]
    if view.registered_on:
        told.append((_("Registered on"), day_words(view.registered_on)))
    if view.due_on:
        told.append((_("Due"), day_words(view.due_on)))
    told += [
        (field_label(view.kit, name), field_value(view.kit, name, view.values[name]))
        for name in view.kit.field_ids
        if name in view.values
    ]
    for name, siblings in view.conflicts.items():
        others = "; ".join(field_value(view.kit, name, sibling.value) for sibling in siblings)
        told.append((_("{field}: values in conflict").format(field=field_label(view.kit, name)), others))
    story: list[Flowable] = [
        CondPageBreak(50 * mm),
        Spacer(1, 6 * mm),
        _ruled(heading),
        *(_pair(label, value) for label, value in told),
    ]
    if case.files:
        story += _heading(_("Files"))
        for name, size, removed in case.files:
            words = f"{name} · {size_words(size)} " + (_("(removed)") if removed else "")
            story.append(pdf.paragraph(words, 9, space=2))
    story += _heading(_("Changes"))
    return [*story, *_history(case)]


def _history(case: ReportedCase) -> Iterator[Flowable]:
    def moment(entry: HistoryEntry) -> tuple[datetime, str, str]:
        return entry.when, entry.person, entry.device

    for (when, person, device), entries in groupby(case.history, key=moment):
        yield pdf.paragraph(f"{moment_digits(when)} · {person}, {device}", 9, bold=True, space=1)
        for entry in entries:
            if entry.field in {model.KIT, model.KIT_VERSION}:
                continue
            label = field_label(case.view.kit, entry.field)
            after = field_value(case.view.kit, entry.field, entry.after)
            if entry.before is not None:
                after = f"{field_value(case.view.kit, entry.field, entry.before)} → {after}"
            yield pdf.paragraph(f"{label}: {after}", 9, space=1)
        yield Spacer(1, 1.5 * mm)


def _readings(report: AccessReport) -> list[Flowable]:
    found = report.readings
    story: list[Flowable] = [CondPageBreak(50 * mm), Spacer(1, 6 * mm), _ruled(_("Who has read it"))]
    count = ngettext("{count} entry of the audit", "{count} entries of the audit", len(found))
    story.append(pdf.paragraph(count.format(count=len(found)), 9, muted=True))
    if not found:
        return story
    headings = (_("When"), _("Who"), _("What"), _("Case"), _("Where"))
    widths = (_WHEN_MM, _WHO_MM, _WIDTH_MM - _WHEN_MM - _WHO_MM - _WHERE_MM - _CASE_MM, _CASE_MM, _WHERE_MM)
    rows = [[pdf.paragraph(words, 8, muted=True, space=0) for words in headings]]
    rows += [[pdf.paragraph(words, 8, space=0) for words in _reading(entry)] for entry in found]
    table = Table(rows, colWidths=[width * mm for width in widths], repeatRows=1)
    table.setStyle(_plain([("LINEBELOW", (0, 0), (-1, -1), 0.4, pdf.LINE), ("LEFTPADDING", (1, 0), (-1, -1), 4)]))
    return [*story, table]


def _reading(entry: Entry) -> Sequence[str]:
    when = f"{day_words(entry.when.date())} {entry.when:%H:%M:%S}"
    where = f"{origin_words(entry.origin)}, {entry.device}"
    return when, entry.person, kinds.title(entry.kind), entry.number_of_case, where


def _pair(label: str, value: str) -> Table:
    """Return a label with its value beside it; a long value goes on on the next page."""
    cells = [[pdf.paragraph(label, 9, muted=True, space=0), pdf.paragraph(value, 10, space=0)]]
    table = Table(cells, colWidths=[_LABEL_MM * mm, (_WIDTH_MM - _LABEL_MM) * mm], splitInRow=1)
    table.setStyle(_plain([]))
    return table


def _ruled(words: str) -> Table:
    table = Table([[pdf.paragraph(words, 13, bold=True, space=0)]], colWidths=[_WIDTH_MM * mm])
    table.setStyle(_plain([("LINEBELOW", (0, 0), (-1, -1), 1, pdf.TEXT), ("BOTTOMPADDING", (0, 0), (-1, -1), 5)]))
    return table


def _heading(words: str) -> list[Flowable]:
    return [CondPageBreak(25 * mm), Spacer(1, 3 * mm), pdf.paragraph(words, 11, bold=True, space=3)]


def _plain(more: list[tuple[object, ...]]) -> TableStyle:
    return TableStyle(
        [
            ("LEFTPADDING", (0, 0), (-1, -1), 0),
            ("RIGHTPADDING", (0, 0), (-1, -1), 4),
            ("TOPPADDING", (0, 0), (-1, -1), 2),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 2),
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            *more,
        ]
    )
