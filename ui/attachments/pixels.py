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
    """Return what a list says of a file that can't be opened; nothing where it can."""
    match entry.state:
        case FileState.HERE:
            return State("", "", "")
        case FileState.PARTLY | FileState.NOT_HERE:
            return State("muted", "waiting", _("not here yet"))
        case FileState.UNREADABLE:
            return State("error", "error", _("can't be read"))
