"""The timeline of a case: who wrote what, when and where, from the newest down."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape
from itertools import groupby

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QFrame, QTextBrowser, QWidget

from desktop_app.attachments.rows import HISTORY_FIELD as FILE
from desktop_app.cases import model as case_model
from desktop_app.cases.model import HistoryEntry
from desktop_app.cases.words import field_label, field_value
from desktop_app.kits.model import Kit
from sync.messages import _, ngettext
from ui import theme
from ui.forms.dates import date_text
from ui.forms.form import local_now

_SHOWN_EVENTS = 200
_LONG_BEFORE, _LONG_AFTER = 60, 100


@dataclass(frozen=True, slots=True)
class Event:
    """What one person wrote at one moment on one device."""

    when: datetime
    person: str
    device: str
    mine: bool
    entries: tuple[HistoryEntry, ...]

    @property
    def registered(self) -> str:
        """The number, where this is the registration; else empty."""
        return next((str(e.after) for e in self.entries if e.field == case_model.NUMBER and e.before is None), "")

    @property
    def changes(self) -> tuple[HistoryEntry, ...]:
        """What is worth telling: of a registration not the first values, which the form shows."""
        return tuple(
            entry for entry in self.entries if not self.registered or entry.before is not None or entry.field == FILE
        )


def events(history: Iterable[HistoryEntry]) -> Iterator[Event]:
    """Yield the history by moment.

    Args:
        history: Entries from the newest down.
    """

    def moment(entry: HistoryEntry) -> tuple[str, str, bool, str]:
        return f"{entry.when:%Y-%m-%dT%H:%M:%S}", entry.person, entry.mine, entry.device

    for (_when, person, mine, device), group in groupby(history, key=moment):
        entries = tuple(group)
        yield Event(entries[0].when, person, device, mine, entries)


def moment_words(when: datetime, now: datetime) -> str:
    """Return a moment as people say it, in local time."""
    local = when.astimezone(now.tzinfo)
    days = (now.date() - local.date()).days
    if days == 0:
        return _("today, {time}").format(time=f"{local:%H:%M}")
    if days == 1:
        return _("yesterday, {time}").format(time=f"{local:%H:%M}")
    return f"{date_text(local.date())}, {local:%H:%M}"


class Timeline(QTextBrowser):
    """The history as text: it scrolls, is copied and is read aloud like any text."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setOpenLinks(False)
        self.setTabChangesFocus(True)
        self.setAccessibleName(_("Timeline"))
        self.viewport().setAutoFillBackground(False)
        self.setProperty("surface", "bare")
        self.document().setDocumentMargin(0)

    def sizeHint(self) -> QSize:  # noqa: N802
        """Qt: no higher than it must be; it scrolls, and takes what room is left."""
        return QSize(super().sizeHint().width(), self.minimumHeight())

    def show_history(self, kit: Kit, history: Sequence[HistoryEntry]) -> None:
        """Show the history of a case.

        Args:
            kit: What its fields are called.
            history: Entries from the newest down.
        """
        place = self.verticalScrollBar().value()
        all_events = list(events(history))
        parts = [_event_html(kit, event) for event in all_events[:_SHOWN_EVENTS]]
        hidden = len(all_events) - _SHOWN_EVENTS
        if hidden > 0:
            more = ngettext("and {number} earlier event", "and {number} earlier events", hidden)
            parts.append(f"<p>{escape(more.format(number=hidden))}</p>")
        self.setHtml("".join(parts))
        self.verticalScrollBar().setValue(place)


def _event_html(kit: Kit, event: Event) -> str:
    muted = theme.tokens().muted
    where = _("this computer") if event.mine else event.device
    head = _strong(escape(event.person))
    parts = (moment_words(event.when, local_now()), where, event.entries[0].unit)
    tail = escape(" · ".join(part for part in parts if part))
    lines = [f'<p style="margin-top:10px; margin-bottom:2px">{head}<br><span style="color:{muted}">{tail}</span></p>']
    if event.registered:
        lines.append(_line(escape(_("Registered as {number}").format(number=event.registered))))
    lines += [_line(_change_html(kit, entry, muted)) for entry in event.changes]
    return "".join(lines)


def _line(words: str) -> str:
    return f'<p style="margin-top:0px; margin-bottom:2px; margin-left:10px">{words}</p>'


def _change_html(kit: Kit, entry: HistoryEntry, muted: str) -> str:
    if entry.field == FILE:
        words = _("File removed:") if entry.after is None else _("File added:")
        name = escape(_short(str(entry.after or entry.before), _LONG_AFTER))
        return f'<span style="color:{muted}">{escape(words)}</span> {_strong(name)}'
    label = escape(field_label(kit, entry.field))
    before = escape(_short(field_value(kit, entry.field, entry.before), _LONG_BEFORE))
    after = escape(_short(field_value(kit, entry.field, entry.after), _LONG_AFTER))
    late = f' <span style="color:{muted}">({escape(_("written late"))})</span>' if entry.late else ""
    return f'<span style="color:{muted}">{label}:</span> {before} → {_strong(after)}{late}'


def _strong(html: str) -> str:
    # The shipped font has no bold cut; semi-bold is real.
    return f'<span style="font-weight:600">{html}</span>'


def _short(words: str, longest: int) -> str:
    line = " ".join(words.split())
    return line if len(line) <= longest else line[: longest - 1] + "…"
