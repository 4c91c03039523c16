"""Opening files for the viewer, off the screen's thread: pages from the child process, text read here."""

from dataclasses import dataclass

from desktop_app.attachments import kinds, texts
from desktop_app.attachments.model import FileEntry, FileState
from desktop_app.attachments.painting import Painter, can_show
from desktop_app.attachments.texts import Text
from desktop_app.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Opened:
    """A file as the viewer shows it.

    Args:
        entry: The file.
        pages: How many pages there are; 0 for what is no picture.
        text: What it says, for text.
    """

    entry: FileEntry
    pages: int = 0
    text: Text | None = None


def open_file(workspace: Workspace, file_id: str, painter: Painter) -> Opened:
    """Open a file for the viewer.

    Args:
        workspace: The vault.
        file_id: The file.
        painter: Is given pictures and PDF files.

    Raises:
        Failure: It can't be shown; the sentence says why.
    """
    entry = workspace.files.get(file_id)
    if entry.state is FileState.HERE and can_show(entry.type, entry.size):
        content = workspace.files.content(file_id)
        return Opened(entry, painter.open(entry.type, entry.size, content.blocks()))
    if entry.type in kinds.TEXTS or entry.state is not FileState.HERE:
        content = workspace.files.content(file_id)
        data = content.read(texts.MAX_BYTES)
        return Opened(entry, text=texts.decode(data, whole=len(data) == content.size))
    return Opened(entry)
