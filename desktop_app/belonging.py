"""Whether this device itself still belongs to the community, in the words for its person."""

from sync.log import Log
from sync.messages import _


def belonging_words(log: Log) -> str:
    """Return what a device that was put out or waits to be let in must be told for as long as it lasts, or nothing.

    The first sentence stands as the heading. A device that was turned away can't open its vault, and is told there.

    Args:
        log: The vault's log.
    """
    if log.is_revoked:
        return _(
            "This computer is put out of the community. You can read everything here and nothing was deleted, but it "
            "exchanges nothing more. Ask the administrator for a new invitation, and join with it in another folder."
        )
    if not log.is_confirmed:
        return _(
            "This computer waits to be let in. Colleagues see your work once an administrator’s device has confirmed "
            "it: exchange, and read your code to the administrator."
        )
    return ""


def heading_of(words: str) -> tuple[str, str]:
    """Divide what a person is told into its first sentence and the rest."""
    heading, stop, rest = words.partition(". ")
    return heading + stop.strip(), rest
