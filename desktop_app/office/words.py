"""What people are told of a way: its name, and one word or two for how it stands."""

from desktop_app.exchange_watch import Reach
from desktop_app.office.ways import Kind, WayStatus
from sync.messages import N_, _

_REACH = {
    Reach.UNKNOWN: N_("not tried yet"),
    Reach.ONLINE: N_("in reach"),
    Reach.OFFLINE: N_("no network"),
    Reach.AWAY: N_("does not answer"),
    Reach.WRONG: N_("wrong server"),
    Reach.NOT_SERVED: N_("does not serve this community"),
    Reach.REFUSED: N_("refuses"),
}


def reach_words(reach: Reach) -> str:
    """Return how a way stands.

    Args:
        reach: As far as is known.
    """
    return _(_REACH[reach])


def way_name(status: WayStatus) -> str:
    """Return what a way is called.

    Args:
        status: The way.
    """
    match status.way.kind:
        case Kind.CENTRAL:
            return _("Central server")
        case Kind.OWN:
            return _("The office hub on this computer")
        case _:
            if status.person:
                return _("The office hub of {person}").format(person=status.person)
            return _("An office hub")
