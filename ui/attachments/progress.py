"""How far the file under way is, with a way to stop it."""

from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QVBoxLayout, QWidget

from desktop_app.sizes import size_words
from sync.messages import _, ngettext
from ui import theme
from ui.attachments.job import FilesJob, Step
from ui.widgets import Elided, button

_STEPS = 1_000


class JobRow(QWidget):
    """One line and a bar while files are added or saved; nothing otherwise.

    Args:
        job: What is told of.
        parent: Where it stands.
    """

    def __init__(self, job: FilesJob, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.words = Elided("small", parent=self)
        self.bar = QProgressBar(self)
        self.bar.setTextVisible(False)
        self.bar.setFixedHeight(theme.SPACE_S)
        self.bar.setAccessibleName(_("How far the file is"))
        self.stop = button(_("Stop"), "close", "quiet", self)
        column = QVBoxLayout()
        column.setSpacing(theme.SPACE_XS)
        column.addWidget(self.words)
        column.addWidget(self.bar)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.SPACE_S)
        row.addLayout(column, 1)
        row.addWidget(self.stop)
        self.stop.clicked.connect(job.cancel)
        job.stepped.connect(self._step)
        job.ended.connect(self.hide)
        self.setVisible(job.running)

    def _step(self, step: Step) -> None:
        self.bar.setRange(0, _STEPS if step.total else 0)
        self.bar.setValue(step.done * _STEPS // step.total if step.total else 0)
        parts = [step.name]
        if step.total:
            parts.append(_("{done} of {total}").format(done=size_words(step.done), total=size_words(step.total)))
        if step.left:
            parts.append(ngettext("{count} more file", "{count} more files", step.left).format(count=step.left))
        self.words.setText(" · ".join(parts))
        self.show()
