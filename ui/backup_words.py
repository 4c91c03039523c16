"""How backups are spoken of on the screens."""

from pathlib import Path
from typing import TYPE_CHECKING

from desktop_app.backup.failures import megabytes
from desktop_app.backup.plan import BY_HAND, DAILY, ON_SIGHT
from desktop_app.backup.service import BackupStatus
from sync.messages import _, ngettext
from ui.status_bar import when_words

if TYPE_CHECKING:
    from desktop_app.backup.making import Made
    from desktop_app.backup.watch import Progress


def last_words(status: BackupStatus) -> str:
    """Return what the last good backup is, in a few words."""
    good = status.last_good
    if good is None:
        return _("Example data needs no backup") if status.example else _("There is no backup yet")
    return _("Last good backup: {when}").format(when=when_words(good.when))


def late_words(status: BackupStatus) -> tuple[str, str]:
    """Return what Today says when there is no backup, an old one, or one that failed; else two empty texts.

    Args:
        status: What is known about the backups.
    """
    if status.example:
        return "", ""
    good, failed = status.last_good, status.last_failed
    if failed is not None and (good is None or failed.when_ms > good.when_ms):
        reason = _("{when}: {reason}.").format(when=when_words(failed.when), reason=reason_words(failed.code))
        return _("The last backup failed"), reason + (" " + last_words(status) + "." if good else "")
    if not status.late:
        return "", ""
    if good is None:
        return _("There is no backup yet"), detail_words(status)
    return _("The last backup is too old"), last_words(status) + "."


def made_words(made: "Made") -> str:
    """Return what a backup has done, in one sentence."""
    words = _("The backup is made and was read back: {file}").format(file=made.file)
    return " ".join([words, *made.notices])


def detail_words(status: BackupStatus) -> str:
    """Return what else there is to say about the last good backup, or why there should be one."""
    good = status.last_good
    if good is None:
        if status.example:
            return ""
        return _("If this computer is lost, everything that no server and no colleague has is lost with it.")
    parts = [Path(good.file).name, _("{size} MB").format(size=megabytes(good.bytes)), _("read back whole")]
    if status.next_due is not None:
        parts.append(_("next: {when}").format(when=when_words(status.next_due)))
    return " · ".join(parts)


def often_words(hours: int) -> str:
    """Return how often backups are made."""
    if hours == BY_HAND:
        return _("Only by hand")
    if hours == ON_SIGHT:
        return _("Whenever the stick is put in")
    if hours == DAILY:
        return _("Every day")
    return ngettext("Every hour", "Every {count} hours", hours).format(count=hours)


def reason_words(code: str) -> str:
    """Return why a backup failed, in a few words."""
    known = {
        "no_space": _("there was no more room"),
        "file_too_large": _("the stick takes no file so large"),
        "cannot_write": _("the place can't be written"),
        "medium_gone": _("the place was not there"),
        "unreadable_backup": _("the place can't be read"),
        "bad_medium": _("the medium gives back other bytes than it was given"),
        "unsound_vault": _("the vault's database is damaged"),
        "other_vault": _("the file there is the backup of another vault"),
        "not_a_backup": _("the file there is no backup"),
    }
    return known.get(code, code)


def progress_words(progress: "Progress", *, restoring: bool) -> str:
    """Return what is being done now."""
    doing = {
        "reading": _("Looking what is new"),
        "writing": _("Restoring") if restoring else _("Writing"),
        "checking": _("Reading back"),
    }[progress.phase]
    if not progress.total:
        return doing
    return f"{doing} · {_('{size} MB').format(size=f'{progress.done / 1e6:.0f} / {progress.total / 1e6:.0f}')}"
