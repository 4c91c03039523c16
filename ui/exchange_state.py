"""How the exchange stands, in one sentence, an icon and a colour."""

from dataclasses import dataclass

from desktop_app.belonging import heading_of
from desktop_app.exchange import ExchangeStatus
from desktop_app.exchange_watch import Reach
from sync.messages import _, ngettext
from ui.status_bar import when_words


@dataclass(frozen=True, slots=True)
class ExchangeState:
    """How the exchange stands, for people."""

    icon: str
    role: str
    sentence: str
    detail: str


def barred(words: str) -> ExchangeState:
    """Return how the exchange stands where somebody has said no.

    Args:
        words: What the person is told, its first sentence for the heading.
    """
    return ExchangeState("lock", "warn", *heading_of(words))


def state_of(status: ExchangeStatus) -> ExchangeState:
    """Return how the exchange stands, calmly: offline is a way to work, not a fault.

    Args:
        status: What the vault says.
    """
    if status.last_exchange:
        last = _("Last exchange: {when}").format(when=when_words(status.last_exchange))
    else:
        last = _("There has been no exchange yet.")
    if status.server is None:
        return _state_of_office(status, last)
    if status.doubt:
        return ExchangeState("warn", "warn", status.doubt, last)
    if status.waiting or status.files:
        return ExchangeState("waiting", "accent", _waiting(status), " ".join(filter(None, (why_away(status), last))))
    if status.online is False:
        return ExchangeState(
            "warn" if status.reach in _ODD else "offline",
            "warn" if status.reach in _ODD else "muted",
            why_away(status) or _("The server is out of reach; you go on working as usual."),
            last,
        )
    if status.last_exchange is None:
        return ExchangeState("sync", "accent", _("Ready for the first exchange."), last)
    return ExchangeState("ok", "ok", _("All that is here is at the server too."), last)


def _waiting(status: ExchangeStatus) -> str:
    """Return what the server has not got yet: changes first, then files."""
    if status.waiting:
        return ngettext(
            "{count} change waits for the server; it is safe here.",
            "{count} changes wait for the server; they are safe here.",
            status.waiting,
        ).format(count=status.waiting)
    return ngettext(
        "{count} file waits for the server; it is safe here.",
        "{count} files wait for the server; they are safe here.",
        status.files,
    ).format(count=status.files)


_ODD = frozenset({Reach.WRONG, Reach.NOT_SERVED, Reach.REFUSED})


def why_away(status: ExchangeStatus) -> str:
    """Return why nothing goes to the server now, in a sentence; empty when something does or nobody knows yet.

    Args:
        status: What the vault says.
    """
    match status.reach:
        case Reach.OFFLINE:
            words = _("There is no network now.")
        case Reach.AWAY:
            words = _("The server does not answer now.")
        case Reach.WRONG:
            words = _("At the server’s address there is something else; it gets nothing. Tell the administrator.")
        case Reach.NOT_SERVED:
            words = _("The server does not serve this community now; ask its operator.")
        case Reach.REFUSED:
            words = _("The server refuses; tell the administrator.")
        case _:
            return ""
    if status.office.reached and status.office.waiting == 0:
        return words + " " + _("The office hub has everything, and passes it on.")
    return words


def _state_of_office(status: ExchangeStatus, last: str) -> ExchangeState:
    """Return how the exchange stands where there is no server: with an office hub, or alone."""
    if not (status.office.reached or status.office.last):
        return ExchangeState(
            "device",
            "muted",
            _("You work on this computer alone; everything is kept here."),
            _("With a server's address or a bundle file, other offices get your cases and you get theirs."),
        )
    if status.waiting:
        sentence = ngettext(
            "{count} change waits for the office hub; it is safe here.",
            "{count} changes wait for the office hub; they are safe here.",
            status.waiting,
        ).format(count=status.waiting)
        return ExchangeState("waiting", "accent", sentence, last)
    if not status.office.reached:
        return ExchangeState("offline", "muted", _("The office hub is out of reach; you go on working as usual."), last)
    return ExchangeState("ok", "ok", _("All that is here is at the office hub too."), last)
