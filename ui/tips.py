"""Tooltips that show what others wrote as it is written."""

from html import escape

from PySide6.QtGui import Qt


def plain(text: str) -> str:
    """Return the tooltip that shows a text as it is.

    Qt takes what looks like HTML for HTML, and would load the picture that a name such as ``<img src=…>`` points to.

    Args:
        text: Any text, such as the name of a file.
    """
    if not Qt.mightBeRichText(text):
        return text
    return "<span>" + escape(text).replace("\n", "<br>") + "</span>"
