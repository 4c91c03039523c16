"""Tooltips show names as they are: none of them is HTML that loads a file."""

from PySide6.QtGui import QTextDocumentFragment

from ui import tips


def test_what_looks_like_html_is_shown_as_it_is() -> None:
    for name in ("<img src='file:////host/share/x.png'>", "<b>Щось</b>", "a <i>b\nc"):
        shown = tips.plain(name)
        assert "<img" not in shown
        assert QTextDocumentFragment.fromHtml(shown).toPlainText().replace("\u2028", "\n") == name
    for name in ("Заява Коваленка", "5 < 7 & 8 > 3", "рядок\nдругий"):
        assert tips.plain(name) == name
