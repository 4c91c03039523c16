"""What somebody began and has not registered: kept in the encrypted vault, on this device alone."""

import time
from collections.abc import Mapping

import msgspec

from desktop_app.cases.model import Draft
from desktop_app.directory import moment
from sync.applying import Store
from sync.changes import Value

_SELECT = "SELECT id, kit, fields, focus, saved_at FROM draft"


class DraftService:
    """Keeps drafts.

    Args:
        store: The vault's database.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def save(self, draft_id: str, kit_id: str, values: Mapping[str, Value], focus: str) -> None:
        """Keep a draft, in place of an earlier one of the same id.

        Args:
            draft_id: Any text that names the draft.
            kit_id: The kit of its form.
            values: What is in the form, as typed.
            focus: The field in which the person is, and where in it; the form's own notation.
        """
        with self._store.write() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO draft (id, kit, fields, focus, saved_at) VALUES (?, ?, ?, ?, ?)",
                (draft_id, kit_id, msgspec.json.encode(values).decode(), focus, time.time_ns() // 1_000_000),
            )

    def get(self, draft_id: str) -> Draft | None:
        """Return a draft, or None."""
        with self._store.read() as connection:
            row = connection.execute(f"{_SELECT} WHERE id = ?", (draft_id,)).fetchone()
        return _draft(row) if row else None

    def list(self) -> list[Draft]:
        """Return all drafts, the newest first."""
        with self._store.read() as connection:
            rows = connection.execute(f"{_SELECT} ORDER BY saved_at DESC").fetchall()
        return [_draft(row) for row in rows]

    def delete(self, draft_id: str) -> None:
        """Forget a draft; one that is not there is no error."""
        with self._store.write() as connection:
            connection.execute("DELETE FROM draft WHERE id = ?", (draft_id,))


def _draft(row: tuple[str, str, str, str, int]) -> Draft:
    draft_id, kit, fields, focus, saved_at = row
    return Draft(draft_id, kit, msgspec.json.decode(fields), focus, moment(saved_at))
