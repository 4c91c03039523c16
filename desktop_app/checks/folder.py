"""Checks of the small files beside the database; each can be checked when the database can't."""

from pathlib import Path

from desktop_app.checks.model import Check, Fault
from desktop_app.lives import Past
from desktop_app.seat import read_seat
from desktop_app.vault import keyfile, keystore
from desktop_app.vault.keyfile import KeyFile
from desktop_app.vault.seat import SeatFile
from sync import files
from sync.errors import Failure
from sync.messages import _


def check_keys(folder: Path, in_force: KeyFile | None) -> str:
    """Both places of the key file hold one that is whole and this vault's.

    Args:
        folder: The vault's folder.
        in_force: The key file that opened the vault, or None when none could be read.
    """
    faults = []
    for name in (keystore.KEY_NAME, keystore.PREVIOUS_NAME):
        path = folder / name
        if not path.exists():
            faults.append(_("{file} is missing").format(file=name))
            continue
        try:
            with files.open_own(path) as file:
                found = keyfile.parse(file.read(keyfile.MAX_BYTES + 1))
        except (Failure, OSError):
            faults.append(_("{file} is damaged").format(file=name))
            continue
        if in_force is not None and found.vault_id != in_force.vault_id:
            faults.append(_("{file} belongs to another vault").format(file=name))
    if faults:
        raise Fault("; ".join(faults))
    return _("the key file and its copy are whole")


def check_seat(seat: SeatFile) -> str:
    """The seat can be read, so that a lost database could be made again."""
    try:
        found = read_seat(seat)
    except Failure as problem:
        raise Fault(_("vault.seat is damaged; it is written anew when the vault is opened")) from problem
    if found is None:
        raise Fault(_("vault.seat is missing; it is written anew when the vault is opened"))
    return _("membership links: {links}, keys: {keys}").format(links=len(found.links), keys=len(found.keys))


def check_past(past: Past, *, opened: bool) -> str:
    """The mark says that the database is the one last used; that the folder is a copy is no damage.

    Args:
        past: What the mark says.
        opened: Whether the vault is open, so that it has been told already.
    """
    match past:
        case Past.SET_BACK if opened:
            raise Fault(_("the database was an older copy when it was opened; exchange to get back what is newer"))
        case Past.SET_BACK:
            raise Fault(_("the database is an older copy than the one last used here; open it and exchange"))
        case Past.LOST if opened:
            raise Fault(_("the file vault.mark was missing or damaged; it is written anew with the next change"))
        case Past.LOST:
            raise Fault(_("the file vault.mark is missing or damaged; it is written anew when the vault is opened"))
        case Past.COPIED if opened:
            return _("the folder was a copy when it was opened; its log has begun anew")
        case Past.COPIED:
            return _(
                "the folder is a copy, or lies on another computer now; nothing is damaged, and opening it is enough: "
                "its registration numbers get a new mark then"
            )
        case Past.KNOWN | Past.NEW:
            return _("the database is not older than the mark")


def not_checked(part: str, title: str) -> Check:
    """Return the finding about a part that can't be looked at before something else is mended."""
    return Check(part, title, sound=False, finding=_("not checked: what it depends on can't be read"))
