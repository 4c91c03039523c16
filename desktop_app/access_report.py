"""A person's access report: all that is held about somebody, and who has read it (docs/decisions/0015-audit.md)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from desktop_app.audit import KINDS, Entry
from desktop_app.audit.kinds import Group
from desktop_app.cases.model import CaseQuery, CaseRow, CaseView, HistoryEntry
from desktop_app.workspace import Workspace
from sync import files
from sync.errors import Refused
from sync.messages import _

MAX_CASES = 500
"""More cases than this are no one person's."""
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class ReportedCase:
    """One case of the report.

    Args:
        view: Its values.
        history: Every value ever written to it, the newest first.
        files: Names and sizes of its files, and whether each was removed.
    """

    view: CaseView
    history: Sequence[HistoryEntry]
    files: Sequence[tuple[str, int, bool]]


@dataclass(frozen=True, slots=True)
class AccessReport:
    """What a report tells.

    Args:
        about: Whom it is about, in the words by which the cases were found.
        community: The name of the community.
        made_by: The name of who made it.
        device: The short name of the device it was made on.
        made_at: When.
        cases: The cases.
        readings: Who has read them, the newest first.
    """

    about: str
    community: str
    made_by: str
    device: str
    made_at: datetime
    cases: Sequence[ReportedCase]
    readings: Sequence[Entry]


def find(workspace: Workspace, words: str) -> list[CaseRow]:
    """Return the cases in which a name, a telephone or a tax number stands, for a person to choose among.

    Args:
        workspace: The vault.
        words: What to look for, each word from its beginning.

    Raises:
        Refused: The role does not let this person make such a report, nothing is found, or far too much is.
    """
    workspace.audit_log.require_all()
    query = CaseQuery(text=words)
    rows = workspace.cases.page(query, 0, MAX_CASES + 1) if words.strip() else []
    if not rows:
        raise Refused(
            "nothing_found",
            _("No case holds “{words}”. Check the name or number; other spellings may be registered.").format(
                words=words
            ),
        )
    _require_few(len(rows))
    return rows


def make(workspace: Workspace, refs: Sequence[str], about: str, path: Path) -> int:
    """Make the report and write it to a new file, which anyone can read who gets at it.

    Args:
        workspace: The vault.
        refs: The cases, by id or number.
        about: Whom it is about.
        path: The file.

    Returns:
        How many cases it tells of.

    Raises:
        Refused: The role does not let this person make it, a case is not here, or the file is there or can't be
            written.
    """
    from desktop_app.documents.access_report import access_report

    workspace.audit_log.require_all()
    _require_few(len(refs))
    ids = [workspace.cases.peek(ref).id for ref in dict.fromkeys(refs)]
    ids = list(dict.fromkeys(ids))
    # Written down first: a report that can't be finished has been asked for nevertheless, and tells of itself.
    workspace.audit.record_each("report_made", ids, cases=len(ids), words=about, file=path.name)
    files.write_new(path, access_report(gather(workspace, ids, about)))
    return len(ids)


def gather(workspace: Workspace, ids: Sequence[str], about: str) -> AccessReport:
    """Read what the report tells.

    Args:
        workspace: The vault.
        ids: The ids of the cases.
        about: Whom it is about.
    """
    cases = []
    for case_id in ids:
        view, history = workspace.cases.open(case_id)
        attached = workspace.files.list(case_id, removed=True)
        cases.append(ReportedCase(view, history, [(file.name, file.size, file.removed) for file in attached]))
    readings = [
        entry
        for entry in workspace.audit_log.about(ids)
        if (kind := KINDS.get(entry.kind)) is None or kind.group is Group.READING
    ]
    return AccessReport(
        about=about,
        community=workspace.community,
        made_by=workspace.person.name,
        device=workspace.log.me.entry.suffix,
        made_at=datetime.now(UTC).astimezone(),
        cases=cases,
        readings=readings,
    )


def _require_few(count: int) -> None:
    if count > MAX_CASES:
        raise Refused(
            "too_many_cases",
            _("More than {limit} cases fit: that is not one person. Give more of the name, or a number.").format(
                limit=MAX_CASES
            ),
        )
