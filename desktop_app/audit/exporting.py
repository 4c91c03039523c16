"""The audit as a table that a spreadsheet opens, and that can't make the spreadsheet do anything."""

import csv
import io
from pathlib import Path

from desktop_app.audit import kinds
from desktop_app.audit.model import AuditQuery, Entry, origin_words
from desktop_app.audit.service import AuditService
from sync import files
from sync.messages import _

_BATCH = 2_000
_DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%")


def export(audit: AuditService, query: AuditQuery, path: Path) -> int:
    """Write entries to a new CSV file in UTF-8, which anyone can read who gets at it.

    Args:
        audit: The entries that this person may see.
        query: Which of them.
        path: The file.

    Returns:
        How many there are.

    Raises:
        Refused: There is a file already, or it can't be written.
    """
    total = audit.peek_count(query)
    audit.record_export(query, total, path.name)
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(
        [_("Entry"), _("When"), _("Who"), _("What"), _("Case"), _("Details"), _("Where"), _("Device"), _("Hash")]
    )
    count = 0
    while count < total and (found := audit.peek(query, count, _BATCH)):
        writer.writerows([harmless(cell) for cell in _cells(entry)] for entry in found)
        count += len(found)
    files.write_new(path, "\ufeff".encode() + text.getvalue().encode())
    return count


def harmless(cell: str) -> str:
    """Return a cell that no spreadsheet takes for a formula: an apostrophe stands before what could begin one."""
    return f"'{cell}" if cell.lstrip(" \u00a0").startswith(_DANGEROUS) else cell


def _cells(entry: Entry) -> list[str]:
    return [
        str(entry.number),
        f"{entry.when:%Y-%m-%d %H:%M:%S}",
        entry.person,
        kinds.title(entry.kind),
        entry.number_of_case,
        kinds.words(entry.kind, entry.detail),
        origin_words(entry.origin),
        entry.device,
        entry.hash,
    ]
