"""What somebody began and has not registered: kept in the encrypted vault, on this device alone."""

import threading
import time
from collections.abc import Iterable, Mapping

import msgspec

from desktop_app.cases.model import Draft
from desktop_app.directory import moment
from sync.applying import Store
from sync.changes import Value
from sync.errors import Failure

_SELECT = "SELECT id, kit, fields, focus, saved_at FROM draft"


class DraftService:
    """Keeps drafts; one that the disk refuses stays in memory, is read like any other, and is written when it can be.

    Args:
        store: The vault's database.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._unwritten: dict[str, Draft] = {}

    @property
    def unwritten(self) -> tuple[Draft, ...]:
        """What the disk has refused so far, and only the memory holds."""
        with self._lock:
            return tuple(self._unwritten.values())

    def save(self, draft_id: str, kit_id: str, values: Mapping[str, Value], focus: str) -> None:
        """Keep a draft, in place of an earlier one of the same id.

        Args:
            draft_id: Any text that names the draft.
            kit_id: The kit of its form.
            values: What is in the form, as typed.
            focus: The field in which the person is, and where in it; the form's own notation.

        Raises:
            Failure: It can't be written; it stays in `unwritten` until `write_again` succeeds.
        """
        draft = Draft(draft_id, kit_id, dict(values), focus, moment(time.time_ns() // 1_000_000))
        with self._lock:
            self._unwritten[draft_id] = draft
        self._write(draft)

    def hold(self, drafts: Iterable[Draft]) -> None:
        """Take back what the lock kept sealed, and try to write it."""
        with self._lock:
            self._unwritten.update({draft.id: draft for draft in drafts})
        self.write_again()

    def write_again(self) -> int:
        """Try once more to write what the disk has refused.

        Returns:
            How many drafts still are in memory alone.
        """
        for draft in self.unwritten:
            try:
                self._write(draft)
            except Failure:
                break
        return len(self.unwritten)

    def get(self, draft_id: str) -> Draft | None:
        """Return a draft, or None."""
        with self._lock:
            held = self._unwritten.get(draft_id)
        if held is not None:
            return held
        with self._store.read() as connection:
            row = connection.execute(f"{_SELECT} WHERE id = ?", (draft_id,)).fetchone()
        return _draft(row) if row else None

    def list(self) -> list[Draft]:
        """Return all drafts, the newest first."""
        with self._store.read() as connection:
            rows = connection.execute(f"{_SELECT} ORDER BY saved_at DESC").fetchall()
        found = {draft.id: draft for draft in (*map(_draft, rows), *self.unwritten)}
        return sorted(found.values(), key=lambda draft: draft.saved_at, reverse=True)

    def delete(self, draft_id: str) -> None:
        """Forget a draft; one that is not there is no error."""
        with self._lock:
            self._unwritten.pop(draft_id, None)
        with self._store.write() as connection:
            connection.execute("DELETE FROM draft WHERE id = ?", (draft_id,))

    def _write(self, draft: Draft) -> None:
        saved_at = round(draft.saved_at.timestamp() * 1000)
        row = (draft.id, draft.kit_id, msgspec.json.encode(draft.values).decode(), draft.focus, saved_at)
        with self._store.write() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO draft (id, kit, fields, focus, saved_at) VALUES (?, ?, ?, ?, ?)", row
            )
        with self._lock:
            # What was typed meanwhile waits for its own writing.
            if self._unwritten.get(draft.id) is draft:
                del self._unwritten[draft.id]


def _draft(row: tuple[str, str, str, str, int]) -> Draft:
    draft_id, kit, fields, focus, saved_at = row
    return Draft(draft_id, kit, msgspec.json.decode(fields), focus, moment(saved_at))
