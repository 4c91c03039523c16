"""After how many minutes without a sign of its person a desk locks itself.

The number is kept in the vault, not in the settings beside it: who can write there must not be able to raise it.
"""

from desktop_app.workspace import Workspace
from sync.errors import Refused
from sync.messages import _

DEFAULT_MINUTES = 10
LEAST_MINUTES = 1
MOST_MINUTES = 60
_NOTE = "auto_lock_minutes"


def minutes(workspace: Workspace) -> int:
    """Return after how many minutes the desk of this vault locks itself."""
    kept = workspace.log.recall(_NOTE) or b""
    number = int(kept) if kept.isdigit() else DEFAULT_MINUTES
    return min(max(number, LEAST_MINUTES), MOST_MINUTES)


def set_minutes(workspace: Workspace, number: int) -> int:
    """Keep another number of minutes.

    Args:
        workspace: The vault.
        number: From 1 to 60.

    Returns:
        The number.

    Raises:
        Refused: It's too small or too large ("bad_minutes").
    """
    if not LEAST_MINUTES <= number <= MOST_MINUTES:
        raise Refused(
            "bad_minutes",
            _("The desk can lock itself after {least} to {most} minutes. Nothing was changed.").format(
                least=LEAST_MINUTES, most=MOST_MINUTES
            ),
        )
    workspace.log.remember(_NOTE, b"%d" % number)
    workspace.audit.record("locking_changed", minutes=number)
    return number
