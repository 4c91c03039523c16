"""Commands about the audit: who saw whose data, and a person's access report."""

import os
from argparse import Namespace
from dataclasses import asdict
from datetime import date
from pathlib import Path

from desktop_app.audit import KINDS, AuditQuery, Entry, kinds
from desktop_app.audit.model import origin_words
from desktop_app.cli import output
from desktop_app.cli.community import opened
from desktop_app.cli.parser import Commands
from desktop_app.workspace import Workspace
from sync.errors import Misuse, Refused
from sync.messages import _


def add_commands(commands: Commands) -> None:
    """Add ``audit list``, ``audit export`` and ``audit report``."""
    audit = commands.group("audit", _("who saw whose data, and what was done to the vault"))
    listing = audit.add("list", _("entries of the audit, the newest first"), _list)
    listing.add_argument("--limit", type=int, default=50, metavar="N")
    listing.add_argument("--offset", type=int, default=0, metavar="N")
    export = audit.add("export", _("write entries as a readable CSV file"), _export)
    export.add_argument("--to", required=True, metavar="FILE", type=Path)
    for parser in (listing, export):
        parser.add_argument("vault", metavar="VAULT", type=Path)
        parser.add_argument("--kind", metavar="KIND", help=_("only of this kind, such as case_opened"))
        parser.add_argument("--case", metavar="REF", help=_("id or registration number"))
        parser.add_argument("--person", metavar="NAME", help=_("only by this person"))
        parser.add_argument("--from", dest="since", metavar="DATE", help=_("from this day on, such as 2026-11-25"))
        parser.add_argument("--until", metavar="DATE", help=_("up to the end of this day"))
    report = audit.add("report", _("a person’s access report: all that is held, and who has read it"), _report)
    report.add_argument("vault", metavar="VAULT", type=Path)
    report.add_argument("--query", metavar="TEXT", help=_("name, telephone or number of the person"))
    report.add_argument(
        "--case", action="append", default=[], metavar="REF", help=_("a case of the person; repeatable")
    )
    report.add_argument("--to", required=True, metavar="FILE", type=Path, help=_("PDF file to write"))


def _list(arguments: Namespace) -> int:
    with opened(arguments) as workspace:
        query = _query(workspace, arguments)
        total = workspace.audit_log.count(query)
        found = workspace.audit_log.page(query, max(arguments.offset, 0), max(arguments.limit, 0))
    return output.result(
        arguments,
        {"entries": [asdict(entry) for entry in found], "total": total},
        *(_line(entry) for entry in found),
        _("{shown} of {total}").format(shown=len(found), total=total),
    )


def _line(entry: Entry) -> str:
    parts = (
        f"{entry.number}  {entry.when:%d.%m.%Y %H:%M:%S}  {entry.person}",
        kinds.title(entry.kind),
        entry.number_of_case,
        kinds.words(entry.kind, entry.detail),
        f"{origin_words(entry.origin)}, {entry.device}",
    )
    return "  ".join(part for part in parts if part)


def _export(arguments: Namespace) -> int:
    from desktop_app.audit.exporting import export

    with opened(arguments) as workspace:
        count = export(workspace.audit_log, _query(workspace, arguments), arguments.to)
    output.tell(_("The file is not encrypted: whoever gets at it can read it. Delete it when it is not needed."))
    return output.result(
        arguments,
        {"file": arguments.to, "entries": count},
        _("Entries in {file}: {count}.").format(count=count, file=arguments.to),
    )


def _report(arguments: Namespace) -> int:
    from desktop_app import access_report

    if bool(arguments.query) == bool(arguments.case):
        raise Misuse("usage", _("Give either --query or --case."))
    if os.path.lexists(arguments.to):
        raise Refused(
            "file_exists",
            _("There is a file {file} already; it was not touched. Choose another name.").format(file=arguments.to),
        )
    with opened(arguments) as workspace:
        refs = arguments.case or [row.id for row in access_report.find(workspace, arguments.query)]
        about = arguments.query or ", ".join(arguments.case)
        count = access_report.make(workspace, refs, about, arguments.to)
    output.tell(_("The file is not encrypted: whoever gets at it can read it. Delete it when it is not needed."))
    return output.result(
        arguments,
        {"file": arguments.to, "cases": count},
        _("The access report is in {file}; cases: {count}.").format(count=count, file=arguments.to),
    )


def _query(workspace: Workspace, arguments: Namespace) -> AuditQuery:
    if arguments.kind is not None and arguments.kind not in KINDS:
        raise Misuse(
            "unknown_kind",
            _("There is no kind of entry “{kind}”. The kinds are: {kinds}.").format(
                kind=arguments.kind, kinds=", ".join(KINDS)
            ),
        )
    return AuditQuery(
        kind=arguments.kind,
        subject=workspace.cases.peek(arguments.case).id if arguments.case else None,
        person=_person(workspace, arguments.person) if arguments.person else None,
        since=_day(arguments.since),
        until=_day(arguments.until),
    )


def _person(workspace: Workspace, name: str) -> str:
    people = workspace.audit_log.people()
    for identifier, known in people:
        if name in {identifier, known}:
            return identifier
    raise Refused(
        "unknown_person",
        _("“{name}” has no entries that you may see. Those who have: {people}.").format(
            name=name, people=", ".join(known for _id, known in people)
        ),
    )


def _day(text: str | None) -> date | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Misuse("usage", _("“{text}” is not a day; write it as 2026-11-25.").format(text=text)) from None
