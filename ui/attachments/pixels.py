"""Pictures of the child process as Qt shows them."""

from PySide6.QtGui import QImage, QPixmap

from desktop_app.attachments.model import FileEntry, FileState
from desktop_app.attachments.painting import Picture
from sync.messages import _
from ui.cases.states import State


def image_of(picture: Picture) -> QImage:
    """Return a picture with pixels of its own; nothing in it is decoded."""
    size = (picture.width, picture.height, picture.width * 3)
    return QImage(picture.pixels, *size, QImage.Format.Format_RGB888).copy()


def pixmap_of(picture: Picture) -> QPixmap:
    """Return a picture to be painted."""
    return QPixmap.fromImage(image_of(picture))


def icon_of(entry: FileEntry) -> str:
    """Return the icon of a file that has no picture of its own."""
    return "image" if entry.type.startswith("image/") else "file"


def state_of(entry: FileEntry) -> State:
    """Return what a list says of where a file is; nothing where it can simply be opened."""
    match entry.state:
        case FileState.HERE:
            return State("muted", "waiting", _("not sent yet")) if entry.at_server is False else State("", "", "")
        case FileState.PARTLY | FileState.NOT_HERE:
            if entry.at_server:
                return State("muted", "online", _("on the server"))
            return State("muted", "waiting", _("not here yet"))
        case FileState.UNREADABLE:
            return State("error", "error", _("can't be read"))


def can_fetch(entry: FileEntry) -> bool:
    """Return whether a file is not here, or not whole, and the server has it."""
    return entry.state in {FileState.PARTLY, FileState.NOT_HERE} and bool(entry.at_server)


def whereabouts_of(entry: FileEntry) -> str:
    """Return who has a file that is neither here nor on the server yet; empty for all others."""
    if entry.state not in {FileState.PARTLY, FileState.NOT_HERE} or entry.at_server:
        return ""
    return _("{person} has it").format(person=entry.person)
